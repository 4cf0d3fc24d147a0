"""From measured values to what the board shows: tiles, rows, trends. Pure: values in, values out."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median

from alerts.alert import Alert, Severity, Status
from alerts.settings import RuleSettings
from dashboard.board import (
    DayPoint,
    QueueRow,
    ResponsePoint,
    SatisfactionPoint,
    SourceView,
    State,
    Tile,
    Trends,
)
from metrics.live import LiveState, QueueState, SourceState
from metrics.query import KpiRow

QUARTER, HALF_HOUR, HOUR, DAY = 15, 30, 60, 24 * 60
_STATES = {
    Severity.INFO: State.CALM,
    Severity.WARNING: State.WATCH,
    Severity.CRITICAL: State.BREACH,
}
_WAIT_METRICS = frozenset({"longest_wait", "oldest_wait"})
_SHORTEST_DAY = 6 * HOUR  # of the volume chart, so that a quiet morning isn't stretched wide


@dataclass(frozen=True, slots=True)
class Today:
    """Figures of the local day so far. None: not known."""

    service_level: KpiRow
    first_response: KpiRow
    csat: KpiRow
    csat_before: KpiRow  # the days before, together
    volume: float
    usual_volume: float | None
    level_by_queue: Mapping[str, tuple[float | None, int]]
    sparks: Mapping[str, tuple[float | None, ...]]
    shop: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Target:
    value: float
    least: bool


def state_of(alerts: Iterable[Alert]) -> State:
    """The worst state that firing alerts stand for."""
    firing = (one for one in alerts if one.status is Status.FIRING)
    return max((_STATES[one.severity] for one in firing), default=State.CALM)


def targets_of(rules: Iterable[RuleSettings]) -> dict[str, Target]:
    """What rules that hold for the whole shop demand, per metric; the strictest severity wins."""
    found: dict[str, Target] = {}
    ranked = sorted(rules, key=lambda rule: _STATES[rule.severity])
    for rule in ranked:
        # The longest wait of all is the longest of some queue, so a rule per queue holds for it.
        if rule.where or (rule.by and rule.metric != "longest_wait"):
            continue
        found[rule.metric] = Target(rule.threshold.value, rule.threshold.op.startswith("<"))
    return found


def key_tiles(
    live: LiveState, today: Today, alerts: Sequence[Alert], targets: Mapping[str, Target]
) -> tuple[Tile, ...]:
    """The six key tiles of a help desk."""
    total, desk = live.total, bool(live.queues)

    def tile(key: str, unit: str, value: float | None, **more: object) -> Tile:
        metric = "queue_length" if key == "waiting" else key
        target = targets.get(metric)
        about = [one for one in alerts if one.metric == metric]
        # A queue's alert belongs to its row; only the longest wait is the same number here.
        whole = about if key == "longest_wait" else [one for one in about if not one.labels]
        known: dict[str, object] = {"state": state_of(whole), "spark": today.sparks.get(key, ())}
        if target is not None:
            known |= {"target": target.value, "target_is_least": target.least}
        return Tile(key, unit, value, **(known | more))  # type: ignore[arg-type]

    level, response, csat = today.service_level, today.first_response, today.csat
    low, high = wilson(csat.value, csat.n)
    no_desk = "" if desk else "no_queue"
    return (
        tile("waiting", "count", total.waiting if desk else None,
             unassigned=total.unassigned, reason=no_desk),
        tile("longest_wait", "s", total.longest_wait_s, over_cut=total.waiting_over_cut,
             reason=no_desk or "none_waiting"),
        tile("service_level", "percent", level.value, n=level.n, reason=no_desk or "no_contacts"),
        tile("first_response", "s", response.p50, p90=response.p90, n=response.n,
             reason=no_desk or "no_contacts"),
        tile("csat", "percent", csat.value, n=csat.n, low=low, high=high,
             before=today.csat_before.value, reason="no_ratings"),
        tile("volume", "count", today.volume if desk else None, usual=today.usual_volume,
             reason=no_desk),
    )  # fmt: skip


def shop_tiles(shop: Mapping[str, float]) -> tuple[Tile, ...]:
    """Figures of orders and after-sales, where a shop is connected."""
    return tuple(Tile(key, "count", value) for key, value in shop.items())


def queue_rows(
    live: LiveState, levels: Mapping[str, tuple[float | None, int]], alerts: Sequence[Alert]
) -> tuple[QueueRow, ...]:
    reachable = {source.name for source in live.sources if source.status != "down"}
    return tuple(
        _queue_row(queue, levels.get(queue.queue, (None, 0)), alerts, queue.source in reachable)
        for queue in live.queues
    )


def _queue_row(
    queue: QueueState,
    level: tuple[float | None, int],
    alerts: Sequence[Alert],
    reachable: bool,
) -> QueueRow:
    mine = [one for one in alerts if _is_about(one, queue)]
    return QueueRow(
        source=queue.source,
        queue=queue.queue,
        channel=queue.channel,
        waiting=queue.waiting,
        longest_wait_s=queue.longest_wait_s,
        waiting_over_cut=queue.waiting_over_cut,
        bands=queue.bands,
        agents=queue.agents_available,
        unassigned=queue.unassigned,
        service_level=level[0],
        service_level_n=level[1],
        state=state_of(one for one in mine if one.metric not in _WAIT_METRICS),
        wait_state=state_of(one for one in mine if one.metric in _WAIT_METRICS),
        reachable=reachable,
    )


def _is_about(alert: Alert, queue: QueueState) -> bool:
    labels = dict(alert.labels)
    names = {"queue": queue.queue, "source": queue.source, "channel": queue.channel}
    return "queue" in labels and all(names.get(key) == value for key, value in labels.items())


def source_view(source: SourceState) -> SourceView:
    return SourceView(
        source.name, source.status, source.as_of, source.lag_s, source.poll_s, source.error
    )


# --- the past ---------------------------------------------------------------------------------


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
        low, high = wilson(row.value, row.n)
        day = row.start.date()
        points.append(SatisfactionPoint(day, row.value, low, high, row.n, partial=day == today))
    return tuple(points)


def trends_of(
    volume: tuple[DayPoint, ...],
    response: tuple[ResponsePoint, ...],
    satisfaction: tuple[SatisfactionPoint, ...],
    *,
    targets: Mapping[str, Target],
    now: datetime,
) -> Trends:
    response_target, csat_target = targets.get("first_response"), targets.get("csat")
    return Trends(
        volume=volume,
        response=response,
        satisfaction=satisfaction,
        response_target_s=response_target.value if response_target else None,
        satisfaction_target=csat_target.value if csat_target else None,
        now_minute=minute_of(now),
        today=now.date(),
    )


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
