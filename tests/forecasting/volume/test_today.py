"""A day that is not over is fitted to what has come so far."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from forecasting.volume.intraday import update_rest
from tests.forecasting.volume.counts import ahead, day_shape, options, series

NOON = 24


def varying(days: int, *, spread: float = 0.15) -> tuple[pd.DataFrame, np.ndarray]:
    """Days whose level varies at random, and those levels."""
    rng = np.random.default_rng(8)
    levels = 60 * np.exp(rng.normal(0, spread, days))
    frame = series(days)
    frame["y"] = rng.poisson(np.outer(levels, day_shape(48)).ravel())
    return frame, levels


def test_a_horizon_of_a_day_from_noon_starts_at_noon() -> None:
    frame, _ = varying(60)
    found = ahead(frame.iloc[: -48 + NOON], options(horizon="1d"))
    assert str(found.index[0]) == "2025-05-01 12:00:00"
    assert len(found) == 48


def test_the_rest_of_an_unusual_day_is_forecast_a_quarter_better_at_noon() -> None:
    frame, levels = varying(100)
    odd = [d for d in range(70, 100) if abs(levels[d] / 60 - 1) > 0.1][:10]
    before = after = 0.0
    for day in odd:
        rest = frame["y"].to_numpy()[day * 48 + NOON : (day + 1) * 48]
        night = ahead(frame.iloc[: day * 48], options(horizon="1d"))["mean"].to_numpy()[NOON:]
        noon = ahead(frame.iloc[: day * 48 + NOON], options(horizon="1d"))["mean"].to_numpy()[:24]
        before += np.abs(rest - night).sum()
        after += np.abs(rest - noon).sum()
    assert len(odd) == 10
    assert after < 0.75 * before


def test_the_band_of_today_narrows() -> None:
    frame, _ = varying(100)
    whole = ahead(frame.iloc[:-48], options(horizon="1d"))
    rest = ahead(frame.iloc[: -48 + NOON], options(horizon="1d"))
    busy = whole.index[26:32]
    width_then = (whole["hi-80"] - whole["lo-80"])[busy] / whole["mean"][busy]
    width_now = (rest["hi-80"] - rest["lo-80"])[busy] / rest["mean"][busy]
    assert width_now.mean() < 0.9 * width_then.mean()


def test_afternoons_that_lay_low_lately_lower_the_rest_of_an_ordinary_morning() -> None:
    rng = np.random.default_rng(8)
    plan = np.full(48, 40.0)
    plans = np.tile(plan, (60, 1))
    habit = np.repeat(np.tile([1.0, 0.6, 1.3], 4), 5)  # afternoons, five days alike
    shape = np.where(np.arange(48) < NOON, 1.0, habit[:, None])
    past = rng.poisson(plans * shape).astype(float)
    today = np.append(plan[:NOON], np.full(48 - NOON, np.nan))
    low = update_rest(past[:40], plans[:40], today, plan, cut=NOON)
    high = update_rest(past[:45], plans[:45], today, plan, cut=NOON)
    usual = update_rest(past[:50], plans[:50], today, plan, cut=NOON)
    assert low.factor < 0.85
    assert high.factor > 1.08
    assert usual.factor == pytest.approx(1.0, abs=0.08)


def test_a_day_like_any_other_keeps_its_plan() -> None:
    frame, _ = varying(80, spread=0.01)
    plan = ahead(frame.iloc[:-48], options(horizon="1d"))["mean"].to_numpy()[NOON:]
    noon = ahead(frame.iloc[: -48 + NOON], options(horizon="1d"))["mean"].to_numpy()[:24]
    assert abs(noon.sum() / plan.sum() - 1) < 0.05


def silenced(frame: pd.DataFrame, first: int, end: int) -> pd.DataFrame:
    """Until noon of the last day, whose slots in [first, end) are 0."""
    counts = frame["y"].to_numpy()[: -48 + NOON].copy()
    counts[len(counts) - NOON + first : len(counts) - NOON + end] = 0
    return frame.iloc[: len(counts)].assign(y=counts)


def afternoon(frame: pd.DataFrame) -> float:
    return float(ahead(frame, options(horizon="1d"))["mean"].to_numpy()[:24].sum())


def test_silence_of_a_series_that_never_closes_is_an_outage() -> None:
    frame, _ = varying(80, spread=0.01)
    plan = ahead(frame.iloc[:-48], options(horizon="1d"))["mean"].to_numpy()[NOON:]
    assert afternoon(silenced(frame, 0, NOON)) == pytest.approx(plan.sum(), rel=0.05)
    assert afternoon(silenced(frame, 14, 20)) == pytest.approx(plan.sum(), rel=0.05)


def test_a_silent_morning_of_a_series_with_closed_days_lowers_the_rest() -> None:
    frame, _ = varying(80, spread=0.01)
    counts = frame["y"].to_numpy().copy()
    counts[30 * 48 : 31 * 48] = 0  # a day closed before
    frame["y"] = counts
    plan = ahead(frame.iloc[:-48], options(horizon="1d"))["mean"].to_numpy()[NOON:]
    assert afternoon(silenced(frame, 0, NOON)) < 0.6 * plan.sum()
