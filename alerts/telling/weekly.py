"""Hours of the week on a wall's clock: `22:00-08:00`, `mon-fri 09:00-18:00, sun 00:00-24:00`. Pure.

A span that passes midnight belongs to the day on which it begins. Where the clock changes, hours
are those of the wall: 22:00-08:00 has nine or eleven hours in such a night.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY = timedelta(days=1)
_SPAN = re.compile(
    r"(?:(?P<days>[a-z]{3}(?:-[a-z]{3})?)\s+)?"
    r"(?P<h1>\d{1,2}):(?P<m1>\d\d)\s*-\s*(?P<h2>\d{1,2}):(?P<m2>\d\d)"
)
_MOST_JOINED = 64  # spans that follow on one another: more than a week of them never ends


@dataclass(frozen=True, slots=True)
class Span:
    """`start` and `end` in minutes of the day on which it begins; `end` may pass 1440."""

    days: frozenset[int]  # 0 = Monday
    start: int
    end: int


Spans = tuple[Span, ...]


def parse_spans(text: str) -> Spans:
    """ValueError in words for what are no hours."""
    parts = [part.strip().lower() for part in text.split(",")]
    return tuple(_span(part, text) for part in parts)


def spans_around(
    spans: Iterable[Span], at: datetime, zone: ZoneInfo, *, days: int = 1
) -> Iterator[tuple[datetime, datetime]]:
    """(begin, end) in UTC of the spans that begin on the local day of `at`, the one before, and
    `days` after."""
    today = at.astimezone(zone).date()
    for offset in range(-1, days + 1):
        day = today + offset * _DAY
        for span in spans:
            if day.weekday() in span.days:
                yield _instant(day, span.start, zone), _instant(day, span.end, zone)


def ends_at(spans: Spans, at: datetime, zone: ZoneInfo) -> datetime | None:
    """When the hours that `at` lies in end, those that follow on at once included; None outside.

    Hours that never end do so, as far as this goes, in a week at the earliest.
    """
    end = None
    for _ in range(_MOST_JOINED):
        found = [till for begin, till in spans_around(spans, end or at, zone)
                 if begin <= (end or at) < till]  # fmt: skip
        if not found:
            return end
        end = max(found)
    return end


def begins_after(spans: Spans, at: datetime, zone: ZoneInfo) -> datetime | None:
    """When the hours next begin after `at`; None when there are none."""
    found = [begin for begin, _ in spans_around(spans, at, zone, days=8) if begin > at]
    return min(found, default=None)


def at_minute(day: date, minute: int, zone: ZoneInfo) -> datetime:
    """The instant in UTC of a wall clock's minute of a day; 1440 and more are the next day's."""
    return _instant(day, minute, zone)


def _instant(day: date, minute: int, zone: ZoneInfo) -> datetime:
    more, rest = divmod(minute, 1440)
    local = datetime.combine(day + more * _DAY, time(rest // 60, rest % 60), zone)
    return local.astimezone(UTC)


def _span(part: str, whole: str) -> Span:
    match = _SPAN.fullmatch(part)
    if not match:
        raise ValueError(
            f"{whole!r} are no hours; write for example 22:00-08:00 or mon-fri 09:00-18:00"
        )
    start = _minutes(match["h1"], match["m1"], whole)
    end = _minutes(match["h2"], match["m2"], whole)
    if start == end or start == 1440:
        raise ValueError(f"{whole!r}: {part!r} has no length; a whole day is 00:00-24:00")
    return Span(_days(match["days"], whole), start, end if end > start else end + 1440)


def _minutes(hours: str, minutes: str, whole: str) -> int:
    found = int(hours) * 60 + int(minutes)
    if int(minutes) > 59 or found > 1440:
        raise ValueError(f"{whole!r}: {hours}:{minutes} is no time of day")
    return found


def _days(written: str | None, whole: str) -> frozenset[int]:
    if written is None:
        return frozenset(range(7))
    first, _, last = written.partition("-")
    for name in (first, last or first):
        if name not in DAYS:
            raise ValueError(f"{whole!r}: {name!r} is no day; days are {', '.join(DAYS)}")
    begin, end = DAYS.index(first), DAYS.index(last or first)
    return frozenset((begin + n) % 7 for n in range((end - begin) % 7 + 1))
