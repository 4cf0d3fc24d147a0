"""How far KPIs are known while those of the last read are still to be computed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    columns = {one["name"] for one in sa.inspect(op.get_bind()).get_columns("sources")}
    if "kpis_as_of" not in columns:  # 0001 made the tables of the schema as it stands
        op.add_column("sources", sa.Column("kpis_as_of", sa.BigInteger()))
