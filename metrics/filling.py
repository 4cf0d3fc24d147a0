"""New and changed KPI definitions: which values are to be computed from facts, and how far it is.

The computing itself is refresh.py's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby

import sqlalchemy as sa

from connectors.dirty import DATED
from connectors.schema import (
    FACTS,
    dirty_slots,
    kpi_blocks,
    kpi_bundles,
    kpi_definitions,
    kpi_months,
    kpi_parts,
    late_blocks,
)
from connectors.store import Store
from connectors.write import take_turn
from metrics.intervals import BLOCK
from metrics.kpi import Kpi, Registry
from metrics.vocabulary import raw

AT_ONCE = 120  # blocks per transaction: a month
Filled = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Step:
    """The blocks to compute next, from `first` up to and without `last`, and for which KPIs: some
    that one read of facts serves, so that a step is short."""

    kpis: tuple[Kpi, ...]
    first: int
    last: int
    oldest: int
    progress: tuple[int, int]  # blocks done after it, of how many


@dataclass(frozen=True, slots=True)
class Behind:
    """A KPI whose history is still being computed."""

    key: str
    share: float  # 0 to 1, done
    known_from: int  # µs; what lies before is not computed yet


def adopt(store: Store, registry: Registry) -> None:
    """Forget values of definitions that are gone or changed, and note what is to be filled."""
    table = kpi_definitions
    wanted = _fingerprints(registry)
    with store.read() as connection:
        if _same(connection, wanted):
            return
    with store.begin() as connection:
        take_turn(connection)
        known = {row.kpi: row.fingerprint for row in connection.execute(sa.select(table))}
        stale = [key for key, mark in known.items() if wanted.get(key) != mark]
        for key in stale:
            for kept in (kpi_blocks, kpi_bundles, kpi_months, kpi_parts):
                connection.execute(kept.delete().where(kept.c.kpi == key))
            connection.execute(table.delete().where(table.c.kpi == key))
        new = [key for key, mark in wanted.items() if known.get(key) != mark]
        first, last = _span(connection)
        if len(new) == len(wanted):  # all of it is to be computed: nothing else needs to be
            for due in (dirty_slots, late_blocks):
                connection.execute(due.delete())
        if new:
            rows = [
                {"kpi": key, "fingerprint": wanted[key], "first_block": first,
                 "last_block": last, "filled_from": last}
                for key in new
            ]  # fmt: skip
            connection.execute(table.insert(), rows)


@lru_cache(maxsize=8)  # asked every second, and a registry never changes
def _fingerprints(registry: Registry) -> Mapping[str, str]:
    return {one.key: registry.fingerprint(one) for one in registry.stored()}


def next_step(connection: sa.Connection, registry: Registry) -> Step | None:
    """Some of the KPIs that are furthest behind, with the newest blocks they lack."""
    table = kpi_definitions
    rows = [
        row
        for row in connection.execute(sa.select(table).where(table.c.filled_from.is_not(None)))
        if row.kpi in registry and registry[row.kpi].is_stored
    ]
    if not rows:
        return None
    last = max(row.filled_from for row in rows)
    kpis = alike(registry[row.kpi] for row in rows if row.filled_from == last)[0]
    keys = {one.key for one in kpis}
    among = [row for row in rows if row.kpi in keys]
    oldest = min(row.first_block for row in among)
    first = max(oldest, last - AT_ONCE)
    everything = sum(row.last_block - row.first_block for row in rows)
    left = sum(row.filled_from - row.first_block for row in rows) - (last - first) * len(among)
    return Step(
        tuple(kpis), first, last, oldest,
        (everything - left, everything),
    )  # fmt: skip


def alike(kpis: Iterable[Kpi]) -> list[list[Kpi]]:
    """KPIs of one unit that are dated alike: one read of facts serves them all."""

    def key(kpi: Kpi) -> tuple[str, tuple[str, ...]]:
        return (kpi.of_unit, kpi.dates)

    return [list(group) for _, group in groupby(sorted(kpis, key=key), key=key)]


def behind(connection: sa.Connection) -> tuple[Behind, ...]:
    """The KPIs whose history is still being computed."""
    table = kpi_definitions
    rows = connection.execute(sa.select(table).where(table.c.filled_from.is_not(None)))
    return tuple(
        Behind(
            row.kpi,
            (row.last_block - row.filled_from) / max(1, row.last_block - row.first_block),
            row.filled_from * BLOCK,
        )
        for row in rows
    )


def _same(connection: sa.Connection, wanted: Mapping[str, str]) -> bool:
    table = kpi_definitions
    known = {row.kpi: row.fingerprint for row in connection.execute(sa.select(table))}
    return known == wanted


def _span(connection: sa.Connection) -> tuple[int, int]:
    """The blocks that facts lie in: the first, and the one after the last. (0, 0): no facts."""
    found = []
    for fact, columns in DATED.items():
        for name in columns:
            column = raw(FACTS[fact].c[name])
            # Two queries: an index answers each at once, but not both together.
            for end in (sa.func.min(column), sa.func.max(column)):
                value = connection.execute(sa.select(end)).scalar()
                if value is not None:
                    found.append(int(value) // BLOCK)
    return (min(found), max(found) + 1) if found else (0, 0)
