"""What the episodes of a back-test come to: by day, by hour of the week, at night. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median
from zoneinfo import ZoneInfo

from alerts.backtest.run import Backtest
from metrics.hours import Period

NIGHT = Period(22 * 60, 32 * 60)  # 22:00 to 08:00: hours in which a message wakes somebody


@dataclass(frozen=True, slots=True)
class Report:
    """`days`: every local day of the span with its count. `week`: 168 counts from Monday 00:00.
    `night`: share of episodes that fired at night, None without any. Lengths of those that ended.
    """

    count: int
    per_week: float
    days: tuple[tuple[date, int], ...]
    week: tuple[int, ...]
    night: float | None
    median_length: timedelta | None
    longest: timedelta | None


def report(found: Backtest, zone: ZoneInfo, *, night: Period = NIGHT) -> Report:
    local = [one.fired.astimezone(zone) for one in found.episodes]
    lengths = [one.lasted(found.until) for one in found.episodes]
    week = Counter(at.weekday() * 24 + at.hour for at in local)
    return Report(
        count=len(local),
        per_week=found.per_week,
        days=_days(found, local, zone),
        week=tuple(week[hour] for hour in range(168)),
        night=sum(_within(night, at) for at in local) / len(local) if local else None,
        median_length=_median(lengths),
        longest=max(lengths, default=None),
    )


def _days(
    found: Backtest, local: Sequence[datetime], zone: ZoneInfo
) -> tuple[tuple[date, int], ...]:
    counts = Counter(at.date() for at in local)
    first = found.since.astimezone(zone).date()
    last = (found.until - timedelta(microseconds=1)).astimezone(zone).date()
    days = [first + timedelta(days=one) for one in range((last - first).days + 1)]
    return tuple((day, counts[day]) for day in days)


def _median(lengths: Sequence[timedelta]) -> timedelta | None:
    if not lengths:
        return None
    return timedelta(seconds=median(one.total_seconds() for one in lengths))


def _within(period: Period, at: datetime) -> bool:
    minute = at.hour * 60 + at.minute
    return period.start <= minute < period.end or minute + 1440 < period.end
