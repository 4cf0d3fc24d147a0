"""What people do about alerts, from any process: pages, command line, HTTP.

`act` writes it down; the leader's next tick reads what is waiting and applies it (acknowledging.py)
in the transaction that also keeps state, history and messages.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime

import sqlalchemy as sa

from alerts.acknowledging import Outcome
from alerts.alert import Action, ActionKind
from connectors import alert_tables

_actions = alert_tables.alert_actions
_WAITING = sa.select(_actions).where(_actions.c.applied_at.is_(None)).order_by(_actions.c.id)


@dataclass(frozen=True, slots=True)
class Waiting:
    """An action that no tick has applied yet."""

    id: int
    action: Action


@dataclass(frozen=True, slots=True)
class Done:
    """An action with what became of it; `outcome` None: the worker hasn't seen it yet."""

    action: Action
    applied_at: datetime | None
    outcome: Outcome | None


def act(connection: sa.Connection, action: Action) -> int:
    """Write down what somebody did; returns its number. Needs a write transaction."""
    insert = _actions.insert().values(**asdict(action)).returning(_actions.c.id)
    return int(connection.execute(insert).scalar_one())


def waiting(connection: sa.Connection) -> list[Waiting]:
    """What is to be applied, in the order it came; costs next to nothing when there is none.

    Not "ids beyond the last one seen": on PostgreSQL a lower id can commit after a higher one.
    """
    return [Waiting(row["id"], _action(row)) for row in connection.execute(_WAITING).mappings()]


def settle(
    connection: sa.Connection, outcomes: Iterable[tuple[int, Outcome]], *, now: datetime
) -> None:
    """Note what became of actions, so that they are applied once."""
    rows = [{"action": number, "came": outcome} for number, outcome in outcomes]
    if rows:
        connection.execute(
            _actions.update()
            .where(_actions.c.id == sa.bindparam("action"))
            .values(applied_at=now, outcome=sa.bindparam("came")),
            rows,
        )


def actions_on(
    connection: sa.Connection, fingerprint: str, episode: int | None = None
) -> list[Done]:
    """What people did about an alert, or about one episode of it, oldest first."""
    wanted = [_actions.c.fingerprint == fingerprint]
    if episode is not None:
        wanted.append(_actions.c.episode == episode)
    query = sa.select(_actions).where(*wanted).order_by(_actions.c.id)
    return [
        Done(_action(row), row["applied_at"], row["outcome"] and Outcome(row["outcome"]))
        for row in connection.execute(query).mappings()
    ]


def _action(row: sa.RowMapping) -> Action:
    return Action(
        fingerprint=row["fingerprint"],
        episode=row["episode"],
        kind=ActionKind(row["kind"]),
        who=row["who"],
        at=row["at"],
        note=row["note"],
        until=row["until"],
        assignee=row["assignee"],
    )
