"""What people do about alerts, and who is on one.

0001 made the tables of the schema as it stands, so each step looks whether it is still to be done.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from connectors.tables import metadata

revision = "0007"
down_revision = "0006"

_ALERTS = (
    ("error_since", sa.BigInteger()),
    ("acknowledged_by", sa.Text()),
    ("acknowledged_at", sa.BigInteger()),
    ("acknowledged_until", sa.BigInteger()),
    ("acknowledged_note", sa.Text()),
    ("assignee", sa.Text()),
)


def upgrade() -> None:
    _add("alerts", *_ALERTS)
    _add("transitions", ("who", sa.Text()))
    metadata.tables["alert_actions"].create(op.get_bind(), checkfirst=True)


def _add(table: str, *columns: tuple[str, Any]) -> None:
    there = {one["name"] for one in sa.inspect(op.get_bind()).get_columns(table)}
    for name, kind in columns:
        if name not in there:
            op.add_column(table, sa.Column(name, kind))
