"""The rows of the worklist: putting orders on it, reading it, changing it with an audit trail.

Every function takes an open connection. Which orders belong on it is decided here by their score
alone; chance holds some out (holdout.py), and those are never shown to people who act.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from connectors import risk_tables
from forecasting.risk.errors import RiskError
from forecasting.risk.holdout import held_out, holdout_seed
from forecasting.risk.worklist import Item, Status

TEXT_MOST = 500  # signs of a note
NAME_MOST = 60
_DAY = timedelta(days=1)
_SCORES, _LIST = risk_tables.risk_scores, risk_tables.worklist
_JOINED = sa.and_(_SCORES.c.source == _LIST.c.source, _SCORES.c.order_ref == _LIST.c.order_ref)


@dataclass(frozen=True, slots=True)
class Listing:
    """From which probability on orders are listed, for how long they may wait, how many of them
    are held out (share, 0 to 1), and how many are listed within a day at most (None: all)."""

    line: float
    due: timedelta
    holdout: float
    per_day: int | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """What somebody wants of an item; None leaves a part as it is, "" empties owner or note."""

    status: Status | None = None
    owner: str | None = None
    note: str | None = None
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class LoggedChange:
    """One line of the audit trail."""

    at: datetime
    author: str
    field: str
    old: str | None
    new: str | None


@dataclass(frozen=True, slots=True)
class Score:
    """One score that an order had."""

    moment: str
    moment_at: datetime
    scored_at: datetime
    probability: float
    model: str


def list_risky(connection: sa.Connection, listing: Listing, *, now: datetime) -> int:
    """Put open orders at or above the line on the list, the riskiest first; returns how many are
    new, those held out included. An order that is listed already stays as it is."""
    query = (
        sa.select(_SCORES)
        .outerjoin(_LIST, _JOINED)
        .where(_SCORES.c.open, _SCORES.c.probability >= listing.line, _LIST.c.order_ref.is_(None))
        .order_by(_SCORES.c.probability.desc(), _SCORES.c.source, _SCORES.c.order_ref)
    )
    if listing.per_day is not None:
        query = query.limit(max(0, listing.per_day - _listed_since(connection, now - _DAY)))
    fresh = connection.execute(query).mappings().all()
    if not fresh:
        return 0
    seed = holdout_seed(connection)
    rows = [
        {
            "source": one["source"], "order_ref": one["order_ref"], "listed_at": now,
            "moment": one["moment"], "probability": one["probability"], "amount": one["amount"],
            "held_out": held_out(seed, one["source"], one["order_ref"], listing.holdout),
            "holdout_share": listing.holdout, "status": Status.UNTOUCHED,
            "due_at": now + listing.due, "updated_at": now,
        }
        for one in fresh
    ]  # fmt: skip
    kinds: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
    connection.execute(kinds[connection.dialect.name](_LIST).on_conflict_do_nothing(), rows)
    return len(rows)


def _listed_since(connection: sa.Connection, since: datetime) -> int:
    query = sa.select(sa.func.count()).select_from(_LIST).where(_LIST.c.listed_at > since)
    return int(connection.execute(query).scalar_one())


def items(
    connection: sa.Connection, *, status: Sequence[Status] = (), open_only: bool = True
) -> list[Item]:
    """What people are to act on, without those held out. `open_only`: nobody knows how they end."""
    return [
        _item(row) for row in connection.execute(_items(status, open_only=open_only)).mappings()
    ]


def overdue_items(connection: sa.Connection, now: datetime) -> list[Item]:
    """Open items that nobody has touched and whose due time is over, the longest overdue first."""
    query = _items((Status.UNTOUCHED,), open_only=True).where(_LIST.c.due_at < now)
    return [_item(row) for row in connection.execute(query.order_by(_LIST.c.due_at)).mappings()]


def item(connection: sa.Connection, source: str, order_ref: str) -> Item | None:
    """One item; None where the order is not listed, or is held out."""
    one = _items((), open_only=False).where(_LIST.c.source == source)
    row = connection.execute(one.where(_LIST.c.order_ref == order_ref)).mappings().first()
    return None if row is None else _item(row)


def change(
    connection: sa.Connection, source: str, order_ref: str, wanted: Change, *, author: str,
    now: datetime,
) -> int:  # fmt: skip
    """Change an item and write down who did; returns how many of its parts are new.

    Raises RiskError for an order that is not on the list and for a change without an author.
    """
    author = author.strip()[:NAME_MOST]
    if not author:
        raise RiskError("a change on the worklist needs a name; say who you are first")
    before = item(connection, source, order_ref)
    if before is None:
        raise RiskError(f"order {order_ref} is not on the worklist; reload the page")
    values = _changed(before, wanted)
    if not values:
        return 0
    log = [
        {"source": source, "order_ref": order_ref, "at": now, "author": author, "field": name,
         "old": _told(getattr(before, name)), "new": _told(value)}
        for name, value in values.items()
    ]  # fmt: skip
    values["updated_at"] = now
    if before.touched_at is None and values.get("status", Status.UNTOUCHED) != Status.UNTOUCHED:
        values["touched_at"] = now
    mine = sa.and_(_LIST.c.source == source, _LIST.c.order_ref == order_ref)
    connection.execute(_LIST.update().where(mine).values(values))
    connection.execute(risk_tables.worklist_changes.insert(), log)
    return len(log)


def changes_of(connection: sa.Connection, source: str, order_ref: str) -> list[LoggedChange]:
    """The audit trail of an item, oldest first."""
    table = risk_tables.worklist_changes
    query = sa.select(table).where(table.c.source == source, table.c.order_ref == order_ref)
    rows = connection.execute(query.order_by(table.c.id)).mappings()
    return [LoggedChange(r["at"], r["author"], r["field"], r["old"], r["new"]) for r in rows]


def scores_of(connection: sa.Connection, source: str, order_ref: str) -> list[Score]:
    """Every score that the order ever had, in the order in which they were given."""
    table = risk_tables.risk_history
    query = sa.select(table).where(table.c.source == source, table.c.order_ref == order_ref)
    rows = connection.execute(query.order_by(table.c.scored_at, table.c.moment_at))
    return [Score(r.moment, r.moment_at, r.scored_at, r.probability, r.model) for r in rows]


def _items(status: Iterable[Status], *, open_only: bool) -> sa.Select[Any]:
    wanted = (
        _LIST.c.source, _LIST.c.order_ref, _LIST.c.status, _LIST.c.owner, _LIST.c.note,
        _LIST.c.due_at, _LIST.c.listed_at, _LIST.c.touched_at, _LIST.c.updated_at,
        _LIST.c.moment.label("listed_moment"), _LIST.c.probability.label("listed_probability"),
        _SCORES.c.probability, _SCORES.c.moment, _SCORES.c.moment_at, _SCORES.c.model,
        _SCORES.c.reasons, _SCORES.c.placed_at, _SCORES.c.amount, _SCORES.c.seller,
        _SCORES.c.product_ref, _SCORES.c.warehouse, _SCORES.c.segment, _SCORES.c.open,
    )  # fmt: skip
    query = sa.select(*wanted).join_from(_LIST, _SCORES, _JOINED).where(~_LIST.c.held_out)
    chosen = list(status)
    if chosen:
        query = query.where(_LIST.c.status.in_(chosen))
    return query.where(_SCORES.c.open) if open_only else query


def _item(row: sa.RowMapping) -> Item:
    values = {**row, "status": Status(row["status"]), "reasons": json.loads(row["reasons"])}
    return Item(**values)


def _changed(before: Item, wanted: Change) -> dict[str, Any]:
    asked: dict[str, Any] = {
        "status": wanted.status,
        "owner": None if wanted.owner is None else wanted.owner.strip()[:NAME_MOST],
        "note": None if wanted.note is None else wanted.note.strip()[:TEXT_MOST],
        "due_at": wanted.due_at,
    }
    given = {name: value for name, value in asked.items() if value is not None}
    kept = {name: None if value == "" else value for name, value in given.items()}
    return {name: value for name, value in kept.items() if value != getattr(before, name)}


def _told(value: object) -> str | None:
    if isinstance(value, datetime):
        return value.isoformat()
    return None if value is None else str(value)
