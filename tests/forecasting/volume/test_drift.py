"""How far daily levels drift, learned from plain forecasts over a whole history."""

from __future__ import annotations

import numpy as np
import pytest

from forecasting.volume.drift import Drift, learn_drift, plain_windows

WINDOW = 28
HISTORY = 560  # days


def drift_of(level: np.ndarray, *, ours: float = 1.0, noise: float = 0.05, seed: int = 1) -> Drift:
    """Of log counts around `level` (days,), whose models lose `ours` times what the plain one does
    in the last ten windows."""
    rng = np.random.default_rng(seed)
    counts = level + rng.normal(0, noise, len(level))
    plain = plain_windows(counts, np.ones(len(level)), WINDOW)
    errors = plain.actual - plain.forecast
    common = errors.mean(1, keepdims=True)
    return learn_drift((errors - (1 - ours) * common)[-10:], plain.origins[-10:], errors,
                       plain.origins)  # fmt: skip


def wandering(step: float, *, calm: int = 0, days: int = HISTORY) -> np.ndarray:
    """A random walk that stands still in its last `calm` days."""
    steps = np.random.default_rng(7).normal(0, step, days)
    steps[days - calm :] = 0.0
    return 5 + np.cumsum(steps)


def test_a_steady_level_does_not_drift() -> None:
    assert max(drift_of(np.full(HISTORY, 5.0)).deviations) < 0.02


def test_a_wandering_level_drifts_further_the_further_ahead() -> None:
    drift = drift_of(wandering(0.02))
    assert drift.deviations[0] > 0.04
    assert drift.deviations[3] > 1.2 * drift.deviations[0]


def test_a_calm_back_test_does_not_hide_how_far_levels_moved_before() -> None:
    calm = drift_of(wandering(0.02, calm=150))
    assert calm.deviations[-1] > 0.4 * drift_of(wandering(0.02)).deviations[-1]


def test_models_that_follow_the_level_better_lose_less_of_it() -> None:
    level = wandering(0.03)
    assert drift_of(level, ours=0.2).deviations[-1] < 0.8 * drift_of(level).deviations[-1]


def test_one_sale_does_not_make_every_window_wide() -> None:
    level = np.full(HISTORY, 5.0)
    level[200:203] += 5.0
    assert max(drift_of(level).deviations) < 0.15


def test_a_longer_history_is_more_windows() -> None:
    short, long = (drift_of(wandering(0.02, days=days)) for days in (140, HISTORY))
    assert 3 < short.windows < 8
    assert 20 < long.windows < 30


def test_a_louder_past_makes_the_days_own_errors_larger() -> None:
    rng = np.random.default_rng(3)
    loud = np.full(HISTORY, 5.0) + np.where(
        np.arange(HISTORY) < 400, rng.normal(0, 0.3, HISTORY), 0
    )
    assert drift_of(np.full(HISTORY, 5.0)).unrest == pytest.approx(1, abs=0.1)
    assert drift_of(loud).unrest > 1.5


def test_without_plain_windows_the_back_test_tells_alone() -> None:
    errors = np.random.default_rng(5).normal(0, 1, (4, WINDOW)) + np.array([[2], [-2], [2], [-2]])
    none = np.full((0, WINDOW), np.nan)
    drift = learn_drift(errors, np.array([50, 57, 64, 71]), none, np.array([], dtype=np.int64))
    assert drift.deviations == pytest.approx([2] * 4, rel=0.2)
    assert drift.windows < 3
    assert drift.unrest == 1


def test_plain_windows_know_nothing_of_what_they_forecast() -> None:
    rng = np.random.default_rng(2)
    counts, uplift = rng.poisson(50, 100).astype(float), rng.uniform(0.5, 2, 100)
    counts[rng.integers(0, 100, 12)] = np.nan
    found = plain_windows(counts, uplift, 14)
    assert found.origins.tolist() == list(range(30, 87, 7))
    for origin, row, actual in zip(found.origins, found.forecast, found.actual, strict=True):
        for ahead in range(14):
            day = origin + ahead
            back = [past for past in range(origin - 28, origin) if (day - past) % 7 == 0]
            usual = np.nanmean(counts[back] / uplift[back])
            assert row[ahead] == pytest.approx(usual * uplift[day])
        np.testing.assert_array_equal(actual, counts[origin : origin + 14])
