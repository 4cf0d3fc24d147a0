"""Stored KPI values: a row per KPI and block of six hours (UTC), with every value in it.

A block has, per value, its quarter hour, its label set, for durations its histogram bucket, and the
value itself: windows merge exactly, by any label. Quarter hours because zones such as
Asia/Kathmandu are 45 minutes off. Which rows count is measure.py's; which blocks are to be computed
is refresh.py's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa

from connectors.dirty import SLOT
from connectors.schema import kpi_blocks
from metrics.bundles import SLOTS, forget
from metrics.histogram import codes_of
from metrics.kpi import Kpi
from metrics.packing import packed, packed_sets, unpacked, unpacked_sets
from metrics.population import Floats, Ints

BLOCK = SLOT * SLOTS  # µs


@dataclass(frozen=True, slots=True)
class Block:
    """The values of one KPI and block, sorted by slot, set and value: one form for one content."""

    number: int
    slots: npt.NDArray[np.uint8]
    sets: npt.NDArray[np.uint32]
    data: Floats


def blocks_of(at: Floats, sets: Ints, values: Floats) -> dict[int, Block]:
    """Values as blocks; `sets` are ids of label_sets."""
    slot = (at // SLOT).astype(np.int64)
    order = np.lexsort((values, sets, slot))
    slot, sets, values = slot[order], sets[order], values[order]
    number = slot // SLOTS
    edges = np.flatnonzero(np.diff(number)) + 1
    starts, ends = [0, *edges.tolist()], [*edges.tolist(), len(slot)]
    if not len(slot):
        return {}
    return {
        int(number[a]): Block(
            int(number[a]), (slot[a:b] % SLOTS).astype(np.uint8), sets[a:b].astype(np.uint32),
            values[a:b],
        )
        for a, b in zip(starts, ends, strict=True)
    }  # fmt: skip


def replace_slots(
    connection: sa.Connection, kpi: Kpi, new: Mapping[int, Block], slots: Ints
) -> None:
    """Put the new values of these quarter hours in place of the old ones."""
    numbers = sorted({int(one) for one in np.unique(slots // SLOTS)})
    old = _stored(connection, kpi, numbers)
    kept = {number: _without(block, slots) for number, block in old.items()}
    merged = {number: _merged(number, kept.get(number), new.get(number)) for number in numbers}
    changed = {n: block for n, block in merged.items() if not _same(block, old.get(n))}
    _save(connection, kpi, changed)


def replace_blocks(
    connection: sa.Connection, kpi: Kpi, new: Mapping[int, Block], first: int, last: int
) -> None:
    """Put new blocks in place of all old ones from `first` up to and without `last`."""
    table = kpi_blocks
    numbers = range(first, last)
    if len(numbers) > len(new):
        among = sa.and_(table.c.block >= first, table.c.block < last)
        forget(connection, kpi.key, numbers)
        connection.execute(table.delete().where(table.c.kpi == kpi.key, among))
        _insert(connection, kpi, list(new.values()))
    else:
        _save(connection, kpi, {number: new.get(number) for number in numbers})


def _stored(connection: sa.Connection, kpi: Kpi, numbers: Sequence[int]) -> dict[int, Block]:
    table = kpi_blocks
    query = sa.select(table.c.block, table.c.n, table.c.slots, table.c.sets, table.c.data).where(
        table.c.kpi == kpi.key, table.c.block.in_(numbers)
    )
    return {
        row.block: Block(
            row.block, np.frombuffer(row.slots, np.uint8), unpacked_sets([(row.n, row.sets)]),
            unpacked(kpi, row.data, row.n),
        )
        for row in connection.execute(query)
    }  # fmt: skip


def _without(block: Block, slots: Ints) -> Block:
    keep = ~np.isin(block.slots.astype(np.int64) + block.number * SLOTS, slots)
    return Block(block.number, block.slots[keep], block.sets[keep], block.data[keep])


def _merged(number: int, kept: Block | None, new: Block | None) -> Block | None:
    parts = [one for one in (kept, new) if one is not None and len(one.slots)]
    if not parts:
        return None
    slots = np.concatenate([one.slots for one in parts])
    sets = np.concatenate([one.sets for one in parts])
    data = np.concatenate([one.data for one in parts])
    order = np.lexsort((data, sets, slots))
    return Block(number, slots[order], sets[order], data[order])


def _same(new: Block | None, old: Block | None) -> bool:
    if new is None or old is None:
        return new is old
    return (
        np.array_equal(new.slots, old.slots)
        and np.array_equal(new.sets, old.sets)
        and np.array_equal(new.data, old.data)
    )


def _save(connection: sa.Connection, kpi: Kpi, changed: Mapping[int, Block | None]) -> None:
    table = kpi_blocks
    numbers = list(changed)
    forget(connection, kpi.key, numbers)
    for at in range(0, len(numbers), 500):
        some = numbers[at : at + 500]
        connection.execute(table.delete().where(table.c.kpi == kpi.key, table.c.block.in_(some)))
    _insert(connection, kpi, [one for one in changed.values() if one is not None])


def _insert(connection: sa.Connection, kpi: Kpi, blocks: Sequence[Block]) -> None:
    rows = [
        {"kpi": kpi.key, "block": one.number, "n": len(one.slots), "slots": one.slots.tobytes(),
         "sets": packed_sets(one.sets), "data": packed(kpi, one.data),
         "codes": codes_of(one.data).tobytes() if kpi.shape == "duration" else b""}
        for one in blocks
    ]  # fmt: skip
    if rows:
        connection.execute(kpi_blocks.insert(), rows)
