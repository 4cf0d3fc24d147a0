"""Lookups at the same weekday and slot: weekly naive, median, mean, exponential weights.

Taylor 2008 (Management Science 54): beyond two days such averages are hard to beat.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from forecasting.volume.grid import DayGrid
from forecasting.volume.history import Floats

Average = Callable[[Floats], Floats]  # (weeks, slots) -> (slots,), NaN where nothing is known


@dataclass(frozen=True, slots=True)
class SameSlot:
    """`average` of the last `weeks` known values at each weekday and slot."""

    average: Average
    weeks: int
    skip_holidays: bool = False
    fewest_days: int = 1
    origins: int = 99
    learns_once: bool = False

    def learn(self, past: DayGrid) -> SameSlot:
        del past  # a lookup has nothing to learn beforehand
        return self

    def forecast(self, past: DayGrid) -> Floats:
        counts = past.counts
        if self.skip_holidays and past.calendar.public.any():
            special = past.calendar.public[: past.days]
            counts = np.where(special[:, None], np.nan, counts)
        table = slot_table(counts, past.weekdays[: past.days], self.average, self.weeks)
        seen = counts[np.isfinite(counts)]
        fallback = seen.mean() if len(seen) else 0.0
        table = np.where(np.isfinite(table), table, fallback)
        return np.asarray(table[past.weekdays[past.days :]])


def slot_table(
    counts: Floats, weekdays: np.ndarray[tuple[int], np.dtype[np.int64]],
    average: Average, weeks: int,
) -> Floats:  # fmt: skip
    """(7, slots) of averages; a weekday never seen takes the mean of the others, else NaN."""
    table = np.full((7, counts.shape[1]), np.nan)
    for day in range(7):
        rows = counts[weekdays == day]
        rows = rows[np.isfinite(rows).any(1)][-weeks:]
        if len(rows):
            table[day] = average(rows)
    known = np.isfinite(table)
    seen = known.sum(0)
    others = np.where(seen > 0, np.where(known, table, 0).sum(0) / np.maximum(seen, 1), np.nan)
    return np.asarray(np.where(known, table, others))


def last(rows: Floats) -> Floats:
    """The newest known value of each slot."""
    found: Floats = rows[-1].copy()
    for row in rows[-2::-1]:
        found = np.asarray(np.where(np.isfinite(found), found, row))
    return found


def median(rows: Floats) -> Floats:
    known = np.isfinite(rows)
    ordered = np.sort(np.where(known, rows, np.inf), axis=0)
    n = known.sum(0)
    low, high = np.maximum(n - 1, 0) // 2, np.maximum(n, 1) // 2
    columns = np.arange(rows.shape[1])
    middle = (ordered[low, columns] + ordered[np.minimum(high, len(rows) - 1), columns]) / 2
    return np.where(n > 0, middle, np.nan)


def mean(rows: Floats) -> Floats:
    return _weighted(rows, np.ones(len(rows), dtype=np.float64))


def fading(rate: float) -> Average:
    """Exponential weights: each week back counts (1 - rate) times the one after it."""

    def average(rows: Floats) -> Floats:
        return _weighted(
            tamed(rows), np.power(1 - rate, np.arange(len(rows), dtype=np.float64)[::-1])
        )

    return average


def tamed(rows: Floats) -> Floats:
    """Counts far above the slot's median are pulled down, so that one spike does not linger."""
    middle = median(rows)
    spread = 1.4826 * median(np.abs(rows - middle))
    roof = np.maximum(middle + 8 * spread + 5, 3 * middle)
    return np.minimum(rows, roof)


def _weighted(rows: Floats, weights: Floats) -> Floats:
    known = np.isfinite(rows)
    weight = known * weights[:, None]
    total = weight.sum(0)
    summed = (weight * np.where(known, rows, 0)).sum(0)
    return np.asarray(np.divide(summed, total, out=np.full(len(total), np.nan), where=total > 0))
