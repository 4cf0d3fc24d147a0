"""The live queue minute by minute. The worker fills the last day from facts."""

from __future__ import annotations

from alembic import op

from connectors.live_tables import live_samples

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    live_samples.create(op.get_bind(), checkfirst=True)
