"""The table of our own store that keeps the live queue by minute. Meaning: metrics/samples.py."""

from __future__ import annotations

import sqlalchemy as sa

from connectors.columns import Text, metadata

live_samples = sa.Table(
    "live_samples",
    metadata,
    sa.Column("minute", sa.Integer, primary_key=True, autoincrement=False),  # since 1970 UTC
    sa.Column("waiting", sa.Integer),  # empty: some source could not tell
    sa.Column("longest_wait_s", sa.Float),  # empty also while nobody waits
    sa.Column("queues", Text),  # JSON; empty where it was replayed
)
