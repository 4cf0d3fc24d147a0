"""Keeps stored KPI values equal to facts: dirty quarter hours, late blocks, changed definitions.

Values are computed from facts in the transaction that forgets they were due. What they are is
measure.py's, how they are kept intervals.py's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import sqlalchemy as sa

from connectors.dirty import is_dirty
from connectors.schema import DERIVED, dirty_slots, kpi_definitions, late_blocks
from connectors.store import Store
from connectors.write import take_turn
from metrics import agent_time, bundles, filling
from metrics.bundles import SLOTS
from metrics.filling import Filled, alike
from metrics.intervals import blocks_of, replace_blocks, replace_slots
from metrics.kpi import AGENT_TIME, Kpi, Registry
from metrics.label_sets import new_edition, set_ids
from metrics.measure import measure
from metrics.population import LONGEST_DAY, Span, load, reach, spans_of

SLOTS_AT_ONCE = 40 * 96  # per transaction, so that a rebuild never holds the store long
LATE_AT_ONCE = 8


def refresh(store: Store, registry: Registry, *, filled: Filled = lambda _done, _all: None) -> int:
    """Compute everything that is due; returns how many quarter hours were dirty.

    `filled(done, all)` hears how far new definitions are, in blocks.
    """
    filling.adopt(store, registry)
    total = refresh_dirty(store, registry)
    while _fill_some(store, registry, filled):
        pass
    refresh_late(store, registry)
    return total


def refresh_dirty(store: Store, registry: Registry) -> int:
    """Recompute what polls left dirty; returns how many quarter hours were.

    Meant for soon after each poll, but not within it: who is told of a full queue need not wait
    for averages. KPIs that hang on other rows are left to `refresh_late`.
    """
    total = 0
    while done := _refresh_some(store, registry):
        total += done
    return total


def refresh_late(store: Store, registry: Registry) -> None:
    """Recompute the KPIs that hang on other rows, and put weeks together that are over; meant for
    every few minutes."""
    while _late_some(store, registry):
        pass
    bundles.bundle(store, registry)


def fill(store: Store, registry: Registry, *, go_on: Callable[[], bool] = lambda: False) -> bool:
    """Compute KPIs whose definition is new: a step, in a transaction of its own, and more as long
    as `go_on` says so; whether there may be more."""
    filling.adopt(store, registry)
    while more := _fill_some(store, registry, lambda _done, _all: None):
        if not go_on():
            break
    return more


def rebuild(store: Store) -> None:
    """Drop all that is derived; `refresh` computes it again from facts."""
    with store.begin() as connection:
        take_turn(connection)
        for table in DERIVED:
            connection.execute(table.delete())
        new_edition(connection)


def _refresh_some(store: Store, registry: Registry) -> int:
    with store.read() as connection:
        if not is_dirty(connection):
            return 0
    with store.begin() as connection:
        take_turn(connection)
        rows = _dirty(connection, SLOTS_AT_ONCE)
        _refresh_rows(connection, registry, rows)
    return len(rows)


def _dirty(connection: sa.Connection, most: int) -> list[tuple[str, int]]:
    """(fact and date column, slot), oldest first."""
    table = dirty_slots
    query = sa.select(table.c.fact, table.c.slot).order_by(table.c.slot).limit(most)
    return [(fact, slot) for fact, slot in connection.execute(query)]


def _refresh_rows(
    connection: sa.Connection, registry: Registry, rows: Sequence[tuple[str, int]]
) -> None:
    by_date: dict[str, set[int]] = {}
    for fact, slot in rows:
        by_date.setdefault(fact, set()).add(slot)
    for kpis in alike(one for one in registry.stored() if not one.is_late):
        slots = sorted({slot for date in kpis[0].dates for slot in by_date.get(date, ())})
        if slots:
            _recompute(connection, registry, kpis, slots)
    _delay(connection, registry, by_date)
    table = dirty_slots
    done = table.delete().where(
        table.c.fact == sa.bindparam("b_fact"), table.c.slot == sa.bindparam("b_slot")
    )
    if rows:
        connection.execute(done, [{"b_fact": fact, "b_slot": slot} for fact, slot in rows])


def _recompute(
    connection: sa.Connection, registry: Registry, kpis: Sequence[Kpi], slots: Sequence[int]
) -> None:
    rows = load(connection, kpis, spans_of(slots))
    ids = set_ids(connection, rows.label_names, rows.label_sets)
    among = np.asarray(slots, dtype=np.int64)
    for kpi in kpis:
        found = measure(kpi, rows, registry)
        inside = np.isin((found.at // _SLOT).astype(np.int64), among)
        new = blocks_of(found.at[inside], ids[found.sets[inside]], found.values[inside])
        replace_slots(connection, kpi, new, among)


def compute_blocks(
    connection: sa.Connection, registry: Registry, kpis: Sequence[Kpi], first: int, last: int
) -> None:
    """Compute whole blocks of KPIs that are dated alike, from `first` up to and without `last`."""
    window = (first * SLOTS * _SLOT, last * SLOTS * _SLOT)
    if kpis[0].of_unit == AGENT_TIME:
        _compute_agent_time(connection, kpis, window, (first, last))
        return
    rows = load(connection, kpis, [min(reach(kpi, window) for kpi in kpis)])
    ids = set_ids(connection, rows.label_names, rows.label_sets)
    for kpi in kpis:
        found = measure(kpi, rows, registry)
        inside = (found.at >= window[0]) & (found.at < window[1])
        new = blocks_of(found.at[inside], ids[found.sets[inside]], found.values[inside])
        replace_blocks(connection, kpi, new, first, last)


def _compute_agent_time(
    connection: sa.Connection, kpis: Sequence[Kpi], window: Span, blocks: tuple[int, int]
) -> None:
    found = agent_time.load(connection, window)
    ids = set_ids(connection, found.label_names, found.label_sets)
    for kpi in kpis:
        seconds = found.numbers[kpi.number or ""]
        some = seconds > 0
        new = blocks_of(found.at[some], ids[found.sets[some]], seconds[some])
        replace_blocks(connection, kpi, new, *blocks)


def _delay(connection: sa.Connection, registry: Registry, by_date: dict[str, set[int]]) -> None:
    """Remember which blocks of late KPIs the dirty slots reach."""
    due = set()
    for kpi in registry.stored():
        if not kpi.is_late:
            continue
        around = (agent_time.LONGEST if kpi.of_unit == AGENT_TIME else LONGEST_DAY) // _SLOT
        for date in kpi.dates:
            for slot in by_date.get(date, ()):
                for block in range((slot - around) // SLOTS, (slot + around) // SLOTS + 1):
                    due.add((kpi.key, block))
    if not due:
        return
    table = late_blocks
    keys = sorted({key for key, _ in due})
    known = connection.execute(sa.select(table).where(table.c.kpi.in_(keys)))
    new = due - {(row.kpi, row.block) for row in known}
    if new:
        connection.execute(table.insert(), [{"kpi": k, "block": b} for k, b in sorted(new)])


def _late_some(store: Store, registry: Registry) -> bool:
    """The oldest late blocks of all KPIs; whether there were any."""
    table = late_blocks
    with store.read() as connection:
        oldest = connection.execute(sa.select(sa.func.min(table.c.block))).scalar()
    if oldest is None:
        return False
    with store.begin() as connection:
        take_turn(connection)
        last = oldest + LATE_AT_ONCE
        among = sa.and_(table.c.block >= oldest, table.c.block < last)
        keys = set(connection.execute(sa.select(table.c.kpi).where(among)).scalars())
        for kpis in alike(one for one in registry.stored() if one.key in keys):
            if kpis[0].is_late:
                compute_blocks(connection, registry, kpis, oldest, last)
        connection.execute(table.delete().where(among))
    return True


def _fill_some(store: Store, registry: Registry, filled: Filled) -> bool:
    """A step of the KPIs that are behind; newest blocks first, because those are looked at."""
    with store.read() as connection:
        step = filling.next_step(connection, registry)
    if step is None:
        return False
    with store.begin() as connection:
        take_turn(connection)
        step = filling.next_step(connection, registry)  # another program may have done it
        if step is None:
            return False
        compute_blocks(connection, registry, step.kpis, step.first, step.last)
        connection.execute(
            kpi_definitions.update()
            .where(kpi_definitions.c.kpi.in_([one.key for one in step.kpis]))
            .values(filled_from=step.first if step.first > step.oldest else None)
        )
    filled(*step.progress)
    return True


_SLOT = 900 * 1_000_000
