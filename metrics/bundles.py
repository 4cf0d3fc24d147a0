"""Blocks of a week put together, with sums by quarter hour and label set: what a year is read from.

A bundle holds exactly what its blocks do, in their order. Whoever changes a block forgets its
bundle in the same transaction, and readers take the blocks until it is made again: a bundle can
lack, but never be stale. Weeks are of UTC, from Thursday on; windows cut them at quarter hours, so
no time zone matters here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import sqlalchemy as sa

from connectors.columns import to_micros
from connectors.schema import kpi_blocks, kpi_bundles, sources
from connectors.store import Store
from connectors.write import SLOT, take_turn
from metrics.kpi import Kpi, Registry
from metrics.packing import packed_sets, unpacked, unpacked_sets

BLOCKS = 28  # of six hours: a week
SLOTS = 24  # quarter hours per block
QUARTERS = BLOCKS * SLOTS
SETTLED = 4  # blocks: what is younger than a day still changes too often
AT_ONCE = 24  # bundles per transaction, so that a poll never waits long
QUARTER = np.dtype([("n", "<u4"), ("sum", "<f8")])
BY_SET = np.dtype([("set", "<u4"), ("n", "<u4"), ("sum", "<f8")])

Due = tuple[str, int]


def forget(connection: sa.Connection, kpi: str, blocks: Iterable[int]) -> None:
    """The bundles of blocks that change are no longer true."""
    numbers = sorted({block // BLOCKS for block in blocks})
    table = kpi_bundles
    for at in range(0, len(numbers), 500):
        some = table.c.bundle.in_(numbers[at : at + 500])
        connection.execute(table.delete().where(table.c.kpi == kpi, some))


def bundle(store: Store, registry: Registry) -> int:
    """Put together the blocks of every week that is over and has no bundle; returns how many."""
    with store.read() as connection:
        due = _due(connection, registry)
    for at in range(0, len(due), AT_ONCE):
        with store.begin() as connection:
            take_turn(connection)
            for key, number in due[at : at + AT_ONCE]:
                _make(connection, registry[key], number)
    return len(due)


def _due(connection: sa.Connection, registry: Registry) -> list[Due]:
    """KPI and bundle, newest first."""
    newest = connection.execute(sa.select(sa.func.max(sources.c.as_of))).scalar()
    if newest is None:
        return []
    over = (to_micros(newest) // SLOT // SLOTS - SETTLED) // BLOCKS
    blocks, there = kpi_blocks.c, kpi_bundles.c
    found = sa.select(blocks.kpi, (blocks.block // BLOCKS).label("bundle")).where(
        blocks.block < over * BLOCKS
    )
    rows = connection.execute(found.except_(sa.select(there.kpi, there.bundle)))
    due = [(row.kpi, int(row.bundle)) for row in rows if row.kpi in registry]
    return sorted(due, key=lambda one: (-one[1], one[0]))


def _make(connection: sa.Connection, kpi: Kpi, number: int) -> None:
    table = kpi_blocks
    among = table.c.block.between(number * BLOCKS, (number + 1) * BLOCKS - 1)
    query = sa.select(table).where(table.c.kpi == kpi.key, among).order_by(table.c.block)
    rows = connection.execute(query).all()
    forget(connection, kpi.key, [number * BLOCKS])  # another program may have made it meanwhile
    if rows:
        connection.execute(kpi_bundles.insert(), {"kpi": kpi.key, "bundle": number}
                           | _content(kpi, rows))  # fmt: skip


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
    counts = np.bincount(sets)
    used = np.flatnonzero(counts)
    by_set = np.zeros(len(used), BY_SET)
    by_set["set"], by_set["n"] = used, counts[used]
    by_set["sum"] = np.bincount(sets, data)[used]
    return {
        "n": n, "quarters": quarters.tobytes(), "by_set": by_set.tobytes(),
        "sets": packed_sets(sets), "codes": b"".join(row.codes for row in rows),
        "data": packed_data,
    }  # fmt: skip
