"""Rows of blocks and bundles as the store has them, read KPI by KPI or ahead for many of them.

A page asks for a dozen KPIs, each of them column by column, and a round trip takes longer than most
of these reads: what a page is sure to need is read ahead at once. What the bytes mean is
bundles.py's and intervals.py's, which of them are needed stored.py's.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from connectors.schema import kpi_blocks, kpi_bundles
from metrics.bundles import BLOCKS, QUARTERS, SLOTS
from metrics.kpi import Kpi

BLOCK_COLUMNS = ("block", "n", "slots", "sets", "codes", "data")
_Row = tuple[Any, ...]
_Key = tuple[str, tuple[str, ...], str]  # table, columns, KPI


class StoredRows:
    """What one connection reads. What was read ahead is as of then: keep it for one answer."""

    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection
        self._ahead: dict[_Key, tuple[int, int, list[_Row]]] = {}

    def of(
        self, table: sa.Table, columns: tuple[str, ...], kpi: str, low: int, high: int
    ) -> list[_Row]:
        """The rows of a KPI whose block or bundle lies in [low, high], in order of it, which is
        the first column."""
        since, until, rows = self._ahead.get((table.name, columns, kpi), (0, -1, []))
        if since <= low and high <= until:
            return [row for row in rows if low <= row[0] <= high]
        return _fetch(self.connection, table, columns, [kpi], low, high)

    def read_ahead(self, kpis: Sequence[Kpi], first: int, last: int, *, by_label: bool) -> None:
        """What most answers need in the quarter hours from `first` up to and without `last`:
        sums and blocks, and where values are split `by_label`, what they are split by."""
        keys = [one.key for one in kpis]
        if not keys or first >= last:
            return
        low, high = first // QUARTERS, (last - 1) // QUARTERS
        self._keep(kpi_bundles, ("bundle", "quarters"), keys, low, high)
        ends = [self._ahead[kpi_bundles.name, ("bundle", "quarters"), key][2] for key in keys]
        after = min((rows[-1][0] + 1 for rows in ends if rows), default=low) * BLOCKS
        self._keep(kpi_blocks, BLOCK_COLUMNS, keys, max(after, first // SLOTS), (last - 1) // SLOTS)
        if not by_label:
            return
        if first % QUARTERS:  # the window cuts its first bundle
            self._keep(kpi_bundles, ("bundle", "sets", "data"), keys, low, low)
        self._keep(kpi_bundles, ("bundle", "by_set"), keys, low, high)
        timed = [one.key for one in kpis if one.shape == "duration"]
        for column in ("sets", "codes") if timed else ():
            self._keep(kpi_bundles, ("bundle", column), timed, low, high)

    def _keep(
        self, table: sa.Table, columns: tuple[str, ...], keys: Sequence[str], low: int, high: int
    ) -> None:
        found: dict[str, list[_Row]] = {key: [] for key in keys}
        name = table.primary_key.columns[0].name
        for key, *row in _fetch(self.connection, table, (name, *columns), keys, low, high):
            found[key].append(tuple(row))
        for key, rows in found.items():
            self._ahead[table.name, columns, key] = (low, high, rows)


def _fetch(
    connection: sa.Connection, table: sa.Table, columns: tuple[str, ...], keys: Sequence[str],
    low: int, high: int,
) -> list[_Row]:  # fmt: skip
    """As the driver gives them; PostgreSQL in binary, which halves the time for bytes."""
    sql = _select(connection.dialect, table, columns, len(keys))
    driver = connection.connection.driver_connection
    assert driver is not None  # noqa: S101 - an open connection has one
    binary = {"binary": True} if connection.dialect.name == "postgresql" else {}
    try:
        with closing(driver.cursor(**binary)) as cursor:
            cursor.execute(sql, (*keys, low, high))
            return list(cursor.fetchall())
    except connection.dialect.loaded_dbapi.Error as error:  # past SQLAlchemy, which says it so
        raise sa.exc.DBAPIError(sql, None, error) from error


@lru_cache(maxsize=64)
def _select(dialect: sa.Dialect, table: sa.Table, columns: tuple[str, ...], keys: int) -> str:
    """Compiling takes longer than many of the reads."""
    key, number = table.primary_key.columns
    wanted = sa.or_(*(key == sa.bindparam(f"kpi{at}") for at in range(keys)))
    query = (
        sa.select(*(table.c[name] for name in columns))
        .where(wanted, number.between(sa.bindparam("low"), sa.bindparam("high")))
        .order_by(key, number)
    )
    return str(query.compile(dialect=dialect))
