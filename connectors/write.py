"""Fact rows into the store: only what changed is written, and what it touches is marked dirty.

A dirty slot is a quarter hour (UTC) of a date column whose numbers must be recomputed. Quarter
hours because that is the finest step between time zones. metrics/refresh.py clears them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from connectors import risk_tables, schema
from connectors.columns import metadata
from connectors.facts import LIVE_STATUSES, Rejected, Row, id_column
from connectors.rounds import Round, packed, unpacked

SLOT = 900 * 1_000_000  # µs
CHUNK = 500
TURN = 0x6465736B_77726974  # "deskwrit"
_IDS: sa.BindParameter[Any] = sa.bindparam("ids", expanding=True)
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
# Facts about an order, and what names it: the first that is known.
ABOUT_ORDERS = {"orders": ("order_ref", "order_id"), "ratings": ("order_ref",),
                "cases": ("order_ref",), "contacts": ("order_ref",)}  # fmt: skip
STEP = 16  # slots: agents' time is computed four hours around a dirty one


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
    before = _existing(connection, table, rows[0][0], [row[key] for row in rows])
    changed = [row for row in rows if before.get(row[key]) != row]
    if not changed:
        return 0, set()
    connection.exec_driver_sql(_upsert_sql(connection.dialect.name, fact), changed)
    dirty = _dirty_of(fact, changed, before, key)
    if fact == "contacts":
        relabelled = [row[key] for row in changed if _moved(row, before.get(row[key]), LABELS)]
        dirty |= _dirty_of_relabelled(connection, changed[0][0], relabelled)
        restated = [row[key] for row in changed if _moved(row, before.get(row[key]), STATES)]
        dirty |= _dirty_of_contacts(connection, changed[0][0], restated, ("events",))
    if fact == "agents":
        team = table.c.keys().index("team")
        moved = [row[key] for row in changed if row[team] != _at(before.get(row[key]), team)]
        dirty |= _dirty_of_agents(connection, changed[0][0], moved)
    dirty |= _dirty_of_repeated(connection, fact, changed, before)
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
    dirty: Dirty = set()
    found = _existing(connection, table, source, ids)
    dirty |= _dirty_of(fact, list(found.values()), {}, table.c.keys().index(key.name))
    _delete(connection, key, source, ids)
    _note_orders(connection, fact, list(found.values()))
    dirty |= _dirty_of_repeated(connection, fact, list(found.values()), {})
    if fact == "contacts":
        dirty |= _dirty_of_relabelled(connection, source, ids)
        _delete(connection, schema.rounds.c.contact_id, source, ids)
        if not keep_events:
            _delete(connection, schema.events.c.contact_id, source, ids)
    if fact == "agents":
        dirty |= _dirty_of_agents(connection, source, list(found))
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
    before = _existing_rounds(connection, source, list(rows))
    changed = [contact for contact in rows if before.get(contact, []) != rows[contact]]
    if not changed:
        return set()
    old_ids = [contact for contact in changed if contact in before]
    _delete(connection, table.c.contact_id, source, old_ids)
    new = [row for contact in changed for row in rows[contact]]
    if new:
        connection.exec_driver_sql(_upsert_sql(connection.dialect.name, "rounds"), new)
    old = [row for contact in changed for row in before.get(contact, [])]
    return _dirty_of_rounds(set(new).symmetric_difference(old))


def _dirty_of_rounds(rows: Iterable[Row]) -> Dirty:
    """A round is dated by its moments, and each of its messages by its own."""
    names = schema.rounds.c.keys()
    asked, again = names.index("asked_at"), names.index("asked_again")
    dated = [(f"rounds.{name}", names.index(name)) for name in DATED["rounds"]]
    dirty: Dirty = set()
    for row in rows:
        dirty |= {(name, row[at] // SLOT) for name, at in dated if row[at] is not None}
        dirty |= {("rounds.message_at", at // SLOT) for at in (row[asked], *unpacked(row[again]))}
    return dirty


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
        ref for (ref,) in _select(connection, about, ratings[0][0], sorted(ids), ("order_ref",))
    }


def save_dirty(connection: sa.Connection, dirty: Iterable[tuple[str, int]]) -> None:
    """Remember dirty slots in the same transaction as the facts that caused them."""
    rows = sorted(dirty)
    if rows:
        connection.exec_driver_sql(_dirty_sql(connection.dialect.name), rows)


def is_dirty(connection: sa.Connection) -> bool:
    """Whether numbers are still to be computed from facts that are in the store."""
    return connection.execute(sa.select(schema.dirty_slots.c.slot).limit(1)).first() is not None


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
        connection.exec_driver_sql(_upsert_sql(connection.dialect.name, "rejected"), rows)


def forgive(connection: sa.Connection, source: str, fact: str, ids: Sequence[str]) -> None:
    """Forget why rows were rejected, before they are judged anew."""
    table = schema.rejected
    _delete(connection, table.c.row_id, source, ids, table.c.fact == fact)


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
    found = _existing_rounds(connection, source, contact_ids)
    dirty |= _dirty_of_rounds(row for rows in found.values() for row in rows)
    return dirty | _dirty_of_contacts(connection, source, contact_ids, ("ratings", "events"))


def _dirty_of_contacts(
    connection: sa.Connection, source: str, contact_ids: Sequence[str], facts: Sequence[str]
) -> Dirty:
    dirty: Dirty = set()
    for name in facts if contact_ids else ():
        columns = DATED[name]
        for row in _select(
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
    rows = _select(connection, handled, source, agent_ids, ("assigned_at", "first_reply_at"))
    dirty = {("agents.team", (one or other) // SLOT) for one, other in rows if one or other}
    there = schema.presence.c.agent_id
    for row in _select(connection, there, source, agent_ids):
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
    among, given = _among(connection, table.c.customer_key, sorted(who))
    query = sa.select(dated).where(among, dated.is_not(None))
    found = connection.execute(query, given).cursor.fetchall()
    return {(f"{fact}.repeat", int(at) // SLOT) for (at,) in found}


def _existing(
    connection: sa.Connection, table: sa.Table, source: str, ids: Sequence[str]
) -> dict[str, Row]:
    """Stored rows by id, as plain tuples with raw values."""
    key = table.c[id_column(table.name)]
    at = table.c.keys().index(key.name)
    return {row[at]: row for row in _select(connection, key, source, ids)}


def _existing_rounds(
    connection: sa.Connection, source: str, contact_ids: Sequence[str]
) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in _select(connection, schema.rounds.c.contact_id, source, contact_ids):
        found.setdefault(row[1], []).append(row)
    return {contact: sorted(rows, key=lambda row: row[2]) for contact, rows in found.items()}


def _select(
    connection: sa.Connection,
    key: sa.Column[Any],
    source: str,
    ids: Sequence[str],
    names: Sequence[str] = (),
) -> Iterator[Row]:
    """Rows of the key's table whose key is one of the ids: the driver's own tuples, raw values."""
    if not ids:
        return
    table = key.table
    raw = [sa.type_coerce(table.c[n], sa.types.NullType()) for n in names or table.c.keys()]
    among, given = _among(connection, key, ids)
    query = sa.select(*raw).where(table.c.source == source, among)
    yield from connection.execute(query, given).cursor.fetchall()


def _delete(
    connection: sa.Connection,
    key: sa.Column[Any],
    source: str,
    ids: Sequence[str],
    *conditions: sa.ColumnElement[bool],
) -> None:
    if not ids:
        return
    among, given = _among(connection, key, ids)
    statement = sa.delete(key.table).where(key.table.c.source == source, among, *conditions)
    connection.execute(statement, given)


def _among(
    connection: sa.Connection, key: sa.Column[Any], ids: Sequence[str]
) -> tuple[sa.ColumnElement[bool], dict[str, Any]]:
    """The condition that the key is one of many ids, given as one parameter: thousands of separate
    ones cost more than the reading itself."""
    if connection.dialect.name == "postgresql":
        many = sa.bindparam("ids", type_=sa.ARRAY(sa.Text))
        return key == sa.any_(many), {"ids": list(ids)}
    each = sa.func.json_each(sa.bindparam("ids", type_=sa.Text)).table_valued("value")
    return key.in_(sa.select(each.c.value)), {"ids": json.dumps(list(ids))}


def _insert(dialect: str) -> Any:
    return postgresql.insert if dialect == "postgresql" else sqlite.insert


def _compiled(dialect: str, statement: Any) -> str:
    """Driver SQL with positional parameters in column order (fast bulk writes of tuples)."""
    made: sa.Dialect = (
        postgresql.psycopg.dialect(paramstyle="format")  # type: ignore[no-untyped-call]
        if dialect == "postgresql"
        else sqlite.dialect()
    )
    return str(statement.compile(dialect=made))


@lru_cache(maxsize=64)
def _upsert_sql(dialect: str, name: str) -> str:
    table = metadata.tables[name]
    insert = _insert(dialect)(table)
    keys = [column.name for column in table.primary_key]
    rest = {c.name: insert.excluded[c.name] for c in table.columns if c.name not in keys}
    return _compiled(dialect, insert.on_conflict_do_update(index_elements=keys, set_=rest))


@lru_cache(maxsize=4)
def _dirty_sql(dialect: str) -> str:
    return _compiled(dialect, _insert(dialect)(schema.dirty_slots).on_conflict_do_nothing())


@lru_cache(maxsize=4)
def _noted_sql(dialect: str) -> str:
    table = risk_tables.changed_orders
    insert = _insert(dialect)(table)
    again = {"times": table.c.times + sa.literal_column("1")}
    return _compiled(
        dialect, insert.on_conflict_do_update(index_elements=["order_ref"], set_=again)
    )
