"""Months count how many durations are less than round numbers. They are made anew from bundles."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from connectors.schema import kpi_months

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    connection = op.get_bind()
    columns = {one["name"] for one in sa.inspect(connection).get_columns(kpi_months.name)}
    if "below" not in columns:  # 0001 or 0013 made the table as it stands
        kpi_months.drop(connection)
        kpi_months.create(connection)
