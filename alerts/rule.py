"""What a rule is, as values: rule_settings.py makes them, conditions/ says what they mean."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Literal
from zoneinfo import ZoneInfo

from metrics.hours import Hours
from metrics.measurement import Labels

NO_TIME = timedelta(0)
Side = Literal["above", "below", "both"]


class Severity(StrEnum):
    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True)
class Threshold:
    op: str  # >, >=, <, <=
    value: float


@dataclass(frozen=True, slots=True)
class Override:
    """Other limits for the series that have these labels; the first that fits holds."""

    where: Labels
    when: Threshold
    clear: Threshold


@dataclass(frozen=True, slots=True)
class ActiveHours:
    """Periods of some weekdays (0 = Monday) in the shop's zone."""

    days: frozenset[int]
    hours: Hours


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """What a kind needs to know besides the metric; each kind says which of these it takes.

    `ago`, `percent`: change. `target` (in percent), `short_window`: burn rate. `level`, `side`:
    outside the band. `lead`: how far ahead. `after`: how long overdue.
    """

    ago: timedelta | None = None
    percent: bool = False
    target: float | None = None
    short_window: timedelta | None = None
    level: int = 95
    side: Side = "both"
    lead: timedelta | None = None
    after: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """`wait` is the setting `for`. `window` None = a state; else the span a KPI is taken over.

    `parts` are the conditions of a composite rule, each a rule of its own without waits. With
    `times` above 1 the condition must have begun that often `within` a span. No `hours`: always.
    """

    name: str
    metric: str
    when: Threshold
    clear: Threshold
    by: tuple[str, ...] = ()
    where: Labels = ()
    wait: timedelta = NO_TIME
    keep_firing_for: timedelta = NO_TIME
    severity: Severity = Severity.WARNING
    receivers: tuple[str, ...] = ()
    window: timedelta | None = None
    kind: str = "threshold"
    signal: Signal = Signal()
    overrides: tuple[Override, ...] = ()
    hours: tuple[ActiveHours, ...] = ()
    zone: ZoneInfo | None = None
    times: int = 1
    within: timedelta = NO_TIME
    parts: tuple[Rule, ...] = ()
