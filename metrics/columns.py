"""The values of a KPI as columns in order of time, and sums of them by quarter hour and label set.

Pure. Bulky columns are read when somebody asks for them: most sums don't. Reading them from the
store is stored.py's, summing them up values.py's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from metrics.histogram import CODES, Codes
from metrics.population import Floats, Ints

SHIFT = 11  # bits of a histogram code
_PIECE = 1 << 17  # values that fit the processor's cache
_FEW = 2_000  # intervals up to which each is counted on its own

Sets = npt.NDArray[np.uint32]


@dataclass(frozen=True, slots=True)
class BySet:
    """How many values each label set has, and their sum; its id is the place."""

    n: Ints
    sums: Floats


@dataclass(frozen=True)
class Columns:
    """Values in order of time.

    quarters: the quarter hours with values, ascending; sizes: how many each has. `data` is None
    where every value is 1. codes: histogram buckets, of durations too many to be read themselves.
    who: whose value it is, where each counts once per interval asked for. known_sums, read_by_set,
    read_histograms and read_since spare reading all values where sums are known or the newest will
    do.
    """

    quarters: npt.NDArray[np.int32]
    sizes: Ints
    read_sets: Callable[[], Sets]
    read_data: Callable[[], Floats | None]
    read_codes: Callable[[], Codes] | None = None
    who: Ints | None = None
    known_sums: Floats | None = None
    read_by_set: Callable[[], BySet] | None = None
    read_histograms: Callable[[Ints, int], Ints | None] | None = None  # of label sets
    read_since: Callable[[int], Columns] | None = None

    @classmethod
    def of(
        cls,
        slots: npt.NDArray[np.int32],
        read_sets: Callable[[], Sets],
        read_data: Callable[[], Floats | None],
        read_codes: Callable[[], Codes] | None = None,
        who: Ints | None = None,
    ) -> Columns:
        """From the quarter hour of each value, ascending."""
        starts = np.flatnonzero(np.diff(slots, prepend=slots[:1] - 1))
        sizes = np.diff(starts, append=len(slots))
        return cls(slots[starts], sizes, read_sets, read_data, read_codes, who)

    @cached_property
    def ends(self) -> Ints:
        """Where the values of each quarter hour end; the first is 0."""
        return np.concatenate(([0], np.cumsum(self.sizes)))

    @property
    def n(self) -> int:
        return int(self.ends[-1])

    @property
    def coarse(self) -> bool:
        """Whether buckets are to be looked at instead of values."""
        return self.read_codes is not None

    @cached_property
    def slots(self) -> npt.NDArray[np.int32]:
        """The quarter hour of each value."""
        return np.repeat(self.quarters, self.sizes)

    @cached_property
    def sets(self) -> Sets:
        """The label set of each value."""
        return self.read_sets()

    @cached_property
    def data(self) -> Floats | None:
        return self.read_data()

    @cached_property
    def codes(self) -> Codes:
        """The bucket of each value, of columns that are coarse."""
        assert self.read_codes is not None  # noqa: S101 - the caller looked
        return self.read_codes()

    @cached_property
    def sums(self) -> Floats:
        """The sum of each quarter hour's values."""
        if self.known_sums is not None:
            return self.known_sums
        data = self.data
        if data is None or not len(self.quarters):
            return self.sizes.astype(np.float64)
        found: Floats = np.add.reduceat(data, self.ends[:-1])
        return found

    @cached_property
    def by_set(self) -> BySet:
        if self.read_by_set is not None:
            return self.read_by_set()
        n = np.bincount(self.sets)
        if self.data is None:
            return BySet(n, n.astype(np.float64))
        return BySet(n, np.bincount(self.sets, self.data).astype(np.float64))

    def cut(self, slot: int) -> int:
        """The place of the first value from a quarter hour on."""
        return int(self.ends[np.searchsorted(self.quarters, slot)])

    def since(self, slot: int) -> Columns:
        """Those from a quarter hour on; what isn't read of them yet is read of these alone."""
        at, quarter = self.cut(slot), int(np.searchsorted(self.quarters, slot))
        read = self.read_since(slot) if self.read_since is not None else None

        def data() -> Floats | None:
            if read is not None and "data" not in self.__dict__:
                return read.data
            return None if self.data is None else self.data[at:]

        def codes() -> Codes:
            return self.codes[at:] if read is None or "codes" in self.__dict__ else read.codes

        return Columns(
            self.quarters[quarter:],
            self.sizes[quarter:],
            lambda: self.sets[at:] if read is None or "sets" in self.__dict__ else read.sets,
            data,
            codes if self.coarse else None,
            None if self.who is None else self.who[at:],
        )

    def only(self, keep: npt.NDArray[np.bool_] | Ints) -> Columns:
        """Those of a mask, or at ascending places."""
        places = np.flatnonzero(keep) if keep.dtype == np.bool_ else keep
        ends = np.searchsorted(places, self.ends)
        sizes = np.diff(ends)
        some = np.flatnonzero(sizes)
        return Columns(
            self.quarters[some],
            sizes[some],
            lambda: self.sets[places],
            lambda: None if self.data is None else self.data[places],
            (lambda: self.codes[places]) if self.coarse else None,
            None if self.who is None else self.who[places],
        )


class Groups:
    """Which group each value is in, told by its quarter hour, its label set, or one by one.

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
        first, *rest = parts
        for part in rest:
            first += part
        return first

    @cached_property
    def n(self) -> Ints:
        """How many values each group has."""
        if self._by_quarter is not None:
            return self._added(self._by_quarter, self._columns.sizes).astype(np.int64)
        if self._by_set is not None:
            return self._added(self._by_set, self._columns.by_set.n).astype(np.int64)
        return np.bincount(self.values, minlength=self.count)

    @cached_property
    def sums(self) -> Floats:
        """The sum of each group's values."""
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
