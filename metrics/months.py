"""Four weeks of a KPI counted: values by label set, durations by bucket and by round numbers. Pure.

Buckets are counted by agent and by everything but the agent: a year split by either is some ten
thousand counts then instead of a million values. How months add up over a window is by_label.py's,
when one is made or forgotten bundles.py's.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from metrics.histogram import Codes
from metrics.label_sets import LabelSets
from metrics.population import Floats, Ints

WEEKS = 4  # in a month
BY_SET = np.dtype([("set", "<u4"), ("n", "<u4"), ("sum", "<f8")])
_NUMBER = np.dtype("<u4")
_CELL = np.dtype([("code", "<u2"), ("n", "<u2")])
WORTH = 2  # values per cell from which on cells are kept
_MOST = 2**16 - 1  # values in a cell; more of them take another one

# Seconds between which the bands of a distribution lie.
ROUND = (1, 2, 5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 300, 600, 900, 1_800, 3_600, 7_200, 14_400,
         28_800, 57_600, 86_400, 172_800, 345_600, 604_800, 1_209_600, 2_592_000)  # fmt: skip
_BELOW = np.dtype([("edge", "<f8"), ("n", "<u4")])

Sums = npt.NDArray[np.void]  # of BY_SET


@dataclass(frozen=True, slots=True)
class Counts:
    """Bucket counts of groups of label sets.

    groups: of each label set that the month has sums of, in their order. sizes: how many cells each
    group has; codes, n: the cells, group by group.
    """

    groups: Ints
    sizes: Ints
    codes: Codes
    n: npt.NDArray[np.uint16]

    def places(self, wanted: Ints) -> Ints | None:
        """The wanted group of each cell; None where the groups that are kept don't tell.

        wanted: a group for each label set that the month has sums of, in their order.
        """
        found = np.zeros(len(self.sizes), np.int64)
        found[self.groups] = wanted
        if not np.array_equal(found[self.groups], wanted):
            return None
        return np.repeat(found, self.sizes)


def sums_of(sets: npt.NDArray[np.uint32], n: npt.NDArray[np.uint32] | None, sums: Floats) -> Sums:
    """Values, or `n` of them at once, added up by label set; sets ascending."""
    counts = np.bincount(sets, n).astype(np.int64)
    used = np.flatnonzero(counts)
    found = np.zeros(len(used), BY_SET)
    found["set"], found["n"] = used, counts[used]
    found["sum"] = np.bincount(sets, sums)[used]
    return found


def agents_of(labels: LabelSets, sets: Ints) -> Ints:
    """Which agent each of these label sets (ids, ascending) is of."""
    return labels.among(("agent",), sets)[1][sets]


def groups_of_work(labels: LabelSets, sets: Ints) -> Ints:
    """Which of these label sets, whose kinds of work are all known, are of one kind; those of
    nobody are apart."""
    somebody = np.asarray([bool(labels[at].get("agent")) for at in sets.tolist()], np.bool_)
    found: Ints = np.unique(2 * labels.works()[sets] + somebody, return_inverse=True)[1]
    return found


def packed_counts(groups: Ints, mine: Ints, codes: Codes) -> bytes:
    """Bucket counts as stored. groups: of each label set; mine: of each value.

    Nothing where that is hardly less than the values themselves.
    """
    cells, n = np.unique((mine << 16) + codes, return_counts=True)
    full = (n - 1) // _MOST
    if WORTH * (len(cells) + int(full.sum())) > len(codes):
        return b""
    found = np.zeros(int((full + 1).sum()), _CELL)
    found["code"], found["n"] = np.repeat(cells & 0xFFFF, full + 1), _MOST
    found["n"][np.cumsum(full + 1) - 1] = n - full * _MOST
    sizes = np.bincount(np.repeat(cells >> 16, full + 1), minlength=int(groups.max()) + 1)
    head = np.asarray([len(groups), len(sizes)])
    numbers = np.concatenate((head, groups, sizes)).astype(_NUMBER)
    return numbers.tobytes() + found.tobytes()


def unpacked_counts(stored: bytes) -> Counts | None:
    """None where none were kept."""
    if not stored:
        return None
    sets, count = np.frombuffer(stored, _NUMBER, 2).tolist()
    numbers = np.frombuffer(stored, _NUMBER, sets + count, 2 * _NUMBER.itemsize).astype(np.int64)
    cells = np.frombuffer(stored, _CELL, offset=(2 + sets + count) * _NUMBER.itemsize)
    return Counts(numbers[:sets], numbers[sets:], cells["code"], cells["n"])


def packed_below(seconds: Floats) -> bytes:
    """How many of these durations are less than nothing and than each round number, as stored."""
    edges = np.asarray((0.0, *ROUND))
    found = np.zeros(len(edges), _BELOW)
    found["edge"] = edges
    found["n"] = np.searchsorted(np.sort(seconds), edges)
    return found.tobytes()


def counts_below(stored: bytes, edges: Floats) -> Ints | None:
    """How many values are less than each edge; None unless all of them were counted."""
    found = np.frombuffer(stored, _BELOW)
    places = np.searchsorted(found["edge"], edges)
    if not len(found) or not np.array_equal(np.take(found["edge"], places, mode="clip"), edges):
        return None
    return found["n"][places].astype(np.int64)
