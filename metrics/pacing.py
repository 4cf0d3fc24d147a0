"""A KPI with a rolling window, as of now: where it stands, what is still to come, and its pace.

What comes is expected to go as well as the last seven days. How many rounds come is pace_days.py's,
the maths pace.py's.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from fractions import Fraction
from zoneinfo import ZoneInfo

from metrics.errors import BadWindow, UnknownLabel
from metrics.kpi import Kpi, Registry, local_zone
from metrics.needs import Lack, lacks_of
from metrics.pace import (
    DAY,
    NOTHING,
    Day,
    Point,
    Tally,
    cost,
    first_at,
    in_a_row,
    leaves_on,
    line_of,
    meets,
    project,
    spare,
    to_recover,
    worst,
)
from metrics.pace_days import WEEKS, History
from metrics.reading import EVERYTHING, Reader, Where

RECENT = 7  # full days that tell how well rounds are answered
ENOUGH = 20  # rounds of those days; with fewer the whole window tells


@dataclass(frozen=True, slots=True)
class Recovery:
    """What it takes to get back to the line; None: not that way. Days end at the line."""

    rounds: int | None  # all good
    rounds_as_now: int | None  # at the recent rate
    day: date | None  # all good, as many as expected, old days leaving
    day_as_now: date | None


@dataclass(frozen=True, slots=True)
class Line:
    """The window against a line. `spare`: slow rounds that the rest of today allows."""

    target: float  # in percent, as the KPI says it
    spare: int | None
    in_a_row: int | None
    recovery: Recovery | None  # None: the window is at the line or above


@dataclass(frozen=True, slots=True)
class Outlook:
    """What the forecast goes by."""

    rest: int  # rounds expected today from now on
    rate: Fraction | None  # recent share of good ones
    rate_days: int  # of how many days it is
    rate_rounds: int


@dataclass(frozen=True, slots=True)
class Pace:
    """Where the window of a KPI stands at `known_until`, and where it goes."""

    kpi: Kpi
    today: date
    length: int  # days of the window
    known_until: datetime
    window: Tally
    outlook: Outlook
    days: tuple[Day, ...]  # the last of them today, as far as it is known
    past: tuple[Point, ...]  # the windows that ended with the last of `days`
    ahead: tuple[Point, ...]  # today at its end, and the days after it
    line: Line | None
    worst: Day | None
    worst_leaves: date | None
    cost: Fraction | None

    @property
    def value(self) -> float | None:
        """In percent, as the KPI says it."""
        return in_percent(self.kpi, self.window.share)

    @property
    def known_days(self) -> int:
        """Days of the window since the first round there is; all of them where it lies before."""
        begun = next((at for at, one in enumerate(self.days) if one.tally.n), len(self.days))
        return min(self.length, len(self.days) - begun)

    @property
    def end(self) -> float | None:
        """Where it will be at the end of today."""
        return in_percent(self.kpi, self.ahead[0].share) if self.ahead else None


def in_percent(kpi: Kpi, share: Fraction | None) -> float | None:
    """A share of good rounds as the KPI's own value."""
    if share is None:
        return None
    return float(100 * (1 - share if kpi.better == "lower" else share))


def paced(registry: Registry) -> tuple[str, ...]:
    """The keys of KPIs that have a pace: shares over a rolling window of whole days."""
    return tuple(
        one.key
        for one in registry.values()
        if one.shape == "percent" and not one.internal and one.rolling and not one.rolling % DAY
    )


@dataclass(frozen=True, slots=True)
class NoPace:
    """Why there is none: columns that no source delivers, or a filter that the KPI lacks."""

    kpi: Kpi
    lacks: tuple[Lack, ...] = ()


def pace(
    reader: Reader, key: str, *, target: float | None = None, where: Where = EVERYTHING
) -> Pace | NoPace:
    """The pace of a KPI of `paced`, against the shop's `target` in percent, else the pack's line.

    Raises UnknownKpi, NothingSynced, and BadWindow for a KPI that is no share over whole days.
    """
    kpi = reader.registry.find(key)
    if key not in paced(reader.registry):
        raise BadWindow(f"{key} has no pace; it is no share over a rolling window of days")
    lacks = lacks_of(kpi, reader.registry, reader.sources, reader.delivered)
    if any(set(one.sources) == set(reader.sources) for one in lacks):
        return NoPace(kpi, lacks)
    zone = ZoneInfo(local_zone(kpi, reader.registry))
    length = (kpi.rolling or DAY) // DAY
    first = reader.as_of.astimezone(zone).date() - DAY * (2 * length + 7 * WEEKS)
    since = datetime.combine(first, time(), zone)
    try:
        values = replace(reader, zone=zone).values(key, since, reader.as_of, where)
    except UnknownLabel:
        return NoPace(kpi)
    history = History(values, zone, reader.as_of.astimezone(zone).date())
    return pace_of(history, length, kpi.target if target is None else target)


def pace_of(history: History, length: int, target: float | None) -> Pace:
    """The pace of a window of `length` days, the last of them being today."""
    past = history.days(max(2 * length, RECENT + 1))
    days = past[-length:]
    window = _sum(days)
    outlook = _outlook(history, past, window, length)
    ahead = [(history.today, outlook.rest)]
    ahead += [(day, history.expected(day))
              for day in (history.today + DAY * one for one in range(1, length + 1))]  # fmt: skip
    rate = outlook.rate
    points = tuple(project(days, ahead, rate, length)) if rate is not None else ()
    share = None if target is None else _good_share(history.kpi, target)
    line = None
    if target is not None and share is not None:
        best = project(days, ahead, Fraction(1), length)
        recovery = Recovery(
            to_recover(window, share),
            None if rate is None else to_recover(window, share, rate),
            first_at(best, share),
            first_at(points, share),
        )
        line = Line(target, spare(window, outlook.rest, share), in_a_row(window, share),
                    None if meets(window, share) else recovery)  # fmt: skip
    dragging = worst(days[:-1], share)
    return Pace(
        history.kpi, history.today, length, history.known_until, window, outlook, tuple(past),
        _rolling(past, length), points, line, dragging,
        None if dragging is None else leaves_on(dragging.day, length), cost(window, outlook.rest),
    )  # fmt: skip


def _good_share(kpi: Kpi, target: float) -> Fraction:
    return 1 - line_of(target) if kpi.better == "lower" else line_of(target)


def _outlook(history: History, past: Sequence[Day], window: Tally, length: int) -> Outlook:
    rest = history.expected(history.today, after=history.known_until.time())
    recent, days = _sum(past[-RECENT - 1 : -1]), RECENT
    if recent.n < ENOUGH:
        recent, days = window, length
    return Outlook(rest, recent.share, days, recent.n)


def _rolling(past: Sequence[Day], length: int) -> tuple[Point, ...]:
    """One window per day, from the first whole one on."""
    found = []
    for end in range(length, len(past) + 1):
        share = _sum(past[end - length : end]).share
        found.append(Point(past[end - 1].day, share))
    return tuple(found)


def _sum(days: Iterable[Day]) -> Tally:
    total = NOTHING
    for one in days:
        total += one.tally
    return total
