"""Following the level: when complaints become more frequent than the model says, so do its scores.

A model learns from verdicts that come weeks after the purchase, and lags behind when a bad winter
begins. So what it said is compared with the verdicts known by each moment, and where they part by
more than usual, the log-odds move along. No verdict counts before it was told.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forecasting.risk.calibration import probability
from forecasting.risk.features.asof import DAY, Flags, Floats, Ints

FOLLOWED = ("order", "shipping")  # later the lateness itself is known, and says more
WINDOW = 60  # days of verdicts that are looked at
WEIGHT = 40.0  # of no shift at all: information (sum of p (1 - p)) that it counts for
CALM, STIRRED = 0.1, 0.3  # shifts up to the first are chance, from the second on they count whole
ENOUGH = 3000  # verdicts in a window; of more a part is looked at, the same for everybody
_UNIT = 1e9  # whole numbers: sums don't depend on the order of rows


@dataclass(frozen=True, slots=True)
class Level:
    """Sums over verdicts by the instant they were told: what came over what was said."""

    told_at: Ints
    excess: Ints
    information: Ints

    def shift(self, at: Ints) -> Floats:
        """In log-odds, by what was known at each instant."""
        last = np.searchsorted(self.told_at, at, side="right")
        first = np.searchsorted(self.told_at, at - WINDOW * DAY, side="right")
        excess = (self.excess[last] - self.excess[first]) / _UNIT
        information = (self.information[last] - self.information[first]) / _UNIT
        found: Floats = _firm(excess / (information + WEIGHT))
        return found


def level_of(told_at: Ints, margin: Floats, bad: Flags) -> Level:
    """From log-odds said and verdicts told; one step of Newton's toward the level that fits."""
    order = np.argsort(told_at, kind="stable")
    said = probability(margin[order])
    excess = np.rint((bad[order] - said) * _UNIT).astype(np.int64)
    information = np.rint(said * (1 - said) * _UNIT).astype(np.int64)
    return Level(told_at[order], _sums(excess), _sums(information))


def looked_at(refs: Ints, every: int) -> Flags:
    """Which orders count when one in `every` is looked at: by a hash of their references."""
    found: Flags = refs % max(every, 1) == 0
    return found


def thinned(told_at: Ints, as_of: int) -> int:
    """One in how many verdicts is enough, by the window before `as_of`."""
    n = int(np.count_nonzero((told_at <= as_of) & (told_at > as_of - WINDOW * DAY)))
    return max(1, n // ENOUGH)


def _firm(shift: Floats) -> Floats:
    """Nothing below CALM, everything from STIRRED on, straight between them."""
    size = np.abs(shift)
    part = np.clip((size - CALM) / (STIRRED - CALM), 0, 1)
    return np.sign(shift) * np.where(size >= STIRRED, size, part * STIRRED)


def _sums(values: Ints) -> Ints:
    return np.concatenate((np.zeros(1, np.int64), np.cumsum(values)))
