"""Live state: who waits now, per queue, from the facts that can still change.

Measured at the moment a source was last read, not at the moment of asking: a source that is down
keeps its last figures, with their age.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal

import sqlalchemy as sa

from connectors.columns import to_micros
from connectors.facts import CONTACT_LIVE
from connectors.schema import contacts, presence, shifts
from connectors.schema import sources as source_rows
from metrics.errors import NothingSynced
from metrics.known_queues import Key, known_queues
from metrics.measurement import Measurement, labels_of
from metrics.vocabulary import raw

BANDS_S = (30, 120, 600, 3600)  # waiting: up to 30 s, 2 min, 10 min, 1 h, longer
AVAILABLE = ("online", "available")
AT_WORK = (*AVAILABLE, "busy")
LONGEST_SHIFT = 2 * 86_400_000_000  # µs; lets the index leave out years of past shifts
Status = Literal["ok", "stale", "down"]
_QUEUE = ("channel", "queue", "source")
# The metrics of the present, with their labels: what rules may name besides KPIs.
LIVE_METRICS: dict[str, tuple[str, ...]] = {
    "queue_length": _QUEUE,
    "longest_wait": _QUEUE,
    "oldest_wait": _QUEUE,
    "open": _QUEUE,
    "bot": _QUEUE,
    "snoozed": _QUEUE,
    "unassigned": _QUEUE,
    "agents_available": _QUEUE,
    "source_lag": ("source",),
}


@dataclass(frozen=True, slots=True)
class LiveSettings:
    """`wait_cut`: waits longer than this are counted apart (forgotten contacts); None: no cut."""

    wait_cut: timedelta | None = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class SourceState:
    """How fresh a source is. `lag_s` is measured at the moment of asking.

    `filling`: its history is still being read, so that KPIs are not whole yet (the queue is).
    """

    name: str
    status: Status
    as_of: datetime | None
    lag_s: float | None
    error: str | None
    poll_s: float
    filling: bool = False


@dataclass(frozen=True, slots=True)
class QueueState:
    """Counts of one queue (or of all: names empty). Waits in seconds, None when nobody waits."""

    source: str = ""
    queue: str = ""
    channel: str = ""
    waiting: int = 0
    open: int = 0
    bot: int = 0
    snoozed: int = 0
    unassigned: int = 0
    longest_wait_s: float | None = None
    longest_wait_cut_s: float | None = None
    waiting_over_cut: int = 0
    oldest_wait_s: float | None = None
    agents_available: int | None = None
    occupancy: float | None = None
    bands: tuple[int, ...] = (0,) * (len(BANDS_S) + 1)
    waits_known: bool = True  # False: the source cannot tell who waits; the counts mean nothing
    agents_known: bool = True  # False: nor who has an agent


@dataclass(frozen=True, slots=True)
class LiveState:
    """All queues as of the last read of their sources; `as_of` is the oldest of them."""

    as_of: datetime
    sources: tuple[SourceState, ...]
    queues: tuple[QueueState, ...]
    total: QueueState


def live_state(
    connection: sa.Connection, *, now: datetime, settings: LiveSettings, names: Sequence[str] = ()
) -> LiveState:
    """The live state from facts. `names`: the configured sources (default: all ever read).

    Raises NothingSynced when no source was ever read.
    """
    states = source_states(connection, now, names)
    read = {one.name: one.as_of for one in states if one.as_of is not None}
    if not read:
        raise NothingSynced("no source has been read yet; run `deskpulse sync` first")
    waits = _waits(connection, read)
    agents = _agents(connection, read)
    queues = []
    mute = _cannot_tell(connection)
    for key, counts in sorted(_counts(connection, read).items()):
        available = agents.by_queue.get((key[0], key[1])) if key[0] in agents.known else None
        waits_known, agents_known = mute.get(key[0], (True, True))
        queues.append(
            QueueState(
                source=key[0], queue=key[1], channel=key[2], **counts,
                **_waiting(waits.get(key, ()), settings.wait_cut),
                agents_available=available, waits_known=waits_known, agents_known=agents_known,
            )
        )  # fmt: skip
    total = _total(queues, [one for per in waits.values() for one in per], settings.wait_cut)
    total = replace(total, agents_available=agents.available, occupancy=agents.occupancy)
    return LiveState(min(read.values()), states, tuple(queues), total)


def source_states(
    connection: sa.Connection, now: datetime, names: Sequence[str] = ()
) -> tuple[SourceState, ...]:
    """Freshness of every source; one that was never read is down."""
    rows = {row.source: row for row in connection.execute(_SOURCES)}
    found = []
    for name in names or sorted(rows):
        row = rows.get(name)
        if row is None:
            found.append(SourceState(name, "down", None, None, "not read yet", 2.0))
            continue
        lag = None if row.as_of is None else max(0.0, (now - row.as_of).total_seconds())
        status: Status = "ok"
        if row.status == "down" or lag is None:
            status = "down"
        elif lag > 3 * min(max(row.poll_s, 1.0), 5.0) + 2 and lag > 3 * row.poll_s + 2:
            status = "stale"
        filling = row.status == "backfill"
        found.append(SourceState(name, status, row.as_of, lag, row.error, row.poll_s, filling))
    return tuple(found)


def measurements(live: LiveState, only: Container[str] | None = None) -> list[Measurement]:
    """What the rules compare; a source that is not ok gives None, never its last figure.

    `only` these metrics, where not all are asked for.
    """
    ok = {one.name for one in live.sources if one.status == "ok"}
    all_ok = ok.issuperset(queue.source for queue in live.queues)
    read = {one.name: one.as_of or live.as_of for one in live.sources}
    found = [
        Measurement("source_lag", labels_of(source=one.name), one.lag_s, 1, live.as_of, None)
        for one in live.sources
        if only is None or "source_lag" in only
    ]
    for queue in (*live.queues, live.total):
        labels = labels_of(queue=queue.queue, channel=queue.channel, source=queue.source)
        as_of = read.get(queue.source, live.as_of)
        for metric, value in _figures(queue):
            if only is not None and metric not in only:
                continue
            trusted = queue.source in ok if queue.source else all_ok
            known = value if trusted else None
            found.append(Measurement(metric, labels, known, queue.waiting, as_of, None))
    return found


def _figures(queue: QueueState) -> Iterable[tuple[str, float | None]]:
    knows = queue.waits_known
    yield "queue_length", float(queue.waiting) if knows else None
    # Nobody waiting is a wait of 0, which must be able to clear an alert.
    yield "longest_wait", (queue.longest_wait_s or 0.0) if knows else None
    yield "oldest_wait", (queue.oldest_wait_s or 0.0) if knows else None
    for name in ("open", "bot", "snoozed"):
        yield name, float(getattr(queue, name))
    yield "unassigned", float(queue.unassigned) if queue.agents_known else None
    available = queue.agents_available
    yield "agents_available", None if available is None else float(available)


def _counts(connection: sa.Connection, read: Mapping[str, datetime]) -> dict[Key, dict[str, Any]]:
    """Per queue the contacts in each status, and the open ones without an agent."""
    rows = connection.execute(_COUNTED, {"read": list(read)}).all()
    found: dict[Key, dict[str, Any]] = {key: {} for key in known_queues(connection, read)}
    for source, queue, channel, status, count, unassigned in rows:
        counts = found.setdefault((source, queue, channel), {})
        counts[status] = count
        if status == "open":
            counts["unassigned"] = unassigned
    return found


def _cannot_tell(connection: sa.Connection) -> dict[str, tuple[bool, bool]]:
    """Per source whether it knows who waits, and who has an agent."""
    return {
        source: (waits is not False, agents is not False)
        for source, waits, agents in connection.execute(_TELLING)
    }


def _live(status: sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
    """The condition of the partial index, spelled out so that the index can be used."""
    return status.in_(sa.bindparam("live", CONTACT_LIVE, expanding=True, literal_execute=True))


def _counting() -> sa.Select[Any]:
    c = contacts.c
    nobody = sa.func.sum(sa.case((c.agent_id.is_(None), 1), else_=0))
    return (
        sa.select(c.source, c.queue, c.channel, c.status, sa.func.count(), nobody)
        .where(_live(c.status), c.source.in_(_READ))
        .group_by(c.source, c.queue, c.channel, c.status)
    )


def _waiting_since() -> sa.Select[Any]:
    c = contacts.c
    return sa.select(c.source, c.queue, c.channel, raw(c.waiting_since)).where(
        _live(c.status), c.status == "open", c.waiting_since.is_not(None), c.source.in_(_READ)
    )


# Put together once: every tick asks them, and so does every page that shows the queue.
_READ: sa.BindParameter[str] = sa.bindparam("read", expanding=True)
_COUNTED, _WAITS = _counting(), _waiting_since()
_SOURCES = sa.select(source_rows)
_TELLING = sa.select(source_rows.c.source, source_rows.c.waits_known, source_rows.c.agents_known)
_PRESENT = sa.select(source_rows.c.source).where(
    source_rows.c.presence_known.is_(sa.true()), source_rows.c.source.in_(_READ)
)


def _waits(connection: sa.Connection, read: Mapping[str, datetime]) -> dict[Key, list[float]]:
    """Seconds that each waiting contact has waited, per queue, as of its source's last read."""
    rows = connection.execute(_WAITS, {"read": list(read)}).all()
    at = {source: to_micros(moment) for source, moment in read.items()}
    found: dict[Key, list[float]] = {}
    for source, queue, channel, since in rows:
        wait = max(0, at[source] - since) / 1e6  # the source's clock may run ahead of ours
        found.setdefault((source, queue, channel), []).append(wait)
    return found


def _waiting(waits: Sequence[float], cut: timedelta | None) -> dict[str, Any]:
    """What a QueueState says of its waits."""
    limit = None if cut is None else cut.total_seconds()
    within = [wait for wait in waits if limit is None or wait <= limit]
    bands = [0] * (len(BANDS_S) + 1)
    for wait in waits:
        bands[bisect_left(BANDS_S, wait)] += 1
    return {
        "waiting": len(waits),
        "longest_wait_s": max(within, default=None),
        "longest_wait_cut_s": limit,
        "waiting_over_cut": len(waits) - len(within),
        "oldest_wait_s": max(waits, default=None),
        "bands": tuple(bands),
    }


def _total(
    queues: Sequence[QueueState], waits: Sequence[float], cut: timedelta | None
) -> QueueState:
    return QueueState(
        open=sum(q.open for q in queues),
        bot=sum(q.bot for q in queues),
        snoozed=sum(q.snoozed for q in queues),
        unassigned=sum(q.unassigned for q in queues),
        waits_known=not queues or any(q.waits_known for q in queues),
        agents_known=not queues or any(q.agents_known for q in queues),
        **_waiting(waits, cut),
    )


@dataclass(frozen=True, slots=True)
class _Agents:
    known: frozenset[str]  # sources that can tell presence
    by_queue: Mapping[tuple[str, str], int]
    available: int | None
    occupancy: float | None


def _agents(connection: sa.Connection, read: Mapping[str, datetime]) -> _Agents:
    """Agents who are there, where the source can know it. A queue's agents are those on shift."""
    known = set(connection.execute(_PRESENT, {"read": list(read)}).scalars())
    if not known:
        return _Agents(frozenset(), {}, None, None)
    p = presence.c
    query = sa.select(p.source, p.agent_id, p.state).where(
        p.until.is_(None), p.source.in_(known), p.state.in_(AT_WORK)
    )
    states = {(source, agent): state for source, agent, state in connection.execute(query)}
    free = {key for key, state in states.items() if state in AVAILABLE}
    by_queue: dict[tuple[str, str], int] = {}
    for source in known:
        now = to_micros(read[source])
        query_shifts = sa.select(shifts.c.agent_id, shifts.c.queue).where(
            shifts.c.source == source, raw(shifts.c.starts_at) <= now,
            raw(shifts.c.starts_at) > now - LONGEST_SHIFT,
            raw(shifts.c.ends_at) > now, shifts.c.queue.is_not(None),
        )  # fmt: skip
        for agent, queue in set(connection.execute(query_shifts).tuples()):
            by_queue[source, queue] = by_queue.get((source, queue), 0) + ((source, agent) in free)
    return _Agents(frozenset(known), by_queue, len(free), _occupancy(connection, set(states)))


def _occupancy(connection: sa.Connection, at_work: set[tuple[str, str]]) -> float | None:
    """The share of agents at work who have an open contact."""
    if not at_work:
        return None
    c = contacts.c
    query = (
        sa.select(c.source, c.agent_id)
        .where(_live(c.status), c.status == "open", c.agent_id.is_not(None))
        .distinct()
    )
    engaged = set(connection.execute(query).tuples())
    return len(engaged & at_work) / len(at_work)
