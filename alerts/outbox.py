"""Messages that wait to be sent, kept until a receiver took them: queue, lease, outcome.

Every function takes an open connection. Sending is delivery.py; when to try again is backoff.py;
how receivers fare is channels.py. A crash between sending and recording repeats one message with
the same key; none is ever lost.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from pydantic import TypeAdapter, ValidationError

from alerts import channels
from alerts.alert import Notification, Reason, receiver_part
from alerts.content import Stored, TestNote
from alerts.digest.content import DigestNote
from alerts.errors import SendError
from alerts.store import insert_for
from connectors import alert_tables

log = logging.getLogger(__name__)

PENDING, SENT, DEAD, MOVED = "pending", "sent", "dead", "moved"
# Longer than any wait or lease we write ourselves: what lies further ahead was written before the
# clock was set back, and must not hold a message up.
FURTHEST = timedelta(minutes=35)

_PAYLOAD: TypeAdapter[Stored] = TypeAdapter(Stored)
ALERT, DIGEST, TEST = "alert", "digest", "test"  # kinds
_NO_LEASE: dict[str, None] = {"leased_until": None, "leased_by": None}
_box = alert_tables.outbox


@dataclass(frozen=True, slots=True)
class Message:
    """A claimed row of the outbox. `queued_at` is when its tries began."""

    id: int
    note: Stored
    queued_at: datetime
    attempt: int  # 1 for the first
    instead_of: str | None = None


def enqueue(
    connection: sa.Connection,
    notes: Sequence[Stored],
    *,
    now: datetime,
    instead_of: str | None = None,
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
            queued_at=now,
            instead_of=instead_of,
            next_at=now,
            attempts=0,
            state=PENDING,
        )
        insert = insert.on_conflict_do_nothing(index_elements=["key"]).returning(_box.c.id)
        added += len(connection.execute(insert).all())
    return added


def _about(note: Stored) -> dict[str, Any]:
    """Messages about the same alert or group, or of the same digest, keep their order."""
    if isinstance(note, DigestNote):
        lane, kind = f"{DIGEST} {note.digest.name}", DIGEST
        return {"fingerprint": lane, "episode": 0, "reason": DIGEST, "kind": kind}
    if isinstance(note, TestNote):
        return {"fingerprint": note.key, "episode": 0, "reason": TEST, "kind": TEST}
    first = note.alerts[0]
    lane = note.lane or first.fingerprint
    return {"fingerprint": lane, "episode": first.episode, "reason": note.reason, "kind": ALERT}


def claim(  # noqa: PLR0913 - all by name
    connection: sa.Connection,
    *,
    worker: str,
    receiver: str,
    now: datetime,
    lease: timedelta,
    limit: int = 1,
    kind: str | None = None,
) -> list[Message]:
    """Due messages of a receiver, oldest first, ours alone until the lease ends. None: any kind.

    Each is taken by a conditional UPDATE whose row count decides, so that any number of workers
    may claim at once. A lease is shorter than FURTHEST. The attempt is counted here: a crash
    while sending leaves a trace.
    """
    claimed = []
    # PostgreSQL: pass over what another worker is just claiming. SQLite has one writer at a time.
    due = _due(limit, kind).with_for_update(skip_locked=True, of=_box)
    for row in connection.execute(due, _asked(receiver, now)).all():
        taken = connection.execute(
            _TAKE, {"row": row.id, "until": now + lease, "worker": worker, **_at(now)}
        )
        if taken.rowcount == 1 and (note := _read(connection, row.id, row.payload)):
            queued_at = row.queued_at or row.created_at
            claimed.append(Message(row.id, note, queued_at, row.attempts + 1, row.instead_of))
    return claimed


def read_payload(payload: str) -> Stored:
    """Raises ValidationError."""
    return _PAYLOAD.validate_json(payload)


def _read(connection: sa.Connection, row_id: int, payload: str) -> Stored | None:
    """A payload that can't be read must not hold up those behind it: it becomes a dead letter."""
    try:
        return read_payload(payload)
    except ValidationError:
        log.exception("event=unreadable outbox_id=%d", row_id)
        values = {"state": DEAD, "error": "its content can't be read; see the log", **_NO_LEASE}
        connection.execute(_box.update().where(_box.c.id == row_id).values(values))
        return None


def next_kind(connection: sa.Connection, receiver: str, *, now: datetime) -> str | None:
    """The kind of what is sent next; None when nothing is due."""
    row = connection.execute(_due(1), _asked(receiver, now)).first()
    return None if row is None else str(row.kind)


def oldest_due(connection: sa.Connection, receiver: str, *, now: datetime) -> datetime | None:
    """Since when the message that is sent next is being tried; None when nothing is due."""
    row = connection.execute(_due(1), _asked(receiver, now)).first()
    return None if row is None else row.queued_at or row.created_at


def count_waiting(connection: sa.Connection, receiver: str) -> int:
    """Everything that this receiver has still to be sent, due or not."""
    waiting = _box.c.receiver == receiver, _box.c.state == PENDING
    query = sa.select(sa.func.count()).select_from(_box).where(*waiting)
    return int(connection.execute(query).scalar_one())


def next_due(connection: sa.Connection, receiver: str, *, now: datetime) -> datetime | None:
    """When the receiver's next message can be tried; None when none waits."""
    if connection.execute(_due(1), _asked(receiver, now)).first() is not None:
        return now
    found: datetime | None = connection.execute(_NEXT, {"receiver": receiver}).scalar()
    return found


def record_sent(
    connection: sa.Connection,
    message: Message,
    *,
    now: datetime,
    http_status: int,
    sent_as: str | None = None,
    remark: str | None = None,
) -> None:
    """The receiver took it, which stays true even if our lease ended meanwhile.

    `sent_as`: the key of the message it went in, where that held several. `remark`: what was not
    as it should be all the same.
    """
    values = {"error": remark, "http_status": http_status, "sent_as": sent_as}
    connection.execute(
        _box.update()
        .where(_box.c.id == message.id, _box.c.state != SENT)
        .values(state=SENT, sent_at=now, **values, **_NO_LEASE)
    )
    _note_attempt(connection, message, now, "sent", remark)
    channels.note_success(connection, message.note.receiver, now=now)
    _tell_stand_ins(connection, message, now=now)


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
    values: dict[str, Any] = {"state": DEAD} if next_at is None else {"next_at": next_at}
    _close(connection, message, error, worker=worker, **values)
    outcome = "gave up" if next_at is None else "refused" if error.permanent else "failed"
    _note_attempt(connection, message, now, outcome, str(error))
    channels.note_failure(connection, message.note.receiver, error, now=now)


def move(
    connection: sa.Connection,
    message: Message,
    error: SendError,
    *,
    to: str,
    worker: str,
    now: datetime,
) -> None:
    """Give a message to another receiver, under the key that it would have had there: who is told
    already is not told twice."""
    moved = _close(connection, message, error, worker=worker, state=MOVED, moved_to=to)
    _note_attempt(connection, message, now, "moved", str(error))
    channels.note_failure(connection, message.note.receiver, error, now=now)
    if moved:
        _hand_on(connection, message, to, now=now)


def _hand_on(connection: sa.Connection, message: Message, to: str, *, now: datetime) -> None:
    note = message.note
    key = f"{note.key.removesuffix('-' + receiver_part(note.receiver))}-{receiver_part(to)}"
    origin = message.instead_of or note.receiver
    enqueue(connection, [replace(note, key=key, receiver=to)], now=now, instead_of=origin)


def _tell_stand_ins(connection: sa.Connection, message: Message, *, now: datetime) -> None:
    """Who got the beginning of an alert in place of this receiver hears of its end too, although
    this receiver can be reached again."""
    note = message.note
    if not isinstance(note, Notification) or note.reason is not Reason.RESOLVED:
        return
    about = _about(note)
    query = sa.select(_box.c.moved_to).distinct()
    earlier = query.where(
        _box.c.receiver == note.receiver,
        _box.c.fingerprint == about["fingerprint"],
        _box.c.episode == about["episode"],
        _box.c.state == MOVED,
        _box.c.id < message.id,
    )
    for stand_in in connection.execute(earlier).scalars().all():
        _hand_on(connection, message, stand_in, now=now)


def _close(
    connection: sa.Connection, message: Message, error: SendError, *, worker: str, **values: Any
) -> bool:
    """Note an outcome while the message is still ours; False when it isn't."""
    found = connection.execute(
        _box.update()
        .where(_box.c.id == message.id, _box.c.state == PENDING, _box.c.leased_by == worker)
        .values(error=str(error), http_status=error.http_status, **values, **_NO_LEASE)
    )
    return found.rowcount == 1


def send_again(connection: sa.Connection, ids: Collection[int], *, now: datetime) -> int:
    """Dead letters that are to be tried anew, as if they were queued now; returns how many."""
    found = connection.execute(
        _box.update()
        .where(_box.c.id.in_(ids), _box.c.state == DEAD)
        .values(state=PENDING, next_at=now, queued_at=now, **_NO_LEASE)
    )
    return found.rowcount


def refusals(connection: sa.Connection, message: Message) -> int:
    """How often the receiver understood this message and refused it, since its tries began."""
    table = alert_tables.deliveries
    query = sa.select(sa.func.count()).where(
        table.c.outbox_id == message.id,
        table.c.outcome == "refused",
        table.c.at >= message.queued_at,
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


# Each notice waits for these statements several times: they are put together once.
_NOW = sa.bindparam("now", type_=_box.c.next_at.type)
_FAR = sa.bindparam("far", type_=_box.c.next_at.type)


def _at(now: datetime) -> dict[str, datetime]:
    return {"now": now, "far": now + FURTHEST}


def _asked(receiver: str, now: datetime) -> dict[str, Any]:
    return {"receiver": receiver, **_at(now)}


def _free() -> sa.ColumnElement[bool]:
    until = _box.c.leased_until
    return sa.or_(until.is_(None), until <= _NOW, until > _FAR)


def _waiting() -> tuple[sa.ColumnElement[bool], ...]:
    """What isn't sent yet, without messages that would overtake one about the same alert."""
    earlier = _box.alias("earlier")
    overtakes = sa.exists().where(
        earlier.c.receiver == _box.c.receiver,
        earlier.c.fingerprint == _box.c.fingerprint,
        earlier.c.state == PENDING,
        earlier.c.id < _box.c.id,
    )
    return _box.c.state == PENDING, _box.c.receiver == sa.bindparam("receiver"), ~overtakes


@lru_cache(maxsize=64)
def _due(most: int, kind: str | None = None) -> sa.Select[Any]:
    """What may be sent now, oldest first."""
    due = sa.or_(_box.c.next_at <= _NOW, _box.c.next_at > _FAR)
    names = ("id", "payload", "created_at", "queued_at", "attempts", "kind", "instead_of")
    query = sa.select(*(_box.c[name] for name in names)).where(*_waiting(), due, _free())
    if kind is not None:
        query = query.where(_box.c.kind == kind)
    return query.order_by(_box.c.id).limit(most)


_NEXT = sa.select(
    sa.func.min(
        sa.case((_box.c.leased_until > _box.c.next_at, _box.c.leased_until), else_=_box.c.next_at)
    )
).where(*_waiting())
_TAKE = (
    _box.update()
    .where(_box.c.id == sa.bindparam("row"), _box.c.state == PENDING, _free())
    .values(
        leased_until=sa.bindparam("until"),
        leased_by=sa.bindparam("worker"),
        attempts=_box.c.attempts + 1,
    )
)


def _note_attempt(
    connection: sa.Connection, message: Message, now: datetime, outcome: str, error: str | None
) -> None:
    connection.execute(
        alert_tables.deliveries.insert().values(
            outbox_id=message.id, attempt=message.attempt, at=now, outcome=outcome, error=error
        )
    )
