"""Daily level times the shape of the day (Channouf et al. 2007): structural or Prophet level."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forecasting.volume.grid import DayGrid
from forecasting.volume.history import Floats
from forecasting.volume.models.same_slot import fading, slot_table
from forecasting.volume.models.shapes import learn_shapes
from forecasting.volume.models.structural import LearnedLevel, learn_level

LOOK_BACK = 52  # weeks; the weights have faded by then


@dataclass(frozen=True, slots=True)
class StructuralTopDown:
    """Structural daily level × usual share of each slot; `knots` days between level steps.

    `fade` is how much less a week back tells of the shape.
    """

    knots: int
    fade: float = 0.05
    fewest_days: int = 14
    origins: int = 99
    learns_once: bool = False

    def learn(self, past: DayGrid) -> LearnedTopDown:
        return LearnedTopDown(learn_level(past, self.knots), self.fade)


@dataclass(frozen=True, slots=True)
class LearnedTopDown:
    levels: LearnedLevel
    fade: float

    def forecast(self, past: DayGrid) -> Floats:
        level = self.levels.level(past)
        return level.ahead[:, None] * learn_shapes(past, level.fitted, self.fade).ahead


@dataclass(frozen=True, slots=True)
class EventSameSlot:
    """Same-slot exponential average of counts freed of month, season and events, × their return.

    `smooth` keeps the average's daily level alone and takes the shape of the day from all weeks.
    """

    rate: float
    smooth: bool = False
    knots: int = 28
    fewest_days: int = 14
    origins: int = 99
    learns_once: bool = False

    def learn(self, past: DayGrid) -> LearnedEventSlot:
        return LearnedEventSlot(learn_level(past, self.knots), self.rate, self.smooth)


@dataclass(frozen=True, slots=True)
class LearnedEventSlot:
    levels: LearnedLevel
    rate: float
    smooth: bool

    def forecast(self, past: DayGrid) -> Floats:
        level = self.levels.level(past)
        uplift = level.uplift[:, None]
        weekdays, average = past.weekdays[: past.days], fading(self.rate)
        plain = past.counts / uplift[: past.days]
        special = past.calendar.public[: past.days, None]
        table = slot_table(np.where(special, np.nan, plain), weekdays, average, LOOK_BACK)
        if not np.isfinite(table).all():
            table = np.where(
                np.isfinite(table), table, slot_table(plain, weekdays, average, LOOK_BACK)
            )
        coming = past.weekdays[past.days :]
        found = np.nan_to_num(table[coming]) * uplift[past.days :]
        shapes = learn_shapes(past, level.fitted)
        if self.smooth:
            return np.asarray(found.sum(1, keepdims=True) * shapes.ahead)
        return np.asarray(found * shapes.special(coming))
