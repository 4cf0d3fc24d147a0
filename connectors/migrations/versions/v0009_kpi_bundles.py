"""KPI values of whole weeks put together. They are derived: made from the blocks that there are."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from connectors.schema import kpi_blocks, kpi_bundles

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    connection = op.get_bind()
    if sa.inspect(connection).has_table(kpi_bundles.name):
        return  # 0001 made the tables of the schema as it stands
    kpi_bundles.create(connection)
    if connection.dialect.name == "postgresql":
        for name in ("slots", "sets", "codes", "data"):
            op.execute(f"ALTER TABLE {kpi_blocks.name} ALTER COLUMN {name} SET STORAGE EXTERNAL")
