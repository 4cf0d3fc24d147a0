"""Whose turn it is to read a source: one process at a time per source and store.

Without it a `sync` beside a worker could read a row, wait, and write it over a newer one. Held from
before the read to after the write; the kernel or the server gives it back when its holder dies.
"""

from __future__ import annotations

import fcntl
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from connectors.store import Store

_LOCK = 0x64657370  # "desp": the first half of the advisory lock's key


@contextmanager
def reading_turn(store: Store, source: str) -> Iterator[None]:
    """Wait for the turn to read this source into this store."""
    if store.is_postgresql:
        with store.alone() as connection:
            key = {"a": _LOCK, "b": zlib.crc32(source.encode()) - 2**31}
            connection.execute(sa.text("SELECT pg_advisory_lock(:a, :b)"), key)
            try:
                yield
            finally:
                connection.execute(sa.text("SELECT pg_advisory_unlock(:a, :b)"), key)
        return
    with open(f"{store.engine.url.database}.{source}.lock", "w") as file:  # noqa: PTH123
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
