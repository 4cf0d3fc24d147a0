"""KPI values over any window, from stored intervals; states and rare labels from facts.

Windows include their start and leave out their end. Borders on quarter hours are exact; times in
results carry the zone that was asked for.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import sqlalchemy as sa

from connectors.schema import kpi_days, sources, to_micros
from connectors.write import SLOT
from metrics.contributions import contributions, extra_labels, state
from metrics.errors import BadWindow, NothingSynced, UnknownLabel
from metrics.intervals import ALL, SLOTS_PER_DAY, Floats, Ints
from metrics.kpi import Kpi, find

DAY = timedelta(days=1)
MAX_ROWS = 200_000
FEW = 10_000  # values up to which sorting beats partitioning


@dataclass(frozen=True, slots=True)
class KpiRow:
    """One value. Percentiles and mean only for durations; None: not known."""

    start: datetime | None
    end: datetime | None
    labels: tuple[tuple[str, str], ...]
    n: int
    value: float | None
    p50: float | None = None
    p90: float | None = None
    p95: float | None = None
    mean: float | None = None


@dataclass(frozen=True, slots=True)
class KpiResult:
    """Values of one KPI with what they are valid for."""

    kpi: Kpi
    zone: ZoneInfo
    since: datetime | None
    until: datetime | None
    as_of: datetime
    rows: tuple[KpiRow, ...]


@dataclass(frozen=True, slots=True)
class _Series:
    """Values with their slots and the number of their group."""

    slots: Ints
    data: Floats
    groups: Ints
    names: tuple[str, ...]


def kpi(  # noqa: PLR0913 - a window is three of them
    connection: sa.Connection,
    key: str,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    every: timedelta | None = None,
    by: str | None = None,
    zone: ZoneInfo,
    names: Sequence[str] = (),
) -> KpiResult:
    """The KPI of `key` over [since, until), one row per label, or per interval and label.

    Without a window: from local midnight to as_of. `names`: the sources of the configuration, so
    that one that was taken out of it does not hold back as_of. Raises UnknownKpi, UnknownLabel,
    BadWindow, NothingSynced.
    """
    found = find(key)
    if by is not None and by not in found.labels and by not in extra_labels(found):
        allowed = sorted({*found.labels, *extra_labels(found)})
        raise UnknownLabel(f"{key} cannot be split by '{by}'; use one of {', '.join(allowed)}")
    as_of = last_read(connection, names)
    if found.is_state:
        if since or until or every:
            raise BadWindow(
                f"{key} is a state and takes no window; leave out --since, --until, --every"
            )
        rows = _state_rows(connection, found, as_of, by)
        return KpiResult(found, zone, None, None, as_of, rows)
    start = since or datetime.combine(as_of.astimezone(zone).date(), time(), zone)
    end = until or as_of
    borders = _borders(start, end, every, zone)
    series = (
        _from_facts(connection, found, borders, by or "")
        if by and by not in found.labels
        else _from_intervals(connection, found, borders, by)
    )
    rows = tuple(_rows(found, series, borders, by, zone, every=every is not None))
    return KpiResult(found, zone, start.astimezone(zone), end.astimezone(zone), as_of, rows)


def last_read(connection: sa.Connection, names: Sequence[str] = ()) -> datetime:
    """The last successful read, the oldest of the sources that were ever read."""
    query = sa.select(sa.func.min(sources.c.as_of, type_=sources.c.as_of.type))
    if names:
        query = query.where(sources.c.source.in_(list(names)))
    oldest: datetime | None = connection.execute(query).scalar()
    if oldest is None:
        raise NothingSynced("no source has been read yet; run `deskpulse sync` first")
    return oldest


def _borders(
    start: datetime, end: datetime, every: timedelta | None, zone: ZoneInfo
) -> list[datetime]:
    if start >= end:
        raise BadWindow("the window is empty; --since must lie before --until")
    if every is None:
        return [start, end]
    if every < timedelta(minutes=15) or every % timedelta(minutes=15):
        raise BadWindow("--every must be a multiple of 15 min, such as 30min, 1h or 1d")
    if (end - start) / every > MAX_ROWS:
        raise BadWindow("that window has too many intervals; choose a longer --every")
    # Compared in UTC: within one zone Python compares wall clocks, which turn back in autumn.
    borders, last = [start.astimezone(UTC)], end.astimezone(UTC)
    while borders[-1] < last:
        borders.append(min(_next(borders[-1], every, zone).astimezone(UTC), last))
    return borders


def _next(moment: datetime, every: timedelta, zone: ZoneInfo) -> datetime:
    """The next border; whole days are local days, also when the clock changes."""
    if every % DAY:
        return (moment.astimezone(UTC) + every).astimezone(zone)
    local = moment.astimezone(zone)
    return datetime.combine(local.date() + every, local.time(), zone)


def _slot(moment: datetime) -> int:
    """The first quarter hour that starts at or after a moment."""
    return -(-to_micros(moment) // SLOT)


def _from_intervals(
    connection: sa.Connection, found: Kpi, borders: Sequence[datetime], by: str | None
) -> _Series:
    first, last = _slot(borders[0]), _slot(borders[-1])
    table = kpi_days
    query = (
        sa.select(table.c.day, table.c.labels, table.c.n, table.c.slots, table.c.data)
        .where(
            table.c.kpi == found.key,
            table.c.day.between(first // SLOTS_PER_DAY, (last - 1) // SLOTS_PER_DAY),
            table.c.labels != ALL if by else table.c.labels == ALL,
        )
        .order_by(table.c.day)
    )
    rows = connection.execute(query).all()
    if not rows:
        return _empty()
    names, numbers = _grouped([row.labels for row in rows], by)
    if len(borders) == 2:  # one interval: only the first and the last day need a closer look
        whole = [first <= row.day * SLOTS_PER_DAY and (row.day + 1) * SLOTS_PER_DAY <= last
                 for row in rows]  # fmt: skip
    else:
        whole = [False] * len(rows)
    sizes = np.asarray([row.n for row in rows], dtype=np.int64)
    data = np.frombuffer(b"".join(row.data for row in rows), np.float64)
    groups = np.repeat(numbers, sizes) if len(names) > 1 else np.zeros(len(data), np.int64)
    slots = np.full(len(data), first, np.int64)
    inside = np.ones(len(data), np.bool_)
    start = 0
    for row, is_whole in zip(rows, whole, strict=True):
        part = slice(start, start + row.n)
        start += row.n
        if not is_whole:
            slots[part] = np.frombuffer(row.slots, np.uint8)
            slots[part] += row.day * SLOTS_PER_DAY
            if row.day * SLOTS_PER_DAY < first or (row.day + 1) * SLOTS_PER_DAY > last:
                inside[part] = (slots[part] >= first) & (slots[part] < last)
    if not inside.all():
        slots, data, groups = slots[inside], data[inside], groups[inside]
    return _Series(slots, data, groups, names)


def _grouped(labels: Sequence[str], by: str | None) -> tuple[tuple[str, ...], Ints]:
    """The names of the groups, and for each stored row the number of its group."""
    if by is None:
        return ("",), np.zeros(len(labels), np.int64)
    named = {text: json.loads(text)[by] for text in set(labels)}
    names = tuple(sorted(set(named.values())))
    number = {name: index for index, name in enumerate(names)}
    return names, np.asarray([number[named[text]] for text in labels], dtype=np.int64)


def _from_facts(
    connection: sa.Connection, found: Kpi, borders: Sequence[datetime], by: str
) -> _Series:
    since, until = _slot(borders[0]) * SLOT, _slot(borders[-1]) * SLOT
    rows = connection.execute(contributions(found, since, until, by=by)).all()
    if not rows:
        return _empty()
    *label_columns, at, value = zip(*rows, strict=True)
    column = label_columns[sorted({*found.labels, by}).index(by)]
    texts = ["" if one is None else str(one) for one in column]
    names = tuple(sorted(set(texts)))
    number = {name: index for index, name in enumerate(names)}
    groups = np.asarray([number[text] for text in texts], dtype=np.int64)
    slots = np.asarray(at, dtype=np.int64) // SLOT
    return _Series(slots, np.asarray(value, dtype=np.float64), groups, names)


def _empty() -> _Series:
    none = np.zeros(0, np.int64)
    return _Series(none, np.zeros(0), none, ())


def _rows(
    found: Kpi,
    series: _Series,
    borders: Sequence[datetime],
    by: str | None,
    zone: ZoneInfo,
    *,
    every: bool,
) -> Iterator[KpiRow]:
    names = series.names if by else ("",)
    edges = np.asarray([_slot(border) for border in borders], dtype=np.int64)
    for number, name in enumerate(names):
        mine = series.groups == number if len(series.names) > 1 else slice(None)
        slots, data = series.slots[mine], series.data[mine]
        if every:
            order = np.argsort(slots, kind="stable")
            slots, data = slots[order], data[order]
            cuts = np.searchsorted(slots, edges).tolist()
        else:
            cuts = [0, len(data)]
        labels = ((by, name),) if by else ()
        for index in range(len(borders) - 1):
            start, end = borders[index].astimezone(zone), borders[index + 1].astimezone(zone)
            yield summary(found, data[cuts[index] : cuts[index + 1]], start, end, labels)


def summary(
    found: Kpi,
    data: Floats,
    start: datetime | None,
    end: datetime | None,
    labels: tuple[tuple[str, str], ...] = (),
) -> KpiRow:
    """Values -> one row. Percentiles interpolate linearly, as SQL's percentile_cont does."""
    n = len(data)
    if n == 0:
        return KpiRow(start, end, labels, 0, found.empty)
    if found.shape == "duration":
        p50, p90, p95 = _quantiles(data, (0.5, 0.9, 0.95))
        return KpiRow(start, end, labels, n, p50, p50, p90, p95, float(data.mean()))
    total = float(data.sum())
    value = {"percent": 100.0 * total / n, "mean": total / n, "count": float(n)}.get(
        found.shape, total
    )
    return KpiRow(start, end, labels, n, value)


def _quantiles(data: Floats, shares: Sequence[float]) -> list[float]:
    """Several times faster than np.percentile on the small arrays of half-hours."""
    places = [share * (len(data) - 1) for share in shares]
    lows = [int(place) for place in places]
    highs = [min(low + 1, len(data) - 1) for low in lows]
    ordered = np.sort(data) if len(data) < FEW else np.partition(data, [*lows, *highs])
    return [
        float(ordered[low] + (ordered[high] - ordered[low]) * (place - low))
        for low, high, place in zip(lows, highs, places, strict=True)
    ]


def _state_rows(
    connection: sa.Connection, found: Kpi, as_of: datetime, by: str | None
) -> tuple[KpiRow, ...]:
    names = sorted(found.labels)
    counts: dict[str, int] = {}
    for *labels, number in connection.execute(state(found, as_of)):
        key = str(labels[names.index(by)] or "") if by else ""
        counts[key] = counts.get(key, 0) + number
    if not by:
        counts.setdefault("", 0)
    return tuple(
        KpiRow(None, None, ((by, key),) if by else (), number, float(number))
        for key, number in sorted(counts.items())
    )
