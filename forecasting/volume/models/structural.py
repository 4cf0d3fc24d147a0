"""Daily level as a regression on structure, with empirical-Bayes shrinkage of every part.

Level (a random walk with knots every few days), slope, weekday, position in the month, season of
the year and events enter a linear model on the log scale. Each group of coefficients has its own
prior variance, estimated by EM on the evidence (Tipping 2001, JMLR 1; Harvey 1989 for the parts):
an effect that the past does not show shrinks to nothing, one seen once or twice counts in part.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from forecasting.volume.grid import DayGrid
from forecasting.volume.history import Floats
from forecasting.volume.models.regressors import Block, regressors

ROUNDS = 15
HELD = 0.5  # how many coefficients' worth of belief the prior variance has
FAR = 5.0  # robust deviations beyond which an unexplained day hardly counts
LOW = 20.0  # contacts a day below which logarithms of small counts would mislead


@dataclass(frozen=True, slots=True)
class Level:
    """Daily totals fitted (days,) and ahead (ahead,).

    `uplift` (days + ahead,) is what month, season and events make of an ordinary day.
    """

    fitted: Floats
    ahead: Floats
    uplift: Floats


@dataclass(frozen=True, slots=True)
class LearnedLevel:
    """Prior variance of each block by name, and of the noise."""

    knots: int
    variances: tuple[tuple[str, float], ...]
    noise: float

    def level(self, past: DayGrid) -> Level:
        scale = _Scale.of(past.totals)
        blocks = regressors(past, self.knots)
        known = np.isfinite(past.totals)
        if not known.any():
            return Level(
                np.zeros(past.days), np.zeros(past.ahead), np.ones(len(known) + past.ahead)
            )
        variances = dict(self.variances)
        precision = np.concatenate(
            [np.full(b.columns.shape[1], 1 / variances.get(b.name, b.prior**2)) for b in blocks]
        )
        design = np.column_stack([b.columns for b in blocks])
        target = scale.forward(past.totals[known])
        middle = float(np.median(target))
        rows = design[: past.days][known]
        spared = past.calendar_special()[: past.days][known]
        weights = np.ones(len(target))
        for _ in range(2):
            solved = _solve(rows, target - middle, weights, precision, self.noise)
            weights = _robust(target - middle - rows @ solved, spared)
        whole = design @ solved + middle
        extra = np.concatenate([np.full(b.columns.shape[1], b.extra) for b in blocks])
        plain = scale.back(whole - design[:, extra] @ solved[extra])
        found = scale.back(whole)
        uplift = np.divide(found, plain, out=np.ones_like(found), where=plain > 0)
        return Level(found[: past.days], found[past.days :], np.clip(uplift, 0.02, 50.0))


def learn_level(past: DayGrid, knots: int) -> LearnedLevel:
    """Estimate the variances from a past; knots are days between the steps of the level."""
    blocks = regressors(past, knots)
    known = np.isfinite(past.totals)
    start = tuple((b.name, b.prior**2) for b in blocks)
    if known.sum() < 8:
        return LearnedLevel(knots, start, 0.05)
    target = _Scale.of(past.totals).forward(past.totals[known])
    target = target - np.median(target)
    design = np.column_stack([b.columns for b in blocks])[: past.days][known]
    group = np.concatenate([np.full(b.columns.shape[1], i) for i, b in enumerate(blocks)])
    variance, noise = _evidence(design, target, group, blocks)
    names = tuple((b.name, float(v)) for b, v in zip(blocks, variance, strict=True))
    return LearnedLevel(knots, names, noise)


def _evidence(
    design: Floats, target: Floats, group: npt.NDArray[np.int64], blocks: tuple[Block, ...]
) -> tuple[Floats, float]:
    prior = np.array([b.prior**2 for b in blocks])
    free = np.array([b.free for b in blocks])
    variance = prior.copy()
    noise = max(float(np.var(target)) * 0.1, 1e-6)
    square, cross = design.T @ design, design.T @ target
    sizes = np.bincount(group, minlength=len(blocks))
    for _ in range(ROUNDS):
        cover = np.linalg.inv(square / noise + np.diag(1 / variance[group]))
        found = cover @ cross / noise
        spread = np.diag(cover)
        used = float(np.sum(1 - spread / variance[group]))
        power = np.bincount(group, found**2 + spread, minlength=len(blocks))
        updated = (power + HELD * prior) / (sizes + HELD)
        variance = np.where(free, prior, updated)
        left = target - design @ found
        noise = max(float(left @ left) / max(len(target) - used, 5.0), 1e-7)
    return variance, noise


def _solve(
    rows: Floats, target: Floats, weights: Floats, precision: Floats, noise: float
) -> Floats:
    weighted = rows * weights[:, None]
    square = weighted.T @ rows / noise + np.diag(precision)
    return np.asarray(np.linalg.solve(square, weighted.T @ target / noise))


def _robust(left: Floats, spared: npt.NDArray[np.bool_]) -> Floats:
    """Days without a known reason that lie far out get little weight."""
    spread = 1.4826 * float(np.median(np.abs(left))) + 1e-9
    return np.where((np.abs(left) > FAR * spread) & ~spared, 0.05, 1.0)


@dataclass(frozen=True, slots=True)
class _Scale:
    """Logarithm for busy series, square root for thin ones (in units like a logarithm's)."""

    root: float | None

    @classmethod
    def of(cls, totals: Floats) -> _Scale:
        known = totals[np.isfinite(totals)]
        mean = float(known.mean()) if len(known) else 0.0
        return cls(None if mean >= LOW else 0.5 * max(mean, 0.25) ** 0.5)

    def forward(self, totals: Floats) -> Floats:
        if self.root is None:
            return np.asarray(np.log(totals + 0.5))
        return np.asarray(np.sqrt(totals)) / (2 * self.root)

    def back(self, values: Floats) -> Floats:
        if self.root is None:
            return np.clip(np.exp(np.minimum(values, 25.0)) - 0.5, 0, None)
        return np.asarray(np.clip(values * 2 * self.root, 0, None) ** 2)
