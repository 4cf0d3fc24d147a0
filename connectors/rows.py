"""Rows of the store by their ids, as the driver gives them: read, deleted, written in bulk.

Plain tuples in the order of the table's columns, raw values. What facts mean is not known here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from connectors import schema
from connectors.columns import metadata
from connectors.facts import Row, id_column


def existing(
    connection: sa.Connection, table: sa.Table, source: str, ids: Sequence[str]
) -> dict[str, Row]:
    """Stored rows by id, as plain tuples with raw values."""
    key = table.c[id_column(table.name)]
    at = table.c.keys().index(key.name)
    return {row[at]: row for row in select_rows(connection, key, source, ids)}


def existing_rounds(
    connection: sa.Connection, source: str, contact_ids: Sequence[str]
) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in select_rows(connection, schema.rounds.c.contact_id, source, contact_ids):
        found.setdefault(row[1], []).append(row)
    return {contact: sorted(rows, key=lambda row: row[2]) for contact, rows in found.items()}


def select_rows(
    connection: sa.Connection,
    key: sa.Column[Any],
    source: str,
    ids: Sequence[str],
    names: Sequence[str] = (),
) -> Iterator[Row]:
    """Rows of the key's table whose key is one of the ids: the driver's own tuples, raw values."""
    if not ids:
        return
    dialect = connection.dialect.name
    query = _select_sql(dialect, key, tuple(names or key.table.c.keys()))
    given = list(ids) if dialect == "postgresql" else json.dumps(list(ids))
    yield from connection.exec_driver_sql(query, (source, given)).cursor.fetchall()


def delete_rows(
    connection: sa.Connection,
    key: sa.Column[Any],
    source: str,
    ids: Sequence[str],
    *conditions: sa.ColumnElement[bool],
) -> None:
    if not ids:
        return
    among, given = among_ids(connection.dialect.name, key, ids)
    statement = sa.delete(key.table).where(key.table.c.source == source, among, *conditions)
    connection.execute(statement, given)


def among_ids(
    dialect: str, key: sa.Column[Any], ids: Sequence[str]
) -> tuple[sa.ColumnElement[bool], dict[str, Any]]:
    """The condition that the key is one of many ids, given as one parameter: thousands of separate
    ones cost more than the reading itself."""
    if dialect == "postgresql":
        many = sa.bindparam("ids", type_=sa.ARRAY(sa.Text))
        return key == sa.any_(many), {"ids": list(ids)}
    each = sa.func.json_each(sa.bindparam("ids", type_=sa.Text)).table_valued("value")
    return key.in_(sa.select(each.c.value)), {"ids": json.dumps(list(ids))}


@lru_cache(maxsize=256)
def _select_sql(dialect: str, key: sa.Column[Any], names: tuple[str, ...]) -> str:
    """Takes the source and the ids, these as `among_ids` gives them."""
    table = key.table
    raw = (sa.type_coerce(table.c[name], sa.types.NullType()) for name in names)
    among, _ = among_ids(dialect, key, ())
    return compiled(dialect, sa.select(*raw).where(table.c.source == "", among))


@lru_cache(maxsize=64)
def upsert_sql(dialect: str, name: str) -> str:
    table = metadata.tables[name]
    insert = insert_into(dialect)(table)
    keys = [column.name for column in table.primary_key]
    rest = {c.name: insert.excluded[c.name] for c in table.columns if c.name not in keys}
    return compiled(dialect, insert.on_conflict_do_update(index_elements=keys, set_=rest))


def compiled(dialect: str, statement: Any) -> str:
    """Driver SQL with positional parameters in column order (fast bulk writes of tuples)."""
    made: sa.Dialect = (
        postgresql.psycopg.dialect(paramstyle="format")  # type: ignore[no-untyped-call]
        if dialect == "postgresql"
        else sqlite.dialect()
    )
    return str(statement.compile(dialect=made))


def insert_into(dialect: str) -> Any:
    return postgresql.insert if dialect == "postgresql" else sqlite.insert
