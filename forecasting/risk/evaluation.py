"""How good risks are: ranking, calibration, and what acting on the top of the list would catch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from forecasting.risk.features.asof import Flags, Floats, Ints

DRAWS = 200
COVER = 0.95
BINS = 10
Measure = Callable[[Flags, Floats], float]


@dataclass(frozen=True, slots=True)
class Figure:
    """A measured figure and its 95 % bootstrap interval; None where it cannot be known."""

    value: float | None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The figures of one way to score the same orders."""

    name: str
    n: int
    base: float | None
    figures: Mapping[str, Figure]


def roc_auc(bad: Flags, p: Floats) -> float:
    """Chance that a complaint was scored above a non-complaint; ties count half."""
    _, place, n = np.unique(p, return_inverse=True, return_counts=True)
    rank = (np.cumsum(n) - (n - 1) / 2)[place]
    positive = int(bad.sum())
    above = rank[bad].sum() - positive * (positive + 1) / 2
    return float(above / (positive * (len(bad) - positive)))


def pr_auc(bad: Flags, p: Floats) -> float:
    """Average precision: the mean, over complaints, of the precision down to their score."""
    order = np.argsort(-p, kind="stable")
    scores, hits = p[order], np.cumsum(bad[order])
    last = np.append(scores[1:] != scores[:-1], True)  # equal scores are one step
    hits, taken = hits[last], np.flatnonzero(last) + 1
    return float((np.diff(hits, prepend=0) * hits / taken).sum() / hits[-1])


def precision_at(share: float) -> Measure:
    """Share of complaints among the highest-scored `share` of orders; ties at its border count as
    their mean, so that the order of rows doesn't matter."""

    def measure(bad: Flags, p: Floats) -> float:
        return _caught(bad, p, share) / _top(len(p), share)

    return measure


def recall_at(share: float) -> Measure:
    """Share of all complaints that lie in the highest-scored `share` of orders."""

    def measure(bad: Flags, p: Floats) -> float:
        return _caught(bad, p, share) / float(bad.sum())

    return measure


def lift_at(share: float) -> Measure:
    """Precision there over the base rate."""
    precision = precision_at(share)

    def measure(bad: Flags, p: Floats) -> float:
        return precision(bad, p) / float(bad.mean())

    return measure


def brier(bad: Flags, p: Floats) -> float:
    """Mean squared error of the probability."""
    return float(np.mean((p - bad) ** 2))


def log_loss(bad: Flags, p: Floats) -> float:
    """Mean negative log likelihood: rewards ranking and calibration at once."""
    kept = np.clip(p, 1e-6, 1 - 1e-6)
    return float(-np.log(np.where(bad, kept, 1 - kept)).mean())


def ece(bad: Flags, p: Floats) -> float:
    """Expected calibration error over ten bins of equal numbers of orders."""
    edges = np.unique(np.quantile(p, np.linspace(0, 1, BINS + 1)))
    place = np.clip(np.searchsorted(edges, p, side="right") - 1, 0, max(len(edges) - 2, 0))
    n = np.bincount(place)
    gaps = np.abs(np.bincount(place, weights=bad) - np.bincount(place, weights=p))
    return float(gaps[n > 0].sum() / len(p))


@dataclass(frozen=True, slots=True)
class Bin:
    """Orders of about the same probability: how many, what was said and what was seen."""

    n: int
    said: float
    seen: float


def bins_of(bad: Flags, p: Floats) -> tuple[Bin, ...]:
    """Ten bins of equal numbers of orders, by rising probability."""
    order = np.argsort(p, kind="stable")
    parts = [rows for rows in np.array_split(order, BINS) if len(rows)]
    return tuple(Bin(len(one), float(p[one].mean()), float(bad[one].mean())) for one in parts)


MEASURES: Mapping[str, Measure] = {
    "roc_auc": roc_auc,
    "pr_auc": pr_auc,
    "precision_5": precision_at(0.05),
    "precision_10": precision_at(0.10),
    "recall_5": recall_at(0.05),
    "recall_10": recall_at(0.10),
    "lift_5": lift_at(0.05),
    "lift_10": lift_at(0.10),
    "brier": brier,
    "ece": ece,
}


def evaluate(name: str, bad: Flags, p: Floats, *, seed: int = 0, draws: int = DRAWS) -> Evaluation:
    """All figures with intervals; figures are unknown where all orders ended alike."""
    if not len(bad):
        return Evaluation(name, 0, None, dict.fromkeys(MEASURES, Figure(None)))
    base = float(bad.mean())
    if base in (0.0, 1.0):
        known = {"brier": Figure(brier(bad, p)), "ece": Figure(ece(bad, p))}
        return Evaluation(name, len(bad), base, dict.fromkeys(MEASURES, Figure(None)) | known)
    seen = {key: [] for key in MEASURES}  # type: dict[str, list[float]]
    for rows in _draws(bad, seed=seed, draws=draws):
        for key, measure in MEASURES.items():
            seen[key].append(measure(bad[rows], p[rows]))
    return Evaluation(
        name, len(bad), base,
        {key: _figure(measure(bad, p), seen[key]) for key, measure in MEASURES.items()},
    )  # fmt: skip


def _figure(value: float, seen: list[float]) -> Figure:
    if not seen:
        return Figure(value)
    low, high = np.quantile(seen, [(1 - COVER) / 2, (1 + COVER) / 2])
    return Figure(value, float(low), float(high))


def _draws(bad: Flags, *, seed: int, draws: int) -> list[Ints]:
    """Samples with replacement that hold both classes."""
    chance = np.random.default_rng(seed)
    found = (chance.integers(0, len(bad), len(bad)) for _ in range(draws))
    return [rows for rows in found if 0 < bad[rows].sum() < len(rows)]


def _top(n: int, share: float) -> int:
    return max(1, round(share * n))


def _caught(bad: Flags, p: Floats, share: float) -> float:
    size = _top(len(p), share)
    border = np.partition(p, len(p) - size)[len(p) - size]
    above, at = p > border, p == border
    return float(bad[above].sum() + bad[at].mean() * (size - above.sum()))
