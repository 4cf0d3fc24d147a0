"""Blocks of a week put together, with sums by quarter hour and label set, and four such bundles
counted as a month: what a year is read from.

A bundle holds exactly what its blocks do, in their order. Whoever changes a block forgets its
bundle and month in the same transaction, and readers take the blocks until they are made again:
they can lack, but never be stale. Weeks are of UTC, from Thursday on; windows cut them at quarter
hours, so no time zone matters here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa

from connectors.columns import to_micros
from connectors.dirty import SLOT
from connectors.schema import kpi_blocks, kpi_bundles, kpi_months, kpi_parts, sources
from connectors.store import Store
from connectors.write import take_turn
from metrics.kpi import Kpi, Registry
from metrics.label_sets import LabelSets, add_works, read_label_sets
from metrics.months import (
    BY_SET,
    WEEKS,
    agents_of,
    groups_of_work,
    packed_below,
    packed_counts,
    sums_of,
)
from metrics.packing import packed_sets, unpacked, unpacked_sets
from metrics.parts import parts_of
from metrics.population import Ints

BLOCKS = 28  # of six hours: a week
SLOTS = 24  # quarter hours per block
QUARTERS = BLOCKS * SLOTS
MONTH = WEEKS * QUARTERS
SETTLED = 4  # blocks: what is younger than a day still changes too often
AT_ONCE = 24  # bundles per transaction, so that a poll never waits long
QUARTER = np.dtype([("n", "<u4"), ("sum", "<f8")])

Due = tuple[str, int]


def months_within(first: int, last: int) -> tuple[int, int]:
    """The first and the last whole month in the quarter hours from `first` up to and without
    `last`."""
    return -(-first // MONTH), last // MONTH - 1


def forget(connection: sa.Connection, kpi: str, blocks: Iterable[int]) -> None:
    """The bundles and months of blocks that change are no longer true."""
    weeks = {block // BLOCKS for block in blocks}
    months = {week // WEEKS for week in weeks}
    _delete(connection, kpi_bundles, kpi, weeks)
    if _delete(connection, kpi_months, kpi, months):  # most blocks that change are today's
        _delete(connection, kpi_parts, kpi, months)


def _delete(connection: sa.Connection, table: sa.Table, kpi: str, numbers: set[int]) -> int:
    """The rows of a KPI with these numbers, which are its key's second column; how many."""
    number, wanted, gone = table.primary_key.columns[1], sorted(numbers), 0
    for at in range(0, len(wanted), 500):
        some = number.in_(wanted[at : at + 500])
        gone += connection.execute(table.delete().where(table.c.kpi == kpi, some)).rowcount
    return gone


def bundle(store: Store, registry: Registry) -> int:
    """Put together the blocks of every week that is over and has no bundle, then count the months
    that have all of theirs; returns how many of both."""
    made = 0
    for find, make in ((_due, _make), (_due_months, _make_month)):
        with store.read() as connection:
            due = find(connection, registry)
        for at in range(0, len(due), AT_ONCE):
            with store.begin() as connection:
                take_turn(connection)
                make(
                    connection, [(registry[key], number) for key, number in due[at : at + AT_ONCE]]
                )
        made += len(due)
    return made


def _due(connection: sa.Connection, registry: Registry) -> list[Due]:
    """KPI and bundle, newest first."""
    blocks, there = kpi_blocks.c, kpi_bundles.c
    found = sa.select(blocks.kpi, (blocks.block // BLOCKS).label("number")).where(
        blocks.block < _weeks_over(connection) * BLOCKS
    )
    return _sorted(connection, registry, found.except_(sa.select(there.kpi, there.bundle)))


def _due_months(connection: sa.Connection, registry: Registry) -> list[Due]:
    """KPI and month, newest first."""
    weeks, there = kpi_bundles.c, kpi_months.c
    found = sa.select(weeks.kpi, (weeks.bundle // WEEKS).label("number")).where(
        weeks.bundle < _weeks_over(connection) // WEEKS * WEEKS
    )
    return _sorted(connection, registry, found.except_(sa.select(there.kpi, there.month)))


def _weeks_over(connection: sa.Connection) -> int:
    """The first week that may still change as a matter of course."""
    newest = connection.execute(sa.select(sa.func.max(sources.c.as_of))).scalar()
    return 0 if newest is None else (to_micros(newest) // SLOT // SLOTS - SETTLED) // BLOCKS


def _sorted(
    connection: sa.Connection, registry: Registry, query: sa.CompoundSelect[Any]
) -> list[Due]:
    due = [(row.kpi, int(row.number)) for row in connection.execute(query) if row.kpi in registry]
    return sorted(due, key=lambda one: (-one[1], one[0]))


def _make(connection: sa.Connection, due: Sequence[tuple[Kpi, int]]) -> None:
    table = kpi_blocks
    for kpi, number in due:
        among = table.c.block.between(number * BLOCKS, (number + 1) * BLOCKS - 1)
        query = sa.select(table).where(table.c.kpi == kpi.key, among).order_by(table.c.block)
        rows = connection.execute(query).all()
        forget(connection, kpi.key, [number * BLOCKS])  # another program may have made it meanwhile
        if rows:
            connection.execute(kpi_bundles.insert(), {"kpi": kpi.key, "bundle": number}
                               | _content(kpi, rows))  # fmt: skip


def _make_month(connection: sa.Connection, due: Sequence[tuple[Kpi, int]]) -> None:
    labels = read_label_sets(connection)
    table = kpi_bundles
    for kpi, number in due:
        weeks = range(number * WEEKS, (number + 1) * WEEKS)
        among = table.c.bundle.in_(weeks)
        query = sa.select(table).where(table.c.kpi == kpi.key, among).order_by(table.c.bundle)
        rows = connection.execute(query).all()
        for kept in (kpi_months, kpi_parts):  # another program may have made it meanwhile
            connection.execute(kept.delete().where(kept.c.kpi == kpi.key, kept.c.month == number))
        if rows and {row.bundle for row in rows} == _weeks_of(connection, kpi, weeks):
            sets = unpacked_sets([(row.n, row.sets) for row in rows])
            works = add_works(connection, labels, np.unique(sets).astype(np.int64))
            mine = {"kpi": kpi.key, "month": number}
            parts = [mine | one for one in _parts(kpi, rows, sets, works[sets])]
            connection.execute(kpi_months.insert(), mine | _counted(kpi, rows, sets, labels))
            connection.execute(kpi_parts.insert(), parts)


def _parts(
    kpi: Kpi, rows: Sequence[Any], sets: npt.NDArray[np.uint32], works: Ints
) -> Iterator[dict[str, Any]]:
    sizes = np.concatenate([np.frombuffer(row.quarters, QUARTER)["n"] for row in rows])
    first = np.repeat([row.bundle % WEEKS * QUARTERS for row in rows], QUARTERS)
    slots = np.repeat(first + np.tile(np.arange(QUARTERS), len(rows)), sizes)
    codes = np.frombuffer(b"".join(row.codes for row in rows), np.uint16)
    data = unpacked(kpi, b"".join(row.data for row in rows), len(sets))
    return parts_of(kpi, works, slots, sets, codes, data)


def _weeks_of(connection: sa.Connection, kpi: Kpi, weeks: range) -> set[int]:
    """Those that have values."""
    table = kpi_blocks.c
    among = table.block.between(weeks.start * BLOCKS, weeks.stop * BLOCKS - 1)
    query = sa.select(table.block // BLOCKS).where(table.kpi == kpi.key, among).distinct()
    return {int(week) for week in connection.execute(query).scalars()}


def _counted(
    kpi: Kpi, rows: Sequence[Any], of_each: npt.NDArray[np.uint32], labels: LabelSets
) -> dict[str, bytes]:
    """What a month has of its bundles."""
    weeks = np.frombuffer(b"".join(row.by_set for row in rows), BY_SET)
    sums = sums_of(weeks["set"], weeks["n"], weeks["sum"])
    found = {"by_set": sums.tobytes(), "below": b"", "by_agent": b"", "by_work": b""}
    if kpi.shape != "duration":
        return found
    used = sums["set"].astype(np.int64)
    sets = np.searchsorted(used, of_each)
    codes = np.frombuffer(b"".join(row.codes for row in rows), np.uint16)
    agents, work = agents_of(labels, used), groups_of_work(labels, used)
    found["by_agent"] = packed_counts(agents, agents[sets], codes)
    found["by_work"] = packed_counts(work, work[sets], codes)
    data = b"".join(row.data for row in rows)
    found["below"] = packed_below(unpacked(kpi, data, sum(row.n for row in rows)))
    return found


def _content(kpi: Kpi, rows: Sequence[Any]) -> dict[str, Any]:
    n = sum(row.n for row in rows)
    slots = np.concatenate(
        [np.frombuffer(row.slots, np.uint8).astype(np.int64) + (row.block % BLOCKS) * SLOTS
         for row in rows]
    )  # fmt: skip
    sets = unpacked_sets([(row.n, row.sets) for row in rows])
    packed_data = b"".join(row.data for row in rows)
    data = unpacked(kpi, packed_data, n)
    quarters = np.zeros(QUARTERS, QUARTER)
    quarters["n"] = np.bincount(slots, minlength=QUARTERS)
    quarters["sum"] = np.bincount(slots, data, minlength=QUARTERS)
    return {
        "n": n, "quarters": quarters.tobytes(), "by_set": sums_of(sets, None, data).tobytes(),
        "sets": packed_sets(sets), "codes": b"".join(row.codes for row in rows),
        "data": packed_data,
    }  # fmt: skip
