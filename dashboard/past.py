"""From KPI values to trends: today's course, the usual one, days with intervals. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from statistics import median

from dashboard.board import DayPoint, ResponsePoint, SatisfactionPoint
from metrics.query import KpiRow

QUARTER, HALF_HOUR, HOUR, DAY = 15, 30, 60, 24 * 60
THIN_SAMPLE = 10  # below this, a share or a median says little and shows its n first
_SHORTEST_DAY = 6 * HOUR  # of the volume chart, so that a quiet morning isn't stretched wide


def minute_of(moment: datetime) -> int:
    """Minutes of the local day."""
    return moment.hour * HOUR + moment.minute


def by_minute(rows: Iterable[KpiRow]) -> dict[int, float]:
    """Counts per quarter hour of the local day they start in."""
    found: dict[int, float] = {}
    for row in rows:
        if row.start is not None and row.value is not None:
            minute = minute_of(row.start)
            found[minute] = found.get(minute, 0.0) + row.value
    return found


def usual_until(weeks: Sequence[Mapping[int, float]], now: datetime) -> float | None:
    """What came by this time of day on the same weekdays: the median. The quarter hour that
    still runs counts by its share. None without history."""
    minute = minute_of(now) + now.second / 60
    sums = [
        sum(value * min(1.0, max(0.0, (minute - start) / QUARTER)) for start, value in week.items())
        for week in _known(weeks)
    ]
    return median(sums) if sums else None


def volume_points(
    today: Mapping[int, float], weeks: Sequence[Mapping[int, float]], now: datetime
) -> tuple[DayPoint, ...]:
    """Today's half-hours so far against the usual course of the whole day."""
    known = [_by_half_hour(week) for week in _known(weeks)]
    here, minute = _by_half_hour(today), minute_of(now)
    points = [
        DayPoint(
            start,
            here.get(start, 0.0) if start <= minute else None,
            median(week.get(start, 0.0) for week in known) if known else None,
            partial=start <= minute < start + HALF_HOUR,
        )
        for start in range(0, DAY, HALF_HOUR)
    ]
    busy = [p.minute for p in points if p.today or p.usual] or [minute]
    first = min(*busy, minute) // HOUR * HOUR
    last = max(*busy, minute, first + _SHORTEST_DAY)
    return tuple(point for point in points if first <= point.minute <= last)


def with_forecast(
    points: Iterable[DayPoint],
    ahead: Mapping[int, tuple[float, float, float]],
    now: datetime,
) -> tuple[DayPoint, ...]:
    """The half-hours that are still to come with what is forecast for them (mean, low, high)."""
    minute = minute_of(now)
    found = []
    for point in points:
        told = ahead.get(point.minute)
        if told is None or point.minute <= minute:
            found.append(point)
        else:
            found.append(replace(point, ahead=told[0], low=told[1], high=told[2]))
    return tuple(found)


def _known(weeks: Sequence[Mapping[int, float]]) -> list[Mapping[int, float]]:
    """Weeks in which anything came at all: before the history began there is only silence."""
    return [week for week in weeks if sum(week.values()) > 0]


def _by_half_hour(quarters: Mapping[int, float]) -> dict[int, float]:
    halves: dict[int, float] = {}
    for minute, value in quarters.items():
        start = minute // HALF_HOUR * HALF_HOUR
        halves[start] = halves.get(start, 0.0) + value
    return halves


def response_points(rows: Iterable[KpiRow], now: datetime) -> tuple[ResponsePoint, ...]:
    minute = minute_of(now)
    return tuple(
        ResponsePoint(start, row.p50, row.p90, row.n, partial=start <= minute < start + HOUR)
        for row in rows
        if row.start is not None and row.n
        for start in (minute_of(row.start),)
    )


def satisfaction_points(rows: Iterable[KpiRow], today: date) -> tuple[SatisfactionPoint, ...]:
    points = []
    for row in rows:
        if row.start is None:
            continue
        # A handful of ratings says nothing about a day, and its interval would dwarf the others.
        low, high = wilson(row.value, row.n) if row.n >= THIN_SAMPLE else (None, None)
        day = row.start.date()
        points.append(SatisfactionPoint(day, row.value, low, high, row.n, partial=day == today))
    return tuple(points)


def wilson(percent: float | None, n: int) -> tuple[float | None, float | None]:
    """The 95 % interval of a share in percent (Wilson score), which holds for small samples too."""
    if percent is None or n == 0:
        return None, None
    z, share = 1.96, percent / 100
    middle = share + z * z / (2 * n)
    spread = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    low, high = (middle - spread) / scale, (middle + spread) / scale
    return max(0.0, low) * 100, min(1.0, high) * 100


def midnight(now: datetime) -> datetime:
    """Start of the local day of a local moment."""
    return now.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)


def same_weekdays(now: datetime, *, weeks: int = 4) -> list[datetime]:
    """Starts of the same weekday in the weeks before, latest first."""
    return [midnight(now - timedelta(days=7 * back)) for back in range(1, weeks + 1)]
