"""Delivery: channels and their rate limits, fall-backs, messages that share one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from connectors import alert_tables

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    for table in (alert_tables.channels, alert_tables.allowances):
        table.create(op.get_bind(), checkfirst=True)
    there = {one["name"] for one in sa.inspect(op.get_bind()).get_columns("outbox")}
    for column in (
        sa.Column("kind", sa.Text(), nullable=False, server_default="alert"),
        sa.Column("queued_at", sa.BigInteger()),
        sa.Column("sent_as", sa.Text()),
        sa.Column("instead_of", sa.Text()),
        sa.Column("moved_to", sa.Text()),
    ):
        if column.name not in there:  # 0001 makes the tables of the schema as it stands
            op.add_column("outbox", column)
    op.execute("UPDATE outbox SET kind = 'digest' WHERE reason = 'digest'")
