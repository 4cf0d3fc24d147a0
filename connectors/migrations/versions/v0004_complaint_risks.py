"""Complaint risks: models, scores, worklist, and which orders changed since they were scored."""

from __future__ import annotations

from alembic import op

from connectors import risk_tables

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    tables = (
        risk_tables.changed_orders, risk_tables.risk_models, risk_tables.risk_checks,
        risk_tables.risk_scores, risk_tables.risk_history, risk_tables.worklist,
        risk_tables.worklist_changes,
    )  # fmt: skip
    for table in tables:
        table.create(op.get_bind(), checkfirst=True)  # 0001 makes the tables as they stand
