"""Following the level: when complaints become more frequent than the model says, so do its scores.

A model learns from verdicts that come weeks after the purchase, and lags behind when a bad winter
begins. So each day what it said of the last weeks' orders is compared with what is known of them:
their verdicts, and for how long the others have been waiting for one. Who complains is heard of
later than who is content, so of two silent orders the older one is the likelier complaint: that
tells of a bad winter before its verdicts do. Not the level alone moves: when trouble comes, the
risky and the others lie further apart than they did. Nothing counts before it was known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from forecasting.risk.calibration import Calibration, probability
from forecasting.risk.features.asof import DAY, Flags, Floats, Ints

FOLLOWED = ("order", "shipping", "promise")  # the moments that most orders come to
HALF_LIFE = 10.0  # days of age that halve what an order counts for
SPAN = 90  # days of orders that are looked at
AGES = 60  # days within which nearly all verdicts come
# What no move at all counts for, of level and of slope: information (sum of p (1 - p)).
DRAWN, DRAWN_SLOPE = 40.0, 30.0
SLOPES = (0.5, 2.0)
STEPS, LONGEST, NEAR = 12, 1.0, 1e-3  # Newton's; a step is at most so long, and at last so short
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

    def calibration(self, day: int, waits: Waits | None) -> Calibration:
        """Slope and offset that fit what was known when the day (a whole number since 1970, UTC)
        began, drawn toward no move of either."""
        now = day * DAY
        seen = np.flatnonzero((self.at < now) & (self.at >= now - SPAN * DAY))
        if not len(seen):
            return Calibration()
        age, margin = (now - self.at[seen]) / DAY, self.margin[seen]
        told = self.counted[seen] <= now
        weight = np.exp2(-age / HALF_LIFE)
        usual = float((weight * margin).sum() / weight.sum())
        apart = margin - usual
        level = turn = 0.0
        for _ in range(STEPS):
            said = probability(margin + level + turn * apart)
            silent = said if waits is None else waits.silent(said, age)
            excess = weight * (np.where(told, self.bad[seen], silent) - said)
            open_ = np.where(told, 0.0, silent * (1 - silent))
            information = weight * np.maximum(said * (1 - said) - open_, 0)
            steps = _steps(excess, information, apart, level, turn)
            level, turn = level + steps[0], turn + steps[1]
            if max(map(abs, steps)) < NEAR:
                break
        slope = float(np.clip(1 + turn, *SLOPES))
        return Calibration(slope, level + (1 - slope) * usual)


def _steps(
    excess: Floats, information: Floats, apart: Floats, level: float, turn: float
) -> tuple[float, float]:
    """One step of Newton's in both: the way to the mode, as if its surroundings were a parabola."""
    a, c = information.sum() + DRAWN, (information * apart**2).sum() + DRAWN_SLOPE
    b = (information * apart).sum()
    u, v = excess.sum() - DRAWN * level, (excess * apart).sum() - DRAWN_SLOPE * turn
    both = np.array([c * u - b * v, a * v - b * u]) / (a * c - b * b)
    one, other = np.clip(both, -LONGEST, LONGEST).tolist()
    return one, other


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
