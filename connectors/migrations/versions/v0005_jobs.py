"""How the worker's jobs go, and what a worker counts besides its ticks."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from connectors.tables import metadata

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    connection = op.get_bind()
    metadata.tables["job_runs"].create(connection, checkfirst=True)
    there = {one["name"] for one in sa.inspect(connection).get_columns("workers")}
    for name, kind in (
        ("failed", sa.BigInteger()), ("jumps", sa.BigInteger()), ("tick_seconds", sa.Text()),
    ):  # fmt: skip
        if name not in there:  # 0001 makes the tables of the schema as it stands
            op.add_column("workers", sa.Column(name, kind))
