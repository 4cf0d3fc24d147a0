"""When a rule is active: `"mon-fri 09:00-18:00"`, `"sat,sun 10:00-12:00, 13:00-16:00"`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from alerts.rule import ActiveHours
from metrics.hours import DAY_MIN, parse_hours

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_FORM = 'write for example "mon-fri 09:00-18:00" or "09:00-23:00"'


def parse_active(text: str) -> ActiveHours:
    """Weekdays, then periods; without weekdays every day. ValueError in words."""
    head, _, tail = text.strip().partition(" ")
    if head[:1].isdigit():
        days, periods = frozenset(range(7)), text
    else:
        days, periods = _days(head.lower()), tail
    if not periods.strip():
        raise ValueError(f"{text!r} has days but no hours; {_FORM}")
    hours = parse_hours(periods)
    if not hours:
        raise ValueError(f"{text!r} is never: a rule needs hours in which it is active; {_FORM}")
    return ActiveHours(days, hours)


def _days(text: str) -> frozenset[int]:
    found: set[int] = set()
    for part in text.split(","):
        first, _, last = part.partition("-")
        start, end = _day(first), _day(last or first)
        found |= {day % 7 for day in range(start, end + (7 if end < start else 0) + 1)}
    return frozenset(found)


def _day(text: str) -> int:
    if text not in DAYS:
        raise ValueError(f"{text!r} is no weekday; use {', '.join(DAYS)}: {_FORM}")
    return DAYS.index(text)


def is_active(hours: Sequence[ActiveHours], zone: ZoneInfo, now: datetime) -> bool:
    """Whether one of the periods holds; one past midnight belongs to the day it began on."""
    local = now.astimezone(zone)
    today, minute = local.weekday(), local.hour * 60 + local.minute
    for one in hours:
        for period in one.hours:
            if today in one.days and period.start <= minute < period.end:
                return True
            if (today - 1) % 7 in one.days and minute + DAY_MIN < period.end:
                return True
    return not hours
