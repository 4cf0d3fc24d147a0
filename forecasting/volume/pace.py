"""The usual course of a day, cheap enough for a live view; no model, no back-test."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from forecasting.volume.history import DS, Y
from forecasting.volume.models.same_slot import median, slot_table
from forecasting.volume.steps import Step

WEEKS = 8


def usual_profile(history: pd.DataFrame, day: date, step: Step) -> pd.DataFrame:
    """Same-slot medians of the last weeks for `day`: `ds` (naive local), `usual`, `so_far`.

    `history` has `ds` (naive local start) and `y` of one series; rows of `day` and later are left
    out. `usual` is NaN where nothing is known, `so_far` sums it up to the end of each slot.
    """
    midnight = pd.Timestamp(day)
    stamps = pd.DatetimeIndex(history[DS])
    past = np.asarray((stamps < midnight) & (stamps >= midnight - pd.Timedelta(days=7 * WEEKS)))
    stamps, counts = stamps[past], history[Y].to_numpy(dtype=float)[past]
    grid = np.full((7 * WEEKS, step.slots), np.nan)
    back = np.asarray((midnight - stamps.normalize()).days)
    slot = np.asarray((stamps - stamps.normalize()) // step.offset)
    grid[7 * WEEKS - back, slot] = counts
    weekdays = (np.arange(7 * WEEKS) + midnight.day_of_week) % 7
    usual = slot_table(grid, weekdays, median, WEEKS)[midnight.day_of_week]
    return pd.DataFrame({
        DS: pd.date_range(midnight, periods=step.slots, freq=step.offset),
        "usual": usual,
        "so_far": np.nancumsum(usual),
    })  # fmt: skip
