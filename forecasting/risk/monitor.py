"""Is the model still right? Calibration and drift on the orders since it was fitted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from forecasting.risk.evaluation import ece
from forecasting.risk.facts import Facts
from forecasting.risk.features.asof import DAY, Flags
from forecasting.risk.features.table import CATEGORIES
from forecasting.risk.moments import labelled
from forecasting.risk.score import Scorer

DRIFTED = 0.25  # population stability index: below .1 calm, above .25 another population (Siddiqi)
ERRORS = 3.0  # standard errors by which the level may be off
FEWEST = 200
BINS = 10
WATCHED = ("amount", "freight", "items", *CATEGORIES)


@dataclass(frozen=True, slots=True)
class Drift:
    """The column whose values moved most against the window before, and by how much (index)."""

    column: str
    index: float


@dataclass(frozen=True, slots=True)
class Health:
    """One moment's model over a window. `expected` and `seen` are complaint shares of the `told`
    orders with a verdict; None where too few are."""

    moment: str
    told: int
    expected: float | None
    seen: float | None
    calibration_error: float | None
    drift: Drift | None

    @property
    def off(self) -> bool:
        """The level is wrong by more than chance explains."""
        if self.expected is None or self.seen is None:
            return False
        error = np.sqrt(self.expected * (1 - self.expected) / self.told)
        return bool(abs(self.seen - self.expected) > ERRORS * error)

    @property
    def drifted(self) -> bool:
        return self.drift is not None and self.drift.index > DRIFTED


def health(scorer: Scorer, moment: str, now: int, *, days: int = 30) -> Health:
    """Calibration on the verdicts of the `days` before `now` (µs); drift of the orders placed then
    against those of the `days` before."""
    placed = scorer.facts.instants("placed_at")
    rows, _ = labelled(scorer.facts, scorer.told, moment, by=now)
    rows = rows[scorer.told.counted[rows] > now - days * DAY]
    recent = (placed > now - days * DAY) & (placed <= now)
    before = (placed > now - 2 * days * DAY) & (placed <= now - days * DAY)
    drift = drift_of(scorer.facts, before, recent)
    if len(rows) < FEWEST:
        return Health(moment, len(rows), None, None, None, drift)
    p, bad = scorer.probabilities(rows, moment)[0], scorer.told.bad[rows]
    return Health(moment, len(rows), float(p.mean()), float(bad.mean()), ece(bad, p), drift)


def drift_of(facts: Facts, before: Flags, after: Flags) -> Drift | None:
    """What moved most between two sets of orders; None where either is too small."""
    if min(before.sum(), after.sum()) < FEWEST:
        return None
    moved = [
        Drift(name, stability(facts.orders.loc[before, name], facts.orders.loc[after, name]))
        for name in WATCHED
    ]
    return max(moved, key=lambda one: one.index)


def stability(before: pd.Series[float], after: pd.Series[float]) -> float:
    """Population stability index: over words, or tenths of the first sample; unknown is a class."""
    if isinstance(before.dtype, pd.CategoricalDtype):
        places = [part.cat.codes.to_numpy() + 1 for part in (before, after)]
    else:
        edges = np.unique(before.quantile(np.linspace(0, 1, BINS + 1)[1:-1]).dropna())
        places = [np.where(part.isna(), 0, 1 + np.searchsorted(edges, part, side="right"))
                  for part in (before, after)]  # fmt: skip
    size = 1 + max(int(part.max()) for part in places)
    counts = [np.bincount(part, minlength=size) for part in places]
    used = counts[0] + counts[1] > 0
    first, second = ((n[used] + 0.5) / (n.sum() + 0.5 * used.sum()) for n in counts)
    return float(((second - first) * np.log(second / first)).sum())
