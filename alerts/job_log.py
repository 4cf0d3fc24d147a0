"""How the jobs go, in our own store: one row per job. Every function takes an open connection."""

from __future__ import annotations

from dataclasses import asdict

import sqlalchemy as sa

from alerts.jobs import JobHealth
from alerts.store import insert_for
from connectors.job_tables import job_runs


def record(connection: sa.Connection, health: JobHealth) -> None:
    values = asdict(health)
    insert = insert_for(connection, job_runs).values(values)
    connection.execute(insert.on_conflict_do_update(index_elements=["name"], set_=values))


def load(connection: sa.Connection) -> dict[str, JobHealth]:
    """By name; also of jobs that this configuration doesn't have."""
    rows = connection.execute(sa.select(job_runs)).mappings()
    return {row["name"]: JobHealth(**dict(row)) for row in rows}
