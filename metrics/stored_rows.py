"""Rows of stored values as the store has them, KPI by KPI; those of many KPIs can be kept a while.

What the bytes mean is bundles.py's and intervals.py's, which of them are needed stored.py's, and
which are read ahead ahead.py's.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from connectors.schema import kpi_parts
from metrics.kpi import Kpi

_Row = tuple[Any, ...]
Works = tuple[int, ...]  # ids of kinds of work
_Key = tuple[str, tuple[str, ...], str, Works]  # table, columns, KPI


class StoredRows:
    """What one connection reads. What was read ahead is as of then: keep it for one answer."""

    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection
        self._ahead: dict[_Key, list[tuple[int, int, list[_Row]]]] = {}

    def of(
        self, table: sa.Table, columns: tuple[str, ...], kpi: str, low: int, high: int
    ) -> list[_Row]:
        """The rows of a KPI whose number (of block, bundle or month) lies in [low, high], in order
        of it, which is the first column."""
        for since, until, rows in self._ahead.get((table.name, columns, kpi, ()), ()):
            if since <= low and high <= until:
                return [row for row in rows if low <= row[0] <= high]
        return _fetch(self.connection, table, columns, _Wanted((kpi,), low, high))

    def of_works(
        self, columns: tuple[str, ...], kpi: str, works: Works, low: int, high: int
    ) -> list[_Row]:
        """The parts of a KPI of these kinds of work in months [low, high], in order of both; the
        month is the first column."""
        for since, until, rows in self._ahead.get((kpi_parts.name, columns, kpi, works), ()):
            if since <= low and high <= until:
                return [row for row in rows if low <= row[0] <= high]
        if not works:
            return []
        return _fetch(self.connection, kpi_parts, columns, _Wanted((kpi,), low, high, works))

    def keep(
        self,
        table: sa.Table,
        columns: Sequence[tuple[str, ...]],
        kpis: Sequence[Kpi],
        span: tuple[int, int],
        works: Works = (),
    ) -> None:
        """Read the rows of several KPIs whose number lies in [span], and keep them by each of these
        columns. works: of parts."""
        low, high = span
        if not kpis or low > high or (table is kpi_parts and not works):
            return
        keys = tuple(one.key for one in kpis)
        name = table.primary_key.columns[0].name
        read = (name, *dict.fromkeys(one for some in columns for one in some))
        rows: dict[str, list[_Row]] = {key: [] for key in keys}
        for row in _fetch(self.connection, table, read, _Wanted(keys, low, high, works)):
            rows[row[0]].append(row)
        for some in columns:
            at = [read.index(one) for one in some]
            for key, mine in rows.items():
                kept = [tuple(row[place] for place in at) for row in mine]
                self._ahead.setdefault((table.name, some, key, works), []).append((low, high, kept))

    def ends(self, table: sa.Table, columns: tuple[str, ...], kpis: Sequence[Kpi]) -> list[int]:
        """The last number of each KPI, as far as it has rows that are kept."""
        kept = (self._ahead.get((table.name, columns, one.key, ()), []) for one in kpis)
        return [rows[-1][0] for read in kept for *_, rows in read if rows]


@dataclass(frozen=True, slots=True)
class _Wanted:
    """Rows of these KPIs with numbers in [low, high], all kinds of work or these."""

    kpis: tuple[str, ...]
    low: int
    high: int
    works: Works = ()


def _fetch(
    connection: sa.Connection, table: sa.Table, columns: tuple[str, ...], wanted: _Wanted
) -> list[_Row]:
    """As the driver gives them; PostgreSQL in binary, which halves the time for bytes."""
    works = wanted.works  # some repeated, so that few statements are to be compiled
    works += works[-1:] * ((1 << (len(works) - 1).bit_length()) - len(works) if works else 0)
    sql = _select(connection.dialect, table, columns, len(wanted.kpis), len(works))
    driver = connection.connection.driver_connection
    assert driver is not None  # noqa: S101 - an open connection has one
    binary = {"binary": True} if connection.dialect.name == "postgresql" else {}
    try:
        with closing(driver.cursor(**binary)) as cursor:
            cursor.execute(sql, (*wanted.kpis, wanted.low, wanted.high, *works))
            return list(cursor.fetchall())
    except connection.dialect.loaded_dbapi.Error as error:  # past SQLAlchemy, which says it so
        raise sa.exc.DBAPIError(sql, None, error) from error


@lru_cache(maxsize=64)
def _select(
    dialect: sa.Dialect, table: sa.Table, columns: tuple[str, ...], keys: int, works: int
) -> str:
    """Compiling takes longer than many of the reads."""
    key, number, *work = table.primary_key.columns
    wanted = [
        sa.or_(*(key == sa.bindparam(f"kpi{at}") for at in range(keys))),
        number.between(sa.bindparam("low"), sa.bindparam("high")),
    ]
    if works:
        wanted.append(work[0].in_([sa.bindparam(f"work{at}") for at in range(works)]))
    query = (
        sa.select(*(table.c[name] for name in columns))
        .where(*wanted)
        .order_by(*table.primary_key.columns)
    )
    return str(query.compile(dialect=dialect))
