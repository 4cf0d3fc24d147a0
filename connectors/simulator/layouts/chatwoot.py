"""The shop in the tables of the Chatwoot help desk (PostgreSQL only).

Orders, cases, presence and shifts have no place there. Surveys are messages, so messages are always
written. A rating's id is that of its survey message.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from connectors.simulator.errors import SimulatorError
from connectors.simulator.instants import SECOND, LocalDays, naive_utc, to_ms
from connectors.simulator.layouts import chatwoot_rows as rows
from connectors.simulator.layouts import chatwoot_start, chatwoot_tables
from connectors.simulator.layouts.batch import Batch, Leftover, introduce
from connectors.simulator.layouts.chatwoot_customers import Customers, identifier
from connectors.simulator.layouts.chatwoot_rows import ACCOUNT, INBOXES
from connectors.simulator.layouts.rows import copy, number, take_ids
from connectors.simulator.people import Agent
from connectors.simulator.records import Contact, Message, Rating

_STATUSES = {0: "open", 2: "bot", 3: "snoozed"}
_STATE = ", ".join(f"{name} = :{name}" for name in rows.CONVERSATION)
_UPDATE = sa.text(f"UPDATE conversations SET {_STATE} WHERE id = :id")  # noqa: S608 - own names
_CLOSE = sa.text("UPDATE conversations SET status = 1, updated_at = :at WHERE id = :id")
_LEFTOVERS = sa.text("""
  SELECT c.id, c.inbox_id, c.status, c.assignee_id, c.created_at,
    (SELECT min(m.created_at) FROM messages m
     WHERE m.conversation_id = c.id AND m.message_type = 0 AND m.created_at > COALESCE(
       (SELECT max(h.created_at) FROM messages h
        WHERE h.conversation_id = c.id AND h.message_type = 1 AND NOT h.private
          AND h.sender_type = 'User' AND h.additional_attributes ->> 'campaign_id' IS NULL),
       '-infinity')) AS asked_at,
    (SELECT max(e.event_end_time) FROM reporting_events e
     WHERE e.conversation_id = c.id AND e.name = 'conversation_bot_handoff') AS handed_at
  FROM conversations c WHERE c.account_id = :account AND c.status <> 1""")
_LAST = sa.text("""SELECT GREATEST(max(updated_at), max(last_activity_at))
  FROM conversations WHERE account_id = :account""")
_RECENT = sa.text("""SELECT c.id, c.created_at, k.identifier
  FROM conversations c JOIN contacts k ON k.id = c.contact_id
  WHERE c.account_id = :account AND c.created_at >= :since""")
_SURVEYS = sa.text("""SELECT id, conversation_id, created_at FROM messages
  WHERE account_id = :account AND content_type = 9 AND created_at >= :since""")
_REVISE = sa.text("""UPDATE csat_survey_responses SET rating = :score, updated_at = :at
  WHERE message_id = :id""")
_RESPONSE = ("account_id", "conversation_id", "message_id", "rating", "feedback_message",
             "contact_id", "assigned_agent_id", "created_at", "updated_at")  # fmt: skip


class ChatwootLayout:
    """Conversations, messages, events, surveys, as the help desk's own code leaves them."""

    def __init__(self, agents: Sequence[Agent], *, zone: str, days: LocalDays) -> None:
        self._agents = agents
        self._zone = zone
        self._days = days
        self._customers = Customers()

    def create(self, conn: sa.Connection) -> None:
        if conn.dialect.name != "postgresql":
            raise SimulatorError(
                f"the layout 'chatwoot' needs PostgreSQL, not {conn.dialect.name}; "
                "name such a database, or use the layout 'generic'"
            )
        chatwoot_tables.create_tables(conn)

    def is_empty(self, conn: sa.Connection) -> bool:
        return conn.scalar(sa.text("SELECT 1 FROM conversations LIMIT 1")) is None

    def begin(self, conn: sa.Connection, now: int) -> None:
        chatwoot_start.begin(conn, self._agents, self._zone, now)
        self._customers.all_known = True

    def finish(self, conn: sa.Connection) -> None:
        self._customers.all_known = False
        chatwoot_tables.create_indexes(conn)
        conn.exec_driver_sql("ANALYZE")

    def write(self, conn: sa.Connection, batch: Batch) -> int:
        if not (batch.contacts or batch.ratings or batch.leftovers):
            return 0
        people = [place.person for place in self._customers.places(conn, batch.contacts)]
        written = self._write_conversations(conn, batch)
        introduce(batch.contacts)
        written += _write_messages(conn, batch, people)
        written += self._write_events(conn, batch)
        written += _write_participants(conn, batch)
        written += self._write_responses(conn, batch)
        return written + self._close(conn, batch.leftovers)

    def _write_conversations(self, conn: sa.Connection, batch: Batch) -> int:
        changed = [c for c in batch.contacts if c.id]
        new = number(conn, "conversations", "id", batch.contacts)
        places = self._customers.places(conn, new)
        values = [
            (c.id, *rows.conversation_birth(c, *place), *rows.conversation_state(c, batch.now))
            for c, place in zip(new, places, strict=True)
        ]
        copy(conn, "conversations", ("id", *rows.BIRTH, *rows.CONVERSATION), values)
        if changed:
            conn.execute(_UPDATE, [
                dict(zip(rows.CONVERSATION, rows.conversation_state(c, batch.now), strict=True))
                | {"id": c.id}
                for c in changed
            ])  # fmt: skip
        return len(batch.contacts)

    def _write_events(self, conn: sa.Connection, batch: Batch) -> int:
        found = sorted(
            (event.at, contact.id, rows.event_row(contact, event, self._days))
            for contact in batch.contacts
            for event in rows.noted(contact)
            if contact.written < event.at <= batch.now
        )
        return copy(conn, "reporting_events", rows.EVENT, [values for _, _, values in found])

    def _write_responses(self, conn: sa.Connection, batch: Batch) -> int:
        new: list[rows.Values] = []
        revised = []
        for rating in batch.ratings:
            if rating.kind != "csat" or rating.rated_at is None or rating.rated_at > batch.now:
                continue
            score = rating.score_at(batch.now)
            if rating.written < rating.rated_at:
                new.append(self._response(conn, rating, score, batch.now))
            elif rating.revised_at is not None and rating.written < rating.revised_at:
                at = naive_utc(rating.revised_at)
                revised.append({"score": score, "at": at, "id": rating.id})
        if revised:
            conn.execute(_REVISE, revised)
        return copy(conn, "csat_survey_responses", _RESPONSE, new) + len(revised)

    def _response(
        self, conn: sa.Connection, rating: Rating, score: int | None, now: int
    ) -> rows.Values:
        changed = rating.rated_at
        if rating.revised_at is not None and rating.revised_at <= now:
            changed = rating.revised_at
        return (
            ACCOUNT, rating.contact_id, rating.id, score, rating.text or None,
            self._customers.person(conn, rating.customer), rating.agent,
            naive_utc(rating.rated_at), naive_utc(changed),
        )  # fmt: skip

    def _close(self, conn: sa.Connection, leftovers: Sequence[Leftover]) -> int:
        if not leftovers:
            return 0
        closes = [(left, naive_utc(left.closes_at)) for left in leftovers]
        conn.execute(_CLOSE, [{"at": at, "id": left.id} for left, at in closes])
        values = [
            ("conversation_resolved", left.closes_at // SECOND - left.opened_at // SECOND, ACCOUNT,
             INBOXES.get(left.queue), left.agent, left.id, at, at, 0.0,
             naive_utc(left.opened_at), at)
            for left, at in closes
        ]  # fmt: skip
        return len(leftovers) + copy(conn, "reporting_events", rows.EVENT, values)

    def last_moment(self, conn: sa.Connection) -> int:
        return _ms(conn.scalar(_LAST, {"account": ACCOUNT})) or 0

    def recognise(self, conn: sa.Connection, batch: Batch) -> None:
        if not batch.contacts:
            return
        since = min(contact.opened_at for contact in batch.contacts)
        span = {"account": ACCOUNT, "since": naive_utc(since)}
        known = {(_ms(r.created_at), r.identifier): r.id for r in conn.execute(_RECENT, span)}
        for contact in batch.contacts:
            contact.id = known.get((contact.opened_at, identifier(contact.customer)), 0)
        introduce(batch.contacts)
        asked = {(r.conversation_id, _ms(r.created_at)): r.id for r in conn.execute(_SURVEYS, span)}
        for rating in batch.ratings:
            rating.id = asked.get((rating.contact_id, rating.asked_at), 0)

    def leftovers(self, conn: sa.Connection, known: set[int]) -> list[Leftover]:
        queues = {inbox: queue for queue, inbox in INBOXES.items()}
        found = []
        for row in conn.execute(_LEFTOVERS, {"account": ACCOUNT}):
            if row.id in known:
                continue
            asked, handed = _ms(row.asked_at), _ms(row.handed_at)
            waits = row.status == 0 and asked is not None
            left = Leftover(
                queues.get(row.inbox_id, ""), _STATUSES[row.status], row.assignee_id,
                _ms(row.created_at) or 0, max(asked or 0, handed or 0) if waits else None,
            )  # fmt: skip
            left.id = row.id
            found.append(left)
        return found


def _write_messages(conn: sa.Connection, batch: Batch, people: Sequence[int]) -> int:
    lines: list[tuple[int, Contact, Message, int]] = [
        (message.at, contact, message, person)
        for contact, person in zip(batch.contacts, people, strict=True)
        for message in contact.messages
        if contact.written < message.at <= batch.now
    ]
    if not lines:
        return 0
    lines.sort(key=lambda line: line[0])
    values: list[tuple[Any, ...]] = []
    ids = take_ids(conn, "messages", "id", len(lines))
    for row_id, (_, contact, message, person) in zip(ids, lines, strict=True):
        values.append((row_id, *rows.message_row(contact, message, person)))
        if message.role == "survey" and contact.rating:
            contact.rating.id = row_id
    return copy(conn, "messages", ("id", *rows.MESSAGE), values)


def _write_participants(conn: sa.Connection, batch: Batch) -> int:
    """Whoever is assigned takes part from then on; nobody twice."""
    found = []
    for contact in batch.contacts:
        first: dict[int, int] = {}
        for step in contact.steps:
            if step.agent is not None:
                first.setdefault(step.agent, step.at)
        found += [
            (ACCOUNT, agent, contact.id, naive_utc(at), naive_utc(at))
            for agent, at in first.items()
            if contact.written < at <= batch.now
        ]
    columns = ("account_id", "user_id", "conversation_id", "created_at", "updated_at")
    return copy(conn, "conversation_participants", columns, found)


def _ms(value: datetime | None) -> int | None:
    return None if value is None else to_ms(value.replace(tzinfo=UTC))
