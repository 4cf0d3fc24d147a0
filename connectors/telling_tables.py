"""The tables of our own store for telling: who knows what, what is silenced, who takes a shift.

What a column means lives in alerts/telling/, where they are read and written.
"""

from __future__ import annotations

import sqlalchemy as sa

from connectors.columns import RowId, Text, instant, metadata

# The notification log: what each receiver knows of an episode.
told = sa.Table(
    "told",
    metadata,
    sa.Column("fingerprint", Text, nullable=False),
    sa.Column("episode", sa.Integer, nullable=False),
    sa.Column("receiver", Text, nullable=False),
    sa.Column("lane", Text, nullable=False),
    sa.Column("knows", Text, nullable=False),  # waiting, firing, acknowledged, resolved
    sa.Column("reason", Text),  # of the last message
    instant("at", nullable=False),
    sa.Column("times", sa.Integer, nullable=False),
    sa.PrimaryKeyConstraint("fingerprint", "episode", "receiver"),
    sa.Index(None, "knows"),
    sa.Index(None, "at"),
)

# Why an episode was not told, and how far its escalation is. Only where there is something to say.
telling = sa.Table(
    "telling",
    metadata,
    sa.Column("fingerprint", Text, nullable=False),
    sa.Column("episode", sa.Integer, nullable=False),
    sa.Column("mute", Text),  # inhibited, maintenance, silenced, quiet-hours
    sa.Column("muted_by", Text),
    sa.Column("mute_reason", Text),
    instant("muted_since"),
    instant("muted_until"),
    instant("since"),  # where the escalation counts from
    sa.Column("steps", sa.Integer, nullable=False),
    sa.PrimaryKeyConstraint("fingerprint", "episode"),
)

# Rows are never deleted: who silenced what, and when it was ended early.
silences = sa.Table(
    "silences",
    metadata,
    sa.Column("id", RowId, primary_key=True, autoincrement=True),
    sa.Column("matchers", Text, nullable=False),
    instant("since", nullable=False),
    instant("until", nullable=False),
    sa.Column("by", Text, nullable=False),
    sa.Column("reason", Text, nullable=False),
    instant("made_at", nullable=False),
    instant("ended_at"),
    sa.Column("ended_by", Text),
    sa.Index(None, "until"),
)

rota_overrides = sa.Table(
    "rota_overrides",
    metadata,
    sa.Column("id", RowId, primary_key=True, autoincrement=True),
    sa.Column("rota", Text, nullable=False),
    sa.Column("person", Text, nullable=False),
    instant("since", nullable=False),
    instant("until", nullable=False),
    sa.Column("by", Text, nullable=False),
    sa.Column("reason", Text, nullable=False),
    instant("made_at", nullable=False),
    instant("ended_at"),
    sa.Column("ended_by", Text),
    sa.Index(None, "until"),
)
