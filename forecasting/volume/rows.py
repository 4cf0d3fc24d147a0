"""From tables of days and slots to rows of a forecast: times, the day's end, clock changes."""

from __future__ import annotations

from collections.abc import Mapping
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from forecasting.volume.grid import DayGrid
from forecasting.volume.history import DS, Bools, Floats
from forecasting.volume.steps import Step


def forecast_rows(
    tables: Mapping[str, Floats], grid: DayGrid, *, after: pd.Timestamp, step: Step
) -> pd.DataFrame:
    """`ds` and a column per (ahead, slots) table, from the step behind `after` on.

    The rest of a last day whose open hours are over is closed; of a day that is all the history
    there is, it is like the next day.
    """
    first = grid.calendar.dates[grid.days]
    stamps = pd.date_range(first, periods=grid.ahead * grid.slots, freq=step.offset)
    rows = pd.DataFrame({DS: stamps, **{name: table.ravel() for name, table in tables.items()}})
    rest = pd.date_range(after, first, freq=step.offset, inclusive="neither")
    if len(rest):
        is_open = grid.opening.week[grid.weekdays[grid.days - 1], -len(rest) :]
        ends = {
            name: np.where(is_open, table[0, -len(rest) :], 0.0) for name, table in tables.items()
        }
        rows = pd.concat([pd.DataFrame({DS: rest, **ends}), rows], ignore_index=True)
    return rows[rows[DS] > after].reset_index(drop=True)


def skipped_times(
    stamps: pd.DatetimeIndex, first: pd.Timestamp, raw: Floats, zone: ZoneInfo
) -> Bools:
    """Times that the clock change leaves out, unless the past ran through such hours.

    `raw` (days, slots) is the past from `first` on as the file gave it.
    """
    slots = raw.shape[1]
    gone = nonexistent(stamps, zone)
    if slots == 1 or not gone.any():
        return np.zeros(len(stamps), bool)
    past = pd.date_range(first, periods=raw.size, freq=pd.Timedelta(days=1) / slots)
    ran_through = bool(np.nan_to_num(raw.ravel()[nonexistent(past, zone)]).any())
    return np.zeros(len(gone), bool) if ran_through else gone


def nonexistent(stamps: pd.DatetimeIndex, zone: ZoneInfo) -> Bools:
    """Local times that never come, because the clock jumps over them."""
    there = stamps.tz_localize(zone, ambiguous=np.ones(len(stamps), bool), nonexistent="NaT")
    return np.asarray(there.isna())
