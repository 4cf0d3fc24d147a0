"""Rows that could not be used: counted and listed with the reason, for people."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from connectors.schema import rejected


@dataclass(frozen=True, slots=True)
class Rejection:
    """`n` rows of a fact were rejected for one reason; `example` is one row's id and value."""

    fact: str
    reason: str
    n: int
    example: str


def rejections(connection: sa.Connection, source: str) -> tuple[Rejection, ...]:
    """What is rejected now, most rows first."""
    table = rejected
    query = (
        sa.select(
            table.c.fact, table.c.reason, sa.func.sum(table.c.times),
            sa.func.min(table.c.row_id), sa.func.min(table.c.detail),
        )
        .where(table.c.source == source)
        .group_by(table.c.fact, table.c.reason)
        .order_by(sa.func.sum(table.c.times).desc(), table.c.reason)
    )  # fmt: skip
    found = []
    for fact, reason, n, row_id, detail in connection.execute(query):
        example = f"{fact} {row_id}" + (f": {detail}" if detail else "")
        found.append(Rejection(fact, reason, int(n), example))
    return tuple(found)
