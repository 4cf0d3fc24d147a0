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

from connectors.schema import kpi_blocks, kpi_bundles, kpi_months
from metrics.bundles import BLOCKS, MONTH, QUARTERS, SLOTS
from metrics.kpi import Kpi
from metrics.months import WEEKS

BLOCK_COLUMNS = ("block", "n", "slots", "sets", "codes", "data")
BUNDLE_N = ("bundle", "n")
BUNDLE_QUARTERS = ("bundle", "quarters")
BUNDLE_CUT = ("bundle", "quarters", "sets", "data")  # of one that a window cuts
MONTH_SUMS = ("month", "by_set")
MONTH_BELOW = ("month", "below")
_COUNTS = (("month", "by_agent"), ("month", "by_work"))
_BY_SET, _SETS = ("bundle", "by_set"), ("bundle", "sets")
# What is looked at of values one by one, by the shape of the KPI; "" is any other.
_LOOKED_AT = {
    "duration": (_BY_SET, _SETS, ("bundle", "codes"), BUNDLE_QUARTERS),
    "percent": (_BY_SET, _SETS, ("bundle", "data"), BUNDLE_QUARTERS),
    "": (_BY_SET,),
}
_Row = tuple[Any, ...]
_Key = tuple[str, tuple[str, ...], str]  # table, columns, KPI


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
        for since, until, rows in self._ahead.get((table.name, columns, kpi), ()):
            if since <= low and high <= until:
                return [row for row in rows if low <= row[0] <= high]
        return _fetch(self.connection, table, columns, [kpi], low, high)

    def read_ahead(self, kpis: Sequence[Kpi], first: int, last: int, *, times: bool) -> None:
        """What any answer needs in the quarter hours from `first` up to and without `last`; with
        `times` the sums of quarter hours too."""
        keys = [one.key for one in kpis]
        low, high = first // QUARTERS, (last - 1) // QUARTERS
        wanted = [BUNDLE_N, BUNDLE_QUARTERS] if times else [BUNDLE_N]
        self._keep(kpi_bundles, wanted, keys, low, high)
        after = min(self._ends(kpi_bundles, BUNDLE_N, keys), default=low - 1) + 1
        low, high = max(after * BLOCKS, first // SLOTS), (last - 1) // SLOTS
        self._keep(kpi_blocks, [BLOCK_COLUMNS], keys, low, high)

    def read_labels_ahead(
        self, kpis: Sequence[Kpi], first: int, last: int, *, recent: int = 0
    ) -> None:
        """What these KPIs need to be split by labels, and the values in the `recent` last quarter
        hours of durations and shares, beside what `read_ahead` reads."""
        keys = [one.key for one in kpis]
        low, high = first // QUARTERS, (last - 1) // QUARTERS
        if first % QUARTERS:  # the window cuts its first bundle
            self._keep(kpi_bundles, [BUNDLE_CUT], keys, low, low)
        for shape, columns in _LOOKED_AT.items():
            some = [
                one.key for one in kpis if (one.shape if one.shape in _LOOKED_AT else "") == shape
            ]
            counts = [MONTH_SUMS, *_COUNTS] if shape == "duration" else [MONTH_SUMS]
            months = (-(-first // MONTH), last // MONTH - 1)
            self._keep(kpi_months, counts, some, *months)
            ends = self._ends(kpi_months, MONTH_SUMS, some)
            until = (min(ends) + 1) * WEEKS if ends else low  # what months know ends here
            before = months[0] * WEEKS - 1 if until > low else low - 1
            after = min(until, max(low, (last - recent) // QUARTERS))
            split: Sequence[tuple[str, ...]] = columns if shape == "duration" else [_BY_SET]
            self._keep(kpi_bundles, split, some, low, before)
            self._keep(kpi_bundles, columns, some, after, high)

    def _keep(
        self,
        table: sa.Table,
        wanted: Sequence[tuple[str, ...]],
        keys: Sequence[str],
        low: int,
        high: int,
    ) -> None:
        """Read rows of several KPIs and keep them by each of the wanted columns."""
        if not keys or low > high:
            return
        name = table.primary_key.columns[0].name
        columns = (name, *dict.fromkeys(one for columns in wanted for one in columns))
        rows: dict[str, list[_Row]] = {key: [] for key in keys}
        for row in _fetch(self.connection, table, columns, keys, low, high):
            rows[row[0]].append(row)
        for some in wanted:
            at = [columns.index(one) for one in some]
            for key, mine in rows.items():
                kept = [tuple(row[place] for place in at) for row in mine]
                self._ahead.setdefault((table.name, some, key), []).append((low, high, kept))

    def _ends(self, table: sa.Table, columns: tuple[str, ...], keys: Sequence[str]) -> list[int]:
        """The last number of each KPI, as far as it has rows read ahead."""
        kept = (self._ahead.get((table.name, columns, key), []) for key in keys)
        return [rows[-1][0] for read in kept for *_, rows in read if rows]


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
