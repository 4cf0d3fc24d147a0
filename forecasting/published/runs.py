"""Runs of the forecast jobs: begun, going on, published as a whole or never.

A run that was killed stays `running`; the next job of its kind takes it up where it stopped,
while its cutoff is young enough.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from connectors.forecast_tables import forecast_runs

FULL, CHOICE, INTRADAY = "full", "choice", "intraday"
WHOLE: Final = (FULL, CHOICE)  # runs over the whole horizon
RUNNING, PUBLISHED, BROKEN, ABANDONED = "running", "published", "failed", "abandoned"


@dataclass(frozen=True, slots=True)
class Run:
    """A row of the table; `done` of `total` series."""

    id: int
    kind: str
    cutoff: datetime
    state: str
    total: int
    done: int
    started_at: datetime
    beat_at: datetime
    finished_at: datetime | None
    error: str | None


def begin_or_resume(
    connection: sa.Connection,
    kind: str,
    cutoff: datetime,
    *,
    now: datetime,
    total: int = 0,
    resume_since: datetime | None = None,
) -> Run:
    """The unfinished run of this kind, if its cutoff is the one asked for or not before
    `resume_since`; else a new one. Other unfinished ones of the kind are abandoned."""
    table = forecast_runs
    open_ = (table.c.kind == kind) & (table.c.state == RUNNING)
    query = sa.select(table).where(open_).order_by(table.c.id.desc())
    rows = [Run(**row) for row in connection.execute(query).mappings()]
    first = cutoff if resume_since is None else min(cutoff, resume_since)
    mine = next((one for one in rows if first <= one.cutoff <= cutoff), None)
    for one in rows:
        if one is not mine:
            _finish(connection, one.id, ABANDONED, now, None)
    if mine is not None:
        return mine
    values = {
        "kind": kind, "cutoff": cutoff, "state": RUNNING, "total": total, "done": 0,
        "started_at": now, "beat_at": now,
    }  # fmt: skip
    key = connection.execute(table.insert().values(values)).inserted_primary_key
    return Run(int(key[0]) if key else 0, kind, cutoff, RUNNING, total, 0, now, now, None, None)


def progress(connection: sa.Connection, run: int, *, done: int, total: int, now: datetime) -> None:
    where = forecast_runs.c.id == run
    values = {"done": done, "total": total, "beat_at": now}
    connection.execute(forecast_runs.update().where(where).values(values))


def publish(connection: sa.Connection, run: int, *, now: datetime) -> None:
    """From now on all its forecasts count."""
    _finish(connection, run, PUBLISHED, now, None)


def fail(connection: sa.Connection, run: int, error: str, *, now: datetime) -> None:
    _finish(connection, run, BROKEN, now, error)


def latest(
    connection: sa.Connection, kinds: Collection[str], *, before: datetime | None = None
) -> Run | None:
    """The newest published run of these kinds, or the newest that was published by `before`."""
    table = forecast_runs
    query = sa.select(table).where(table.c.kind.in_(kinds), table.c.state == PUBLISHED)
    if before is not None:
        query = query.where(table.c.finished_at <= before)
    query = query.order_by(table.c.finished_at.desc(), table.c.id.desc()).limit(1)
    row = connection.execute(query).mappings().one_or_none()
    return None if row is None else Run(**row)


def last_of(connection: sa.Connection, kind: str) -> Run | None:
    """The newest run of a kind, whatever became of it: what a page shows of the job."""
    table = forecast_runs
    query = sa.select(table).where(table.c.kind == kind).order_by(table.c.id.desc()).limit(1)
    row = connection.execute(query).mappings().one_or_none()
    return None if row is None else Run(**row)


def _finish(
    connection: sa.Connection, run: int, state: str, now: datetime, error: str | None
) -> None:
    values = {"state": state, "finished_at": now, "beat_at": now, "error": error}
    connection.execute(forecast_runs.update().where(forecast_runs.c.id == run).values(values))
