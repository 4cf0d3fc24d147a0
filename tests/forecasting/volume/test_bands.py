"""Bands learned from back-test errors."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pytest

from forecasting.volume.bands import Spread, doubtful_spread, learn_spread, nested
from forecasting.volume.drift import plain_windows


def errors(rng: np.random.Generator, *, lead: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """(origins, window, slots) of forecasts and counts, noisier the further ahead."""
    forecast = np.tile(np.linspace(2, 300, 24), (6, 14, 1))
    noise = rng.normal(0, 0.1 * (1 + lead * np.arange(14)), (6, 14))[..., None]
    return forecast, rng.poisson(forecast * np.exp(noise)).astype(float)


def learned(forecast: np.ndarray, came: np.ndarray) -> Spread:
    """From windows that do not overlap."""
    window = forecast.shape[1]
    found = learn_spread(forecast, came, [100 + window * at for at in range(len(forecast))])
    assert found is not None
    return found


@pytest.mark.parametrize("level", [80, 95])
def test_the_band_covers_what_it_says_for_small_and_large_counts(level: int) -> None:
    rng = np.random.default_rng(3)
    spread = learned(*errors(rng))
    forecast, came = errors(rng)
    for part in (slice(0, 12), slice(12, 24)):
        inside = []
        for f, y in zip(forecast, came, strict=True):
            low, high = spread.band(f, level)
            inside.append(((y >= low) & (y <= high))[:, part])
        assert np.mean(inside) == pytest.approx(level / 100, abs=0.07)


def test_the_band_widens_with_lead_when_errors_do() -> None:
    spread = learned(*errors(np.random.default_rng(4), lead=0.3))
    low, high = spread.band(np.full((14, 1), 100.0), 80)
    assert (high - low)[13] > 1.3 * (high - low)[0]


def test_a_narrowed_band_keeps_the_chance_of_single_contacts() -> None:
    spread = learned(*errors(np.random.default_rng(4)))
    forecast = np.full((1, 1), 200.0)
    low, high = spread.band(forecast, 80, narrowed=0.0)
    wide_low, wide_high = spread.band(forecast, 80)
    assert high - low < wide_high - wide_low
    assert high - low == pytest.approx(2 * 1.2816 * 200**0.5, rel=0.02)


def test_bands_of_days_hold_a_level_that_wanders() -> None:
    inside: dict[int, list[float]] = {80: [], 95: []}
    for seed in range(60):
        rng = np.random.default_rng(seed)
        level = 500 * np.exp(np.cumsum(rng.normal(0, 0.02, 400)))
        came = level * np.exp(rng.normal(0, 0.05, 400))
        origins = [372 - 28 - 7 * at for at in range(10)][::-1]
        forecast = np.stack([np.full((28, 1), came[o - 7 : o].mean()) for o in origins])
        windows = np.stack([came[o : o + 28, None] for o in origins])
        plain = plain_windows(came[:372], np.ones(372), 28)
        spread = learn_spread(forecast, windows, origins, plain=plain)
        assert spread is not None
        for within, found in inside.items():
            low, high = spread.band(np.full((28, 1), came[365:372].mean()), within)
            held = (came[372:] >= low[:, 0]) & (came[372:] <= high[:, 0])
            found.append(float(held.mean()))
    assert np.mean(inside[80]) == pytest.approx(0.8, abs=0.07)
    assert np.mean(inside[95]) == pytest.approx(0.95, abs=0.04)


def test_the_band_of_days_widens_by_the_drift_of_each_week() -> None:
    scores = np.array([NormalDist().inv_cdf((at + 0.5) / 280) for at in range(280)])
    steady = Spread(0.5, (1.0,) * 7, scores, 140.0, (0.0,) * 4)
    drifting = Spread(0.5, (1.0,) * 7, scores, 140.0, (0.0, 0.5, 1.0, 2.0), 1000.0)

    def widths(spread: Spread) -> np.ndarray:
        low, high = spread.band(np.full((40, 1), 400.0), 80)
        return np.asarray((high - low)[:, 0])

    times = widths(drifting) / widths(steady)
    assert times[[0, 7, 14, 21, 39]] == pytest.approx(
        [1, 1.25**0.5, 2**0.5, 5**0.5, 5**0.5], rel=0.05
    )


def test_within_the_day_few_windows_leave_the_band() -> None:
    rng = np.random.default_rng(9)
    forecast = np.full((4, 14, 24), 100.0)
    came = forecast * np.exp(rng.normal(0, 0.1, (4, 1, 1)) + rng.normal(0, 0.1, forecast.shape))
    overlapping = learn_spread(forecast, came, [100, 101, 102, 103])
    apart = learn_spread(forecast, came, [100, 114, 128, 142])
    assert overlapping is not None
    assert apart is not None
    assert overlapping.band(forecast[0], 95)[1].max() == apart.band(forecast[0], 95)[1].max()


def test_few_windows_do_not_tell_on_which_side_the_next_errs() -> None:
    rng = np.random.default_rng(9)
    forecast = np.full((3, 28, 1), 500.0)
    came = forecast * np.exp(0.15 + rng.normal(0, 0.03, forecast.shape))  # all came high
    low, high = learned(forecast, came).band(forecast[0], 80)
    assert (high > 570).all()
    assert (low < 470).all()


def test_unsettled_days_widen_the_bands_of_such_days_alone() -> None:
    rng = np.random.default_rng(9)
    forecast = np.full((10, 28, 1), 500.0)
    origins = list(range(100, 170, 7))
    unsettled = np.zeros(300, bool)
    unsettled[110:300:15] = True
    day = np.array(origins)[:, None] + np.arange(28)
    size = np.where(unsettled[day], 0.3, 0.05)
    noise = rng.normal(0, 1, 300)[day] * size  # a day is as odd in every window that sees it
    came = forecast * np.exp(noise)[:, :, None]
    aware = learn_spread(forecast, came, origins, unsettled)
    unaware = learn_spread(forecast, came, origins)
    assert aware is not None
    assert unaware is not None
    coming = np.arange(28) == 5
    low, high = aware.band(forecast[0], 95, unsettled=coming)
    usual_low, usual_high = unaware.band(forecast[0], 95)
    assert (high - low)[5, 0] > 2 * (high - low)[6, 0]
    assert (high - low)[6, 0] < (usual_high - usual_low)[6, 0]


def test_too_few_errors_teach_nothing() -> None:
    assert learn_spread(np.ones((1, 2, 2)), np.ones((1, 2, 2)), [50]) is None


def test_the_band_of_an_untested_series_is_wide() -> None:
    low, high = doubtful_spread(np.full((3, 4), 100.0)).band(np.full((1, 4), 100.0), 80)
    assert (low < 65).all()
    assert (high > 140).all()


def test_outer_bands_hold_the_inner_ones() -> None:
    inner, outer = nested([(np.array([4.0]), np.array([9.0])), (np.array([5.0]), np.array([8.0]))])
    assert outer[0] <= inner[0]
    assert outer[1] >= inner[1]


def test_a_few_odd_days_do_not_make_the_outer_band() -> None:
    forecast, came = errors(np.random.default_rng(5))
    odd = came.copy()
    odd[0, 3:5] *= 2.5  # 2 of 84 days
    odd[3, 8] *= 2.5

    def high(counts: np.ndarray, level: int) -> float:
        spread = learned(forecast, counts)
        return float((spread.band(forecast[0], level)[1] - forecast[0]).mean())

    assert high(odd, 95) < 4.5 * high(odd, 80)
    assert high(came, 95) == pytest.approx(1.6 * high(came, 80), rel=0.15)
