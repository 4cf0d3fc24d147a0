"""Months keep their values by kind of work. They are made anew from bundles."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from connectors.schema import kpi_months, kpi_parts

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    connection = op.get_bind()
    if not sa.inspect(connection).has_table(kpi_parts.name):  # 0001 made the schema as it stands
        kpi_parts.create(connection)
        connection.execute(kpi_months.delete())
