"""Reading the store for one digest. What a change is: what_changed.py; the words: words.py."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from alerts.digest.charts_of import HOUR, charts_of
from alerts.digest.content import Digest, Term
from alerts.digest.noise import Past, Span
from alerts.digest.open_items import Scope, open_items
from alerts.digest.schedule import DAY, WEEK, Due, local_midnight
from alerts.digest.what_changed import Track, find_changes
from metrics.errors import NothingSynced
from metrics.kpi import Kpi, Registry
from metrics.live import source_states
from metrics.reading import Reader, Where
from metrics.rows import KpiRow

WEEKS = 4  # of the past that say what is usual
MOST_QUEUES = 40  # the largest; each is tested
COUNTED = ("count", "sum")


@dataclass(frozen=True, slots=True)
class Shop:
    """Where and whose: `names` are the configured sources."""

    name: str
    zone: ZoneInfo
    names: tuple[str, ...]
    registry: Registry


@dataclass(frozen=True, slots=True)
class History:
    """A KPI's rows up to the span's end: whole days, spans of the digest's own length, and both
    again per queue, in the same order."""

    kpi: Kpi
    days: tuple[KpiRow, ...]
    spans: tuple[KpiRow, ...]
    by_queue: Mapping[str, tuple[tuple[KpiRow, ...], tuple[KpiRow, ...]]]


def gather(connection: sa.Connection, shop: Shop, due: Due, *, now: datetime) -> Digest:
    """Everything that the digest says. Raises NothingSynced when no source was ever read."""
    reader = Reader(connection, shop.zone, shop.registry, shop.names)
    digest = due.digest
    read = [_history(reader, due, key) for key in digest.keys(shop.registry)]
    known = [one for one in read if any(row.n for row in one.days)]
    totals = [_track(one.kpi, one.days, one.spans, due) for one in known]
    findings = find_changes(totals, {one.kpi.key: _queues(one, due) for one in known})
    as_of = reader.as_of
    scope = Scope(digest.audience, digest.queues, due.since, due.until, now, shop.names)
    states = source_states(connection, now, shop.names)
    return Digest(
        name=digest.name,
        shop=shop.name,
        every=digest.every,
        audience=digest.audience,
        queues=digest.queues,
        due_at=due.at,
        since=due.since,
        until=due.until,
        as_of=as_of,
        terms=tuple(_term(one.kpi) for one in read),
        filling=tuple(one.name for one in states if one.filling),
        computing=computing(reader, due),
        changes=findings.changes,
        figures=findings.figures,
        silent=tuple(one.kpi.key for one in read if one not in known),
        charts=charts_of(known, findings, due, _hours(reader, known, due)),
        items=open_items(connection, scope),
    )


def is_whole(connection: sa.Connection, shop: Shop, due: Due) -> bool:
    """Whether every source was read past the span, and all that it is compared with is there."""
    reader = Reader(connection, shop.zone, shop.registry, shop.names)
    try:
        read = reader.as_of >= due.until
    except NothingSynced:
        return False
    states = source_states(connection, due.until, shop.names)
    return read and not any(one.filling for one in states) and not computing(reader, due)


def computing(reader: Reader, due: Due) -> tuple[str, ...]:
    """The digest's KPIs whose history is still being computed."""
    found = []
    for key in due.digest.keys(reader.registry):
        parts = reader.registry.parts(reader.registry.find(key))
        if any(part.key in reader.filling for part in parts):
            found.append(key)
    return tuple(found)


def _term(kpi: Kpi) -> Term:
    return Term(
        kpi=kpi.key,
        shape=kpi.shape,
        unit=kpi.unit,
        decimals=kpi.decimals,
        titles=kpi.titles,
        abouts=kpi.abouts,
    )


def _history(reader: Reader, due: Due, key: str) -> History:
    kpi, start, where = reader.registry.find(key), _start(reader, due), _where(due)
    splits = "queue" in reader.registry.labels(kpi)

    def rows(every: timedelta, by: str | None = None) -> list[KpiRow]:
        return reader.rows(key, start, due.until, where=where, by=by, every=every)

    days, daily = tuple(rows(DAY)), due.digest.every == "daily"
    spans = days if daily else tuple(rows(WEEK))
    queue_days = _by_queue(rows(DAY, "queue")) if splits else {}
    queue_spans = queue_days if daily or not splits else _by_queue(rows(WEEK, "queue"))
    largest = sorted(queue_days, key=lambda name: -sum(row.n for row in queue_days[name].values()))
    return History(
        kpi,
        days,
        spans,
        {
            name: (_filled(kpi, queue_days[name], days), _filled(kpi, queue_spans[name], spans))
            for name in largest[:MOST_QUEUES]
            if name
        },
    )


def _hours(reader: Reader, known: Sequence[History], due: Due) -> tuple[KpiRow, ...]:
    """The first count by hours, as far back as the days; none in a weekly digest."""
    counts = [one.kpi.key for one in known if one.kpi.shape == "count"]
    if not counts or due.digest.every != "daily":
        return ()
    start = _start(reader, due)
    return tuple(reader.rows(counts[0], start, due.until, where=_where(due), every=HOUR))


def _start(reader: Reader, due: Due) -> datetime:
    """The first day of four weeks before the span."""
    back = WEEKS * 7 + (1 if due.digest.every == "daily" else 7)
    return local_midnight(due.until, -back, reader.zone)


def _where(due: Due) -> Where:
    return Where(queue=due.digest.queues)


def _queues(one: History, due: Due) -> list[Track]:
    return [
        _track(one.kpi, days, spans, due, queue=name)
        for name, (days, spans) in one.by_queue.items()
    ]


def _by_queue(rows: Iterable[KpiRow]) -> dict[str, dict[datetime | None, KpiRow]]:
    found: dict[str, dict[datetime | None, KpiRow]] = {}
    for row in rows:
        found.setdefault(dict(row.labels)["queue"], {})[row.start] = row
    return found


def _filled(
    kpi: Kpi, rows: Mapping[datetime | None, KpiRow], whole: Sequence[KpiRow]
) -> tuple[KpiRow, ...]:
    """One row per interval of the whole; an interval without any has the value of nothing."""
    return tuple(
        rows.get(one.start) or KpiRow(one.start, one.end, (), 0, kpi.empty) for one in whole
    )


def _track(
    kpi: Kpi, days: Sequence[KpiRow], spans: Sequence[KpiRow], due: Due, *, queue: str | None = None
) -> Track:
    """The last span against the one before it and those of the same weekdays before that."""
    daily = due.digest.every == "daily"
    step = 7 if daily else 1
    places = [len(spans) - 1 - step * week for week in range(1, WEEKS + 1)]
    first = _first_day(days)
    earlier = days[: -1 if daily else -7]
    return Track(
        kpi=kpi,
        queue=queue,
        now=_span(kpi, spans[-1], None),
        before=_span(kpi, spans[-2], first),
        past=Past(
            usual=tuple(_span(kpi, spans[at], first) for at in places if at >= 0),
            days=tuple(
                (row.start.weekday(), _span(kpi, row, first)) for row in earlier if row.start
            ),
        ),
    )


def _first_day(days: Sequence[KpiRow]) -> datetime | None:
    """When the first value came: before it nothing was counted, which isn't a count of 0."""
    return next((row.start for row in days if row.n), None)


def _span(kpi: Kpi, row: KpiRow, first: datetime | None) -> Span:
    if first is not None and row.start is not None and row.start < first:
        return Span(0, None)
    if row.n == 0 and kpi.shape not in COUNTED:
        return Span(0, None)
    return Span(row.n, row.value, row.p90)
