"""Following the level: when complaints become more frequent than the model says, so do its scores.

A model learns from verdicts that come weeks after the purchase, and lags behind when a bad winter
begins. So each day what it said of the last weeks' orders is compared with what is known of them:
their verdicts, and for how long the others have been waiting for one. Who complains is heard of
later than who is content, so of two silent orders the older one is the likelier complaint: that
tells of a bad winter before its verdicts do. Nothing counts before it was known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from forecasting.risk.calibration import probability
from forecasting.risk.features.asof import DAY, Flags, Floats, Ints

FOLLOWED = ("order", "shipping", "promise")  # the moments that most orders come to
HALF_LIFE = 10.0  # days of age that halve what an order counts for
SPAN = 90  # days of orders that are looked at
AGES = 60  # days within which nearly all verdicts come
WEIGHT = 40.0  # of no shift at all: information (sum of p (1 - p)) that it counts for
FEWEST = 50  # complaints, and as many others, from which on their waits are known
WINDOW, ENOUGH = 60, 12_000  # days, and verdicts in them; of more a part is looked at


@dataclass(frozen=True, slots=True)
class Waits:
    """How long verdicts are waited for: the share of all orders of a kind, content or complaint,
    that is still silent at an age of 0, 1, … AGES days."""

    content: tuple[float, ...]
    complaint: tuple[float, ...]

    def silent(self, p: Floats, age: Floats) -> Floats:
        """Probability of a complaint of orders that have been silent for `age` days, where it was
        `p` before."""
        place = np.minimum(age.astype(np.int64), AGES)
        bad = p * np.array(self.complaint)[place]
        good = (1 - p) * np.array(self.content)[place]
        found: Floats = np.divide(bad, bad + good, out=p.copy(), where=bad + good > 0)
        return found


@dataclass(frozen=True, slots=True)
class Followed:
    """Orders that a moment came to before any verdict, by their canonical rows: when it came, when
    their verdict counts (NEVER: not yet), whether it is a complaint, and the log-odds said."""

    at: Ints
    counted: Ints
    bad: Flags
    margin: Floats

    def shift(self, day: int, waits: Waits | None) -> float:
        """In log-odds, by what was known when the day (a whole number since 1970, UTC) began: one
        step of Newton's toward the level that fits, drawn toward none at all."""
        now = day * DAY
        seen = np.flatnonzero((self.at < now) & (self.at >= now - SPAN * DAY))
        age = (now - self.at[seen]) / DAY
        said = probability(self.margin[seen])
        told = self.counted[seen] <= now
        silent = said if waits is None else waits.silent(said, age)
        excess = np.where(told, self.bad[seen], silent) - said
        open_ = np.where(told, 0.0, silent * (1 - silent))
        information = np.maximum(said * (1 - said) - open_, 0)
        weight = np.exp2(-age / HALF_LIFE)
        return float((weight * excess).sum() / ((weight * information).sum() + WEIGHT))


def learn_waits(at: Ints, counted: Ints, bad: Flags, as_of: int) -> Waits | None:
    """From orders old enough for their verdicts, as known at `as_of` (µs); None where too few are.

    Silent for ever is one in so many, content or not: nobody can know which.
    """
    old = at <= as_of - (AGES + 1) * DAY
    told = old & (counted <= as_of)
    if min((told & bad).sum(), (told & ~bad).sum()) < FEWEST:
        return None
    never = 1 - told.sum() / old.sum()
    kinds = [tuple(_silent(counted[rows] - at[rows], never)) for rows in (told & ~bad, told & bad)]
    return Waits(kinds[0], kinds[1])


def _silent(waits: Ints, never: float) -> Sequence[float]:
    days = np.minimum(waits // DAY, AGES)
    by_then = np.cumsum(np.bincount(days, minlength=AGES + 1)) / len(days)
    still: npt.NDArray[np.float64] = np.append(1.0, 1 - by_then[:-1])
    found: list[float] = (never + (1 - never) * still).tolist()
    return found


def looked_at(refs: Ints, every: int) -> Flags:
    """Which orders count when one in `every` is looked at: by a hash of their references."""
    found: Flags = refs % max(every, 1) == 0
    return found


def thinned(counted: Ints, as_of: int) -> int:
    """One in how many orders is enough, by the verdicts of the window before `as_of`."""
    n = int(np.count_nonzero((counted <= as_of) & (counted > as_of - WINDOW * DAY)))
    return max(1, n // ENOUGH)
