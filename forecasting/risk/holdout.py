"""Which listed orders are left alone, so that the effect of acting can be measured.

Chance decides per order, and always the same way: a keyed hash of its reference under a seed that
the store keeps. Nobody, and no model, can know or move it.
"""

from __future__ import annotations

import hashlib
import secrets

import sqlalchemy as sa

from connectors import schema

SEED = "risk.holdout_seed"  # in meta
_STEPS = 2**64


def held_out(seed: bytes, source: str, order_ref: str, share: float) -> bool:
    """Whether this order is left alone when `share` (0 to 1) of the listed ones are."""
    text = f"{source}\0{order_ref}".encode()
    drawn = hashlib.blake2b(text, key=seed, digest_size=8).digest()
    return int.from_bytes(drawn) < share * _STEPS


def holdout_seed(connection: sa.Connection) -> bytes:
    """The store's seed; made when it is first asked for, in a write transaction."""
    table = schema.meta
    query = sa.select(table.c.value).where(table.c.name == SEED)
    found = connection.execute(query).scalar()
    if found is None:
        found = secrets.token_hex(16)
        connection.execute(table.insert().values(name=SEED, value=found))
    return bytes.fromhex(found)
