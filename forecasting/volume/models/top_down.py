"""Daily level times the shape of the day (Channouf et al. 2007): structural or Prophet level."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forecasting.volume.grid import DayGrid
from forecasting.volume.history import Floats
from forecasting.volume.models.same_slot import fading, slot_table
from forecasting.volume.models.structural import LearnedLevel, Level, learn_level

SHAPE_WEEKS = 40
LOOK_BACK = 52  # weeks; the weights have faded by then
SHAPE_FADE = 0.05
ODD = 0.7  # days whose total misses its level by e^0.7 (twice, or half) tell no usual shape


@dataclass(frozen=True, slots=True)
class StructuralTopDown:
    """Structural daily level × usual share of each slot; `knots` days between level steps."""

    knots: int
    fewest_days: int = 14
    origins: int = 99
    learns_once: bool = False

    def learn(self, past: DayGrid) -> LearnedTopDown:
        return LearnedTopDown(learn_level(past, self.knots))


@dataclass(frozen=True, slots=True)
class LearnedTopDown:
    levels: LearnedLevel

    def forecast(self, past: DayGrid) -> Floats:
        level = self.levels.level(past)
        return level.ahead[:, None] * day_shape(past, level)[past.weekdays[past.days :]]


@dataclass(frozen=True, slots=True)
class EventSameSlot:
    """Same-slot exponential average of counts freed of month, season and events, × their return."""

    rate: float
    knots: int = 28
    fewest_days: int = 14
    origins: int = 99
    learns_once: bool = False

    def learn(self, past: DayGrid) -> LearnedEventSlot:
        return LearnedEventSlot(learn_level(past, self.knots), self.rate)


@dataclass(frozen=True, slots=True)
class LearnedEventSlot:
    levels: LearnedLevel
    rate: float

    def forecast(self, past: DayGrid) -> Floats:
        uplift = self.levels.level(past).uplift[:, None]
        weekdays, average = past.weekdays[: past.days], fading(self.rate)
        plain = past.counts / uplift[: past.days]
        special = past.calendar.public[: past.days, None]
        table = slot_table(np.where(special, np.nan, plain), weekdays, average, LOOK_BACK)
        if not np.isfinite(table).all():
            table = np.where(
                np.isfinite(table), table, slot_table(plain, weekdays, average, LOOK_BACK)
            )
        return np.asarray(np.nan_to_num(table[past.weekdays[past.days :]]) * uplift[past.days :])


def day_shape(past: DayGrid, level: Level) -> Floats:
    """(7, slots) shares of the day that add to 1, from days that were neither odd nor holidays."""
    if past.slots == 1:
        return np.ones((7, 1))
    totals = past.totals
    usable = np.isfinite(totals) & (totals > 0) & ~past.calendar.public[: past.days]
    with np.errstate(divide="ignore", invalid="ignore"):
        usable &= np.abs(np.log(totals / np.maximum(level.fitted, 1e-9))) < ODD
        shares = np.where(usable[:, None], past.counts / totals[:, None], np.nan)
    if not usable.any():
        shares = past.counts / np.maximum(np.nanmax(past.counts, initial=1.0), 1.0)
    table = np.nan_to_num(
        slot_table(shares, past.weekdays[: past.days], fading(SHAPE_FADE), SHAPE_WEEKS)
    )
    whole = table.sum(1, keepdims=True)
    level_shape = np.full_like(table, 1 / past.slots)
    return np.asarray(np.divide(table, whole, out=level_shape, where=whole > 0))
