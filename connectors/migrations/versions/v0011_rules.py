"""Rules that people made in the page or applied from a file, and who changed them."""

from __future__ import annotations

from alembic import op

from connectors.tables import metadata

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    for name in ("rules", "rule_changes"):
        metadata.tables[name].create(op.get_bind(), checkfirst=True)
