"""Rows into tables, fast: COPY on PostgreSQL, the driver's executemany elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa

Values = Sequence[Any]


def take_ids(conn: sa.Connection, table: str, key: str, how_many: int) -> Sequence[int]:
    """Ids for new rows, ascending; from the table's own sequence where it has one."""
    if conn.dialect.name == "postgresql":
        sequence = sa.func.pg_get_serial_sequence(table, key)
        rows = sa.func.generate_series(1, how_many).table_valued()
        query = sa.select(sa.func.nextval(sequence)).select_from(rows)
        return sorted(conn.scalars(query))
    column: sa.ColumnClause[int] = sa.column(key)
    last = conn.scalar(sa.select(sa.func.max(column)).select_from(sa.table(table))) or 0
    return range(last + 1, last + 1 + how_many)


def number(conn: sa.Connection, table: str, key: str, records: Iterable[Any]) -> list[Any]:
    """Give ids to the records that have none, in order; those records."""
    new = [record for record in records if not record.id]
    if new:
        for record, row_id in zip(new, take_ids(conn, table, key, len(new)), strict=True):
            record.id = row_id
    return new


def copy(conn: sa.Connection, table: str, columns: Sequence[str], rows: Sequence[Values]) -> int:
    """Append rows to a PostgreSQL table, values in the order of `columns`; how many."""
    if not rows:
        return 0
    quote = conn.dialect.identifier_preparer.quote
    names = ", ".join(quote(name) for name in columns)
    cursor: Any = conn.connection.cursor()
    try:
        with cursor.copy(f"COPY {quote(table)} ({names}) FROM STDIN") as stream:
            for row in rows:
                stream.write_row(row)
    finally:
        cursor.close()
    return len(rows)


def insert(
    conn: sa.Connection, table: sa.Table, columns: Sequence[str], rows: Sequence[Values]
) -> int:
    """Append rows whose values are in the order of `columns`; how many."""
    if not rows:
        return 0
    if conn.dialect.name == "postgresql":
        return copy(conn, table.name, columns, rows)
    statement = sa.insert(table).values({name: sa.bindparam(name) for name in columns})
    return _many(conn, statement, columns, rows)


def update(
    conn: sa.Connection, table: sa.Table, columns: Sequence[str], rows: Sequence[Values]
) -> int:
    """Rewrite rows by their key: the values of `columns`, then the key; how many."""
    if not rows:
        return 0
    key = next(iter(table.primary_key.columns))
    values: dict[str, Any] = {name: sa.bindparam(f"new_{name}") for name in columns}
    statement = sa.update(table).where(key == sa.bindparam("row_id")).values(values)
    return _many(conn, statement, (*(f"new_{name}" for name in columns), "row_id"), rows)


def _many(
    conn: sa.Connection,
    statement: sa.Insert | sa.Update,
    names: Sequence[str],
    rows: Sequence[Values],
) -> int:
    """Past SQLAlchemy's own value handling: the values are ready for the driver."""
    compiled = statement.compile(dialect=conn.dialect)
    text = compiled.string
    if compiled.positiontup is None:
        conn.exec_driver_sql(text, [dict(zip(names, row, strict=True)) for row in rows])
        return len(rows)
    places = [names.index(name) for name in compiled.positiontup]
    straight = places == list(range(len(names)))
    values = rows if straight else [[row[place] for place in places] for row in rows]
    conn.exec_driver_sql(text, [tuple(row) for row in values])
    return len(rows)
