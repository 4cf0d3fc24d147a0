"""One metric of one label set over a past span, as a rule would have seen it at each look. Pure.

Looks lie on a grid: every `step` µs from `since`. A series says at which looks its verdict
changes; between those nothing new is seen.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

import numpy as np
import numpy.typing as npt

from alerts.conditions.judging import COMPARE
from alerts.rule import Threshold
from metrics.measurement import Labels

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int8]
BREACH, BETWEEN, CLEAR, NO_DATA, OFF = range(5)
LONG = np.iinfo(np.int64).max // 4


@dataclass(frozen=True, slots=True)
class Grid:
    """The looks: numbers 0 to `count` - 1, `step` µs apart."""

    since: int
    until: int
    step: int

    @property
    def count(self) -> int:
        return -(-(self.until - self.since) // self.step)

    def first_look(self, moments: Ints) -> Ints:
        """The number of the first look at each moment or after it."""
        found: Ints = -((self.since - moments) // self.step)
        return np.asarray(np.clip(found, 0, self.count), dtype=np.int64)

    def at(self, looks: Ints) -> Ints:
        return self.since + looks * self.step


@dataclass(frozen=True, slots=True)
class Runs:
    """Looks at which the verdict changes, the first being 0, and the verdicts from there on."""

    looks: Ints
    codes: Codes


class Series(Protocol):
    @property
    def labels(self) -> Labels: ...

    def runs(self, when: Threshold, clear: Threshold) -> Runs: ...

    def values(self, looks: Ints) -> Floats:
        """NaN where nothing is known."""
        ...

    def peak(self, first: int, last: int, op: str) -> float | None:
        """The worst value between two looks, both included."""
        ...


def compressed(looks: Ints, codes: Codes) -> Runs:
    """Only the looks that change something; of several at one look the last counts."""
    last = np.ones(len(looks), np.bool_)
    last[:-1] = looks[1:] != looks[:-1]
    looks, codes = looks[last], codes[last]
    new = np.ones(len(looks), np.bool_)
    new[1:] = codes[1:] != codes[:-1]
    return Runs(looks[new], codes[new])


def judged(values: Floats, when: Threshold, clear: Threshold) -> Codes:
    codes = np.full(len(values), BETWEEN, np.int8)
    with np.errstate(invalid="ignore"):
        codes[COMPARE[clear.op](values, clear.value)] = CLEAR  # type: ignore[arg-type]
        codes[COMPARE[when.op](values, when.value)] = BREACH  # type: ignore[arg-type]
    codes[np.isnan(values)] = NO_DATA
    return codes


@dataclass(frozen=True)
class Stepped:
    """Values that hold from one look until the next that is named. The first look is 0."""

    labels: Labels
    grid: Grid
    looks: Ints
    known: Floats

    def runs(self, when: Threshold, clear: Threshold) -> Runs:
        return compressed(self.looks, judged(self.known, when, clear))

    def values(self, looks: Ints) -> Floats:
        place = np.searchsorted(self.looks, looks, side="right") - 1
        found: Floats = self.known[place]
        return found

    def peak(self, first: int, last: int, op: str) -> float | None:
        start = int(np.searchsorted(self.looks, first, side="right")) - 1
        end = int(np.searchsorted(self.looks, last, side="right"))
        inside = self.known[max(start, 0) : end]
        inside = inside[~np.isnan(inside)]
        if not len(inside):
            return None
        return float(inside.max() if op.startswith(">") else inside.min())


def queue_length(labels: Labels, spans: Ints, grid: Grid) -> Stepped:
    """How many of the waits [start, end) hold at each look."""
    starts, ends = grid.first_look(spans[:, 0]), grid.first_look(spans[:, 1])
    change = np.bincount(starts, minlength=grid.count + 1)[: grid.count + 1].astype(np.int64)
    change -= np.bincount(ends, minlength=grid.count + 1)[: grid.count + 1]
    looks = np.flatnonzero(change)
    if not len(looks) or looks[0] != 0:
        looks = np.concatenate(([0], looks))
    looks = looks[looks < grid.count]
    return Stepped(labels, grid, looks, np.cumsum(change)[looks].astype(np.float64))


@dataclass(frozen=True)
class LongestWait:
    """Seconds that the longest of the waits has lasted at a look, 0 where nobody waits. Waits
    longer than the cut (µs) count no more."""

    labels: Labels
    spans: Ints
    grid: Grid
    cut: int | None = None
    _ends: Ints = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        ends = self.spans[:, 1]
        if self.cut is not None:
            ends = np.minimum(ends, self.spans[:, 0] + self.cut + 1)
        object.__setattr__(self, "_ends", ends)

    def runs(self, when: Threshold, clear: Threshold) -> Runs:
        over = self._over(when)
        under = self._over(clear)
        looks = np.unique(np.concatenate((over[0], under[0])))
        looks = looks[looks < self.grid.count]
        breach, calm = (_holds(one, looks) for one in (over, under))
        if when.op.startswith("<"):
            breach = ~breach
        else:
            calm = ~calm
        codes = np.full(len(looks), BETWEEN, np.int8)
        codes[calm] = CLEAR
        codes[breach] = BREACH
        return compressed(looks, codes)

    def _over(self, limit: Threshold) -> tuple[Ints, Ints]:
        """The looks at which the number of waits above the limit changes, and by how much."""
        beyond = round(limit.value * 1e6) + (limit.op in (">", "<="))
        if beyond <= 0:
            return np.zeros(1, np.int64), np.ones(1, np.int64)  # every wait is, even none
        starts = self.grid.first_look(np.minimum(self.spans[:, 0], LONG) + beyond)
        ends = self.grid.first_look(self._ends)
        some = ends > starts
        looks = np.concatenate(([0], starts[some], ends[some]))
        change = np.ones(int(some.sum()), np.int64)
        steps = np.concatenate((np.zeros(1, np.int64), change, -change))
        order = np.argsort(looks, kind="stable")
        return looks[order], np.cumsum(steps[order])

    @cached_property
    def _oldest(self) -> tuple[Ints, Ints]:
        """Looks at which another wait becomes the longest, and its start; LONG: nobody waits."""
        starts, ends = self.grid.first_look(self.spans[:, 0]), self.grid.first_look(self._ends)
        looks, oldest, free = [0], [LONG], 0
        for start, end, since in zip(
            starts.tolist(), ends.tolist(), self.spans[:, 0].tolist(), strict=True
        ):
            if end <= max(start, free):
                continue  # over before it is the longest
            begin = max(start, free)
            if begin > free:
                looks.append(free)
                oldest.append(LONG)
            looks.append(begin)
            oldest.append(since)
            free = end
        looks.append(free)
        oldest.append(LONG)
        return np.asarray(looks, np.int64), np.asarray(oldest, np.int64)

    def values(self, looks: Ints) -> Floats:
        at, oldest = self._oldest
        since = oldest[np.searchsorted(at, looks, side="right") - 1]
        found: Floats = np.where(since == LONG, 0.0, (self.grid.at(looks) - since) / 1e6)
        return found

    def peak(self, first: int, last: int, op: str) -> float | None:
        at, _ = self._oldest
        inside = at[(at > first) & (at <= last)]
        looks = np.concatenate(([first, last], inside, inside - 1))
        values = self.values(looks[(looks >= first) & (looks <= last)])
        return float(values.max() if op.startswith(">") else values.min())


def _holds(counted: tuple[Ints, Ints], looks: Ints) -> npt.NDArray[np.bool_]:
    """Whether the count is above 0 at each look."""
    place = np.searchsorted(counted[0], looks, side="right") - 1
    found: npt.NDArray[np.bool_] = counted[1][place] > 0
    return found
