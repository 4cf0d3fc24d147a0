"""From what is measured now to what the board shows: tiles and rows. Pure; the past is past.py."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from alerts.alert import Alert, Severity
from alerts.settings import RuleSettings
from dashboard.board import QueueRow, SourceView, State, Tile
from dashboard.details import Progress
from dashboard.past import wilson
from metrics.live import LiveState, QueueState, SourceState
from metrics.query import KpiRow

_STATES = {
    Severity.INFO: State.CALM,
    Severity.WARNING: State.WATCH,
    Severity.CRITICAL: State.BREACH,
}
_WAIT_METRICS = frozenset({"longest_wait", "oldest_wait"})


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
    firing = (one for one in alerts if one.up)
    return max((_STATES[one.severity] for one in firing), default=State.CALM)


def targets_of(rules: Iterable[RuleSettings]) -> dict[str, Target]:
    """What rules that hold for the whole shop demand, per metric; the strictest severity wins."""
    found: dict[str, Target] = {}
    ranked = sorted(rules, key=lambda rule: _STATES[rule.severity])
    for rule in ranked:
        # The longest wait of all is the longest of some queue, so a rule per queue holds for it.
        if rule.kind != "threshold" or rule.where or (rule.by and rule.metric != "longest_wait"):
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
    waits = desk and total.waits_known
    untold = no_desk or ("" if waits else "waits_unknown")
    # Part of a day, while its history is still being read, compares with no whole one.
    whole = not any(source.filling for source in live.sources)
    return (
        tile("waiting", "count", total.waiting if waits else None,
             unassigned=total.unassigned if total.agents_known else None, reason=untold),
        tile("longest_wait", "s", total.longest_wait_s if waits else None,
             over_cut=total.waiting_over_cut,
             reason=untold or ("over_cut" if total.waiting else "none_waiting")),
        tile("service_level", "percent", level.value, n=level.n, reason=no_desk or "no_contacts"),
        tile("first_response", "s", response.p50, p90=response.p90, n=response.n,
             reason=no_desk or "no_contacts"),
        tile("csat", "percent", csat.value, n=csat.n, low=low, high=high,
             before=today.csat_before.value if whole else None, reason="no_ratings"),
        tile("volume", "count", today.volume if desk else None,
             usual=today.usual_volume if whole else None, reason=no_desk),
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
        waits_known=queue.waits_known,
        longest_wait_s=queue.longest_wait_s,
        waiting_over_cut=queue.waiting_over_cut,
        bands=queue.bands,
        agents=queue.agents_available,
        unassigned=queue.unassigned,
        service_level=level[0],
        service_level_n=level[1],
        state=state_of(one for one in mine if one.metric not in _WAIT_METRICS),
        wait_state=state_of(one for one in mine if one.metric in _WAIT_METRICS),
        cut_s=queue.longest_wait_cut_s,
        reachable=reachable,
    )


def _is_about(alert: Alert, queue: QueueState) -> bool:
    labels = dict(alert.labels)
    names = {"queue": queue.queue, "source": queue.source, "channel": queue.channel}
    return "queue" in labels and all(names.get(key) == value for key, value in labels.items())


def source_view(source: SourceState, progress: Progress) -> SourceView:
    return SourceView(
        source.name,
        source.status,
        source.as_of,
        source.lag_s,
        source.poll_s,
        source.error,
        source.filling,
        progress.done,
        progress.total,
        progress.failing,
    )
