"""Closed hours, holidays and outages that nobody declared."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from forecasting.volume.day_calendar import country_of, make_calendar
from tests.forecasting.volume.counts import ahead, day_sum, forecasts, options, series, weekday

NEW_YORK = ZoneInfo("America/New_York")
US = options(zone=NEW_YORK, country="US")


def office(days: int, start: str, *, absent: bool) -> pd.DataFrame:
    """Closed at weekends and on US holidays; closed slots are zero, or absent."""
    frame = series(days, start=start, level=60)
    calendar = make_calendar(pd.DatetimeIndex(pd.to_datetime(frame["ds"]).dt.normalize()), "US")
    closed = (weekday(frame) >= 5).to_numpy() | calendar.public | (frame["y"] == 0).to_numpy()
    return frame[~closed] if absent else frame.assign(y=np.where(closed, 0, frame["y"]))


def test_closed_slots_absent_or_zero_give_the_same_forecast() -> None:
    # Ends on a Friday evening when absent: the whole file ends there to compare.
    whole = office(110, "2025-03-03", absent=False)
    absent = office(110, "2025-03-03", absent=True)
    one, other = ahead(whole, US)["mean"], ahead(absent, US)["mean"]
    both = one.index.intersection(other.index)
    assert len(both) > 500
    np.testing.assert_allclose(one[both], other[both], rtol=0.02, atol=0.05)


def test_closed_hours_are_zero_with_a_band_of_zero() -> None:
    found = ahead(office(110, "2025-03-03", absent=False), US)
    weekend = found[pd.DatetimeIndex(found.index).day_of_week >= 5]
    assert (weekend[["mean", "lo-95", "hi-95"]] == 0).all(axis=None)
    assert found["mean"].sum() > 0


def test_a_holiday_to_come_is_closed_because_earlier_ones_were() -> None:
    # Memorial Day and Juneteenth lie in the past, 4 July in the horizon.
    found = ahead(office(116, "2025-03-03", absent=False), US)
    assert day_sum(found, "2025-07-04") == 0
    assert day_sum(found, "2025-07-03") > 1000


def test_a_holiday_is_open_when_earlier_ones_were() -> None:
    found = ahead(series(116, start="2025-03-03", level=60), US)
    assert day_sum(found, "2025-07-04") > 1500


def test_the_country_is_found_from_the_time_zone() -> None:
    assert country_of(NEW_YORK) == "US"
    assert country_of(ZoneInfo("Asia/Shanghai")) == "CN"
    assert country_of(ZoneInfo("UTC")) is None


def test_chinese_make_up_workdays_count_as_workdays() -> None:
    calendar = make_calendar(pd.date_range("2025-09-26", "2025-10-12"), "CN")
    by_day = dict(zip(calendar.dates.strftime("%m-%d"), calendar.weekdays, strict=True))
    assert by_day["09-28"] < 5  # a Sunday worked for the holidays of National Day
    assert by_day["10-12"] == 6
    assert any(kind == "double11-presale" for kind, _ in make_calendar(
        pd.date_range("2025-10-01", "2025-11-30"), "CN").events)  # fmt: skip


def test_an_outage_is_missing_and_does_not_lower_the_forecast() -> None:
    frame = series(80, level=30)
    broken = frame.copy()
    stamps = pd.to_datetime(broken["ds"])
    lost = stamps.dt.hour.between(9, 12) & broken["ds"].between("2025-05-10", "2025-05-20")
    broken.loc[lost, "y"] = 0
    made = forecasts(broken, options())
    assert any("count as missing" in note for _, note in made.notes)
    healthy = ahead(frame, options())["mean"].sum()
    assert abs(made.frame["mean"].sum() - healthy) < 0.03 * healthy


def test_quiet_hours_of_a_thin_series_stay_open() -> None:
    thin = series(90, slots=24, level=0.4)
    found = ahead(thin, options("1h"))
    assert found["mean"].sum() > 0.7 * 14 * 24 * 0.4


def test_a_queue_closed_for_good_is_forecast_as_nothing_and_said() -> None:
    frame = series(80)
    frame.loc[frame["ds"] >= "2025-04-28", "y"] = 0
    made = forecasts(frame, options())
    assert (made.frame[["mean", "hi-95"]] == 0).all(axis=None)
    assert any("closed for good" in note for _, note in made.notes)
