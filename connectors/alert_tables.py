"""The tables of our own store for alerts: state, history, messages, and who watches.

What a column means lives in alerts/, where they are read and written.
"""

from __future__ import annotations

import sqlalchemy as sa

from connectors.columns import Big, RowId, Text, instant, metadata

alerts = sa.Table(
    "alerts",
    metadata,
    sa.Column("fingerprint", Text, primary_key=True),
    sa.Column("rule", Text, nullable=False),
    sa.Column("metric", Text, nullable=False),
    sa.Column("labels", Text, nullable=False),
    sa.Column("severity", Text, nullable=False),
    sa.Column("status", Text, nullable=False),
    instant("pending_since", nullable=False),
    instant("fired_at"),
    instant("last_breach_at", nullable=False),
    instant("clear_since"),
    instant("no_data_since"),
    instant("error_since"),
    instant("resolved_at"),
    sa.Column("episode", sa.Integer, nullable=False, default=0),
    sa.Column("value", sa.Float),
    sa.Column("peak", sa.Float),
    sa.Column("op", Text, nullable=False),  # of the threshold: >, >=, <, <=
    sa.Column("threshold", sa.Float, nullable=False),
    sa.Column("acknowledged_by", Text),
    instant("acknowledged_at"),
    instant("acknowledged_until"),
    sa.Column("acknowledged_note", Text),
    sa.Column("assignee", Text),
    instant("updated_at", nullable=False),
)

transitions = sa.Table(
    "transitions",
    metadata,
    sa.Column("id", RowId, primary_key=True, autoincrement=True),
    sa.Column("fingerprint", Text, nullable=False),
    sa.Column("episode", sa.Integer, nullable=False),
    sa.Column("rule", Text, nullable=False),
    sa.Column("labels", Text, nullable=False),
    sa.Column("severity", Text, nullable=False),
    sa.Column("old", Text),
    sa.Column("new", Text, nullable=False),
    sa.Column("cause", Text, nullable=False),
    instant("at", nullable=False),
    instant("since"),  # when the breach of this episode began
    sa.Column("value", sa.Float),
    sa.Column("threshold", sa.Float),
    sa.Column("who", Text),  # the person where a person caused it
    sa.Index(None, "at"),
    sa.Index(None, "fingerprint", "at"),
)

# What people did about alerts. Rows are only ever added; the leader notes what became of each.
alert_actions = sa.Table(
    "alert_actions",
    metadata,
    sa.Column("id", RowId, primary_key=True, autoincrement=True),
    sa.Column("fingerprint", Text, nullable=False),
    sa.Column("episode", sa.Integer, nullable=False),
    sa.Column("kind", Text, nullable=False),  # acknowledge, unacknowledge, assign, comment
    sa.Column("who", Text, nullable=False),
    sa.Column("note", Text, nullable=False),
    instant("at", nullable=False),
    instant("until"),
    sa.Column("assignee", Text),
    instant("applied_at"),
    sa.Column("outcome", Text),
    sa.Index(None, "applied_at"),
    sa.Index(None, "fingerprint", "episode"),
)

outbox = sa.Table(
    "outbox",
    metadata,
    sa.Column("id", RowId, primary_key=True, autoincrement=True),
    sa.Column("key", Text, nullable=False, unique=True),
    sa.Column("receiver", Text, nullable=False),
    sa.Column("fingerprint", Text, nullable=False),
    sa.Column("episode", sa.Integer, nullable=False),
    sa.Column("reason", Text, nullable=False),
    sa.Column("payload", Text, nullable=False),
    instant("created_at", nullable=False),
    instant("next_at", nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False, default=0),
    instant("leased_until"),
    sa.Column("leased_by", Text),
    instant("sent_at"),
    sa.Column("state", Text, nullable=False),  # pending, sent, dead, moved
    sa.Column("error", Text),
    sa.Column("http_status", sa.Integer),
    sa.Column("kind", Text, nullable=False, server_default="alert"),  # alert, digest, test
    instant("queued_at"),  # when its tries began; later than created_at where it was sent again
    sa.Column("sent_as", Text),  # key of the message it went in, where that held several
    sa.Column("instead_of", Text),  # the receiver that could not be given it
    sa.Column("moved_to", Text),  # the receiver that got it instead
    sa.Index(None, "state", "next_at"),
    sa.Index(None, "receiver", "fingerprint"),
)

deliveries = sa.Table(
    "deliveries",
    metadata,
    sa.Column("id", RowId, primary_key=True, autoincrement=True),
    sa.Column("outbox_id", Big, nullable=False),
    sa.Column("attempt", sa.Integer, nullable=False),
    instant("at", nullable=False),
    sa.Column("outcome", Text, nullable=False),
    sa.Column("error", Text),
    sa.Index(None, "outbox_id"),
)

# How each receiver fared last: one row per receiver that was ever sent to.
channels = sa.Table(
    "channels",
    metadata,
    sa.Column("receiver", Text, primary_key=True),
    sa.Column("state", Text, nullable=False),  # working, failing, broken
    instant("since", nullable=False),  # of that state
    instant("sent_at"),
    instant("failed_at"),
    sa.Column("error", Text),  # of the last failure
)

# When messages went to a robot, as far back as its rate limits look.
allowances = sa.Table(
    "allowances",
    metadata,
    sa.Column("name", Text, primary_key=True),
    sa.Column("taken", Text, nullable=False),  # JSON: µs since 1970 UTC
)

# Which spans a digest has told: one row per digest and span, so that none is told twice.
digests = sa.Table(
    "digests",
    metadata,
    sa.Column("name", Text, nullable=False),
    instant("until", nullable=False),
    instant("since", nullable=False),
    instant("due_at", nullable=False),
    instant("made_at", nullable=False),
    sa.Column("state", Text, nullable=False),  # begun (nothing sent: just configured), queued
    sa.Column("messages", sa.Integer, nullable=False),  # in the outbox
    sa.PrimaryKeyConstraint("name", "until"),
)

workers = sa.Table(
    "workers",
    metadata,
    sa.Column("worker_id", Text, primary_key=True),
    sa.Column("pid", sa.Integer, nullable=False),
    sa.Column("host", Text, nullable=False),
    instant("started_at", nullable=False),
    instant("beat_at", nullable=False),
    sa.Column("leader", sa.Boolean, nullable=False),
    sa.Column("ticks", Big, nullable=False, default=0),
    sa.Column("skipped", Big, nullable=False, default=0),
    sa.Column("tick_ms", sa.Float),
    sa.Column("error", Text),
    sa.Column("failed", Big),  # ticks that failed
    sa.Column("jumps", Big),  # how often the clock was set, or the process stood still
    sa.Column("tick_seconds", Text),  # a histogram: how many ticks took up to how long
)
