"""Published forecasts with their back-tests and runs, planners' overrides, planned events."""

from __future__ import annotations

from alembic import op

from connectors.tables import metadata

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    metadata.create_all(op.get_bind())  # 0001 makes the tables of the schema as it stands
