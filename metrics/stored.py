"""Reads a KPI's values out of bundles, and out of blocks where there are no bundles (yet).

What stands in the columns is intervals.py's and bundles.py's; ways to sum them up are values.py's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from connectors.schema import kpi_blocks, kpi_bundles
from metrics.ahead import BLOCK_COLUMNS, BUNDLE_CUT, BUNDLE_N, BUNDLE_QUARTERS
from metrics.bundles import BLOCKS, QUARTER, QUARTERS, SLOTS
from metrics.by_label import ByLabel, added
from metrics.columns import BySet, Columns, Sets, Times
from metrics.filtered import Filtered, Only
from metrics.histogram import Codes
from metrics.kpi import Kpi
from metrics.months import BY_SET
from metrics.packing import unpacked, unpacked_sets
from metrics.population import Floats, Ints
from metrics.stored_rows import StoredRows

A_DAY = 96  # quarter hours: no day has too many values


@dataclass(frozen=True, slots=True)
class _Block:
    """A block, as it is stored."""

    number: int
    n: int
    slots: bytes
    sets: bytes
    codes: bytes
    data: bytes


def read_columns(
    rows: StoredRows, kpi: Kpi, first: int, last: int, *, exact: int, only: Only | None = None
) -> Columns:
    """The values in the quarter hours from `first` up to and without `last`, or `only` some.

    Durations are read as histogram buckets where the window is longer than a day and its bundles
    and blocks hold more than `exact` values.
    """
    found = _Found(rows, kpi, first, last)
    coarse = kpi.shape == "duration" and last - first > A_DAY and found.n > exact
    whole = found.columns(coarse=coarse)
    if only is None:
        return whole
    filtered = Filtered(rows, kpi, first, last, found.part, only)
    parts = filtered.columns(coarse=coarse) if kpi.shape == "duration" else None
    return parts or whole.of_sets(only.allowed, lambda: filtered.columns(coarse=coarse))


@dataclass(frozen=True)
class _Found:
    """What the store has of a window: whole bundles and blocks, cut where they are put together."""

    rows: StoredRows
    kpi: Kpi
    first: int
    last: int

    @cached_property
    def bundles(self) -> dict[int, int]:
        """How many values each bundle has, by number, in order of time."""
        return dict(self._bundled(*BUNDLE_N))

    @cached_property
    def _quarters(self) -> npt.NDArray[np.void]:
        """The quarter hours of each bundle, a row per bundle."""
        together = b"".join(sums for _, sums in self._bundled(*BUNDLE_QUARTERS))
        return np.frombuffer(together, QUARTER).reshape(-1, QUARTERS)

    @cached_property
    def blocks(self) -> list[_Block]:
        """The blocks that no bundle has."""
        low, high = self.first // SLOTS, (self.last - 1) // SLOTS
        gaps, start = [], low
        for number in self.bundles:
            if start < number * BLOCKS:
                gaps.append((start, number * BLOCKS - 1))
            start = (number + 1) * BLOCKS
        if start <= high:
            gaps.append((start, high))
        return [
            _Block(*row)
            for gap in gaps
            for row in self.rows.of(kpi_blocks, BLOCK_COLUMNS, self.kpi.key, *gap)
        ]

    @cached_property
    def n(self) -> int:
        """Values there are in all, those beside the window included."""
        return sum(self.bundles.values()) + sum(block.n for block in self.blocks)

    def columns(self, *, coarse: bool) -> Columns:
        """With what months have counted, where the window has any."""
        found = self._columns(coarse=coarse)
        counted = ByLabel(self.rows, self.kpi, self.first, self.last, self.part)
        if not counted.has_room:
            return found
        timed = self.kpi.shape == "duration"
        return replace(
            found,
            read_by_set=counted.by_set,
            read_histograms=counted.histograms if timed else None,
            read_below=counted.below if timed else None,
        )

    def _columns(self, *, coarse: bool) -> Columns:
        def times() -> Times:
            quarters, sizes, sums = self._times
            a, b = np.searchsorted(quarters, [self.first, self.last]).tolist()
            return Times(quarters[a:b], sizes[a:b], sums[a:b])

        def sets() -> Sets:
            return self._sets[self._inside]

        def data() -> Floats | None:
            if self.kpi.shape == "count":
                return None
            return self._worth(self._joined("data", lambda one: one.data), self.n)[self._inside]

        def codes() -> Codes:
            joined = self._joined("codes", lambda one: one.codes)
            return np.frombuffer(joined, np.uint16)[self._inside]

        return Columns(
            times, sets, data, codes if coarse else None,
            read_by_set=self._by_set if self.bundles else None,
            read_since=self._since if self.bundles else None,
        )  # fmt: skip

    @cached_property
    def _inside(self) -> slice:
        """Where the values of the window lie among all that there are."""
        if not self.blocks and all(map(self._is_whole, self.bundles)):
            return slice(None)
        quarters, sizes, _ = self._times
        ends = np.concatenate(([0], np.cumsum(sizes)))
        a, b = np.searchsorted(quarters, [self.first, self.last]).tolist()
        return slice(int(ends[a]), int(ends[b]))

    def _since(self, slot: int) -> Columns:
        return self.part(max(slot, self.first), self.last)

    def part(self, first: int, last: int) -> Columns:
        """Those of a stretch of the window, values unread and nothing counted."""
        part = _Found(self.rows, self.kpi, first, last)
        low, high = first // QUARTERS, (last - 1) // QUARTERS
        part.__dict__["bundles"] = {at: n for at, n in self.bundles.items() if low <= at <= high}
        low, high = first // SLOTS, (last - 1) // SLOTS
        part.__dict__["blocks"] = [one for one in self.blocks if low <= one.number <= high]
        return part._columns(coarse=self.kpi.shape == "duration")

    def _bundled(self, *columns: str, only: int | None = None) -> list[tuple[Any, ...]]:
        low, high = self.first // QUARTERS, (self.last - 1) // QUARTERS
        if only is not None:
            low = high = only
        return self.rows.of(kpi_bundles, columns, self.kpi.key, low, high)

    @cached_property
    def _times(self) -> tuple[npt.NDArray[np.int32], Ints, Floats]:
        """Quarter hours with values, ascending; how many each has; their sum."""
        at: list[Ints] = []
        n: list[Ints] = []
        sums: list[Floats] = []
        if self.bundles:
            numbers = np.asarray(list(self.bundles), dtype=np.int64)
            at.append((numbers[:, None] * QUARTERS + np.arange(QUARTERS)).ravel())
            n.append(self._quarters["n"].astype(np.int64).ravel())
            sums.append(self._quarters["sum"].ravel())
        if self.blocks:
            slots = self._slots
            low, high = int(slots[0]), int(slots[-1]) + 1
            worth = self._worth(b"".join(block.data for block in self.blocks), len(slots))
            at.append(np.arange(low, high))
            n.append(np.bincount(slots - low))
            sums.append(np.bincount(slots - low, worth).astype(np.float64))
        if not at:
            return np.zeros(0, np.int32), np.zeros(0, np.int64), np.zeros(0)
        quarters, sizes = np.concatenate(at), np.concatenate(n)
        order = np.flatnonzero(sizes)
        if self.blocks:  # some may lie between bundles
            order = order[np.argsort(quarters[order], kind="stable")]
        return quarters[order].astype(np.int32), sizes[order], np.concatenate(sums)[order]

    @cached_property
    def _slots(self) -> Ints:
        """The quarter hour of each value in the blocks."""
        numbers = np.asarray([block.number for block in self.blocks], dtype=np.int64)
        within = np.frombuffer(b"".join(block.slots for block in self.blocks), np.uint8)
        return np.repeat(numbers * SLOTS, [block.n for block in self.blocks]) + within

    def _worth(self, data: bytes, n: int) -> Floats:
        return unpacked(self.kpi, data, n)

    @cached_property
    def _sets(self) -> Sets:
        sizes = {block.number: block.n for block in self.blocks}
        sizes |= {number * BLOCKS: n for number, n in self.bundles.items()}
        parts = self._parts("sets", lambda one: one.sets)
        return unpacked_sets([(sizes[at], ids) for at, ids in parts])

    def _parts(self, column: str, of: Callable[[_Block], bytes]) -> list[tuple[int, bytes]]:
        """A column of all bundles and blocks, in order of time."""
        parts = {block.number: of(block) for block in self.blocks}
        if self.bundles:
            parts |= {number * BLOCKS: found for number, found in self._bundled("bundle", column)}
        return sorted(parts.items())

    def _joined(self, column: str, of: Callable[[_Block], bytes]) -> bytes:
        return b"".join(found for _, found in self._parts(column, of))

    def _by_set(self) -> BySet:
        """Sums of bundles that lie in the window as a whole, and of the values of the rest."""
        whole = {number for number in self.bundles if self._is_whole(number)}
        read = self._bundled("bundle", "by_set") if whole else []
        known = np.frombuffer(b"".join(one for number, one in read if number in whole), BY_SET)
        rest = self._rest(set(self.bundles) - whole)
        ones = [(sets, np.ones(len(sets), np.int64), worth) for sets, worth in rest]
        return added([(known["set"], known["n"], known["sum"]), *ones])

    def _is_whole(self, bundle: int) -> bool:
        return self.first <= bundle * QUARTERS and (bundle + 1) * QUARTERS <= self.last

    def _rest(self, cut: set[int]) -> Iterator[tuple[Sets, Floats]]:
        """Label sets and values of the blocks, and of bundles that the window cuts."""
        if self.blocks:
            ids = unpacked_sets([(block.n, block.sets) for block in self.blocks])
            data = b"".join(block.data for block in self.blocks)
            yield self._cut(self._slots, ids, data)
        for number in sorted(cut):
            [(_, quarters, sets, data)] = self._bundled(*BUNDLE_CUT, only=number)
            sizes = np.frombuffer(quarters, QUARTER)["n"]
            slots = np.repeat(number * QUARTERS + np.arange(QUARTERS), sizes)
            yield self._cut(slots, unpacked_sets([(len(slots), sets)]), data)

    def _cut(self, slots: Ints, sets: Sets, data: bytes) -> tuple[Sets, Floats]:
        keep = slice(*np.searchsorted(slots, [self.first, self.last]).tolist())
        return sets[keep], self._worth(data, len(slots))[keep]
