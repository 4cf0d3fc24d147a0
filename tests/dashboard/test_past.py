"""From KPI values of the past to trends."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard import past
from metrics.query import KpiRow
from tests.dashboard.factories import NOW, ZONE


def at(hour: int, minute: int = 0) -> datetime:
    return NOW.replace(hour=hour, minute=minute, second=0)


def test_the_usual_volume_counts_the_running_quarter_by_its_share() -> None:
    week = {600: 8.0, 615: 4.0, 630: 100.0}
    assert past.usual_until([week], at(10, 15)) == 8.0
    assert past.usual_until([week], at(10, 20)) == pytest.approx(8 + 4 / 3)
    assert past.usual_until([week], at(9, 0)) == 0.0


def test_weeks_before_the_history_began_do_not_count_as_silence() -> None:
    week = {600: 8.0}
    assert past.usual_until([week, {600: 0.0}, {}], at(11)) == 8.0
    assert past.usual_until([{}, {600: 0.0}], at(11)) is None


def test_half_hours_to_come_are_unknown_and_the_running_one_is_partial() -> None:
    points = past.volume_points({540: 5.0, 600: 3.0}, [{540: 4.0, 1200: 2.0}], at(10, 10))
    by_minute = {point.minute: point for point in points}
    assert (by_minute[600].today, by_minute[600].partial) == (3.0, True)
    assert (by_minute[630].today, by_minute[630].usual) == (None, 0.0)
    assert by_minute[1200].usual == 2.0
    assert (points[0].minute, points[-1].minute) == (540, 1200)


def test_a_quiet_morning_is_not_stretched_over_the_whole_chart() -> None:
    points = past.volume_points({}, [], at(8, 5))
    assert points[-1].minute - points[0].minute >= 6 * 60 - 60


def test_thin_days_have_no_interval() -> None:
    day = at(0)
    rows = [
        KpiRow(day - timedelta(days=1), day, (), 9, 100.0),
        KpiRow(day, NOW, (), 10, 90.0),
    ]
    thin, solid = past.satisfaction_points(rows, NOW.date())
    assert (thin.low, thin.partial) == (None, False)
    assert solid.low is not None and solid.partial


def test_hours_without_an_answer_are_left_out() -> None:
    rows = [KpiRow(at(9), at(10), (), 0, None), KpiRow(at(18), NOW, (), 3, 40.0, 40.0, 90.0)]
    [point] = past.response_points(rows, NOW)
    assert (point.minute, point.p50, point.partial) == (18 * 60, 40.0, True)


@given(st.integers(0, 500), st.integers(1, 500))
def test_an_interval_holds_its_share_and_stays_between_none_and_all(good: int, n: int) -> None:
    share = min(good, n) / n * 100
    low, high = past.wilson(share, n)
    assert low is not None and high is not None
    assert -1e-9 <= low <= share + 1e-9
    assert share - 1e-9 <= high <= 100 + 1e-9


def test_an_interval_of_nothing_is_unknown() -> None:
    assert past.wilson(None, 0) == (None, None)


def test_same_weekdays_are_local_midnights_across_a_clock_change() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    starts = past.same_weekdays(datetime(2026, 11, 8, 12, tzinfo=berlin))
    assert [(day.month, day.day, day.hour) for day in starts] == [
        (11, 1, 0), (10, 25, 0), (10, 18, 0), (10, 11, 0),
    ]  # fmt: skip
    assert {day.tzinfo for day in starts} == {berlin}


def test_minutes_are_those_of_the_shops_day() -> None:
    assert past.minute_of(datetime(2026, 11, 21, 18, 10, tzinfo=ZONE)) == 18 * 60 + 10
