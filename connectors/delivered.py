"""Which fact columns a source delivers: read off its statements, remembered in the store.

A column that no statement names is unknown for every row of the source, which is not the same as
empty. What that takes away from a number is metrics/needs.py's.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

import sqlalchemy as sa

from connectors import schema
from connectors.facts import DEFAULTS, columns
from connectors.statements import StatementSet

_EVERYTHING = re.compile(r"(?:\bselect\b|,)\s*(?:\w+\.)?\*", re.IGNORECASE)
_PREFIX = "columns of "


def columns_of(statements: StatementSet) -> frozenset[str]:
    """The facts and their columns: `contacts`, `contacts.closed_at`. Rounds are made of messages.

    `SELECT *` may be any of them, so it counts as all.
    """
    found: set[str] = set()
    for fact in statements.facts():
        statement = statements.rows(fact)
        sql = statement.sql if statement is not None else ""
        named = set(columns(fact)) if _EVERYTHING.search(sql) else set(re.findall(r"\w+", sql))
        named |= DEFAULTS.get(fact, {}).keys()
        found |= {fact, *(f"{fact}.{name}" for name in columns(fact) if name in named)}
    if statements.rows("messages") is not None:
        found |= {"rounds", *(f"rounds.{column.name}" for column in schema.rounds.columns)}
    return frozenset(found)


def save_columns(connection: sa.Connection, source: str, delivered: frozenset[str]) -> None:
    """Remember what a source delivers; writes only when that is new."""
    table, name = schema.meta, _PREFIX + source
    value = json.dumps(sorted(delivered))
    known = connection.execute(sa.select(table.c.value).where(table.c.name == name)).scalar()
    if known is None:
        connection.execute(table.insert().values(name=name, value=value))
    elif known != value:
        connection.execute(table.update().where(table.c.name == name).values(value=value))


def delivered_columns(connection: sa.Connection) -> Mapping[str, frozenset[str]]:
    """What each source delivers, as far as a sync has told."""
    table = schema.meta
    query = sa.select(table.c.name, table.c.value).where(table.c.name.startswith(_PREFIX))
    return {
        name.removeprefix(_PREFIX): frozenset(json.loads(value))
        for name, value in connection.execute(query)
    }
