"""Plain tables whose columns are named like the facts; the layout of a shop that wrote its own.

Instants are ISO text in UTC with an offset, except on PostgreSQL, which has a type for them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from connectors.simulator.events import Event, events
from connectors.simulator.instants import iso, to_ms
from connectors.simulator.layouts import generic_rows as rows
from connectors.simulator.layouts import generic_tables as tables
from connectors.simulator.layouts.batch import Batch, Leftover, introduce
from connectors.simulator.layouts.rows import insert, number, take_ids, update
from connectors.simulator.people import Agent
from connectors.simulator.records import FINAL
from connectors.simulator.settings import TEAMS

Values = rows.Values
_ROLES = {"customer": "customer", "agent": "agent", "bot": "bot", "auto": "system",
          "campaign": "system"}  # fmt: skip


class GenericLayout:
    """The shop in a table per fact, messages and events included."""

    def __init__(self, agents: Sequence[Agent], *, messages: bool) -> None:
        self._agents = agents
        self._messages = messages

    def create(self, conn: sa.Connection) -> None:
        tables.metadata.create_all(conn)

    def is_empty(self, conn: sa.Connection) -> bool:
        return conn.execute(sa.select(tables.contacts.c.contact_id).limit(1)).first() is None

    def begin(self, conn: sa.Connection, now: int) -> None:
        del now  # these tables don't say since when somebody works here
        conn.execute(sa.delete(tables.agents))
        agents = [(a.id, a.name, TEAMS[a.team].name, True) for a in self._agents]
        insert(conn, tables.agents, ("agent_id", "name", "team", "active"), agents)

    def finish(self, conn: sa.Connection) -> None:
        tables.create_indexes(conn)

    def write(self, conn: sa.Connection, batch: Batch) -> int:
        now = batch.now
        written = _write(conn, tables.contacts, batch.contacts, now, rows.contact_row)
        introduce(batch.contacts)
        if self._messages:
            written += _write_messages(conn, batch)
            written += _write_events(conn, batch)
        written += _write(conn, tables.ratings, batch.ratings, now, rows.rating_row)
        written += _write(conn, tables.orders, batch.orders, now, rows.order_row)
        written += _write(conn, tables.cases, batch.cases, now, rows.case_row)
        written += _write(conn, tables.presence, batch.presences, now, rows.presence_row)
        written += _write(conn, tables.shifts, batch.shifts, now, rows.shift_row)
        return written + _close(conn, batch.leftovers)

    def last_moment(self, conn: sa.Connection) -> int:
        return _ms(conn.scalar(sa.select(sa.func.max(tables.contacts.c.updated_at)))) or 0

    def recognise(self, conn: sa.Connection, batch: Batch) -> None:
        known = _Known(conn)
        contacts, orders, ratings = tables.contacts.c, tables.orders.c, tables.ratings.c
        known.match(batch.contacts, (contacts.opened_at, contacts.customer_key),
                    lambda c: (c.opened_at, rows.customer_key(c.customer)))  # fmt: skip
        introduce(batch.contacts)
        known.match(batch.orders, (orders.placed_at, orders.order_ref),
                    lambda o: (o.placed_at, o.ref))  # fmt: skip
        known.match(batch.cases, (tables.cases.c.opened_at, tables.cases.c.order_ref),
                    lambda c: (c.opened_at, c.order_ref))  # fmt: skip
        known.match(batch.presences, (tables.presence.c.since, tables.presence.c.agent_id),
                    lambda p: (p.since, p.agent))  # fmt: skip
        known.match(batch.shifts, (tables.shifts.c.starts_at, tables.shifts.c.agent_id),
                    lambda s: (s.starts_at, s.agent))  # fmt: skip
        surveys = [r for r in batch.ratings if r.kind != "review"]
        known.match(surveys, (ratings.asked_at, ratings.contact_id),
                    lambda r: (r.asked_at, r.contact_id))  # fmt: skip
        reviews = [r for r in batch.ratings if r.kind == "review"]
        known.match(reviews, (ratings.rated_at, ratings.order_ref),
                    lambda r: (r.rated_at, r.order_ref))  # fmt: skip

    def leftovers(self, conn: sa.Connection, known: set[int]) -> list[Leftover]:
        c = tables.contacts.c
        query = sa.select(
            c.contact_id, c.queue, c.status, c.agent_id, c.opened_at, c.waiting_since
        ).where(c.status.not_in(FINAL))
        found = []
        for row in conn.execute(query):
            if row.contact_id not in known:
                opened_at, waiting_since = _ms(row.opened_at) or 0, _ms(row.waiting_since)
                left = Leftover(row.queue, row.status, row.agent_id, opened_at, waiting_since)
                left.id = row.contact_id
                found.append(left)
        return found


class _Known:
    """Finds the rows of records by what identifies them to people: an instant and a name."""

    def __init__(self, conn: sa.Connection) -> None:
        self._conn = conn

    def match(
        self,
        records: Sequence[Any],
        columns: tuple[sa.Column[Any], sa.Column[Any]],
        key_of: Callable[[Any], tuple[Any, Any]],
    ) -> None:
        if not records:
            return
        at, other = columns
        row_id = next(iter(at.table.primary_key.columns))
        since = iso(min(key_of(record)[0] for record in records))
        there = self._conn.execute(sa.select(row_id, at, other).where(at >= since))
        known = {(_ms(when), what): found for found, when, what in there}
        for record in records:
            record.id = known.get(key_of(record), 0)


def _write(
    conn: sa.Connection,
    table: sa.Table,
    records: Sequence[Any],
    now: int,
    row_of: Callable[[Any, int], Values],
) -> int:
    if not records:
        return 0
    names = [column.name for column in table.columns]
    changed = [record for record in records if record.id]
    added = number(conn, table.name, names[0], records)
    new: list[Values] = [(record.id, *row_of(record, now)) for record in added]
    again: list[Values] = [(*row_of(record, now), record.id) for record in changed]
    return insert(conn, table, names, new) + update(conn, table, names[1:], again)


def _write_messages(conn: sa.Connection, batch: Batch) -> int:
    lines = sorted(
        (m.at, contact.id, _ROLES[m.role], m.agent if m.role == "agent" else None, m.text)
        for contact in batch.contacts
        for m in contact.messages
        if contact.written < m.at <= batch.now and m.role in _ROLES
    )
    if not lines:
        return 0
    ids = take_ids(conn, "messages", "message_id", len(lines))
    names = ("message_id", "contact_id", "sent_at", "sender_role", "agent_id", "text")
    values: list[Values] = [
        (row_id, contact_id, iso(at), role, agent, text)
        for row_id, (at, contact_id, role, agent, text) in zip(ids, lines, strict=True)
    ]
    return insert(conn, tables.messages, names, values)


def _write_events(conn: sa.Connection, batch: Batch) -> int:
    return _insert_events(conn, [
        (event, contact.id)
        for contact in batch.contacts
        for event in events(contact)
        if contact.written < event.at <= batch.now
    ])  # fmt: skip


def _insert_events(conn: sa.Connection, found: list[tuple[Event, int]]) -> int:
    if not found:
        return 0
    found.sort(key=lambda one: (one[0].at, one[1]))
    ids = take_ids(conn, "events", "event_id", len(found))
    values: list[Values] = [
        (row_id, *rows.event_row(contact_id, event))
        for row_id, (event, contact_id) in zip(ids, found, strict=True)
    ]
    return insert(conn, tables.events, [c.name for c in tables.events.columns], values)


def _close(conn: sa.Connection, leftovers: Sequence[Leftover]) -> int:
    names = ("status", "closed_at", "waiting_since", "updated_at")
    values: list[Values] = [
        ("closed", iso(x.closes_at), None, iso(x.closes_at), x.id) for x in leftovers
    ]
    closes = [(Event(x.closes_at, "closed", x.opened_at, x.agent), x.id) for x in leftovers]
    return update(conn, tables.contacts, names, values) + _insert_events(conn, closes)


def _ms(value: datetime | str | None) -> int | None:
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    return None if value is None else to_ms(value)
