"""Runs of the forecast jobs: begun, going on, published as a whole or never.

A run that was killed stays `running`; the next job of its kind takes it up where it stopped, as
long as its cutoff is still the one asked for.
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
    connection: sa.Connection, kind: str, cutoff: datetime, *, total: int, now: datetime
) -> Run:
    """The unfinished run of this kind and cutoff, else a new one; other unfinished ones of the
    kind are abandoned."""
    table = forecast_runs
    open_ = (table.c.kind == kind) & (table.c.state == RUNNING)
    old = sa.and_(open_, table.c.cutoff != cutoff)
    connection.execute(table.update().where(old).values(state=ABANDONED, finished_at=now))
    mine = sa.select(table).where(open_, table.c.cutoff == cutoff).order_by(table.c.id).limit(1)
    row = connection.execute(mine).mappings().one_or_none()
    if row is not None:
        connection.execute(
            table.update().where(table.c.id == row["id"]).values(total=total, beat_at=now)
        )
        return Run(**{**row, "total": total, "beat_at": now})
    values = {
        "kind": kind, "cutoff": cutoff, "state": RUNNING, "total": total, "done": 0,
        "started_at": now, "beat_at": now,
    }  # fmt: skip
    key = connection.execute(table.insert().values(values)).inserted_primary_key
    return Run(int(key[0]) if key else 0, kind, cutoff, RUNNING, total, 0, now, now, None, None)


def progress(connection: sa.Connection, run: int, *, done: int, now: datetime) -> None:
    where = forecast_runs.c.id == run
    connection.execute(forecast_runs.update().where(where).values(done=done, beat_at=now))


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
