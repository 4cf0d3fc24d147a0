"""Hours as people state them: periods of a day, the week of a desk, the hours of one date.

Local wall-clock minutes only; clock.py turns them into moments.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import chain, pairwise
from zoneinfo import ZoneInfo

from metrics.holidays import DayType, HolidayCalendar

DAY_MIN = 24 * 60
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_FORM = 'write for example "09:00-12:00, 13:30-18:00" or "closed"'
_PERIOD = re.compile(r"(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})")
# What a Chinese keyboard or a word processor makes of the same signs.
_SIGNS = str.maketrans("：，、；－–—～~", ":,,,-----")


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """Minutes since the local midnight, `end` left out; past 1440 it lies on the next day."""

    start: int
    end: int

    def __str__(self) -> str:
        end = self.end - DAY_MIN if self.end > DAY_MIN else self.end
        return f"{_time(self.start)}-{_time(end)}"


# The periods of one day in order, without overlaps; none: closed.
Hours = tuple[Period, ...]
CLOSED: Hours = ()
ALL_DAY: Hours = (Period(0, DAY_MIN),)


def parse_hours(text: str) -> Hours:
    """`"09:00-12:00, 13:30-18:00"`, `"18:00-02:00"` (ends on the next day) or `"closed"`.

    ValueError: not of that form, no such time of day, a period without length, an overlap.
    """
    cleaned = text.translate(_SIGNS).strip()
    if cleaned.lower() == "closed":
        return CLOSED
    periods = sorted(_period(part.strip()) for part in cleaned.split(","))
    for one, other in pairwise(periods):
        if other.start < one.end:
            raise ValueError(f"the periods {one} and {other} overlap; keep them apart")
    if periods[-1].end - DAY_MIN > periods[0].start:
        raise ValueError(
            f"{periods[-1]} ends on the next day, after {periods[0]} has begun; shorten it"
        )
    return tuple(periods)


def _period(text: str) -> Period:
    match = _PERIOD.fullmatch(text)
    if match is None:
        raise ValueError(f"'{text}' is not a period; {_FORM}")
    start, end = _minute(*match.group(1, 2)), _minute(*match.group(3, 4))
    if start == DAY_MIN:
        raise ValueError(f"the period {text} can't begin at 24:00; write 00:00 on the next day")
    if start == end:
        raise ValueError(f"the period {text} has no length; write 00:00-24:00 for a whole day")
    return Period(start, end if end > start else end + DAY_MIN)


def _minute(hour: str, minute: str) -> int:
    made = int(hour) * 60 + int(minute)
    if int(minute) > 59 or made > DAY_MIN:
        raise ValueError(f"{hour}:{minute} is no time of day; it goes from 00:00 to 24:00")
    return made


def _time(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


@dataclass(frozen=True)
class Week:
    """The hours that one section of the settings states; None: it says nothing about them.

    `weekdays`: seven, from Monday. `dated`: hours of single dates, ordered by date.
    """

    workdays: Hours | None = None
    weekend: Hours | None = None
    holidays: Hours | None = None
    weekdays: tuple[Hours | None, ...] = (None,) * 7
    dated: tuple[tuple[date, Hours], ...] = ()

    @property
    def is_stated(self) -> bool:
        return any(one is not None for one in (self.workdays, self.weekend, *self.weekdays))

    @cached_property
    def by_date(self) -> dict[date, Hours]:
        return dict(self.dated)

    def stated(self, day: date, kind: DayType) -> Hours | None:
        """What it says of an ordinary day of this kind."""
        if kind == "holiday":
            return self.holidays
        if kind == "make-up workday":
            return self.workdays
        own = self.weekdays[day.weekday()]
        if own is not None:
            return own
        return self.workdays if kind == "workday" else self.weekend


@dataclass(frozen=True)
class Schedule:
    """The hours of every date: of the first of `weeks` (a queue's own, then everybody's) that
    states them.

    A dated exception goes before a holiday, a holiday before the weekday, a weekday before
    workdays and weekend. Days nobody states are closed, or open all day when no week is stated.
    """

    zone: ZoneInfo
    calendar: HolidayCalendar
    weeks: tuple[Week, ...]

    @property
    def never_closes(self) -> bool:
        return self.calendar.is_empty and not any(
            week.is_stated or week.dated for week in self.weeks
        )

    def on(self, day: date) -> Hours:
        """The periods that begin on this local date."""
        kind = self.calendar.day_type(day)
        dated = (week.by_date.get(day) for week in self.weeks)
        ordinary = (week.stated(day, kind) for week in self.weeks)
        unstated = CLOSED if kind == "holiday" else self._unstated
        return next((hours for hours in chain(dated, ordinary) if hours is not None), unstated)

    @cached_property
    def _unstated(self) -> Hours:
        return CLOSED if any(week.is_stated for week in self.weeks) else ALL_DAY
