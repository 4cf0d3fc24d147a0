"""KPI values by blocks of six hours, what the help desk wrote down, and every message of a round.

0001 made the tables of the schema as it stands, so each step looks whether it is still to be done.
Values are derived: they are dropped, and computed again from facts. The rounds of older contacts
keep their first message only until the source is read again.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from connectors.tables import metadata

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    connection = op.get_bind()
    if sa.inspect(connection).has_table("kpi_days"):
        op.drop_table("kpi_days")
    if not _has(connection, "rounds", "asked_again"):
        op.add_column("rounds", sa.Column("asked_again", sa.LargeBinary))
        op.add_column("rounds", sa.Column("asked_last_at", sa.BigInteger))
    metadata.create_all(connection)
    for table in metadata.sorted_tables:
        there = {index["name"] for index in sa.inspect(connection).get_indexes(table.name)}
        for index in table.indexes:
            if index.name not in there:
                index.create(connection)


def _has(connection: sa.Connection, table: str, column: str) -> bool:
    return column in {one["name"] for one in sa.inspect(connection).get_columns(table)}
