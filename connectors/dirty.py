"""Which quarter hours must be computed anew, because of facts that changed: dirty slots.

A slot is a quarter hour (UTC) of a date column. Quarter hours because that is the finest step
between time zones. Computing them anew, and forgetting them, is metrics/refresh.py's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from connectors import schema
from connectors.facts import Row, id_column
from connectors.rounds import unpacked
from connectors.rows import among_ids, compiled, existing_rounds, insert_into, select_rows

SLOT = 900 * 1_000_000  # µs
Dirty = set[tuple[str, int]]

# The columns by which numbers are dated, per fact.
DATED = {
    "contacts": ("opened_at", "queued_at", "assigned_at", "first_reply_at", "closed_at",
                 "abandoned_at"),
    "rounds": ("asked_at", "answered_at", "person_answered_at"),
    "events": ("at",),
    "ratings": ("asked_at", "rated_at"),
    "orders": ("placed_at", "paid_at", "shipped_at", "delivered_at"),
    "cases": ("opened_at", "closed_at"),
    "presence": ("since", "until"),
}  # fmt: skip
# Columns that no stored value depends on: a change there dirties nothing.
BESIDE = frozenset({"waiting_since", "updated_at", "priority", "topic"})
# Of a contact: its ratings, rounds and events are split by the first four; a reply's wait may start
# at the next, and the last says whether they count at all.
LABELS = ("queue", "channel", "team", "agent_id", "queued_at", "outbound_only", "customer_key")
# Of a contact too: events know whether theirs is still closed.
STATES = ("status",)
# Facts whose value may hang on the same customer's next row: what dates it, what it waits for, and
# what says whether that counts.
REPEATED = {"contacts": ("closed_at", "opened_at", "outbound_only"),
            "orders": ("placed_at", "placed_at")}  # fmt: skip
STEP = 16  # slots: agents' time is computed four hours around a dirty one


def dirtied(
    connection: sa.Connection, fact: str, changed: Sequence[Row], before: Mapping[str, Row]
) -> Dirty:
    """By facts that were written. before: the rows that were there, by id."""
    names = schema.FACTS[fact].c.keys()
    key = names.index(id_column(fact))
    dirty = _dirty_of(fact, changed, before, key)
    if fact == "contacts":
        relabelled = [row[key] for row in changed if _moved(row, before.get(row[key]), LABELS)]
        dirty |= _dirty_of_relabelled(connection, changed[0][0], relabelled)
        restated = [row[key] for row in changed if _moved(row, before.get(row[key]), STATES)]
        dirty |= _dirty_of_contacts(connection, changed[0][0], restated, ("events",))
    if fact == "agents":
        team = names.index("team")
        moved = [row[key] for row in changed if row[team] != _at(before.get(row[key]), team)]
        dirty |= _dirty_of_agents(connection, changed[0][0], moved)
    return dirty | _dirty_of_repeated(connection, fact, changed, before)


def dirtied_by_removal(
    connection: sa.Connection, fact: str, source: str, ids: Sequence[str], gone: Mapping[str, Row]
) -> Dirty:
    """By facts that are gone. gone: the rows that were there; what hangs on them still is."""
    rows = list(gone.values())
    key = schema.FACTS[fact].c.keys().index(id_column(fact))
    dirty = _dirty_of(fact, rows, {}, key) | _dirty_of_repeated(connection, fact, rows, {})
    if fact == "contacts":
        dirty |= _dirty_of_relabelled(connection, source, ids)
    if fact == "agents":
        dirty |= _dirty_of_agents(connection, source, list(gone))
    return dirty


def dirtied_by_rounds(rows: Iterable[Row]) -> Dirty:
    """A round is dated by its moments, and each of its messages by its own."""
    names = schema.rounds.c.keys()
    asked, again = names.index("asked_at"), names.index("asked_again")
    dated = [(f"rounds.{name}", names.index(name)) for name in DATED["rounds"]]
    dirty: Dirty = set()
    for row in rows:
        dirty |= {(name, row[at] // SLOT) for name, at in dated if row[at] is not None}
        dirty |= {("rounds.message_at", at // SLOT) for at in (row[asked], *unpacked(row[again]))}
    return dirty


def save_dirty(connection: sa.Connection, dirty: Iterable[tuple[str, int]]) -> None:
    """Remember dirty slots in the same transaction as the facts that caused them."""
    rows = sorted(dirty)
    if rows:
        connection.exec_driver_sql(_dirty_sql(connection.dialect.name), rows)


def is_dirty(connection: sa.Connection) -> bool:
    """Whether numbers are still to be computed from facts that are in the store."""
    return connection.execute(sa.select(schema.dirty_slots.c.slot).limit(1)).first() is not None


def _dirty_of(fact: str, changed: Sequence[Row], before: Mapping[str, Row], key: int) -> Dirty:
    names = list(schema.FACTS[fact].c.keys())
    dated = [(f"{fact}.{name}", names.index(name)) for name in DATED.get(fact, ())]
    watched = [index for index, name in enumerate(names) if name not in BESIDE]
    dirty: Dirty = set()
    for row in changed:
        old = before.get(row[key])
        if old is not None and all(old[index] == row[index] for index in watched):
            continue
        for name, index in dated:
            if row[index] is not None:
                dirty.add((name, row[index] // SLOT))
            if old is not None and old[index] is not None:
                dirty.add((name, old[index] // SLOT))
        if fact == "presence":
            dirty |= _dirty_of_presence(row) | (_dirty_of_presence(old) if old else set())
    return dirty


def _dirty_of_presence(row: Row) -> Dirty:
    """It counts from its beginning to its end, however far apart they are."""
    names = schema.presence.c.keys()
    since, until = row[names.index("since")], row[names.index("until")]
    if until is None:
        return set()
    return {("presence.since", slot) for slot in range(since // SLOT, until // SLOT, STEP)}


def _at(row: Row | None, index: int) -> Any:
    return None if row is None else row[index]


def _moved(row: Row, old: Row | None, watched: Sequence[str]) -> bool:
    names = schema.contacts.c.keys()
    return old is None or any(row[names.index(n)] != old[names.index(n)] for n in watched)


def _dirty_of_relabelled(
    connection: sa.Connection, source: str, contact_ids: Sequence[str]
) -> Dirty:
    """What takes queue and channel from its contact moved with it."""
    dirty: Dirty = set()
    found = existing_rounds(connection, source, contact_ids)
    dirty |= dirtied_by_rounds(row for rows in found.values() for row in rows)
    return dirty | _dirty_of_contacts(connection, source, contact_ids, ("ratings", "events"))


def _dirty_of_contacts(
    connection: sa.Connection, source: str, contact_ids: Sequence[str], facts: Sequence[str]
) -> Dirty:
    dirty: Dirty = set()
    for name in facts if contact_ids else ():
        columns = DATED[name]
        for row in select_rows(
            connection, schema.FACTS[name].c.contact_id, source, contact_ids, columns
        ):
            dirty |= {
                (f"{name}.{column}", value // SLOT)
                for column, value in zip(columns, row, strict=True)
                if value is not None
            }
    return dirty


def _dirty_of_agents(connection: sa.Connection, source: str, agent_ids: Sequence[str]) -> Dirty:
    """All time of agents who changed teams: it is split by team."""
    if not agent_ids:
        return set()
    handled = schema.contacts.c.agent_id
    rows = select_rows(connection, handled, source, agent_ids, ("assigned_at", "first_reply_at"))
    dirty = {("agents.team", (one or other) // SLOT) for one, other in rows if one or other}
    there = schema.presence.c.agent_id
    for row in select_rows(connection, there, source, agent_ids):
        dirty |= {("agents.team", slot) for _, slot in _dirty_of_presence(row)}
    return dirty


def _dirty_of_repeated(
    connection: sa.Connection, fact: str, changed: Sequence[Row], before: Mapping[str, Row]
) -> Dirty:
    """Rows of the same customers: whether they came back may be told otherwise now."""
    if fact not in REPEATED or not changed:
        return set()
    table = schema.FACTS[fact]
    names = table.c.keys()
    watched = [names.index(name) for name in ("customer_key", *REPEATED[fact])]
    key = names.index(id_column(fact))
    who: set[str] = set()
    for row in changed:
        old = before.get(row[key])
        if old is None or any(old[index] != row[index] for index in watched):
            who |= {one[watched[0]] for one in (row, old) if one and one[watched[0]] is not None}
    if not who:
        return set()
    dated = sa.type_coerce(table.c[REPEATED[fact][0]], sa.BigInteger)
    among, given = among_ids(connection.dialect.name, table.c.customer_key, sorted(who))
    query = sa.select(dated).where(among, dated.is_not(None))
    found = connection.execute(query, given).cursor.fetchall()
    return {(f"{fact}.repeat", int(at) // SLOT) for (at,) in found}


@lru_cache(maxsize=4)
def _dirty_sql(dialect: str) -> str:
    return compiled(dialect, insert_into(dialect)(schema.dirty_slots).on_conflict_do_nothing())
