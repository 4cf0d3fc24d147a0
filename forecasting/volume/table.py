"""The back-test as a table per model, for `forecast backtest`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forecasting.volume.backtest import Backtest
from forecasting.volume.combination import COMBINED, Choice, combined
from forecasting.volume.history import Floats
from forecasting.volume.models.registry import BASELINE
from forecasting.volume.scores import bias, mase


@dataclass(frozen=True, slots=True)
class ModelScore:
    """One model on one series, over all origins."""

    model: str
    wape: float
    mase: float
    bias: float
    against_baseline: float  # its WAPE over the baseline's
    weight: float  # in the forecast that is published


def score_models(tested: Backtest, choice: Choice, naive_error: float) -> list[ModelScore]:
    """Best first; the combination stands among them when there is one."""
    weights = dict(choice.weights)
    entries: list[tuple[str, Floats, float]] = [
        (name, tested.of(name), weights.get(name, 0.0)) for name in tested.models
    ]
    errors = dict(zip(tested.models, tested.errors(BASELINE), strict=True))
    if choice.name == COMBINED:
        entries.append((COMBINED, combined(tested, choice.weights), 1.0))
    errors[COMBINED] = choice.error
    baseline = errors[BASELINE]
    scores = [
        ModelScore(
            name,
            errors[name],
            mase(*_shown(tested, found), naive_error),
            bias(*_shown(tested, found)),
            errors[name] / baseline if baseline > 0 else np.nan,
            weight,
        )
        for name, found, weight in entries
    ]
    return sorted(scores, key=lambda score: score.wape)


def _shown(tested: Backtest, found: Floats) -> tuple[Floats, Floats]:
    """Actual counts and forecasts at the origins the model took part in."""
    there = np.isfinite(found).all((1, 2))
    return tested.actual[there], found[there]


def naive_error(counts: Floats) -> float:
    """Mean absolute error of the weekly naive forecast in the past: the scale of MASE."""
    if len(counts) <= 7:
        return float("nan")
    missed = np.abs(counts[7:] - counts[:-7])
    known = missed[np.isfinite(missed)]
    return float(known.mean()) if len(known) else float("nan")
