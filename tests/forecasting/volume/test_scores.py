"""Scores against their plain definitions."""

from __future__ import annotations

import numpy as np
import pytest

from forecasting.volume.scores import bias, coverage, interval_score, mase, pinball, wape

ACTUAL = np.array([10.0, 0.0, np.nan, 20.0])
FORECAST = np.array([12.0, 1.0, 99.0, 15.0])


def test_scores_leave_unknown_counts_out() -> None:
    assert wape(ACTUAL, FORECAST) == pytest.approx(8 / 30)
    assert bias(ACTUAL, FORECAST) == pytest.approx(-2 / 30)
    assert mase(ACTUAL, FORECAST, 4.0) == pytest.approx(8 / 3 / 4)
    assert coverage(ACTUAL, FORECAST - 2, FORECAST + 2) == pytest.approx(2 / 3)


def test_wape_of_silence_is_zero_or_infinite() -> None:
    assert wape(np.zeros(3), np.zeros(3)) == 0
    assert wape(np.zeros(3), np.ones(3)) == float("inf")


def test_the_interval_score_punishes_what_lies_outside() -> None:
    inside = interval_score(np.array([5.0]), np.array([0.0]), np.array([10.0]), 80)
    outside = interval_score(np.array([12.0]), np.array([0.0]), np.array([10.0]), 80)
    assert inside == 10
    assert outside == pytest.approx(10 + 2 / 0.2 * 2)


def test_the_pinball_loss_is_least_at_its_quantile() -> None:
    counts = np.random.default_rng(1).poisson(30, 5000).astype(float)
    losses = {q: pinball(counts, np.full(5000, q), 0.9) for q in range(20, 50)}
    assert min(losses, key=losses.__getitem__) == pytest.approx(np.quantile(counts, 0.9), abs=1)
