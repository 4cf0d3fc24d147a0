"""As-of joins: what had happened under a key by an instant.

No feature can see the future because everything dated goes through a `Ledger`, and a ledger only
answers "what was known by then?". A fact stamped exactly at the instant was known.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Whole = npt.NDArray[np.integer]  # whole numbers, as narrow as they fit

NEVER = np.iinfo(np.int64).max  # the instant of what has not happened
DAY = 86_400 * 1_000_000  # µs


@dataclass(frozen=True, slots=True)
class Tally:
    """Number of events and the sum of their values, one per question."""

    n: Ints
    total: Ints

    def __sub__(self, other: Tally) -> Tally:
        return Tally(self.n - other.n, self.total - other.total)

    def mean(self) -> Floats:
        """The mean value; NaN where there was no event."""
        usual: Floats = np.full(len(self.n), np.nan)
        return np.divide(self.total, self.n, out=usual, where=self.n > 0)

    def rate(self, toward: Floats | float, weight: float) -> Floats:
        """The mean drawn toward a usual value, as if `weight` events of that value came before."""
        usual: Floats = (self.total + weight * toward) / (self.n + weight)
        return usual


@dataclass(frozen=True, slots=True)
class Ranked:
    """Instants in order, each once; per event its place among them; the events in their order."""

    instants: Ints
    rank: npt.NDArray[np.int32]
    order: npt.NDArray[np.int32]


def ranks(at: Ints) -> Ranked:
    """The costly part of a ledger, the same for all keys of one kind of event."""
    order = np.argsort(at, kind="stable")
    sorted_ = at[order]
    new = np.ones(len(at), bool)
    new[1:] = sorted_[1:] != sorted_[:-1]
    rank = np.empty(len(at), np.int32)
    rank[order] = np.cumsum(new) - 1
    return Ranked(sorted_[new], rank, order.astype(np.int32))


class Ledger:
    """Dated events under keys: int codes, µs (NEVER: not happened), whole values (1 by default).

    Values are whole numbers: their sums are exact, so they depend neither on the order of the rows
    nor on anything later. A key below 0 is unknown and has no history.
    """

    def __init__(
        self,
        key: npt.NDArray[np.integer],
        at: Ints,
        value: Whole | None = None,
        *,
        ranked: Ranked | None = None,
    ) -> None:
        times = ranks(at) if ranked is None else ranked
        self._instants = times.instants
        size = int(key.max(initial=-1)) + 1
        held = times.order[((key >= 0) & (at < NEVER))[times.order]]
        narrow = key[held].astype(np.int16) if size <= np.iinfo(np.int16).max else key[held]
        held = held[np.argsort(narrow, kind="stable")]  # many times faster where keys are narrow
        self._rank = times.rank[held]
        counts = np.bincount(key[held], minlength=size)
        self._starts = np.concatenate((np.zeros(1, np.int64), np.cumsum(counts))).astype(np.int32)
        self._sums = None if value is None else _sums(value[held])

    def by(self, key: npt.NDArray[np.integer], at: Ints) -> Tally:
        """What had happened by `at`, inclusive, under each key."""
        keys = len(self._starts) - 1
        place = np.where((key >= 0) & (key < keys), key, keys)
        starts = np.append(self._starts, self._starts[-1])  # unknown keys have an empty run
        start, end = starts[place].astype(np.int64), starts[place + 1].astype(np.int64)
        wanted = np.searchsorted(self._instants, at, side="right")  # instants by then
        end = self._before(wanted, start, end)
        if self._sums is None:
            return Tally(end - start, end - start)
        return Tally(end - start, self._sums[end].astype(np.int64) - self._sums[start])

    def _before(self, wanted: Ints, low: Ints, high: Ints) -> Ints:
        """Where in its run [low, high) each rank stops being below `wanted`: bisection, all at
        once. One array of ranks takes half the memory of sorted (key, rank) pairs."""
        last = len(self._rank) - 1
        while (open_ := low < high).any():
            middle = (low + high) // 2
            below = open_ & (self._rank[np.minimum(middle, last)] < wanted)
            low = np.where(below, middle + 1, low)
            high = np.where(open_ & ~below, middle, high)
        return low


def _sums(values: Whole) -> npt.NDArray[np.integer]:
    """Sums up to each place, in half the memory where they fit."""
    sums = np.concatenate((np.zeros(1, np.int64), np.cumsum(values, dtype=np.int64)))
    fits = np.abs(sums).max() < np.iinfo(np.int32).max
    return sums.astype(np.int32) if fits else sums


class OrderLedger:
    """A ledger with at most one event per order; an order's own event is no evidence about it."""

    def __init__(
        self,
        key: npt.NDArray[np.integer],
        at: Ints,
        value: Whole | None = None,
        *,
        ranked: Ranked | None = None,
    ) -> None:
        self._ledger = Ledger(key, at, value, ranked=ranked)
        self._key, self._at, self._value = key, at, value

    def by(self, rows: Ints, at: Ints) -> Tally:
        """What had happened by `at` to other orders with the keys of `rows`."""
        key = self._key[rows]
        mine = (known(self._at[rows], at) & (key >= 0)).astype(np.int64)
        own = mine if self._value is None else mine * self._value[rows]
        return self._ledger.by(key, at) - Tally(mine, own)

    def within(self, rows: Ints, at: Ints, days: float) -> Tally:
        """The same, of the last `days` before `at` only."""
        return self.by(rows, at) - self.by(rows, at - int(days * DAY))


def known(happened: Ints, at: Ints) -> Flags:
    """Whether an event had happened by the instant."""
    return (happened <= at) & (happened < NEVER)
