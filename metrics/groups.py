"""Which group each value of a KPI is in, and numbers, sums and bucket counts of the groups. Pure.

The values are columns.py's; what groups are made of, and what is told about them, values.py's.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from metrics.columns import Columns
from metrics.histogram import CODES, Codes
from metrics.population import Floats, Ints

SHIFT = 11  # bits of a histogram code
_PIECE = 1 << 17  # values that fit the processor's cache
_FEW = 2_000  # intervals up to which each is counted on its own


class Groups:
    """Which group each value is in, told by its quarter hour, its label set, or one by one; told by
    nothing, all are in the first.

    Sums by quarter hour or label set need no look at the values.
    """

    def __init__(
        self,
        columns: Columns,
        count: int,
        *,
        of_quarters: Ints | None = None,
        of_sets: Ints | None = None,
        of_values: Ints | None = None,
    ) -> None:
        self._columns = columns
        self.count = count
        self._of_quarters = of_quarters
        self._of_sets = of_sets
        self._of_values = of_values

    @cached_property
    def values(self) -> Ints:
        """The group of each value."""
        return self._each(0)

    def _each(self, shift: int) -> Ints:
        """The groups, moved up so many bits, in memory of their own."""
        parts: list[Ints] = []
        if self._of_sets is not None:
            parts.append((self._of_sets << shift)[self._columns.sets])
        if self._of_quarters is not None:
            parts.append(np.repeat(self._of_quarters << shift, self._columns.sizes))
        if self._of_values is not None:
            parts.append(self._of_values << shift)
        if not parts:
            return np.zeros(self._columns.n, np.int64)
        first, *rest = parts
        for part in rest:
            first += part
        return first

    @cached_property
    def n(self) -> Ints:
        """How many values each group has."""
        if self._is_all:
            return np.asarray([self._columns.n] + [0] * (self.count - 1), np.int64)
        if self._by_quarter is not None:
            return self._added(self._by_quarter, self._columns.sizes).astype(np.int64)
        if self._by_set is not None:
            return self._added(self._by_set, self._columns.by_set.n).astype(np.int64)
        return np.bincount(self.values, minlength=self.count)

    @cached_property
    def sums(self) -> Floats:
        """The sum of each group's values."""
        if self._is_all:
            return np.asarray([self._columns.total] + [0.0] * (self.count - 1))
        if self._by_quarter is not None:
            return self._added(self._by_quarter, self._columns.sums)
        if self._by_set is not None:
            return self._added(self._by_set, self._columns.by_set.sums)
        data = self._columns.data
        if data is None:
            return self.n.astype(np.float64)
        return self._added(self.values, data)

    def _added(self, groups: Ints, weights: npt.NDArray[Any]) -> Floats:
        found = np.bincount(groups[: len(weights)], weights, minlength=self.count)
        return found.astype(np.float64, copy=False)

    @property
    def _is_all(self) -> bool:
        return self._of_quarters is None and self._of_sets is None and self._of_values is None

    @property
    def _by_quarter(self) -> Ints | None:
        """The groups, where they hang on nothing but quarter hours."""
        return self._of_quarters if self._of_sets is None and self._of_values is None else None

    @property
    def _by_set(self) -> Ints | None:
        """The groups, where they hang on nothing but label sets."""
        return self._of_sets if self._of_quarters is None and self._of_values is None else None

    @cached_property
    def histograms(self) -> Ints:
        """How many values of each group lie in each bucket, one row per group. Of columns that are
        coarse."""
        read = self._columns.read_histograms
        if read is not None and self._by_set is not None:
            known = read(self._by_set, self.count)
            if known is not None:
                return known
        codes, groups = self._columns.codes, self._by_quarter
        if groups is not None and self.count <= _FEW and bool((np.diff(groups) >= 0).all()):
            return self._by_stretches(groups, codes)
        found: Ints = self._counted(codes).reshape(self.count, 1 << SHIFT)[:, :CODES]
        return found

    def _counted(self, codes: Codes) -> Ints:
        if self._by_set is None:
            each = self._each(SHIFT)
            each += codes
            return np.bincount(each, minlength=self.count << SHIFT)
        # A piece at a time, which stays in the cache: new memory takes longer than the sums do.
        places, sets = self._by_set << SHIFT, self._columns.sets
        table = np.zeros(self.count << SHIFT, np.int64)
        piece = np.empty(_PIECE, np.int64)
        for at in range(0, len(sets), _PIECE):
            some = sets[at : at + _PIECE].astype(np.intp)
            mine = piece[: len(some)]
            np.take(places, some, out=mine, mode="clip")
            mine += codes[at : at + _PIECE]
            table += np.bincount(mine, minlength=len(table))
        return table

    def _by_stretches(self, groups: Ints, codes: Codes) -> Ints:
        """Groups that follow one another in time: each is a stretch of the values."""
        cuts = self._columns.ends[np.searchsorted(groups, np.arange(self.count + 1))].tolist()
        table = np.zeros((self.count, CODES), np.int64)
        for at in range(self.count):
            if cuts[at] < cuts[at + 1]:
                table[at] = np.bincount(codes[cuts[at] : cuts[at + 1]], minlength=CODES)
        return table


def last_of_each(groups: Ints, who: Ints) -> Ints:
    """Places of everybody's last value within each group; values are in order of time."""
    order = np.lexsort((who, groups))  # stable: equals stay in order of time
    ends = np.ones(len(order), np.bool_)
    ends[:-1] = (np.diff(groups[order]) != 0) | (np.diff(who[order]) != 0)
    return np.sort(order[ends])
