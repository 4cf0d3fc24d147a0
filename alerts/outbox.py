"""Messages that wait to be sent, kept until a receiver took them: queue, lease, outcome.

Every function takes an open connection. Sending is delivery.py; when to try again is backoff.py.
A crash between sending and recording repeats one message with the same key; none is ever lost.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from pydantic import TypeAdapter, ValidationError

from alerts.alert import Notification
from alerts.digest.content import DigestNote
from alerts.errors import SendError
from alerts.store import insert_for
from connectors import alert_tables

log = logging.getLogger(__name__)

PENDING, SENT, DEAD = "pending", "sent", "dead"
# Longer than any wait or lease we write ourselves: what lies further ahead was written before the
# clock was set back, and must not hold a message up.
FURTHEST = timedelta(minutes=35)

_PAYLOAD: TypeAdapter[Notification | DigestNote] = TypeAdapter(Notification | DigestNote)
DIGEST = "digest"
_NO_LEASE: dict[str, None] = {"leased_until": None, "leased_by": None}
_box = alert_tables.outbox


@dataclass(frozen=True, slots=True)
class Message:
    """A claimed row of the outbox."""

    id: int
    note: Notification | DigestNote
    created_at: datetime
    attempt: int  # 1 for the first


def enqueue(
    connection: sa.Connection, notes: Sequence[Notification | DigestNote], *, now: datetime
) -> int:
    """Adds messages, due at once; returns how many. A key that is there already stays one row."""
    added = 0
    for note in notes:
        insert = insert_for(connection, _box).values(
            key=note.key,
            receiver=note.receiver,
            **_about(note),
            payload=_PAYLOAD.dump_json(note).decode(),
            created_at=now,
            next_at=now,
            attempts=0,
            state=PENDING,
        )
        insert = insert.on_conflict_do_nothing(index_elements=["key"]).returning(_box.c.id)
        added += len(connection.execute(insert).all())
    return added


def _about(note: Notification | DigestNote) -> dict[str, Any]:
    """Messages about the same alert or group, or of the same digest, keep their order."""
    if isinstance(note, DigestNote):
        return {"fingerprint": f"{DIGEST} {note.digest.name}", "episode": 0, "reason": DIGEST}
    first = note.alerts[0]
    lane = note.lane or first.fingerprint
    return {"fingerprint": lane, "episode": first.episode, "reason": note.reason}


def claim(
    connection: sa.Connection,
    *,
    worker: str,
    receiver: str,
    now: datetime,
    lease: timedelta,
    limit: int = 1,
) -> list[Message]:
    """Due messages of a receiver, oldest first, ours alone until the lease ends.

    Each is taken by a conditional UPDATE whose row count decides, so that any number of workers
    may claim at once. A lease is shorter than FURTHEST. The attempt is counted here: a crash
    while sending leaves a trace.
    """
    claimed = []
    # PostgreSQL: pass over what another worker is just claiming. SQLite has one writer at a time.
    due = _due(receiver, now).limit(limit).with_for_update(skip_locked=True, of=_box)
    for row in connection.execute(due).all():
        taken = connection.execute(
            _box.update()
            .where(_box.c.id == row.id, _box.c.state == PENDING, _free(now))
            .values(leased_until=now + lease, leased_by=worker, attempts=_box.c.attempts + 1)
        )
        if taken.rowcount == 1 and (note := _read(connection, row.id, row.payload)):
            claimed.append(Message(row.id, note, row.created_at, row.attempts + 1))
    return claimed


def _read(connection: sa.Connection, row_id: int, payload: str) -> Notification | DigestNote | None:
    """A payload that can't be read must not hold up those behind it: it becomes a dead letter."""
    try:
        return _PAYLOAD.validate_json(payload)
    except ValidationError:
        log.exception("event=unreadable outbox_id=%d", row_id)
        values = {"state": DEAD, "error": "its content can't be read; see the log", **_NO_LEASE}
        connection.execute(_box.update().where(_box.c.id == row_id).values(values))
        return None


def next_due(connection: sa.Connection, receiver: str, *, now: datetime) -> datetime | None:
    """When the receiver's next message can be tried; None when none waits."""
    if connection.execute(_due(receiver, now).limit(1)).first() is not None:
        return now
    leased = _box.c.leased_until > _box.c.next_at
    free_at = sa.case((leased, _box.c.leased_until), else_=_box.c.next_at)
    query = sa.select(sa.func.min(free_at)).where(*_waiting(receiver))
    found: datetime | None = connection.execute(query).scalar()
    return found


def record_sent(
    connection: sa.Connection, message: Message, *, now: datetime, http_status: int
) -> None:
    """The receiver took it, which stays true even if our lease ended meanwhile."""
    connection.execute(
        _box.update()
        .where(_box.c.id == message.id, _box.c.state != SENT)
        .values(state=SENT, sent_at=now, error=None, http_status=http_status, **_NO_LEASE)
    )
    _note_attempt(connection, message, now, "sent", None)


def record_failure(
    connection: sa.Connection,
    message: Message,
    error: SendError,
    *,
    worker: str,
    now: datetime,
    next_at: datetime | None,
) -> None:
    """Try again at `next_at`; None = give up: the row stays as a dead letter."""
    values: dict[str, Any] = {"error": str(error), "http_status": error.http_status, **_NO_LEASE}
    values |= {"state": DEAD} if next_at is None else {"next_at": next_at}
    connection.execute(
        _box.update()
        .where(_box.c.id == message.id, _box.c.state == PENDING, _box.c.leased_by == worker)
        .values(values)
    )
    outcome = "gave up" if next_at is None else "refused" if error.permanent else "failed"
    _note_attempt(connection, message, now, outcome, str(error))


def refusals(connection: sa.Connection, message: Message) -> int:
    """How often the receiver understood this message and refused it."""
    table = alert_tables.deliveries
    query = sa.select(sa.func.count()).where(
        table.c.outbox_id == message.id, table.c.outcome == "refused"
    )
    return int(connection.execute(query).scalar_one())


def free_leases(connection: sa.Connection) -> int:
    """For a new leader: the one before it is dead, what it had in hand is due at once."""
    leased = _box.c.state == PENDING, _box.c.leased_by.is_not(None)
    return connection.execute(_box.update().where(*leased).values(**_NO_LEASE)).rowcount


def hasten(connection: sa.Connection, *, now: datetime) -> int:
    """The clock was set back: what was to wait until a moment that lies far ahead now is due."""
    waiting = _box.c.state == PENDING, _box.c.next_at > now, _box.c.leased_by.is_(None)
    return connection.execute(_box.update().where(*waiting).values(next_at=now)).rowcount


def stranded(connection: sa.Connection, receivers: Sequence[str]) -> dict[str, int]:
    """Messages waiting for receivers that are no longer in the config, by receiver."""
    query = (
        sa.select(_box.c.receiver, sa.func.count())
        .where(_box.c.state == PENDING, _box.c.receiver.not_in(receivers))
        .group_by(_box.c.receiver)
    )
    return {row[0]: row[1] for row in connection.execute(query)}


def bury(connection: sa.Connection, receivers: Sequence[str], *, created_before: datetime) -> int:
    """Give up on old messages for receivers that are no longer in the config; returns how many.

    Those in the config have a lane, which tries each message once more before giving up.
    """
    values = {"state": DEAD, "error": "its receiver is no longer in the config", **_NO_LEASE}
    return connection.execute(
        _box.update()
        .where(
            _box.c.state == PENDING,
            _box.c.receiver.not_in(receivers),
            _box.c.created_at < created_before,
        )
        .values(values)
    ).rowcount


def _free(now: datetime) -> sa.ColumnElement[bool]:
    until = _box.c.leased_until
    return sa.or_(until.is_(None), until <= now, until > now + FURTHEST)


def _waiting(receiver: str) -> tuple[sa.ColumnElement[bool], ...]:
    """What isn't sent yet, without messages that would overtake one about the same alert."""
    earlier = _box.alias("earlier")
    overtakes = sa.exists().where(
        earlier.c.receiver == _box.c.receiver,
        earlier.c.fingerprint == _box.c.fingerprint,
        earlier.c.state == PENDING,
        earlier.c.id < _box.c.id,
    )
    return _box.c.state == PENDING, _box.c.receiver == receiver, ~overtakes


def _due(receiver: str, now: datetime) -> sa.Select[Any]:
    """What may be sent now, oldest first."""
    due = sa.or_(_box.c.next_at <= now, _box.c.next_at > now + FURTHEST)
    columns = _box.c.id, _box.c.payload, _box.c.created_at, _box.c.attempts
    return sa.select(*columns).where(*_waiting(receiver), due, _free(now)).order_by(_box.c.id)


def _note_attempt(
    connection: sa.Connection, message: Message, now: datetime, outcome: str, error: str | None
) -> None:
    connection.execute(
        alert_tables.deliveries.insert().values(
            outbox_id=message.id, attempt=message.attempt, at=now, outcome=outcome, error=error
        )
    )
