"""Fact rows into the store: only what changed is written, and what it touches is marked dirty.

Which quarter hours that is, is dirty.py's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

import sqlalchemy as sa

from connectors import risk_tables, schema
from connectors.dirty import Dirty, dirtied, dirtied_by_removal, dirtied_by_rounds
from connectors.facts import LIVE_STATUSES, Rejected, Row, id_column
from connectors.rounds import Round, packed
from connectors.rows import (
    compiled,
    delete_rows,
    existing,
    existing_rounds,
    insert_into,
    select_rows,
    upsert_sql,
)

TURN = 0x6465736B_77726974  # "deskwrit"
# Facts about an order, and what names it: the first that is known.
ABOUT_ORDERS = {"orders": ("order_ref", "order_id"), "ratings": ("order_ref",),
                "cases": ("order_ref",), "contacts": ("order_ref",)}  # fmt: skip


def take_turn(connection: sa.Connection) -> None:
    """Wait for other writers of facts and intervals: first thing in such a transaction.

    SQLite has one writer anyway. On PostgreSQL it keeps a sync from dirtying a slot between the
    moment its facts were read and the moment it is forgotten, and writers from deadlocks.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(TURN)))


def apply(connection: sa.Connection, fact: str, rows: Sequence[Row]) -> tuple[int, Dirty]:
    """Upsert fact rows; returns how many changed and what became dirty."""
    if not rows:
        return 0, set()
    table = schema.FACTS[fact]
    key = table.c.keys().index(id_column(fact))
    before = existing(connection, table, rows[0][0], [row[key] for row in rows])
    changed = [row for row in rows if before.get(row[key]) != row]
    if not changed:
        return 0, set()
    connection.exec_driver_sql(upsert_sql(connection.dialect.name, fact), changed)
    dirty = dirtied(connection, fact, changed, before)
    _note_orders(
        connection, fact, [*changed, *(before[r[key]] for r in changed if r[key] in before)]
    )
    return len(changed), dirty


def remove(
    connection: sa.Connection,
    fact: str,
    source: str,
    ids: Sequence[str],
    *,
    keep_events: bool = False,
) -> Dirty:
    """Delete facts that the source no longer has; with contacts go their rounds and events.

    `keep_events` for contacts that are merely unusable: they may be mended, and then nothing would
    point at events that were read long ago.
    """
    if not ids:  # as at most polls
        return set()
    table = schema.FACTS[fact]
    key = table.c[id_column(fact)]
    gone = existing(connection, table, source, ids)
    delete_rows(connection, key, source, ids)
    _note_orders(connection, fact, list(gone.values()))
    dirty = dirtied_by_removal(connection, fact, source, ids, gone)
    if fact == "contacts":
        delete_rows(connection, schema.rounds.c.contact_id, source, ids)
        if not keep_events:
            delete_rows(connection, schema.events.c.contact_id, source, ids)
    return dirty


def replace_rounds(
    connection: sa.Connection,
    source: str,
    rounds: Mapping[str, Sequence[Round]],
) -> Dirty:
    """Put the rounds of whole contacts in place of what is there."""
    table = schema.rounds
    rows = {
        contact: [
            (source, contact, number, r.asked_at, r.answered_at, r.answered_by, r.agent_id,
             r.person_answered_at, packed(r.asked_again), max(r.asked_again, default=None))
            for number, r in enumerate(found)
        ]
        for contact, found in rounds.items()
    }  # fmt: skip
    before = existing_rounds(connection, source, list(rows))
    changed = [contact for contact in rows if before.get(contact, []) != rows[contact]]
    if not changed:
        return set()
    old_ids = [contact for contact in changed if contact in before]
    delete_rows(connection, table.c.contact_id, source, old_ids)
    new = [row for contact in changed for row in rows[contact]]
    if new:
        connection.exec_driver_sql(upsert_sql(connection.dialect.name, "rounds"), new)
    old = [row for contact in changed for row in before.get(contact, [])]
    return dirtied_by_rounds(set(new).symmetric_difference(old))


def _note_orders(connection: sa.Connection, fact: str, rows: Sequence[Row]) -> None:
    """Remember the orders that these facts are about: whoever scores orders looks at them again."""
    if fact not in ABOUT_ORDERS:
        return
    names = schema.FACTS[fact].c.keys()
    places = [names.index(name) for name in ABOUT_ORDERS[fact]]
    refs = {next((row[at] for at in places if row[at] is not None), None) for row in rows}
    if fact == "ratings":  # a survey is about its contact's order
        refs |= _orders_of_contacts(connection, rows)
    noted = [(ref, 1) for ref in sorted(ref for ref in refs if ref is not None)]
    if noted:
        connection.exec_driver_sql(_noted_sql(connection.dialect.name), noted)


def _orders_of_contacts(connection: sa.Connection, ratings: Sequence[Row]) -> set[str | None]:
    names = schema.ratings.c.keys()
    contact, order = names.index("contact_id"), names.index("order_ref")
    ids = {row[contact] for row in ratings if row[order] is None and row[contact] is not None}
    if not ids:
        return set()
    about = schema.contacts.c.contact_id
    return {
        ref for (ref,) in select_rows(connection, about, ratings[0][0], sorted(ids), ("order_ref",))
    }


def save_rejected(
    connection: sa.Connection, source: str, rejected: Sequence[Rejected], now: int
) -> None:
    """Remember unusable rows with their reason."""
    times: dict[tuple[str, str, str], int] = {}
    details: dict[tuple[str, str, str], str] = {}
    for one in rejected:
        key = (one.fact, one.row_id, one.reason)
        times[key] = times.get(key, 0) + one.times
        details.setdefault(key, one.detail)
    rows = [(source, *key, details[key], count, now) for key, count in times.items()]
    if rows:
        connection.exec_driver_sql(upsert_sql(connection.dialect.name, "rejected"), rows)


def forgive(connection: sa.Connection, source: str, fact: str, ids: Sequence[str]) -> None:
    """Forget why rows were rejected, before they are judged anew."""
    table = schema.rejected
    delete_rows(connection, table.c.row_id, source, ids, table.c.fact == fact)


def live_ids(connection: sa.Connection, fact: str, source: str) -> list[str]:
    """Ids of the facts that may still change."""
    table = schema.FACTS[fact]
    if fact in LIVE_STATUSES:
        live: sa.ColumnElement[bool] = table.c.status.in_(LIVE_STATUSES[fact])
    elif fact == "presence":
        live = table.c.until.is_(None)
    else:
        return []
    query = sa.select(table.c[id_column(fact)]).where(table.c.source == source, live)
    return list(connection.execute(query).scalars())


def all_ids(connection: sa.Connection, fact: str, source: str) -> list[str]:
    """Ids of all facts of a source."""
    table = schema.FACTS[fact]
    query = sa.select(table.c[id_column(fact)]).where(table.c.source == source)
    return list(connection.execute(query).scalars())


@lru_cache(maxsize=4)
def _noted_sql(dialect: str) -> str:
    table = risk_tables.changed_orders
    insert = insert_into(dialect)(table)
    again = {"times": table.c.times + sa.literal_column("1")}
    return compiled(dialect, insert.on_conflict_do_update(index_elements=["order_ref"], set_=again))
