"""Which weeks and months a store has, and whether they hold what their blocks do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import sqlalchemy as sa

from connectors.schema import kpi_blocks, kpi_bundles, kpi_months, kpi_parts
from connectors.store import Store
from metrics.bundles import BLOCKS, SLOTS
from metrics.kpi import Kpi, Registry
from metrics.label_sets import LabelSets, read_label_sets
from metrics.months import BY_SET, ROUND, WEEKS, counts_below, unpacked_counts
from metrics.packing import unpacked, unpacked_sets

Pair = tuple[str, int]


def there(store: Store, table: sa.Table = kpi_bundles) -> set[Pair]:
    """KPI and number of all that there are."""
    with store.read() as connection:
        key, number = table.primary_key.columns
        return {(row[0], row[1]) for row in connection.execute(sa.select(key, number))}


def torn(store: Store) -> list[Pair]:
    """Bundles that hold anything else than what their blocks do."""
    wrong = []
    with store.read() as connection:
        for bundle in connection.execute(sa.select(kpi_bundles)).all():
            first = bundle.bundle * BLOCKS
            among = kpi_blocks.c.block.between(first, first + BLOCKS - 1)
            query = sa.select(kpi_blocks).where(kpi_blocks.c.kpi == bundle.kpi, among)
            blocks = connection.execute(query.order_by(kpi_blocks.c.block)).all()
            sets = unpacked_sets([(block.n, block.sets) for block in blocks])
            mine = unpacked_sets([(bundle.n, bundle.sets)])
            if (
                bundle.n != sum(block.n for block in blocks)
                or bundle.data != b"".join(block.data for block in blocks)
                or bundle.codes != b"".join(block.codes for block in blocks)
                or not np.array_equal(mine, sets)
            ):
                wrong.append((bundle.kpi, bundle.bundle))
    return wrong


def torn_months(store: Store, registry: Registry) -> list[Pair]:
    """Months that hold anything else than what their blocks do."""
    with store.read() as connection:
        labels = read_label_sets(connection)
        months = connection.execute(sa.select(kpi_months)).all()
        return [
            (month.kpi, month.month)
            for month in months
            if _held(month, labels) != _recounted(connection, registry[month.kpi], month, labels)
        ]


def torn_parts(store: Store) -> list[Pair]:
    """Months whose parts hold anything else than their blocks do, and parts without a month."""
    with store.read() as connection:
        labels = read_label_sets(connection)
        parts = connection.execute(sa.select(kpi_parts)).all()
        months = connection.execute(sa.select(kpi_months.c.kpi, kpi_months.c.month)).all()
        held: dict[Pair, list[Any]] = {(month.kpi, month.month): [] for month in months}
        work_of = [{**one, "agent": ""} if one is not None else None for one in labels]
        for part in parts:
            values = _values(part, np.frombuffer(part.slots, np.uint16).tolist())
            mine = held.setdefault((part.kpi, part.month), [])
            mine += [(work_of[one[1]] == work_of[part.work], *one) for one in values]
        return [
            one for one, values in held.items()
            if sorted(values) != sorted((True, *value) for value in _of_blocks(connection, *one))
        ]  # fmt: skip


def _of_blocks(connection: sa.Connection, kpi: str, month: int) -> Iterator[tuple[Any, ...]]:
    first = month * WEEKS * BLOCKS
    among = kpi_blocks.c.block.between(first, first + WEEKS * BLOCKS - 1)
    for block in connection.execute(sa.select(kpi_blocks).where(kpi_blocks.c.kpi == kpi, among)):
        begins = (block.block - first) * SLOTS
        slots = [begins + one for one in np.frombuffer(block.slots, np.uint8).tolist()]
        yield from _values(block, slots)


def _values(row: Any, slots: list[int]) -> Iterator[tuple[Any, ...]]:
    """Slot of the month, label set, bucket and bytes of each value."""
    sets = unpacked_sets([(row.n, row.sets)]).tolist()
    codes = np.frombuffer(row.codes, np.uint16).tolist() or [0] * row.n
    width = len(row.data) // row.n
    data = [bytes(row.data[at * width : (at + 1) * width]) for at in range(row.n)]
    yield from zip(slots, sets, codes, data, strict=True)


def _held(month: Any, labels: LabelSets) -> list[Any]:
    sums = np.frombuffer(month.by_set, BY_SET)
    found: list[Any] = [
        {int(one["set"]): (int(one["n"]), round(float(one["sum"]), 3)) for one in sums}
    ]
    for stored in (month.by_agent, month.by_work):
        cells: Counter[tuple[Any, int]] = Counter()
        counts = unpacked_counts(stored)
        if counts is not None:
            ends = np.cumsum(counts.sizes)
            for at, end in enumerate(ends.tolist()):
                inside = slice(end - int(counts.sizes[at]), end)
                mine = frozenset(sums["set"][counts.groups == at].tolist())
                for code, n in zip(counts.codes[inside].tolist(), counts.n[inside].tolist(),
                                   strict=True):  # fmt: skip
                    cells[mine, code] += n
        found.append(cells)
    edges = np.asarray([0.0, *ROUND]) if month.below else np.zeros(0)
    below = counts_below(month.below, edges)
    found.append([] if below is None else below.tolist())
    return found


def _recounted(connection: sa.Connection, kpi: Kpi, month: Any, labels: LabelSets) -> list[Any]:
    """The same from blocks, in plain Python. What the month lacks of buckets isn't counted."""
    first = month.month * WEEKS * BLOCKS
    among = kpi_blocks.c.block.between(first, first + WEEKS * BLOCKS - 1)
    query = sa.select(kpi_blocks).where(kpi_blocks.c.kpi == kpi.key, among)
    n: Counter[int] = Counter()
    sums: Counter[int] = Counter()
    cells: Counter[tuple[int, int]] = Counter()
    seconds: list[float] = []
    for block in connection.execute(query).all():
        sets = unpacked_sets([(block.n, block.sets)]).tolist()
        n.update(sets)
        worth = unpacked(kpi, block.data, block.n).tolist()
        seconds += worth if kpi.shape == "duration" else []
        for at, one in zip(sets, worth, strict=True):
            sums[at] += one
        if block.codes:
            cells.update(zip(sets, np.frombuffer(block.codes, np.uint16).tolist(), strict=True))
    found: list[Any] = [{at: (n[at], round(sums[at], 3)) for at in n}]
    for name, stored in (("agent", month.by_agent), ("work", month.by_work)):
        groups = {at: _group(name, labels[at]) for at in n}
        counted: Counter[tuple[Any, int]] = Counter()
        for (at, code), count in cells.items() if stored else ():
            mine = frozenset(one for one in n if groups[one] == groups[at])
            counted[mine, code] += count
        found.append(counted)
    found.append([sum(one < edge for one in seconds) for edge in (0, *ROUND) if seconds])
    return found


def _group(name: str, labels: dict[str, str]) -> Any:
    agent = labels.get("agent", "")
    return agent if name == "agent" else (bool(agent), sorted({**labels, "agent": ""}.items()))


def overdue(store: Store, as_of: datetime) -> set[Pair]:
    """Weeks that are over for a day and have no bundle; months likewise."""
    week = 7 * 86_400
    last = (as_of - timedelta(days=1)).timestamp() // week
    with store.read() as connection:
        rows = connection.execute(sa.select(kpi_blocks.c.kpi, kpi_blocks.c.block)).all()
    over = {(row.kpi, row.block // BLOCKS) for row in rows if row.block // BLOCKS < last}
    months = {(kpi, week // WEEKS) for kpi, week in over if week // WEEKS < last // WEEKS}
    return (over - there(store)) | (months - there(store, kpi_months))
