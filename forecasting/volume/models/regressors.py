"""The columns of the structural regression: what a day's volume may depend on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from forecasting.volume.grid import DayGrid
from forecasting.volume.history import Bools, Floats

YEAR = 365.25
YEAR_SEEN = 700  # days after which a season of the year can be told from growth
MONTH_WAVES = 4
YEAR_WAVES = 8
NEAR = 4  # days within which the working days around a holiday lie


@dataclass(frozen=True, slots=True)
class Block:
    """Columns (days + ahead, k) that share one prior variance."""

    name: str
    columns: Floats
    prior: float  # standard deviation expected of a coefficient, on the log scale
    free: bool = False  # keep the prior: the variance cannot be learned from one coefficient
    extra: bool = False  # moves a day away from its week's usual course


def regressors(past: DayGrid, knots: int) -> tuple[Block, ...]:
    """All blocks that the length of the past supports."""
    dates, days = past.calendar.dates, past.days
    time = np.arange(len(dates)) - (days - 1)
    blocks = [
        Block("one", np.ones((len(dates), 1)), 1e3, free=True),
        Block("slope", (time / YEAR)[:, None], 0.08 if days >= YEAR_SEEN else 0.04, free=True),
        Block("weekday", np.eye(7)[past.weekdays], 0.3),
    ]
    steps = np.arange(-4 - knots, -days + 4, -knots)
    if len(steps):
        # Each knot shifts what lies before it: the newest level is the one carried forward.
        ramp = np.clip((steps[None, :] + knots - time[:, None]) / knots, 0, 1)
        blocks.append(Block("level", ramp, 0.03 * (knots / 7) ** 0.5))
    if days >= 45:
        phase = (np.asarray(dates.day) - 0.5) / np.asarray(dates.days_in_month)
        blocks.append(Block("month", _waves(phase, MONTH_WAVES, 0.5), 0.05, extra=True))
    if days >= YEAR_SEEN:
        season = (np.asarray(dates.day_of_year) - 0.5) / YEAR
        blocks.append(Block("year", _waves(season, YEAR_WAVES, 1.0), 0.1, extra=True))
    return (*blocks, *_events(past))


def _waves(phase: Floats, count: int, smooth: float) -> Floats:
    turns = [2 * np.pi * k * phase for k in range(1, count + 1)]
    pairs = [(np.sin(t) / k**smooth, np.cos(t) / k**smooth) for k, t in enumerate(turns, 1)]
    return np.column_stack([wave for pair in pairs for wave in pair])


def _events(past: DayGrid) -> Sequence[Block]:
    calendar, days = past.calendar, past.days
    blocks = []
    if calendar.public.any():
        working = past.opening.week[past.weekdays].any(1) & ~calendar.public
        near = np.column_stack(_around(calendar.public, working))
        blocks.append(Block("holiday", near, 0.2, extra=True))
        own = []
        for name in sorted({n for n in calendar.names if n}):
            same = np.array([n == name for n in calendar.names])
            own += [c for c in _around(same, working) if c[:days].any() and c.sum() < len(c)]
        if own:
            blocks.append(Block("named-holiday", np.column_stack(own), 0.15, extra=True))
    shown = [mask for _, mask in calendar.events if mask[:days].any()]
    if shown:
        columns = np.column_stack(shown).astype(float)
        blocks.append(Block("sale", columns, 0.3, extra=True))
    return blocks


def _around(mask: Bools, working: Bools) -> list[Floats]:
    """The day itself, and the working days before and after it: after a closed Monday, Tuesday."""
    before, after = np.zeros(len(mask), bool), np.zeros(len(mask), bool)
    for day in np.flatnonzero(mask).tolist():
        earlier = np.flatnonzero(working[max(0, day - NEAR) : day])
        later = np.flatnonzero(working[day + 1 : day + 1 + NEAR])
        before[max(0, day - NEAR) + earlier[-1:]] = True
        after[day + 1 + later[:1]] = True
    return [one.astype(float) for one in (mask, before & ~mask, after & ~mask)]
