"""Which local days a history page shows, from its URL, and which ones they are compared with. Pure.

`?period=28d`, or `?from=2026-11-01&until=2026-11-07`, both days included. What the page then shows
of these days lives elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

DAY: Final = timedelta(days=1)
WEEK: Final = timedelta(days=7)
QUARTER: Final = timedelta(minutes=15)
DEFAULT: Final = "28d"
CUSTOM: Final = "custom"
PRESETS: Final = ("today", "yesterday", "7d", "28d", "90d", "365d", "month")
MOST_DAYS: Final = 3_660
_FIRST_DAY: Final = date(1990, 1, 1)  # earlier days are slips of the pen


@dataclass(frozen=True, slots=True)
class Problem:
    """Something in the URL that cannot be followed: a text of the catalogue and what it names."""

    key: str
    values: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Period:
    """Local days. `since` is the first midnight; `until`, left out, is the midnight that ends the
    last day, or the end of the quarter hour that runs now."""

    name: str  # a preset, or "custom"
    since: datetime
    until: datetime

    @property
    def zone(self) -> ZoneInfo:
        assert isinstance(self.since.tzinfo, ZoneInfo)  # noqa: S101 - made by `_period` only
        return self.since.tzinfo

    @property
    def first(self) -> date:
        return self.since.date()

    @property
    def last(self) -> date:
        """The last local day that is shown at least in part."""
        return (self.until - timedelta(microseconds=1)).date()

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def running(self) -> bool:
        """Whether the last day is not over."""
        return self.until.time() != time()

    @property
    def step(self) -> timedelta:
        """How wide a bar of its history is: few enough to be seen, enough to show a course."""
        if self.days <= 1:
            return timedelta(minutes=30)
        if self.days <= 3:
            return timedelta(hours=1)
        return DAY if self.days <= 120 else WEEK


def read_period(query: Mapping[str, str], now: datetime) -> tuple[Period, Problem | None]:
    """The period of a URL at `now`, a moment of the shop's zone. What makes no sense is the default
    period and a problem to be said."""
    usual = preset(DEFAULT, now)
    if "from" in query or "until" in query:
        found = _custom(query.get("from"), query.get("until"), now)
        return (usual, found) if isinstance(found, Problem) else (found, None)
    name = query.get("period", DEFAULT)
    if name not in PRESETS:
        return usual, Problem("period.unknown", (("period", _shown(name)),))
    return preset(name, now), None


def preset(name: str, now: datetime) -> Period:
    """One of PRESETS at `now`, a moment of the shop's zone."""
    today = now.date()
    if name == "yesterday":
        return _period(name, today - DAY, today - DAY, now)
    if name == "today":
        first = today
    elif name == "month":
        first = today.replace(day=1)
    else:
        first = today - timedelta(days=int(name.removesuffix("d")) - 1)
    return _period(name, first, today, now)


def custom(first: date, last: date, now: datetime) -> Period:
    """The days from `first` to `last`, both included; `last` may be today."""
    return _period(CUSTOM, first, last, now)


def before(period: Period) -> Period:
    """The same days some whole weeks earlier, as few as keep the two apart: Mondays are compared
    with Mondays, and a day that runs with the same hours."""
    back = timedelta(days=7 * -(-period.days // 7))
    return Period(period.name, _earlier(period.since, back), _earlier(period.until, back))


def elapsed(since: datetime, until: datetime) -> timedelta:
    """Real time between two local moments: within one zone Python subtracts wall clocks."""
    return until.astimezone(UTC) - since.astimezone(UTC)


def _custom(first_text: str | None, last_text: str | None, now: datetime) -> Period | Problem:
    days: list[date] = []
    for text in (first_text, last_text or now.date().isoformat()):
        try:
            days.append(date.fromisoformat(text or ""))
        except ValueError:
            return Problem("period.no_date", (("text", _shown(text or "")),))
    first, last = days
    if first > last:
        return Problem("period.reversed", (("first", str(first)), ("last", str(last))))
    if first > now.date():
        return Problem("period.future", (("first", str(first)),))
    if first < _FIRST_DAY or (last - first).days >= MOST_DAYS:
        return Problem("period.too_long", (("days", f"{MOST_DAYS:,}"),))
    return custom(first, min(last, now.date()), now)


def _period(name: str, first: date, last: date, now: datetime) -> Period:
    assert isinstance(now.tzinfo, ZoneInfo)  # noqa: S101 - every caller's `now` is the shop's
    since = datetime.combine(first, time(), now.tzinfo)
    end = datetime.combine(last + DAY, time(), now.tzinfo)
    return Period(name, since, min(end, max(_quarter_end(now), since + QUARTER), key=_instant))


def _quarter_end(now: datetime) -> datetime:
    """The first quarter hour of the clock that isn't before `now`."""
    start = now.replace(minute=now.minute // 15 * 15, second=0, microsecond=0)
    return start if start == now else (start.astimezone(UTC) + QUARTER).astimezone(now.tzinfo)


def _instant(moment: datetime) -> datetime:
    return moment.astimezone(UTC)


def _earlier(moment: datetime, back: timedelta) -> datetime:
    return datetime.combine(moment.date() - back, moment.time(), moment.tzinfo)


def _shown(text: str) -> str:
    """What the URL said, short enough for a sentence."""
    return text if len(text) <= 40 else f"{text[:39]}…"
