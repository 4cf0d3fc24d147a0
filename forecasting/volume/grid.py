"""A series as days × slots, with closures, outages and unknown counts told apart.

`DayGrid.counts` is NaN wherever a count is unknown or the slot is closed, so that nothing learns
from a zero that was no demand. What is closed is kept beside it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from forecasting.volume.closures import Opening, find_opening, mask_outages
from forecasting.volume.day_calendar import Calendar
from forecasting.volume.history import Bools, Floats, History
from forecasting.volume.steps import Step

LONGEST_PAST = 1100  # days that models look at: three years hold the year's shape
PILED_UP = 2  # open days after a day off to which its contacts move
PILED_WITHIN = 5  # days after it
WHOLE_DAY = 0.5  # share of a day's usual volume that must be known to complete its total


@dataclass(frozen=True, slots=True)
class DayGrid:
    """`counts` (days, slots); `calendar` reaches over these days and the horizon behind them."""

    dates: pd.DatetimeIndex
    counts: Floats
    totals: Floats  # per day; NaN when closed or mostly unknown
    opening: Opening
    calendar: Calendar
    notes: tuple[str, ...]

    @property
    def days(self) -> int:
        return len(self.dates)

    @property
    def slots(self) -> int:
        return int(self.counts.shape[1])

    def until(self, days: int, ahead: int) -> DayGrid:
        """What was known before day `days`, with a calendar of `ahead` days behind it."""
        return DayGrid(
            self.dates[:days], self.counts[:days], self.totals[:days],
            self.opening.until(days), self.calendar.until(days + ahead), self.notes,
        )  # fmt: skip

    @property
    def ahead(self) -> int:
        return len(self.calendar.dates) - self.days

    @property
    def weekdays(self) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        """Effective weekday (a make-up workday counts as one) of past and coming days."""
        return self.calendar.weekdays

    def calendar_special(self) -> Bools:
        """Past and coming days with a public holiday or event on them or next to them."""
        public = self.calendar.public
        near = public | np.roll(public, 1) | np.roll(public, -1) if public.any() else public.copy()
        for _, mask in self.calendar.events:
            near |= mask
        return near

    def unsettled(self) -> Bools:
        """Past and coming days whose volume is hard to tell: with or next to a public holiday or
        event, and the first open days after days off."""
        found = self.calendar_special()
        working = np.asarray(self.opening.week[self.weekdays].any(1))
        closed = np.append(self.opening.closed_days, ~self.opening.ahead(self.calendar).any(1))
        off = working & (closed | self.calendar.public)
        for day in np.flatnonzero(off).tolist():
            reopened = np.flatnonzero((working & ~off)[day + 1 : day + 1 + PILED_WITHIN])
            found[day + 1 + reopened[:PILED_UP]] = True
        return found


def raw_grid(history: History, step: Step) -> tuple[pd.DatetimeIndex, Floats]:
    """(days, slots) from the first to the last day; NaN where the file has no row."""
    days = history.stamps.normalize()
    first = days[0]
    if (days[-1] - first).days > LONGEST_PAST:
        first = days[-1] - pd.Timedelta(days=LONGEST_PAST)
    dates = pd.date_range(first, days[-1], freq="D")
    counts = np.full((len(dates), step.slots), np.nan)
    kept = np.asarray(days >= first)
    row = np.asarray((days - first).days)[kept]
    slot = np.asarray((history.stamps - days) // step.offset)[kept]
    counts[row, slot] = history.counts[kept]
    return dates, counts


def build_grid(dates: pd.DatetimeIndex, raw: Floats, calendar: Calendar) -> DayGrid:
    """Judge a raw grid of whole days: opening hours, closed days, outages, totals."""
    filled, sparse = _sparse_zeros(raw)
    opening = find_opening(filled, calendar)
    counts = np.where(opening.mask(calendar.weekdays[: len(dates)]), filled, np.nan)
    counts[opening.closed_days] = np.nan
    counts, notes = mask_outages(counts, calendar)
    totals = _totals(counts, calendar.weekdays[: len(dates)])
    return DayGrid(dates, counts, totals, opening, calendar, (*sparse, *opening.notes, *notes))


def _sparse_zeros(raw: Floats) -> tuple[Floats, tuple[str, ...]]:
    """A file without a single zero in a thin series leaves its zeros out: put them back."""
    known = np.asarray(np.isfinite(raw))
    if (raw == 0).any() or raw.shape[1] == 1 or not known.any():
        return raw, ()
    thin = np.nanmean(np.where(known, raw, np.nan)) < 4
    spread = known.mean(0)
    scattered = ((spread > 0.02) & (spread < 0.9)).mean() > 0.5
    if not (thin and scattered):
        return raw, ()
    days = np.asarray(known.any(1))
    note = "the file has no zeros: absent slots of days with contacts were read as 0"
    return np.where(days[:, None] & ~known, 0.0, raw), (note,)


def _totals(counts: Floats, weekdays: np.ndarray[tuple[int], np.dtype[np.int64]]) -> Floats:
    """Day sums; a few unknown slots are completed by their usual share, many leave it unknown."""
    known = np.isfinite(counts)
    sums = np.where(known, counts, 0.0).sum(1)
    if counts.shape[1] == 1:
        return np.where(known[:, 0], sums, np.nan)
    usual = np.zeros((7, counts.shape[1]))
    for day in range(7):
        rows = counts[weekdays == day]
        if len(rows):
            seen = np.isfinite(rows).sum(0)
            usual[day] = np.where(seen > 0, np.nansum(rows, 0) / np.maximum(seen, 1), 0.0)
    usual = usual[weekdays]
    whole = usual.sum(1)
    part = np.where(known, usual, 0.0).sum(1)
    share = np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)
    completed = np.divide(sums, share, out=np.full_like(sums, np.nan), where=share > WHOLE_DAY)
    return np.where(known.any(1), completed, np.nan)


def missing(counts: Floats) -> Bools:
    """Slots whose count is unknown or closed."""
    return ~np.isfinite(counts)
