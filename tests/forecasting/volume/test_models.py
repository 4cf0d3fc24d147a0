"""Candidate models against slow oracles and known truths; no leakage in the back-test."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from forecasting.volume.backtest import backtest, origins_of, window_of
from forecasting.volume.combination import choose
from forecasting.volume.day_calendar import Calendar, Event, make_calendar
from forecasting.volume.grid import DayGrid, build_grid
from forecasting.volume.models.registry import BASELINE, FAST, MEMBERS, MODELS
from forecasting.volume.models.regressors import regressors
from forecasting.volume.models.same_slot import last, mean, median
from forecasting.volume.models.structural import learn_level


def grid_of(counts: np.ndarray, *, ahead: int = 14, calendar: Calendar | None = None) -> DayGrid:
    dates = pd.date_range("2024-01-01", periods=len(counts) + ahead)
    return build_grid(dates[: len(counts)], counts, calendar or make_calendar(dates, None))


def random_grid(days: int = 120, slots: int = 6) -> DayGrid:
    return grid_of(np.random.default_rng(1).poisson(30, (days, slots)).astype(float))


@pytest.mark.parametrize(("average", "slow"), [(median, np.nanmedian), (mean, np.nanmean)])
def test_averages_equal_the_slow_ones(average, slow) -> None:
    rows = np.random.default_rng(2).poisson(5, (8, 40)).astype(float)
    rows[np.random.default_rng(3).random((8, 40)) < 0.3] = np.nan
    rows[0] = 1.0
    np.testing.assert_allclose(average(rows), slow(rows, axis=0))


def test_the_naive_forecast_is_last_weeks_count() -> None:
    grid = random_grid()
    found = MODELS["weekly-naive"].learn(grid).forecast(grid)
    np.testing.assert_array_equal(found[:7], grid.counts[-7:])
    assert (last(np.array([[1.0, 2.0], [np.nan, 3.0]])) == [1, 3]).all()


@pytest.mark.parametrize("name", MODELS)
def test_every_model_gives_counts_for_the_days_ahead(name: str) -> None:
    grid = random_grid(140)
    found = MODELS[name].learn(grid).forecast(grid)
    assert found.shape == (14, 6)
    assert np.isfinite(found).all()
    assert found.mean() == pytest.approx(30, rel=0.1)


def test_a_back_test_does_not_see_what_comes_after_its_origin() -> None:
    grid = random_grid(150)
    origins = origins_of(grid, window=14)
    changed = grid_of(np.where(np.arange(150)[:, None] >= origins[0], 500.0, grid.counts))
    models = {**FAST, "boosting": MODELS["boosting"]}
    one = backtest(grid, models, window=14, origins=origins)
    other = backtest(changed, models, window=14, origins=origins)
    np.testing.assert_allclose(one.forecasts[:, 0], other.forecasts[:, 0])
    assert not np.allclose(one.forecasts[:, -1], other.forecasts[:, -1])


class Broken:
    fewest_days, origins, learns_once = 1, 6, False

    def learn(self, past):
        raise ZeroDivisionError


def test_a_broken_candidate_is_left_out() -> None:
    grid = random_grid()
    models = {BASELINE: FAST[BASELINE], "broken": Broken()}
    tested = backtest(grid, models, window=14, origins=origins_of(grid, window=14))
    assert tested.failed == ("broken",)
    assert choose(tested, ["broken"]).name == BASELINE


def test_the_baseline_wins_when_the_others_are_no_better() -> None:
    grid = random_grid()
    models = {BASELINE: FAST[BASELINE], "weekly-naive": FAST["weekly-naive"]}
    tested = backtest(grid, models, window=14, origins=origins_of(grid, window=14))
    assert choose(tested, ["weekly-naive"]).name == BASELINE


def test_the_combination_wins_where_it_is_better_and_says_by_how_much() -> None:
    days = np.arange(200)
    level = 300 * (1 + 0.25 * np.sin(2 * np.pi * days / 30.4))  # a strong month
    grid = grid_of(np.random.default_rng(4).poisson(level[:, None]).astype(float))
    tested = backtest(grid, FAST, window=14, origins=origins_of(grid, window=14))
    choice = choose(tested, [name for name in FAST if name in MEMBERS])
    assert choice.name == "combination"
    assert choice.error < 0.8 * choice.baseline_error
    assert sum(weight for _, weight in choice.weights) == pytest.approx(1)


def test_the_window_and_origins_fit_the_history() -> None:
    assert window_of(random_grid(30), 14) == 7
    assert origins_of(random_grid(30), window=7) == ()
    assert len(origins_of(random_grid(120), window=14)) == 6


def test_a_day_ahead_is_tested_on_more_days_than_one() -> None:
    assert window_of(random_grid(120, slots=1), 1) == 7
    assert window_of(random_grid(120, slots=1), 14) == 14
    assert window_of(random_grid(120), 1) == 1  # its slots are many errors


def with_events(days: int, ahead: int, waves: list[int], size: float) -> DayGrid:
    """A level of 500 with an event of kind `sale` on some days, some of them to come."""
    dates = pd.date_range("2024-01-01", periods=days + ahead)
    events = [Event("sale", dates[w].date(), dates[w].date()) for w in waves]
    counts = np.random.default_rng(6).poisson(500, (days, 1)).astype(float)
    for wave in waves:
        if wave < days:
            counts[wave] *= size
    return grid_of(counts, ahead=ahead, calendar=make_calendar(dates, None, events))


def uplift_of(grid: DayGrid) -> float:
    return float(learn_level(grid, 28).level(grid).uplift[grid.days + 5])


def test_the_uplift_of_an_event_is_learned_from_its_past_waves() -> None:
    often = uplift_of(with_events(150, 14, [20, 50, 80, 110, 140, 155], 3.0))
    assert often == pytest.approx(3.0, rel=0.1)


def test_the_uplift_of_an_event_seen_once_is_shrunk() -> None:
    once = uplift_of(with_events(150, 14, [80, 155], 1.2))
    often = uplift_of(with_events(150, 14, [20, 50, 80, 110, 140, 155], 1.2))
    assert 1.02 < once < often + 0.02


def test_an_event_never_seen_has_no_uplift() -> None:
    assert uplift_of(with_events(150, 14, [155], 3.0)) == pytest.approx(1.0, abs=0.1)


@pytest.mark.parametrize(("days", "season"), [(560, False), (760, True)])
def test_a_season_is_supposed_when_it_was_seen_to_return(days: int, season: bool) -> None:
    blocks = regressors(random_grid(days, 1), 28)
    assert ("year" in {block.name for block in blocks}) is season


def office_with_a_day_off() -> DayGrid:
    """Open Monday to Friday; the last Monday of May 2024 is a public holiday, and closed."""
    dates = pd.date_range("2024-01-01", periods=170)
    counts = np.where(dates.day_of_week < 5, 100.0, 0.0)[:156, None]
    counts[dates[:156] == "2024-05-27"] = 0
    return build_grid(dates[:156], counts, make_calendar(dates, "US"))


def test_the_day_after_a_closed_monday_is_tuesday_and_the_day_before_friday() -> None:
    grid = office_with_a_day_off()
    [near] = [block.columns for block in regressors(grid, 28) if block.name == "holiday"]
    days = {
        which: set(grid.calendar.dates[near[:, at] > 0].strftime("%m-%d"))
        for at, which in enumerate(("on", "before", "after"))
    }
    assert "05-27" in days["on"]
    assert "05-24" in days["before"]
    assert "05-28" in days["after"]
    assert not {"05-25", "05-26", "05-29"} & (days["before"] | days["after"])


def test_the_open_days_after_a_day_off_are_unsettled() -> None:
    grid = office_with_a_day_off()
    found = set(grid.calendar.dates[grid.unsettled()].strftime("%m-%d"))
    assert {"05-27", "05-28", "05-29"} <= found
    assert not {"05-23", "05-30", "06-03"} & found
