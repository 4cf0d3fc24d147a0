"""Stored KPI intervals: a row per KPI, UTC day and label set, with its values by quarter hour.

Keeping the values instead of sums makes every merge exact, percentiles included: a window is just
the values in it. A row per day with all label sets together (labels "") makes long windows fast.
Quarter hours (not halves) because zones such as Asia/Kathmandu are 45 minutes off.
Only dirty slots are recomputed, from facts, in the transaction that forgets them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa

from connectors.schema import DERIVED, FACTS, dirty_slots, kpi_days
from connectors.store import Store
from connectors.write import DATED, SLOT, save_dirty, take_turn
from metrics.contributions import contributions, raw
from metrics.kpi import KPIS, Kpi

SLOTS_PER_DAY = 96
FEW_SLOTS = 400  # dirty after an ordinary poll: a dozen
ALL = ""  # the label set of the row that holds all others together
SLOTS_AT_ONCE = 40 * SLOTS_PER_DAY  # per transaction, so that a rebuild never holds the store long
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Day:
    """The values of one KPI, UTC day and label set; slots ascending, one per value."""

    day: int
    labels: str
    slots: npt.NDArray[np.uint8]
    data: Floats


def refresh(store: Store) -> int:
    """Recompute everything dirty; returns how many quarter hours were."""
    total = 0
    while done := _refresh_some(store):
        total += done
    return total


def rebuild(store: Store) -> None:
    """Drop all that is derived and mark every slot that has facts as dirty; then `refresh`."""
    with store.begin() as connection:
        take_turn(connection)
        for table in DERIVED:
            connection.execute(table.delete())
        for fact, columns in DATED.items():
            for column in columns:
                slot = sa.cast(sa.func.floor(raw(FACTS[fact].c[column]) / SLOT), sa.BigInteger)
                query = sa.select(slot).where(FACTS[fact].c[column].is_not(None)).distinct()
                found = connection.execute(query).scalars()
                save_dirty(connection, [(f"{fact}.{column}", int(one)) for one in found])


def fetch(connection: sa.Connection, query: sa.Select[Any]) -> list[tuple[Any, ...]]:
    """Rows as the driver gives them: millions come through here, and none needs converting."""
    return list(connection.execute(query).cursor.fetchall())


def labels_text(names: Sequence[str], values: Iterable[Any]) -> str:
    """A label set as it is stored: a JSON object with sorted keys."""
    pairs = {name: "" if value is None else str(value)
             for name, value in zip(names, values, strict=True)}  # fmt: skip
    return json.dumps(pairs, ensure_ascii=False, sort_keys=True)


def refresh_few(connection: sa.Connection) -> None:
    """Within a poll's transaction: recompute what it made dirty, unless that is a lot.

    KPIs then never lag behind the facts and the age that is shown with them. A back-fill leaves
    its thousands of slots to `refresh`.
    """
    rows = _dirty(connection, FEW_SLOTS + 1)
    if len(rows) <= FEW_SLOTS:
        _refresh_rows(connection, rows)


def _refresh_some(store: Store) -> int:
    with store.read() as connection:
        if connection.execute(sa.select(dirty_slots.c.slot).limit(1)).first() is None:
            return 0
    with store.begin() as connection:
        take_turn(connection)
        rows = _dirty(connection, SLOTS_AT_ONCE)
        _refresh_rows(connection, rows)
    return len(rows)


def _dirty(connection: sa.Connection, most: int) -> list[tuple[str, int]]:
    """(fact and date column, slot), oldest first."""
    table = dirty_slots
    query = sa.select(table.c.fact, table.c.slot).order_by(table.c.slot).limit(most)
    return [(fact, slot) for fact, slot in connection.execute(query)]


def _refresh_rows(connection: sa.Connection, rows: Sequence[tuple[str, int]]) -> None:
    by_date: dict[str, list[int]] = {}
    for fact, slot in rows:
        by_date.setdefault(fact, []).append(slot)
    for kpi in KPIS.values():
        slots = sorted({slot for date in kpi.dates for slot in by_date.get(date, ())})
        for run in _runs(slots):
            _recompute(connection, kpi, np.asarray(run, dtype=np.int64))
    table = dirty_slots
    done = table.delete().where(
        table.c.fact == sa.bindparam("b_fact"), table.c.slot == sa.bindparam("b_slot")
    )
    if rows:
        connection.execute(done, [{"b_fact": fact, "b_slot": slot} for fact, slot in rows])


def _runs(slots: Sequence[int]) -> Iterator[list[int]]:
    """Sorted slots, cut where more than a day lies between: one read of facts per run."""
    run: list[int] = []
    for slot in slots:
        if run and slot - run[-1] > SLOTS_PER_DAY:
            yield run
            run = []
        run.append(slot)
    if run:
        yield run


def _recompute(connection: sa.Connection, kpi: Kpi, slots: Ints) -> None:
    first, last = int(slots[0]), int(slots[-1])
    new = _values(connection, kpi, slots)
    days = (first // SLOTS_PER_DAY, last // SLOTS_PER_DAY)
    old = _stored(connection, kpi, days)
    merged = {key: _merged(key, _without(old.get(key), slots), new.get(key))
              for key in {**old, **new} if key[1] != ALL}  # fmt: skip
    for day in {day for day, _ in merged}:
        together = [one for key, one in merged.items() if key[0] == day]
        merged[day, ALL] = _merged((day, ALL), *together)
    written = [
        _row(kpi, one) for key, one in merged.items() if one and not _same(one, old.get(key))
    ]
    _save(connection, kpi, written, [key for key, one in merged.items() if one is None])


def _values(connection: sa.Connection, kpi: Kpi, slots: Ints) -> dict[tuple[int, str], Day]:
    """The values of the dirty slots, computed from facts."""
    since, until = int(slots[0]) * SLOT, (int(slots[-1]) + 1) * SLOT
    names = sorted(kpi.labels)
    rows = fetch(connection, contributions(kpi, since, until))
    if not rows:
        return {}
    width = len(names)
    ids: dict[tuple[Any, ...], int] = {}
    group = np.fromiter(
        (ids.setdefault(row[:width], len(ids)) for row in rows), np.int64, len(rows)
    )
    texts = [labels_text(names, one) for one in ids]
    known = sorted(set(texts))
    group = np.asarray([known.index(text) for text in texts], dtype=np.int64)[group]
    slot = np.fromiter((row[width] for row in rows), np.int64, len(rows)) // SLOT
    data = np.fromiter((row[width + 1] for row in rows), np.float64, len(rows))
    keep = np.isin(slot, slots)
    slot, group, data = slot[keep], group[keep], data[keep]
    order = np.lexsort((data, slot, group))
    slot, group, data = slot[order], group[order], data[order]
    day = slot // SLOTS_PER_DAY
    return _split(day, group, slot, data, known)


def _split(
    day: Ints, group: Ints, slot: Ints, data: Floats, known: Sequence[str]
) -> dict[tuple[int, str], Day]:
    """Cut arrays sorted by (group, slot) into days."""
    if not len(day):
        return {}
    edges = np.flatnonzero((np.diff(group) != 0) | (np.diff(day) != 0)) + 1
    starts, ends = np.concatenate(([0], edges)), np.concatenate((edges, [len(day)]))
    found: dict[tuple[int, str], Day] = {}
    for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
        key = (int(day[start]), known[int(group[start])])
        small = (slot[start:end] % SLOTS_PER_DAY).astype(np.uint8)
        found[key] = Day(*key, small, data[start:end])
    return found


def _stored(
    connection: sa.Connection, kpi: Kpi, days: tuple[int, int]
) -> dict[tuple[int, str], Day]:
    table = kpi_days
    query = sa.select(table.c.day, table.c.labels, table.c.slots, table.c.data).where(
        table.c.kpi == kpi.key, table.c.day.between(*days)
    )
    return {
        (day, labels): Day(day, labels, np.frombuffer(slots, np.uint8), np.frombuffer(data))
        for day, labels, slots, data in connection.execute(query)
    }


def _without(old: Day | None, slots: Ints) -> Day | None:
    if old is None:
        return None
    keep = ~np.isin(old.slots.astype(np.int64) + old.day * SLOTS_PER_DAY, slots)
    return Day(old.day, old.labels, old.slots[keep], old.data[keep])


def _merged(key: tuple[int, str], *days: Day | None) -> Day | None:
    parts = [part for part in days if part is not None and len(part.slots)]
    if not parts:
        return None
    slots = np.concatenate([part.slots for part in parts])
    data = np.concatenate([part.data for part in parts])
    order = np.lexsort((data, slots))  # one form for one content: rebuild changes nothing
    return Day(*key, slots[order], data[order])


def _same(new: Day, old: Day | None) -> bool:
    return (
        old is not None
        and np.array_equal(new.slots, old.slots)
        and np.array_equal(new.data, old.data)
    )


def _row(kpi: Kpi, day: Day) -> dict[str, Any]:
    return {
        "kpi": kpi.key, "day": day.day, "labels": day.labels, "n": len(day.slots),
        "slots": day.slots.tobytes(), "data": day.data.tobytes(),
    }  # fmt: skip


def _save(
    connection: sa.Connection,
    kpi: Kpi,
    written: list[dict[str, Any]],
    emptied: list[tuple[int, str]],
) -> None:
    table = kpi_days
    stale = [*emptied, *((row["day"], row["labels"]) for row in written)]
    if stale:
        connection.execute(
            table.delete().where(
                table.c.kpi == kpi.key,
                table.c.day == sa.bindparam("b_day"),
                table.c.labels == sa.bindparam("b_labels"),
            ),
            [{"b_day": day, "b_labels": labels} for day, labels in stale],
        )
    if written:
        connection.execute(table.insert(), written)
