"""The shape of a day: weekdays that lend each other strength, holidays like other weekdays."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from forecasting.volume.day_calendar import Calendar
from forecasting.volume.grid import DayGrid, build_grid
from forecasting.volume.models.shapes import learn_shapes

HOURS = np.arange(24)
WEEKDAY = np.exp(-(((HOURS - 11) / 4) ** 2)) + 0.02
SUNDAY = np.exp(-(((HOURS - 20) / 2) ** 2)) + 0.02


def grid_of(rates: np.ndarray, *, ahead: int = 14, public: list[int] | None = None) -> DayGrid:
    """Poisson counts of (days, 24) rates, with holidays on some days, some of them to come."""
    days = len(rates)
    dates = pd.date_range("2024-01-01", periods=days + ahead)
    holiday = np.zeros(len(dates), bool)
    holiday[public or []] = True
    names = tuple("Fixed Feast" if one else "" for one in holiday)
    weekdays = np.asarray(dates.day_of_week, dtype=np.int64)
    calendar = Calendar(dates, weekdays, holiday, names, ())
    counts = np.random.default_rng(5).poisson(rates).astype(float)
    return build_grid(dates[:days], counts, calendar)


def weekly(days: int, level: float) -> np.ndarray:
    """Monday to Saturday alike, Sunday in the evening."""
    shapes = [WEEKDAY / WEEKDAY.sum()] * 6 + [SUNDAY / SUNDAY.sum()]
    return np.array([level * shapes[day % 7] for day in range(days)])


def missed(found: np.ndarray, truth: np.ndarray) -> float:
    return float(np.abs(found - truth).sum())


def test_a_thin_series_borrows_from_weekdays_like_it() -> None:
    grid = grid_of(weekly(70, 60))
    found = learn_shapes(grid, grid.totals).weekly
    mondays = np.nansum(grid.counts[0::7], axis=0) / grid.totals[0::7].sum()
    truth = WEEKDAY / WEEKDAY.sum()
    assert missed(found[0], truth) < 0.6 * missed(mondays, truth)


def test_a_weekday_unlike_the_others_keeps_its_shape() -> None:
    grid = grid_of(weekly(140, 400))
    found = learn_shapes(grid, grid.totals).weekly
    assert missed(found[6], SUNDAY / SUNDAY.sum()) < 0.15
    assert missed(found[2], WEEKDAY / WEEKDAY.sum()) < 0.15


def test_a_holiday_takes_the_shape_such_days_had() -> None:
    rates = weekly(140, 400)
    holidays = [30, 65, 100, 144]  # a Wednesday, a Tuesday, … and a Friday to come
    for day in holidays[:3]:
        rates[day] = 200 * SUNDAY / SUNDAY.sum()
    grid = grid_of(rates, public=holidays)
    shapes = learn_shapes(grid, grid.totals)
    assert missed(shapes.ahead[4], SUNDAY / SUNDAY.sum()) < 0.2
    assert missed(shapes.ahead[3], WEEKDAY / WEEKDAY.sum()) < 0.2


def test_a_holiday_that_was_like_any_day_keeps_its_weekdays_shape() -> None:
    grid = grid_of(weekly(140, 400), public=[30, 65, 100, 144])
    assert missed(learn_shapes(grid, grid.totals).ahead[4], WEEKDAY / WEEKDAY.sum()) < 0.2


def test_weekdays_open_at_other_hours_do_not_mix() -> None:
    rates = weekly(70, 2000)
    rates[np.arange(70) % 7 == 6, :18] = 0
    rates[np.arange(70) % 7 != 6, 16:] = 0
    grid = grid_of(rates)
    found = learn_shapes(grid, grid.totals).weekly
    assert found[6, :18].sum() == 0
    assert found[2, 16:].sum() == 0
    np.testing.assert_allclose(found.sum(1), 1.0)


@pytest.mark.parametrize("level", [0.0, 0.3, 50.0])
def test_shapes_are_whole_at_every_level(level: float) -> None:
    grid = grid_of(weekly(50, level))
    shapes = learn_shapes(grid, np.nan_to_num(grid.totals))
    for table in (shapes.weekly, shapes.ahead):
        assert np.isfinite(table).all()
        assert (table >= 0).all()
        np.testing.assert_allclose(table.sum(1), 1.0)
