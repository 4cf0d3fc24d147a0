"""What rules remember of earlier ticks."""

from __future__ import annotations

from alembic import op

from connectors.tables import metadata

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    metadata.tables["rule_memory"].create(op.get_bind(), checkfirst=True)
