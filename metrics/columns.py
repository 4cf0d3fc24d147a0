"""The values of a KPI as columns in order of time, and sums of them by quarter hour and label set.

Pure. Columns are read when somebody asks for them: most sums don't. Reading them from the store is
stored.py's, putting them into groups groups.py's, summing them up values.py's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
import numpy.typing as npt

from metrics.histogram import MIDDLES, Codes, codes_of
from metrics.population import Bools, Floats, Ints

Sets = npt.NDArray[np.uint32]


@dataclass(frozen=True, slots=True)
class BySet:
    """How many values each label set has, and their sum; its id is the place."""

    n: Ints
    sums: Floats


@dataclass(frozen=True, slots=True)
class Times:
    """The quarter hours with values, ascending; how many each has; and their sums, where known."""

    quarters: npt.NDArray[np.int32]
    sizes: Ints
    sums: Floats | None = None


@dataclass(frozen=True)
class Columns:
    """Values in order of time.

    `data` is None where every value is 1. codes: histogram buckets, of durations too many to be
    read themselves. who: whose value it is, where each counts once per interval asked for.
    read_by_set, read_histograms, read_below and read_since spare reading all values where sums or
    counts are known or the newest will do.
    """

    read_times: Callable[[], Times]
    read_sets: Callable[[], Sets]
    read_data: Callable[[], Floats | None]
    read_codes: Callable[[], Codes] | None = None
    who: Ints | None = None
    read_by_set: Callable[[], BySet] | None = None
    read_histograms: Callable[[Ints, int], Ints | None] | None = None  # of label sets
    read_below: Callable[[Floats], Ints | None] | None = None
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
        times = Times(slots[starts], sizes)
        return cls(lambda: times, read_sets, read_data, read_codes, who)

    @cached_property
    def times(self) -> Times:
        return self.read_times()

    @property
    def quarters(self) -> npt.NDArray[np.int32]:
        return self.times.quarters

    @property
    def sizes(self) -> Ints:
        return self.times.sizes

    @cached_property
    def ends(self) -> Ints:
        """Where the values of each quarter hour end; the first is 0."""
        return np.concatenate(([0], np.cumsum(self.sizes)))

    @property
    def n(self) -> int:
        """How many values, from whatever has been read."""
        return int(self.by_set.n.sum()) if self._summed_by_set else int(self.ends[-1])

    @property
    def total(self) -> float:
        """The sum of all values, from whatever has been read."""
        return float((self.by_set.sums if self._summed_by_set else self.sums).sum())

    @property
    def _summed_by_set(self) -> bool:
        return "by_set" in self.__dict__ and "times" not in self.__dict__

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
        if self.times.sums is not None:
            return self.times.sums
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
        if self.read_since is not None:
            return self.read_since(slot)
        at, quarter = self.cut(slot), int(np.searchsorted(self.quarters, slot))
        times = Times(self.quarters[quarter:], self.sizes[quarter:])
        return Columns(
            lambda: times,
            lambda: self.sets[at:],
            lambda: None if self.data is None else self.data[at:],
            (lambda: self.codes[at:]) if self.coarse else None,
            None if self.who is None else self.who[at:],
        )

    def below(self, edges: Floats) -> Ints:
        """How many values are less than each edge; edges ascend."""
        if self.read_below is not None:
            known = self.read_below(edges)
            if known is not None:
                return known
        data = self.data
        if data is None:
            data = np.ones(self.n)
        reached = np.zeros(len(edges) + 1, np.int64)  # values by how many edges they reach
        if self.coarse:
            # Only values in a bucket that an edge cuts need a look of their own.
            cut = np.zeros(len(MIDDLES), np.bool_)
            cut[codes_of(edges)] = True
            whole = np.where(cut, 0, np.bincount(self.codes, minlength=len(MIDDLES)))
            places = np.searchsorted(edges, MIDDLES, side="right")
            reached += np.bincount(places, whole, minlength=len(reached)).astype(np.int64)
            data = data[cut[self.codes]]
        places = np.searchsorted(edges, data, side="right")
        reached += np.bincount(places, minlength=len(reached))
        return reached.cumsum()[:-1]

    def of_sets(self, allowed: Bools, read: Callable[[], Columns | None] = lambda: None) -> Columns:
        """Those of allowed label sets; read: from elsewhere, if they are there. What is known by
        label set is not looked up by value."""
        if self.who is not None:
            return self.only(allowed[self.sets])

        @cache
        def alone() -> Columns:
            return read() or self.only(allowed[self.sets])

        def by_set() -> BySet:
            known = self.by_set
            n = known.n * allowed[: len(known.n)]
            end = int(np.flatnonzero(n)[-1]) + 1 if n.any() else 0
            return BySet(n[:end], (known.sums * allowed[: len(known.n)])[:end])

        def histograms(of_sets: Ints, count: int) -> Ints | None:
            assert self.read_histograms is not None  # noqa: S101 - asked for below only then
            some = np.full(len(allowed), count)
            some[: len(of_sets)] = np.where(allowed[: len(of_sets)], of_sets, count)
            found = self.read_histograms(some, count + 1)
            return None if found is None else found[:-1]

        return Columns(
            lambda: alone().times, lambda: alone().sets, lambda: alone().data,
            (lambda: alone().codes) if self.coarse else None,
            read_by_set=by_set if self.read_by_set is not None else None,
            read_histograms=histograms if self.read_histograms is not None else None,
            read_since=(lambda slot: self.since(slot).of_sets(allowed))
            if self.read_since is not None else None,
        )  # fmt: skip

    def only(self, keep: npt.NDArray[np.bool_] | Ints) -> Columns:
        """Those of a mask, or at ascending places."""
        places = np.flatnonzero(keep) if keep.dtype == np.bool_ else keep
        ends = np.searchsorted(places, self.ends)
        sizes = np.diff(ends)
        some = np.flatnonzero(sizes)
        times = Times(self.quarters[some], sizes[some])
        return Columns(
            lambda: times,
            lambda: self.sets[places],
            lambda: None if self.data is None else self.data[places],
            (lambda: self.codes[places]) if self.coarse else None,
            None if self.who is None else self.who[places],
        )
