"""The step of a series and the horizon asked for; knows no data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import pandas as pd

from connectors.durations import parse_duration
from forecasting.volume.errors import BadOption

DAY = timedelta(days=1)
LONGEST_AHEAD = timedelta(days=400)


@dataclass(frozen=True, slots=True)
class Step:
    """A step that divides the day: 1 minute to 1 day."""

    span: timedelta

    @property
    def slots(self) -> int:
        """Slots per day."""
        return DAY // self.span

    @property
    def daily(self) -> bool:
        return self.slots == 1

    @property
    def offset(self) -> pd.Timedelta:
        return pd.Timedelta(self.span)


def parse_step(text: str) -> Step:
    """`30min`, `1h`, `1d`; BadOption when it does not divide a day."""
    span = _span(text, "--every")
    if span < timedelta(minutes=1) or span > DAY or DAY % span:
        raise BadOption(f"a step of {text} does not divide a day; use 15min, 30min, 1h or 1d")
    return Step(span)


def parse_horizon(text: str, step: Step) -> int:
    """How many steps `14d` or `28d` are; BadOption when none or more than 400 days."""
    span = _span(text, "--horizon")
    steps = span // step.span
    if steps < 1 or span > LONGEST_AHEAD:
        raise BadOption(f"a horizon of {text} is not between one step and 400 days; use 14d or 28d")
    return steps


def _span(text: str, option: str) -> timedelta:
    try:
        return parse_duration(text)
    except ValueError as error:
        raise BadOption(f"{option}: {error}") from None


def parse_levels(text: str) -> tuple[int, ...]:
    """`80,95` as whole per cent, ascending; BadOption when one is not between 1 and 99."""
    try:
        levels = sorted({int(part) for part in text.split(",")})
    except ValueError:
        raise BadOption(f"--level {text!r} is not a list of per cents; write 80,95") from None
    if not levels or levels[0] < 1 or levels[-1] > 99:
        raise BadOption(f"--level {text!r} is not between 1 and 99; write 80,95")
    return tuple(levels)
