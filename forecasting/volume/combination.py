"""From back-test to one forecast: weights, and the guard rail against the same-slot median."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from forecasting.volume.backtest import Backtest
from forecasting.volume.history import Floats
from forecasting.volume.models.registry import BASELINE
from forecasting.volume.scores import bias, wape

SHARP = 4.0  # weights fall with this power of the back-test error
TIE = 0.995  # a combination must be better than the baseline by half a per cent
HOPELESS = 1.5  # times the best error: no weight beyond it
THIN = 2.0  # contacts per slot below which a median may vanish
LOST = 0.15  # share of the volume that it may lose
COMBINED = "combination"


@dataclass(frozen=True, slots=True)
class Choice:
    """Which models speak with what weight, and what the back-test said of them."""

    name: str  # "combination" or the baseline's name
    weights: tuple[tuple[str, float], ...]
    error: float  # WAPE of the choice on the back-test; NaN without one
    baseline_error: float


def choose(tested: Backtest, members: Sequence[str]) -> Choice:
    """Weigh the members by their back-test; the baseline wins ties and failures."""
    errors = dict(zip(tested.models, tested.errors(BASELINE), strict=True))
    baseline = float(errors[BASELINE])
    present = [name for name in members if np.isfinite(errors.get(name, np.inf))]
    fallback = Choice(BASELINE, ((BASELINE, 1.0),), baseline, baseline)
    if not present:
        return fallback
    best = max(min(errors[name] for name in present), 1e-9)
    raw = {
        n: (best / max(errors[n], 1e-9)) ** SHARP for n in present if errors[n] < HOPELESS * best
    }
    whole = sum(raw.values())
    if not raw or whole <= 0:
        return fallback
    weights = tuple((name, weight / whole) for name, weight in raw.items())
    error = wape(tested.actual, combined(tested, weights))
    if not error < baseline * TIE and not _vanishes(tested, weights):
        return fallback
    return Choice(COMBINED, weights, error, baseline)


def hold(tested: Backtest, weights: tuple[tuple[str, float], ...]) -> Choice | None:
    """An earlier choice on a newer back-test; None when a model of it is gone or now loses to the
    baseline."""
    if not weights or any(name not in tested.models for name, _ in weights):
        return None
    errors = dict(zip(tested.models, tested.errors(BASELINE), strict=True))
    error, baseline = wape(tested.actual, combined(tested, weights)), float(errors[BASELINE])
    name = weights[0][0] if len(weights) == 1 else COMBINED
    if name != BASELINE and not error < baseline * TIE and not _vanishes(tested, weights):
        return None
    return Choice(name, weights, error, baseline)


def _vanishes(tested: Backtest, weights: tuple[tuple[str, float], ...]) -> bool:
    """A median that rounds a thin series away loses its sum, which staffing needs."""
    known = tested.actual[np.isfinite(tested.actual)]
    if not len(known) or known.mean() >= THIN:
        return False
    lost = abs(bias(tested.actual, tested.of(BASELINE)))
    return lost > LOST and abs(bias(tested.actual, combined(tested, weights))) < lost / 2


def combined(tested: Backtest, weights: tuple[tuple[str, float], ...]) -> Floats:
    """The weighted forecast on the back-test, (origins, window, slots)."""
    found = np.zeros_like(tested.actual)
    spoken = np.zeros_like(tested.actual)
    for name, weight in weights:
        there = np.isfinite(tested.of(name))
        found += np.where(there, tested.of(name), 0) * weight
        spoken += there * weight
    # Where only slow models would speak, and were spared, the baseline stands in.
    return np.where(spoken > 0, found / np.maximum(spoken, 1e-9), tested.of(BASELINE))


def untested(members: Sequence[str]) -> Choice:
    """Equal weights, for histories too short to test on."""
    share = 1 / len(members)
    name = COMBINED if len(members) > 1 else members[0]
    return Choice(name, tuple((one, share) for one in members), float("nan"), float("nan"))
