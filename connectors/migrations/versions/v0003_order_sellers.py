"""Product, number of sellers and seller's region of an order: what complaint risks are made of.

Orders that are final have none until the next comparison of every row with the source.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    there = {one["name"] for one in sa.inspect(op.get_bind()).get_columns("orders")}
    for name, kind in (
        ("product_ref", sa.Text()), ("sellers", sa.Integer()), ("seller_region", sa.Text()),
    ):  # fmt: skip
        if name not in there:  # 0001 makes the tables of the schema as it stands
            op.add_column("orders", sa.Column(name, kind))
