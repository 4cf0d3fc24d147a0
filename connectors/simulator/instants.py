"""Instants of the simulation: whole milliseconds since 1970 UTC, and the shop's local days.

Integers because a year of a shop is tens of millions of instants. Aware datetimes stand at the
edge: what callers pass in, and what the databases hold.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_EPOCH_DAY = EPOCH.toordinal()
_QUARTER = 15 * MINUTE


def to_ms(moment: datetime) -> int:
    """Milliseconds since 1970 UTC of an aware instant, rounded down."""
    if moment.tzinfo is None:
        raise ValueError(f"the simulation needs a time with a zone, got {moment.isoformat()}")
    return (moment - EPOCH) // _MILLISECOND


def from_ms(ms: int) -> datetime:
    """The aware UTC instant of milliseconds since 1970."""
    return EPOCH + timedelta(milliseconds=ms)


@lru_cache(maxsize=200_000)
def _minute(number: int) -> str:
    return from_ms(number * MINUTE).strftime("%Y-%m-%dT%H:%M:")


def iso(ms: int | None) -> str | None:
    """ISO 8601 in UTC with an offset, always 29 characters: sorts as text like the instant."""
    if ms is None:
        return None
    minute, rest = divmod(ms, MINUTE)
    return f"{_minute(minute)}{rest // SECOND:02d}.{rest % SECOND:03d}+00:00"


def naive_utc(ms: int | None) -> str | None:
    """The same instant in UTC without a zone, as Rails writes it."""
    if ms is None:
        return None
    minute, rest = divmod(ms, MINUTE)
    return f"{_minute(minute)}{rest // SECOND:02d}.{rest % SECOND:03d}"


class LocalDays:
    """Calendar days of one zone; a day is its proleptic ordinal, as in `date.toordinal`."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._starts: dict[int, int] = {}
        self._offsets: dict[int, int] = {}

    def start(self, day: int) -> int:
        """The instant of local midnight at which the day begins."""
        ms = self._starts.get(day)
        if ms is None:
            midnight = datetime.combine(date.fromordinal(day), time(), tzinfo=self._zone)
            ms = self._starts[day] = to_ms(midnight)
        return ms

    def _local(self, ms: int) -> int:
        """Milliseconds on a local clock that never changes its offset; cached by quarter-hour."""
        quarter = ms // _QUARTER
        offset = self._offsets.get(quarter)
        if offset is None:
            shift = from_ms(quarter * _QUARTER).astimezone(self._zone).utcoffset()
            offset = self._offsets[quarter] = (shift or timedelta()) // _MILLISECOND
        return ms + offset

    def of(self, ms: int) -> int:
        """The local day that holds the instant."""
        return self._local(ms) // DAY + _EPOCH_DAY

    def hour(self, ms: int) -> float:
        """Local hours since midnight, with a fraction."""
        return self._local(ms) % DAY / HOUR
