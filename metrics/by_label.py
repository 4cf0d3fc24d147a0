"""What months have counted, over a window: of whole months as the store has them, of what lies
beside them from its values. What a month holds is months.py's."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from connectors.schema import kpi_months
from metrics.ahead import MONTH_BELOW, MONTH_SUMS
from metrics.bundles import MONTH, months_within
from metrics.columns import BySet, Columns
from metrics.groups import SHIFT, Groups
from metrics.histogram import CODES
from metrics.kpi import Kpi
from metrics.months import BY_SET, Counts, Sums, counts_below, unpacked_counts
from metrics.population import Floats, Ints
from metrics.stored_rows import StoredRows

Part = Callable[[int, int], Columns]
_Cells = tuple[Ints, npt.NDArray[np.uint16]]  # place in a table of groups and buckets; values there


@dataclass(frozen=True)
class ByLabel:
    """A KPI in the quarter hours from `first` up to and without `last`. part: the values of a
    stretch of them. Nothing is read before somebody asks."""

    rows: StoredRows
    kpi: Kpi
    first: int
    last: int
    part: Part

    @property
    def has_room(self) -> bool:
        """Whether a month fits in it as a whole."""
        return self._low <= self._high

    def by_set(self) -> BySet:
        months = [(one["set"], one["n"], one["sum"]) for one in self._sums.values()]
        rest = [columns.by_set for columns in self._beside(self._sums)]
        return added([*months, *((np.arange(len(one.n)), one.n, one.sums) for one in rest)])

    def histograms(self, of_sets: Ints, count: int) -> Ints | None:
        """How many values of each group lie in each bucket, one row per group; None where no month
        tells these groups apart. of_sets: the group of each label set."""
        cells = self._cells(of_sets)
        if not cells:
            return None
        places, n = (np.concatenate(some) for some in zip(*cells.values(), strict=True))
        table = np.bincount(places, n, count << SHIFT).astype(np.int64)
        found = table.reshape(count, 1 << SHIFT)[:, :CODES]
        for columns in self._beside(cells):
            found += Groups(columns, count, of_sets=of_sets).histograms
        return found

    def below(self, edges: Floats) -> Ints | None:
        """How many values are less than each edge; None where no month has counted that."""
        rows = self.rows.of(kpi_months, MONTH_BELOW, self.kpi.key, self._low, self._high)
        read = {number: counts_below(stored, edges) for number, stored in rows}
        counted = {number: one for number, one in read.items() if one is not None}
        if not counted:
            return None
        rest = [columns.below(edges) for columns in self._beside(counted)]
        found: Ints = np.sum([*counted.values(), *rest], axis=0)
        return found

    def _cells(self, of_sets: Ints) -> dict[int, _Cells]:
        """By month, of those whose counts tell the groups apart."""
        found: dict[int, _Cells] = {}
        for column in ("by_agent", "by_work"):
            for number, counts in self._counts(column).items():
                places = counts.places(of_sets[self._sums[number]["set"]])
                if places is not None:
                    found[number] = ((places << SHIFT) + counts.codes, counts.n)
            if len(found) == len(self._sums):
                break
        return found

    @cached_property
    def _sums(self) -> dict[int, Sums]:
        """Of each month, by number."""
        rows = self.rows.of(kpi_months, MONTH_SUMS, self.kpi.key, self._low, self._high)
        return {number: np.frombuffer(by_set, BY_SET) for number, by_set in rows}

    def _counts(self, column: str) -> dict[int, Counts]:
        """One of the ways to group label sets that months count, by number."""
        if column not in self._read:
            columns = ("month", column)
            rows = self.rows.of(kpi_months, columns, self.kpi.key, self._low, self._high)
            found = {number: unpacked_counts(stored) for number, stored in rows}
            self._read[column] = {number: one for number, one in found.items() if one is not None}
        return self._read[column]

    @cached_property
    def _read(self) -> dict[str, dict[int, Counts]]:
        return {}

    @property
    def _low(self) -> int:
        return months_within(self.first, self.last)[0]

    @property
    def _high(self) -> int:
        return months_within(self.first, self.last)[1]

    @cached_property
    def _parts(self) -> dict[tuple[int, int], Columns]:
        return {}

    def _beside(self, months: Iterable[int]) -> Iterator[Columns]:
        """The values beside these months."""
        start = self.first
        for number in sorted(months):
            yield from self._part(start, number * MONTH)
            start = (number + 1) * MONTH
        yield from self._part(start, self.last)

    def _part(self, first: int, last: int) -> Iterator[Columns]:
        if first >= last:
            return
        if (first, last) not in self._parts:
            self._parts[first, last] = self.part(first, last)
        yield self._parts[first, last]


def added(parts: Iterable[tuple[npt.NDArray[np.integer], Ints, Floats]]) -> BySet:
    """Any of label sets, their numbers and their sums, added up by label set."""
    nothing = (np.zeros(0, np.uint32), np.zeros(0, np.int64), np.zeros(0))
    ids, n, sums = (np.concatenate(some) for some in zip(nothing, *parts, strict=True))
    return BySet(np.bincount(ids, n).astype(np.int64), np.bincount(ids, sums).astype(np.float64))
