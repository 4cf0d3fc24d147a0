"""The tables of our own store for planning: published forecasts, how they were chosen, what people
added to them.

What a column means lives in forecasting/published, where they are read and written. A forecast is
never changed after it was published: accuracy compares with what planners saw then.
"""

from __future__ import annotations

import sqlalchemy as sa

from connectors.columns import Big, RowId, Text, instant, metadata

# One row per run of a job. Its forecasts count only once it is published, all at once.
forecast_runs = sa.Table(
    "forecast_runs",
    metadata,
    sa.Column("id", RowId, primary_key=True, autoincrement=True),
    sa.Column("kind", Text, nullable=False),  # full, choice, intraday
    instant("cutoff", nullable=False),  # what was known: facts before this moment
    sa.Column("state", Text, nullable=False),  # running, published, failed, abandoned
    sa.Column("total", sa.Integer, nullable=False),  # series to forecast
    sa.Column("done", sa.Integer, nullable=False),
    instant("started_at", nullable=False),
    instant("beat_at", nullable=False),  # the last progress
    instant("finished_at"),  # made_at of its forecasts
    sa.Column("error", Text),
    sa.Index(None, "state", "finished_at"),
)

# One row per series of a run; also for a series that gave no forecast, with why.
forecasts = sa.Table(
    "forecasts",
    metadata,
    sa.Column("id", RowId, primary_key=True, autoincrement=True),
    sa.Column("run_id", Big, nullable=False),
    sa.Column("measure", Text, nullable=False),  # contacts, handed, orders, cases
    sa.Column("queue", Text, nullable=False),  # "": all of them together
    sa.Column("channel", Text, nullable=False),  # "": all of them together
    sa.Column("model", Text),  # null: no forecast
    sa.Column("why", Text),  # there is none: too_short, silent, filling, failed
    sa.Column("step_s", sa.Integer, nullable=False),
    sa.Column("first_slot", sa.Integer, nullable=False),  # quarter hours since 1970 UTC
    sa.Column("end_slot", sa.Integer, nullable=False),  # behind the last
    sa.Column("columns", Text, nullable=False),  # mean,lo-80,hi-80,…: the rows of `points`
    sa.Column("slots", sa.LargeBinary, nullable=False),  # deflated int32: where each step starts
    sa.Column("points", sa.LargeBinary, nullable=False),  # deflated float32, column by column
    sa.Column("weights", Text, nullable=False),  # JSON: [[model, weight], …]
    sa.Column("origins", sa.Integer, nullable=False),  # of the back-test; 0: none was possible
    sa.Column("days", sa.Integer, nullable=False),  # of history
    sa.Column("notes", Text, nullable=False),  # JSON list of sentences
    sa.Index(None, "run_id", "measure", "queue", "channel", unique=True),
    sa.Index(None, "measure", "queue", "channel", "first_slot"),
)

# The back-test of a series per model, as it stood when the forecast was made.
forecast_scores = sa.Table(
    "forecast_scores",
    metadata,
    sa.Column("forecast_id", Big, primary_key=True, autoincrement=False),
    sa.Column("model", Text, primary_key=True),
    sa.Column("wape", sa.Float),
    sa.Column("mase", sa.Float),
    sa.Column("bias", sa.Float),
    sa.Column("against_baseline", sa.Float),
    sa.Column("weight", sa.Float, nullable=False),
)

# A planner's change to a forecast. Withdrawn ones stay: accuracy is measured with what was seen.
forecast_overrides = sa.Table(
    "forecast_overrides",
    metadata,
    sa.Column("id", RowId, primary_key=True, autoincrement=True),
    sa.Column("measure", Text, nullable=False),
    sa.Column("queue", Text, nullable=False),
    sa.Column("channel", Text, nullable=False),
    instant("starts_at", nullable=False),
    instant("ends_at", nullable=False),
    sa.Column("kind", Text, nullable=False),  # multiply, set, add, shift
    sa.Column("amount", sa.Float, nullable=False),
    sa.Column("author", Text, nullable=False),
    sa.Column("reason", Text, nullable=False),
    instant("made_at", nullable=False),
    instant("expires_at"),
    instant("withdrawn_at"),
    sa.Column("withdrawn_by", Text),
    sa.Index(None, "measure", "starts_at"),
)

# What planners know of days: campaigns, live streams; and spans whose counts say nothing.
planned_events = sa.Table(
    "planned_events",
    metadata,
    sa.Column("id", RowId, primary_key=True, autoincrement=True),
    sa.Column("kind", Text, nullable=False),  # equal kinds share their uplift; "outage": unknown
    sa.Column("name", Text, nullable=False),
    sa.Column("queue", Text, nullable=False),  # "": all
    instant("starts_at", nullable=False),
    instant("ends_at", nullable=False),
    sa.Column("author", Text, nullable=False),
    instant("made_at", nullable=False),
    instant("withdrawn_at"),
    sa.Index(None, "starts_at"),
)
