"""Which charts a digest shows, as values: the trend, the day's course, the queues."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from statistics import median
from typing import Protocol

from alerts.digest.content import (
    Chart,
    DayPoint,
    Figure,
    HourPoint,
    ProfileChart,
    QueueChart,
    TrendChart,
    Verdict,
)
from alerts.digest.schedule import Due
from alerts.digest.what_changed import Findings
from metrics.kpi import Kpi
from metrics.rows import KpiRow

HOUR = timedelta(hours=1)
MOST_ROWS = 8
FEWEST_POINTS = 3


class Read(Protocol):
    """What gather.py read of one KPI."""

    @property
    def kpi(self) -> Kpi: ...
    @property
    def days(self) -> tuple[KpiRow, ...]: ...


def charts_of(
    read: Sequence[Read], findings: Findings, due: Due, hours: Sequence[KpiRow]
) -> tuple[Chart, ...]:
    """They follow what changed: its trend and its queues; a count's course where there is one.

    `hours`: the first count by hours, over the same days.
    """
    if not read:
        return ()
    by_key = {one.kpi.key: one for one in read}
    told = list(dict.fromkeys([*(c.figure.kpi for c in findings.changes), *by_key]))
    figures = {one.kpi: one for one in findings.figures}
    charts: list[Chart] = []
    main = next((key for key in told if by_key[key].kpi.shape != "sum"), told[0])
    trend = _trend(by_key[main], figures[main], due)
    if sum(point.value is not None for point in trend.points) >= FEWEST_POINTS:
        charts.append(trend)
    counts = [one for one in read if one.kpi.shape == "count"]
    if counts:
        charts.append(_hours(counts[0], hours) if hours else _week(counts[0]))
    for key in told:
        rows = _queue_rows(findings.by_queue.get(key, ()))
        if len(rows) > 1:
            charts.append(QueueChart(key, tuple(rows[:MOST_ROWS]), max(0, len(rows) - MOST_ROWS)))
            break
    return tuple(charts)


def _trend(one: Read, figure: Figure, due: Due) -> TrendChart:
    counted = one.kpi.shape in ("count", "sum")
    points = [
        DayPoint(row.start.date(), row.value if row.n or counted else None, row.n)
        for row in one.days
        if row.start
    ]
    while points and not points[0].n:
        points.pop(0)
    daily = due.digest.every == "daily"
    return TrendChart(
        one.kpi.key, tuple(points), 1 if daily else 7, figure.usual if daily else None
    )


def _hours(one: Read, rows: Sequence[KpiRow]) -> ProfileChart:
    """The day by clock hours against the median of the same hours of the same weekdays."""
    by_day: dict[date, dict[int, float]] = {}
    for row in rows:
        if row.start:
            hours = by_day.setdefault(row.start.date(), {})
            hours[row.start.hour] = hours.get(row.start.hour, 0.0) + (row.value or 0.0)
    first = next((row.start.date() for row in one.days if row.start and row.n), date.max)
    last = one.days[-1].start
    points = []
    if last is not None:
        past = [last.date() - timedelta(days=7 * week) for week in range(1, 5)]
        known = [by_day[day] for day in past if day in by_day and day >= first]
        for hour, value in sorted(by_day.get(last.date(), {}).items()):
            usual = median(hours.get(hour, 0.0) for hours in known) if known else None
            points.append(HourPoint(last.replace(hour=hour), value, usual))
    return ProfileChart(one.kpi.key, tuple(points), by_hour=True)


def _week(one: Read) -> ProfileChart:
    """The week by days against the median of the same weekdays of the weeks before."""
    days, points = one.days, []
    first = next((at for at, row in enumerate(days) if row.n), len(days))
    for place in range(len(days) - 7, len(days)):
        row = days[place]
        past = [days[at].value or 0.0 for at in range(place - 28, place, 7) if at >= first]
        if row.start:
            points.append(HourPoint(row.start, row.value, median(past) if past else None))
    return ProfileChart(one.kpi.key, tuple(points), by_hour=False)


def _queue_rows(figures: Sequence[Figure]) -> list[Figure]:
    """Queues with enough to compare; the largest first."""
    judged = (Verdict.CHANGED, Verdict.STEADY)
    rows = [one for one in figures if one.verdict in judged]
    return sorted(rows, key=lambda one: -one.n)
