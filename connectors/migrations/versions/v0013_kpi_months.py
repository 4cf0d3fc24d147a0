"""KPI values of four weeks counted. They are derived: made from the bundles that there are."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from connectors.schema import kpi_months

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    connection = op.get_bind()
    if not sa.inspect(connection).has_table(kpi_months.name):  # 0001 made the schema as it stands
        kpi_months.create(connection)
