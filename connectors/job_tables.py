"""The table of our own store for the worker's jobs: how each went last. Meaning: alerts/jobs.py."""

from __future__ import annotations

import sqlalchemy as sa

from connectors.columns import Big, Text, instant, metadata

job_runs = sa.Table(
    "job_runs",
    metadata,
    sa.Column("name", Text, primary_key=True),
    instant("started_at", nullable=False),
    instant("ended_at"),  # of the run that began at started_at; empty while it goes on
    instant("good_at"),  # end of the last run that went well
    sa.Column("error", Text),
    sa.Column("note", Text),
    sa.Column("runs", Big, nullable=False, default=0),
    sa.Column("failures", Big, nullable=False, default=0),  # in a row
    sa.Column("skipped", Big, nullable=False, default=0),  # starts missed while it still ran
)
