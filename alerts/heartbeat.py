"""The worker's sign of life in the store: one row per worker, written every few seconds."""

from __future__ import annotations

import os
import socket
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from alerts.store import insert_for
from connectors import alert_tables

# Rows of workers that ended are kept this long, so that a page can say when the last one was seen.
KEEP = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Beat:
    """`skipped`: ticks left out because the one before still ran; `tick_ms`: how long one takes.

    `jumps`: how often the clock was set or the process stood still; `tick_seconds`: tick_times.py.
    """

    worker_id: str
    pid: int
    host: str
    started_at: datetime
    beat_at: datetime
    leader: bool
    ticks: int = 0
    skipped: int = 0
    tick_ms: float | None = None
    error: str | None = None
    failed: int | None = 0
    jumps: int | None = 0
    tick_seconds: str | None = None


def first_beat(now: datetime) -> Beat:
    """Of this process. The id says where it runs and differs from that of any earlier process."""
    host, pid = socket.gethostname(), os.getpid()
    micros = f"{now.timestamp():.6f}".replace(".", "")
    return Beat(
        worker_id=f"{host}-{pid}-{micros}",
        pid=pid,
        host=host,
        started_at=now,
        beat_at=now,
        leader=False,
    )


def record(connection: sa.Connection, beat: Beat) -> None:
    """Writes the beat and forgets workers that ended long ago."""
    values = asdict(beat)
    insert = insert_for(connection, alert_tables.workers).values(values)
    connection.execute(insert.on_conflict_do_update(index_elements=["worker_id"], set_=values))
    old = alert_tables.workers.c.beat_at < beat.beat_at - KEEP
    connection.execute(alert_tables.workers.delete().where(old))


def beats(connection: sa.Connection) -> list[Beat]:
    """All workers known, the one seen last first."""
    query = sa.select(alert_tables.workers).order_by(alert_tables.workers.c.beat_at.desc())
    return [Beat(**dict(row)) for row in connection.execute(query).mappings()]
