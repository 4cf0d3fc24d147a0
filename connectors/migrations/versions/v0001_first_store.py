"""The first store.

Made from the schema as it stood at the first release: until then this file follows schema.py, and
from then on every change is a version of its own with frozen columns.
"""

from __future__ import annotations

from alembic import op

from connectors.tables import metadata

revision = "0001"
down_revision = None


def upgrade() -> None:
    metadata.create_all(op.get_bind())
