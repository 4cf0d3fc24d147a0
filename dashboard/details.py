"""The lists behind the figures: who waits, and how each source does. Rows of the store → values."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from connectors import schema
from connectors.facts import CONTACT_LIVE
from metrics.live import SourceState

MOST_WAITING = 500
MOST_REJECTED = 200


@dataclass(frozen=True, slots=True)
class WaitingContact:
    source: str
    queue: str
    channel: str
    contact_id: str
    agent: str | None
    since: datetime
    wait_s: float  # when its source was last read


@dataclass(frozen=True, slots=True)
class Mark:
    statement: str
    read_up_to: str | None
    complete: bool
    reconciled_at: datetime | None


@dataclass(frozen=True, slots=True)
class RejectedRow:
    fact: str
    row_id: str
    reason: str
    detail: str | None
    times: int
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class SourceReport:
    state: SourceState
    tried_at: datetime | None
    rows: int
    backfill_done: int | None
    backfill_total: int | None
    marks: tuple[Mark, ...]
    rejected: tuple[RejectedRow, ...]
    rejected_total: int


def waiting_contacts(connection: sa.Connection) -> tuple[WaitingContact, ...]:
    """Who waits for a person, longest first. The same condition as metrics.live counts by."""
    # Spelled out, so that the partial index on what can still change is used.
    live: sa.BindParameter[str] = sa.bindparam(
        "live", CONTACT_LIVE, expanding=True, literal_execute=True
    )
    c, s, a = schema.contacts.c, schema.sources.c, schema.agents.c
    query = (
        sa.select(
            c.source, c.queue, c.channel, c.contact_id, c.agent_id, a.name, c.waiting_since, s.as_of
        )
        .join(schema.sources, s.source == c.source)
        .outerjoin(schema.agents, (a.source == c.source) & (a.agent_id == c.agent_id))
        .where(
            c.status.in_(live),
            c.status == "open",
            c.waiting_since.is_not(None),
        )
        .order_by(c.waiting_since)
        .limit(MOST_WAITING)
    )
    return tuple(
        WaitingContact(
            row.source,
            row.queue,
            row.channel,
            row.contact_id,
            row.name or row.agent_id,
            row.waiting_since,
            max(0.0, (row.as_of - row.waiting_since).total_seconds()) if row.as_of else 0.0,
        )
        for row in connection.execute(query)
    )


@dataclass(frozen=True, slots=True)
class Progress:
    """How reading a source goes: rows of its history read and in all, and whether it fails now."""

    done: int | None = None
    total: int | None = None
    failing: bool = False


def progress_of(connection: sa.Connection) -> dict[str, Progress]:
    """Per source that was ever tried."""
    s = schema.sources.c
    query = sa.select(s.source, s.backfill_done, s.backfill_total, s.status)
    return {
        source: Progress(done, total, failing=status == "down")
        for source, done, total, status in connection.execute(query)
    }


def source_reports(
    connection: sa.Connection, states: Sequence[SourceState]
) -> tuple[SourceReport, ...]:
    known = {row.source: row for row in connection.execute(sa.select(schema.sources))}
    reports = []
    for state in states:
        row = known.get(state.name)
        reports.append(
            SourceReport(
                state=state,
                tried_at=row.tried_at if row else None,
                rows=row.rows if row else 0,
                backfill_done=row.backfill_done if row else None,
                backfill_total=row.backfill_total if row else None,
                marks=_marks(connection, state.name),
                rejected=_rejected(connection, state.name),
                rejected_total=_rejected_total(connection, state.name),
            )
        )
    return tuple(reports)


def _marks(connection: sa.Connection, source: str) -> tuple[Mark, ...]:
    table = schema.marks
    query = sa.select(table).where(table.c.source == source).order_by(table.c.statement)
    return tuple(
        Mark(row.statement, _plain(row.mark), row.complete, row.reconciled_at)
        for row in connection.execute(query)
    )


def _plain(mark: str | None) -> str | None:
    """Marks are kept as JSON, so that 9 and "9" stay apart; people read them without quotes."""
    return None if mark is None else str(json.loads(mark))


def _rejected(connection: sa.Connection, source: str) -> tuple[RejectedRow, ...]:
    table = schema.rejected
    query = (
        sa.select(table)
        .where(table.c.source == source)
        .order_by(table.c.seen_at.desc(), table.c.fact, table.c.row_id)
        .limit(MOST_REJECTED)
    )
    return tuple(
        RejectedRow(row.fact, row.row_id, row.reason, row.detail, row.times, row.seen_at)
        for row in connection.execute(query)
    )


def _rejected_total(connection: sa.Connection, source: str) -> int:
    table = schema.rejected
    query = sa.select(sa.func.count()).select_from(table).where(table.c.source == source)
    return connection.execute(query).scalar_one()
