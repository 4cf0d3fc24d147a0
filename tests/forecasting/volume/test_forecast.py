"""The forecast of one series: shape, bands, odd histories, today."""

from __future__ import annotations

from collections.abc import Callable
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from tests.forecasting.volume.counts import ahead, day_shape, forecasts, options, series, weekday

BANDS = ["lo-95", "lo-80", "mean", "hi-80", "hi-95"]


def spiked(frame: pd.DataFrame) -> pd.DataFrame:
    frame.loc[len(frame) - 30, "y"] = 10_000
    return frame


def without_april(frame: pd.DataFrame) -> pd.DataFrame:
    return frame[~frame["ds"].str.startswith("2025-04")]


ODD: dict[str, Callable[[], pd.DataFrame]] = {
    "one row": lambda: series(1).iloc[20:21],
    "half a day": lambda: series(1).iloc[:25],
    "three days": lambda: series(3),
    "ten days": lambda: series(10),
    "all zeros": lambda: series(70).assign(y=0),
    "a spike of 10,000": lambda: spiked(series(70)),
    "a month missing": lambda: without_april(series(90)),
    "weekdays only": lambda: series(70)[weekday(series(70)) < 5],
    "one weekday only": lambda: series(70)[weekday(series(70)) == 2],
    "thin": lambda: series(70, level=0.05),
    "huge": lambda: series(50, level=1e6),
    "fractions": lambda: series(50).assign(y=lambda f: f["y"] + 0.5),
    "a lonely day decades ago": lambda: pd.concat([series(1, start="1971-01-01"), series(50)]),
}


@pytest.mark.parametrize("case", ODD)
def test_odd_histories_give_a_whole_forecast(case: str) -> None:
    made = forecasts(ODD[case](), options(horizon="7d"))
    found = made.frame
    assert len(found) == 7 * 48
    assert not found["ds"].duplicated().any()
    assert np.isfinite(found[BANDS]).all(axis=None)
    assert (found[BANDS] >= 0).all(axis=None)
    assert (np.diff(found[BANDS].to_numpy(), axis=1) >= -1e-9).all()


def test_one_spike_hardly_moves_the_forecast() -> None:
    plain, hit = series(70), spiked(series(70))
    usual = ahead(plain, options())["mean"].sum()
    assert abs(ahead(hit, options())["mean"].sum() - usual) < 0.05 * usual


def test_a_short_history_is_said_and_its_band_is_wide() -> None:
    made = forecasts(series(5), options())
    assert any("too few to test" in note for _, note in made.notes)
    open_now = made.frame[made.frame["mean"] > 20]
    assert (open_now["hi-95"] - open_now["lo-95"] > open_now["mean"]).all()


def test_the_forecast_starts_after_the_last_stamp_of_each_series() -> None:
    later = series(70, name="mail", start="2025-03-05")
    made = forecasts(pd.concat([series(70), later]), options()).frame
    first = made.groupby("unique_id")["ds"].min()
    assert str(first["chat"]) == "2025-05-12 00:00:00"
    assert str(first["mail"]) == "2025-05-14 00:00:00"
    assert (made.groupby("unique_id").size() == 672).all()


def test_the_same_history_gives_the_same_forecast() -> None:
    frame = series(380, slots=24)
    asked = options("1h", "7d", fast=False)
    pd.testing.assert_frame_equal(ahead(frame, asked), ahead(frame, asked))


def test_the_forecast_is_near_the_truth_and_its_band_covers_it() -> None:
    found = ahead(series(100, level=40), options())
    truth = 40 * np.tile(day_shape(48), 14)
    assert np.abs(found["mean"] - truth).sum() < 0.05 * truth.sum()
    came = np.random.default_rng(5).poisson(truth)
    open_slots = truth > 0
    inside = (came >= found["lo-80"]) & (came <= found["hi-80"])
    assert 0.7 < inside[open_slots].mean() < 0.9


def test_days_are_forecast_with_their_weekday() -> None:
    frame = series(200, slots=1, level=300)
    frame["y"] = np.where(weekday(frame) >= 5, frame["y"] // 3, frame["y"])
    found = ahead(frame, options("1d", "28d"))
    at_weekend = pd.DatetimeIndex(found.index).day_of_week >= 5
    assert found["mean"][at_weekend].mean() == pytest.approx(100, rel=0.06)
    assert found["mean"][~at_weekend].mean() == pytest.approx(300, rel=0.06)


def test_the_band_of_tomorrow_is_that_of_the_first_day_of_a_month() -> None:
    frame = series(200, slots=1, level=400)

    def width(horizon: str) -> float:
        first = ahead(frame, options("1d", horizon)).iloc[0]
        return float(first["hi-80"] - first["lo-80"])

    assert width("1d") == pytest.approx(width("28d"), rel=0.25)


def test_years_of_days_use_prophet_and_the_season() -> None:
    frame = series(1000, slots=1, level=1, start="2022-06-01")
    stamps = pd.to_datetime(frame["ds"])
    season = 1 + 0.3 * np.sin(2 * np.pi * stamps.dt.day_of_year / 365.25)
    frame["y"] = np.random.default_rng(2).poisson(300 * season)
    made = forecasts(frame, options("1d", "28d", fast=False))
    assert "prophet" in dict(made.each[0].choice.weights)
    coming = pd.DatetimeIndex(made.frame["ds"])
    season = 1 + 0.3 * np.sin(2 * np.pi * coming.day_of_year.to_numpy() / 365.25)
    truth = 300 * season
    assert np.abs(made.frame["mean"].to_numpy() - truth).mean() < 0.04 * truth.mean()


def test_the_hour_that_the_clock_skips_is_left_out() -> None:
    found = ahead(series(60, start="2025-12-20"), options(
        horizon="28d", zone=ZoneInfo("America/New_York")))  # fmt: skip
    skipped = pd.Timestamp("2026-03-08 02:00")
    assert skipped - pd.Timedelta("30min") in found.index
    assert skipped not in found.index
    assert skipped + pd.Timedelta("1h") in found.index


def test_past_zeros_of_a_skipped_hour_are_no_outage_of_the_file() -> None:
    frame = series(60, start="2026-02-01", level=10)
    gone = frame["ds"].isin(["2026-03-08 02:00:00", "2026-03-08 02:30:00"])
    found = ahead(frame[~gone], options(zone=ZoneInfo("America/New_York")))
    assert len(found) == 672


def test_parts_and_their_total_add_up() -> None:
    parts = [series(70, name="a", level=10, seed=3), series(70, name="b", level=30, seed=4)]
    total = parts[0].assign(unique_id="all", y=parts[0]["y"] + parts[1]["y"])
    made = forecasts(pd.concat([*parts, total]), options())
    mean = made.frame.pivot(index="ds", columns="unique_id", values="mean")
    np.testing.assert_allclose(mean["a"] + mean["b"], mean["all"], atol=1e-9)
    assert ("all", "is the sum of the other 2 series; forecasts were made to add up") in made.notes


def test_a_day_whose_hours_are_over_goes_on_closed_to_midnight() -> None:
    frame = series(70, level=40)
    by_six = frame[frame["ds"].str[11:13].astype(int).between(6, 17)]
    found = ahead(by_six, options())
    assert str(found.index[0]) == "2025-05-11 18:00:00"
    assert len(found) == 672
    assert found["mean"].iloc[:12].sum() == 0


def test_the_rest_of_the_only_day_is_forecast() -> None:
    found = ahead(series(1, level=40).iloc[:30], options(horizon="1d"))
    assert str(found.index[0]) == "2025-03-03 15:00:00"
    assert (found["mean"].iloc[:18] > 0).any()
