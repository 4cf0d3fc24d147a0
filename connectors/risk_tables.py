"""The tables of our own store for complaint risks: models, scores, and the worklist.

What a column means lives in forecasting/risk/, where they are read and written. Scores can be made
again from facts; models, the worklist and its hold-out cannot.
"""

from __future__ import annotations

import sqlalchemy as sa

from connectors.columns import Big, RowId, Text, instant, metadata

# Orders whose facts changed since they were last scored. `times` grows with every change, so that
# whoever scored an order takes out only what it has seen.
changed_orders = sa.Table(
    "changed_orders",
    metadata,
    sa.Column("order_ref", Text, primary_key=True),
    sa.Column("times", Big, nullable=False),
)

risk_models = sa.Table(
    "risk_models",
    metadata,
    sa.Column("id", RowId, primary_key=True, autoincrement=True),
    instant("as_of", nullable=False),
    instant("trained_at", nullable=False),
    sa.Column("verdict", Text, nullable=False),  # published, lost (the champion stays), replaced
    sa.Column("card", Text, nullable=False),  # JSON: labels, moments, figures, contests
    sa.Column("body", sa.LargeBinary),  # gzipped JSON; null: forgotten, only the card is kept
    sa.Index(None, "verdict", "id"),
)

# Monitors of the model in use: one row per look and moment.
risk_checks = sa.Table(
    "risk_checks",
    metadata,
    instant("at", nullable=False),
    sa.Column("moment", Text, nullable=False),
    sa.Column("model_id", Big, nullable=False),
    sa.Column("told", sa.Integer, nullable=False),  # orders with a verdict in the window
    sa.Column("expected", sa.Float),
    sa.Column("seen", sa.Float),
    sa.Column("calibration_error", sa.Float),
    sa.Column("off", sa.Boolean, nullable=False),
    sa.Column("drift_column", Text),
    sa.Column("drift_index", sa.Float),
    sa.PrimaryKeyConstraint("at", "moment"),
)

# The score that holds now: that of the last moment which has come.
risk_scores = sa.Table(
    "risk_scores",
    metadata,
    sa.Column("source", Text, primary_key=True),
    sa.Column("order_ref", Text, primary_key=True),
    sa.Column("moment", Text, nullable=False),
    instant("moment_at", nullable=False),
    instant("scored_at", nullable=False),
    sa.Column("probability", sa.Float, nullable=False),
    sa.Column("model", Text, nullable=False),
    sa.Column("reasons", Text, nullable=False),  # JSON: language → text
    instant("placed_at", nullable=False),
    sa.Column("amount", sa.Float),
    sa.Column("seller", Text),
    sa.Column("product_ref", Text),
    sa.Column("warehouse", Text),  # where the seller sends from
    sa.Column("segment", Text),  # of the customer, by recency, frequency and spend
    sa.Column("open", sa.Boolean, nullable=False),  # no verdict yet, and not so old that none comes
    sa.Index(None, "scored_at"),
    sa.Index(None, "open", "moment_at"),
)

# Every score that ever held: one row per order, moment and scoring.
risk_history = sa.Table(
    "risk_history",
    metadata,
    sa.Column("source", Text, nullable=False),
    sa.Column("order_ref", Text, nullable=False),
    sa.Column("moment", Text, nullable=False),
    instant("scored_at", nullable=False),
    instant("moment_at", nullable=False),
    sa.Column("probability", sa.Float, nullable=False),
    sa.Column("model", Text, nullable=False),
    sa.PrimaryKeyConstraint("source", "order_ref", "moment", "scored_at"),
)

# Orders to act on, and those held out at random: one row per order, from when it was listed.
worklist = sa.Table(
    "worklist",
    metadata,
    sa.Column("source", Text, primary_key=True),
    sa.Column("order_ref", Text, primary_key=True),
    instant("listed_at", nullable=False),
    sa.Column("moment", Text, nullable=False),  # the score that it was listed for
    sa.Column("probability", sa.Float, nullable=False),
    sa.Column("amount", sa.Float),
    sa.Column("held_out", sa.Boolean, nullable=False),
    sa.Column("holdout_share", sa.Float, nullable=False),  # the chance that it had to be held out
    sa.Column("status", Text, nullable=False),  # untouched, contacted, solved, not_needed
    sa.Column("owner", Text),
    sa.Column("note", Text),
    instant("due_at", nullable=False),
    instant("touched_at"),  # when it first left untouched
    instant("updated_at", nullable=False),
    sa.Index(None, "status", "due_at"),
    sa.Index(None, "listed_at"),
)

# Who changed what on the worklist, and when: never altered.
worklist_changes = sa.Table(
    "worklist_changes",
    metadata,
    sa.Column("id", RowId, primary_key=True, autoincrement=True),
    sa.Column("source", Text, nullable=False),
    sa.Column("order_ref", Text, nullable=False),
    instant("at", nullable=False),
    sa.Column("author", Text, nullable=False),
    sa.Column("field", Text, nullable=False),  # status, owner, note, due_at
    sa.Column("old", Text),
    sa.Column("new", Text),
    sa.Index(None, "source", "order_ref"),
)
