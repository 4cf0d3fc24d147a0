"""How each receiver fares: working, failing (may come back by itself), broken (must be mended).

Kept with each outcome, so that a page need not go through all of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from alerts.errors import SendError
from alerts.store import insert_for
from connectors import alert_tables

_channels = alert_tables.channels


class ChannelState(StrEnum):
    WORKING = "working"
    FAILING = "failing"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Channel:
    """`since`: of its state. `error`: of the last failure, also after it works again."""

    receiver: str
    state: ChannelState
    since: datetime
    sent_at: datetime | None
    failed_at: datetime | None
    error: str | None


def note_success(connection: sa.Connection, receiver: str, *, now: datetime) -> None:
    _note(connection, receiver, ChannelState.WORKING, now, {"sent_at": now}, heals=True)


def note_failure(
    connection: sa.Connection, receiver: str, error: SendError, *, now: datetime
) -> None:
    """A refusal of one message says nothing about the channel: it answered."""
    values: dict[str, Any] = {"failed_at": now, "error": str(error)}
    if error.broken:
        state = ChannelState.BROKEN
    elif error.permanent:
        state = ChannelState.WORKING
    else:
        state = ChannelState.FAILING
    _note(connection, receiver, state, now, values)


def load_channels(connection: sa.Connection) -> dict[str, Channel]:
    """Every receiver that was ever sent to, by name."""
    rows = connection.execute(sa.select(_channels)).mappings()
    return {
        row["receiver"]: Channel(**{**row, "state": ChannelState(row["state"])}) for row in rows
    }


def _note(
    connection: sa.Connection,
    receiver: str,
    state: ChannelState,
    now: datetime,
    values: dict[str, Any],
    *,
    heals: bool = False,
) -> None:
    """`since` stays while the state stays; what is broken stays so until something gets through."""
    insert = insert_for(connection, _channels).values(
        receiver=receiver, state=state, since=now, **values
    )
    old = _channels.c.state
    new: Any = sa.literal(state.value)
    if not heals:
        new = sa.case((old == ChannelState.BROKEN.value, old), else_=new)
    since = sa.case((old == new, _channels.c.since), else_=insert.excluded.since)
    connection.execute(
        insert.on_conflict_do_update(
            index_elements=["receiver"], set_={"state": new, "since": since, **values}
        )
    )
