"""The shape of a day: each slot's usual share, by weekday, and on holidays and their eves.

Weekdays lend each other strength as far as they look alike beyond chance (empirical Bayes on
the multinomial noise of shares), so that a thin series gets a smooth curve and a busy one keeps
its Mondays. A holiday or its eve takes the shape of the weekday that such days were like before.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forecasting.volume.grid import DayGrid
from forecasting.volume.history import Floats

WEEKS = 40
ODD = 0.7  # days whose total misses its level by e^0.7 (twice, or half) tell no usual shape
DAMP = 10.0  # slots of a day do not err independently: evidence counts this much less
OWN = 2.0  # log odds in favour of the day's own weekday


@dataclass(frozen=True, slots=True)
class Shapes:
    """`weekly` (7, slots) shares that add to 1; `ahead` (ahead, slots) with special days' own."""

    weekly: Floats
    ahead: Floats

    def special(self, weekdays: np.ndarray[tuple[int], np.dtype[np.int64]]) -> Floats:
        """(ahead, slots): what a coming day's shape is in its weekday's."""
        usual = self.weekly[weekdays]
        return np.divide(self.ahead, usual, out=np.ones_like(usual), where=usual > 0)


def learn_shapes(past: DayGrid, fitted: Floats, fade: float = 0.05) -> Shapes:
    """From counts and the daily level fitted to them (days,); a week back counts `fade` less."""
    coming = past.weekdays[past.days :]
    if past.slots == 1:
        return Shapes(np.ones((7, 1)), np.ones((past.ahead, 1)))
    shares = _shares(past, fitted)
    own, noise, excess = _means(shares, past, fade)
    weekly = _whole(_smoothed(*_pooled(own, noise)))
    return Shapes(weekly, _specials(past, weekly, excess)[: len(coming)])


def _shares(past: DayGrid, fitted: Floats) -> Floats:
    """(days, slots), NaN on days that were odd, holidays or long ago."""
    totals = past.totals
    usable = np.isfinite(totals) & (totals > 0) & ~past.calendar.public[: past.days]
    with np.errstate(divide="ignore", invalid="ignore"):
        usable &= np.abs(np.log(totals / np.maximum(fitted, 1e-9))) < ODD
        shares = np.where(usable[:, None], past.counts / totals[:, None], np.nan)
    if not usable.any():
        shares = past.counts / np.maximum(np.nanmax(past.counts, initial=1.0), 1.0)
    return np.asarray(shares)


def _means(shares: Floats, past: DayGrid, fade: float) -> tuple[Floats, Floats, float]:
    """Weighted mean shares (7, slots), their noise variance, and noise over multinomial noise."""
    own = np.full((7, past.slots), np.nan)
    noise = np.full((7, past.slots), np.inf)
    misfit, freedom = 0.0, 1.0
    for day in range(7):
        mine = np.flatnonzero(past.weekdays[: past.days] == day)
        mine = mine[np.isfinite(shares[mine]).any(1)][-WEEKS:]
        if not len(mine):
            continue
        rows = shares[mine]
        known = np.isfinite(rows)
        weight = known * np.power(1 - fade, np.arange(len(mine), dtype=float)[::-1])[:, None]
        whole = np.maximum(weight.sum(0), 1e-12)
        own[day] = np.where(
            known.any(0), (weight * np.where(known, rows, 0)).sum(0) / whole, np.nan
        )
        total = np.nan_to_num(past.totals[mine], nan=1.0)
        chance = np.maximum(np.nan_to_num(own[day]), 1e-6)[None] / np.maximum(total, 1.0)[:, None]
        noise[day] = (weight**2 * chance).sum(0) / whole**2
        left = np.where(known, (rows - own[day]) ** 2 / chance, 0.0)
        misfit += float(np.minimum(left, 25.0).sum())
        freedom += float(known.sum() - known.any(0).sum())
    excess = max(1.0, misfit / freedom)
    return own, noise * excess, excess


def _pooled(own: Floats, noise: Floats) -> tuple[Floats, Floats]:
    """Each weekday's mean drawn to those of weekdays like it."""
    table, left = np.nan_to_num(own), noise.copy()
    seen = [day for day in range(7) if np.isfinite(own[day]).any()]
    size = {day: float(np.mean(noise[day][np.isfinite(own[day])])) for day in seen}
    for day in range(7):
        if not seen:
            break
        weights = []
        for other in seen:
            if day not in size:
                weights.append(1 / size[other])
                continue
            both = np.isfinite(own[day]) & np.isfinite(own[other])
            if not both.any():  # open at other hours altogether
                weights.append(0.0)
                continue
            apart = (own[day] - own[other])[both] ** 2
            chance = (noise[day] + noise[other])[both]
            real = max(0.0, float(apart.mean() - chance.mean())) if other != day else 0.0
            weights.append(1 / max(size[other] + real, 1e-18))
        share = np.array(weights) / sum(weights)
        table[day] = share @ np.nan_to_num(own[seen])
        left[day] = share**2 @ np.where(np.isfinite(own[seen]), noise[seen], 0.0)
    return table, left


def _smoothed(table: Floats, noise: Floats) -> Floats:
    """Each slot drawn to its neighbours as far as the curve's roughness is chance."""
    found = table.copy()
    for day in range(7):
        live = table[day] > 0
        inner = live & np.roll(live, 1) & np.roll(live, -1)
        inner[[0, -1]] = False
        if inner.sum() < 5:
            continue
        bend = (np.roll(table[day], 1) + np.roll(table[day], -1)) / 2 - table[day]
        rough = float((bend[inner] ** 2).sum())
        drawn = min(float(noise[day][inner].sum()) / rough, 2 / 3) if rough > 0 else 0.0
        found[day, inner] += drawn * bend[inner]
    return found


def _whole(table: Floats) -> Floats:
    whole = table.sum(1, keepdims=True)
    level = np.full_like(table, 1 / table.shape[1])
    return np.asarray(np.divide(table, whole, out=level, where=whole > 0))


def _specials(past: DayGrid, weekly: Floats, excess: float) -> Floats:
    """(ahead, slots): the weekday's shape, or that of the weekday a special day is like."""
    weekdays = past.weekdays
    found = weekly[weekdays[past.days :]].copy()
    public = past.calendar.public
    eve = np.append(public[1:], False) & ~public
    logs = np.log(np.maximum(weekly, 1e-4 / past.slots))
    for kind in (public, eve):
        coming = np.flatnonzero(kind[past.days :])
        were = np.flatnonzero(kind[: past.days] & (np.nan_to_num(past.totals) > 0))
        if len(coming) and len(were):
            found[coming] = _alike(past, weekly, logs, were, coming, excess)
    return found


def _alike(
    past: DayGrid, weekly: Floats, logs: Floats,
    were: np.ndarray[tuple[int], np.dtype[np.int64]],
    coming: np.ndarray[tuple[int], np.dtype[np.int64]], excess: float,
) -> Floats:  # fmt: skip
    counts = np.nan_to_num(past.counts[were])
    fits = counts @ logs.T / (excess * DAMP)  # (days, 7)
    own = float(fits[np.arange(len(were)), past.weekdays[were]].sum()) + OWN
    odds = np.append(fits.sum(0), own)
    share = np.exp(odds - odds.max())
    share /= share.sum()
    mixed = share[:7] @ weekly
    return np.asarray(mixed + share[7] * weekly[past.weekdays[past.days + coming]])
