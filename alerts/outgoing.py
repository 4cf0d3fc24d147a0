"""The outbox as people look at it: what waits, what was sent, what failed and why. Reads only."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from pydantic import ValidationError

from alerts import outbox
from alerts.content import Stored
from connectors import alert_tables

_box, _tries = alert_tables.outbox, alert_tables.deliveries


class Stand(StrEnum):
    """Where a message stands, in the words of the page."""

    WAITING = "waiting"  # not tried yet
    FAILED = "failed"  # tried, and to be tried again
    SENT = "sent"
    DEAD = "dead"  # given up
    MOVED = "moved"  # given to the fall-back receiver


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message. `note` None: its content can't be read any more."""

    id: int
    key: str
    receiver: str
    kind: str
    reason: str
    stand: Stand
    note: Stored | None
    created_at: datetime
    next_at: datetime
    sent_at: datetime | None
    attempts: int
    error: str | None
    http_status: int | None
    sent_as: str | None
    instead_of: str | None
    moved_to: str | None


@dataclass(frozen=True, slots=True)
class Try:
    outbox_id: int
    attempt: int
    at: datetime
    outcome: str
    error: str | None


@dataclass(frozen=True, slots=True)
class Tally:
    """How many messages of a receiver stand where, since a moment."""

    receiver: str
    counts: dict[Stand, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which messages: of these receivers, that stand there, from `since` on. Empty: all."""

    since: datetime
    receivers: tuple[str, ...] = ()
    stands: tuple[Stand, ...] = ()


def load_outgoing(connection: sa.Connection, wanted: Wanted, *, limit: int) -> list[Outgoing]:
    """The newest first; what is not sent yet is never left out for its age."""
    query = sa.select(_box).where(*_where(wanted)).order_by(_box.c.id.desc()).limit(limit)
    return [_outgoing(row) for row in connection.execute(query).mappings()]


def count_outgoing(connection: sa.Connection, wanted: Wanted) -> int:
    query = sa.select(sa.func.count()).select_from(_box).where(*_where(wanted))
    return int(connection.execute(query).scalar_one())


def tallies(connection: sa.Connection, *, since: datetime) -> dict[str, Tally]:
    """By receiver."""
    wanted = _recent(since)
    stand = _stand()
    query = (
        sa.select(_box.c.receiver, stand, sa.func.count())
        .where(wanted)
        .group_by(_box.c.receiver, stand)
    )
    found: dict[str, dict[Stand, int]] = {}
    for receiver, name, count in connection.execute(query):
        found.setdefault(receiver, {})[Stand(name)] = count
    return {name: Tally(name, counts) for name, counts in found.items()}


def tries_of(connection: sa.Connection, ids: Collection[int]) -> dict[int, list[Try]]:
    """Every attempt of these messages, oldest first."""
    query = sa.select(_tries).where(_tries.c.outbox_id.in_(ids)).order_by(_tries.c.id)
    found: dict[int, list[Try]] = {}
    for row in connection.execute(query).mappings():
        one = Try(row["outbox_id"], row["attempt"], row["at"], row["outcome"], row["error"])
        found.setdefault(one.outbox_id, []).append(one)
    return found


def dead_ids(connection: sa.Connection, receiver: str | None = None) -> list[int]:
    """Every dead letter, or those of one receiver."""
    query = sa.select(_box.c.id).where(_box.c.state == outbox.DEAD).order_by(_box.c.id)
    if receiver is not None:
        query = query.where(_box.c.receiver == receiver)
    return list(connection.execute(query).scalars())


def _where(wanted: Wanted) -> Sequence[sa.ColumnElement[bool]]:
    found = [_recent(wanted.since)]
    if wanted.receivers:
        found.append(_box.c.receiver.in_(wanted.receivers))
    if wanted.stands:
        found.append(_stand().in_([one.value for one in wanted.stands]))
    return found


def _recent(since: datetime) -> sa.ColumnElement[bool]:
    return sa.or_(_box.c.created_at >= since, _box.c.state == outbox.PENDING)


def _stand() -> sa.ColumnElement[str]:
    tried = sa.case((_box.c.attempts > 0, Stand.FAILED.value), else_=Stand.WAITING.value)
    return sa.case((_box.c.state == outbox.PENDING, tried), else_=_box.c.state)


def _outgoing(row: sa.RowMapping) -> Outgoing:
    names = ("id", "key", "receiver", "kind", "reason", "created_at", "next_at", "sent_at",
             "attempts", "error", "http_status", "sent_as", "instead_of", "moved_to")  # fmt: skip
    values: dict[str, Any] = {name: row[name] for name in names}
    pending = Stand.FAILED if row["attempts"] else Stand.WAITING
    stand = pending if row["state"] == outbox.PENDING else Stand(row["state"])
    try:
        note: Stored | None = outbox.read_payload(row["payload"])
    except ValidationError:
        note = None
    return Outgoing(**values, stand=stand, note=note)
