"""Periods: presets, own days, what they are compared with, days that are 23 or 25 hours long."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.history.period import (
    PRESETS,
    Period,
    before,
    custom,
    elapsed,
    preset,
    read_period,
)
from tests.dashboard.history.factories import NOW, ZONE

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("today", date(2026, 11, 21), date(2026, 11, 21)),
        ("yesterday", date(2026, 11, 20), date(2026, 11, 20)),
        ("7d", date(2026, 11, 15), date(2026, 11, 21)),
        ("28d", date(2026, 10, 25), date(2026, 11, 21)),
        ("365d", date(2025, 11, 22), date(2026, 11, 21)),
        ("month", date(2026, 11, 1), date(2026, 11, 21)),
    ],
)
def test_a_preset_ends_with_the_day_its_name_says(name: str, first: date, last: date) -> None:
    period = preset(name, NOW)
    assert (period.first, period.last) == (first, last)


def test_a_day_that_runs_ends_with_its_quarter_hour() -> None:
    assert preset("today", NOW).until == datetime(2026, 11, 21, 18, 15, tzinfo=ZONE)
    assert preset("today", NOW).running
    assert not preset("yesterday", NOW).running


def test_at_midnight_today_is_not_empty() -> None:
    midnight = datetime(2026, 11, 21, tzinfo=ZONE)
    period = preset("today", midnight)
    assert period.until - period.since == timedelta(minutes=15)


def test_a_week_is_compared_with_the_week_before_up_to_the_same_hour() -> None:
    past = before(preset("7d", NOW))
    assert (past.first, past.last) == (date(2026, 11, 8), date(2026, 11, 14))
    assert past.until == datetime(2026, 11, 14, 18, 15, tzinfo=ZONE)


def test_a_single_day_is_compared_with_the_same_weekday() -> None:
    assert before(preset("today", NOW)).first == date(2026, 11, 14)


@pytest.mark.parametrize("name", PRESETS)
def test_what_is_compared_has_the_same_weekdays_and_does_not_overlap(name: str) -> None:
    period = preset(name, NOW)
    past = before(period)
    assert past.first.weekday() == period.first.weekday()
    assert past.until <= period.since
    assert period.since - past.until < timedelta(days=8)


@given(
    st.sampled_from(["Europe/Berlin", "America/Sao_Paulo", "Asia/Shanghai", "Australia/Lord_Howe"]),
    st.integers(1_450_000_000, 1_900_000_000),
    st.sampled_from(PRESETS),
)
def test_any_moment_of_any_zone_gives_ordered_periods(zone: str, seconds: int, name: str) -> None:
    now = datetime.fromtimestamp(seconds, ZoneInfo(zone))
    period = preset(name, now)
    past = before(period)
    assert elapsed(period.since, period.until) > timedelta(0)
    assert elapsed(past.since, past.until) > timedelta(0)
    assert elapsed(past.until, period.since) >= timedelta(0)
    assert period.first <= period.last <= now.date()


def test_the_day_the_clock_is_set_back_has_twenty_five_hours() -> None:
    day = custom(date(2026, 10, 25), date(2026, 10, 25), NOW.astimezone(BERLIN))
    assert elapsed(day.since, day.until) == timedelta(hours=25)
    assert day.step == timedelta(minutes=30)


def test_a_day_without_a_midnight_begins_with_its_first_moment() -> None:
    zone = ZoneInfo("America/Sao_Paulo")  # 2017-10-15 began at 01:00
    day = custom(date(2017, 10, 15), date(2017, 10, 15), NOW.astimezone(zone))
    assert elapsed(day.since, day.until) == timedelta(hours=23)
    assert day.first == day.last == date(2017, 10, 15)


@pytest.mark.parametrize(
    ("days", "step"),
    [(1, timedelta(minutes=30)), (3, timedelta(hours=1)), (7, timedelta(days=1)),
     (120, timedelta(days=1)), (365, timedelta(days=7))],
)  # fmt: skip
def test_bars_are_as_wide_as_the_period_asks_for(days: int, step: timedelta) -> None:
    period = custom(NOW.date() - timedelta(days=days), NOW.date() - timedelta(days=1), NOW)
    assert period.days == days
    assert period.step == step


def read(**query: str) -> tuple[Period, str]:
    period, problem = read_period({k.removesuffix("_"): v for k, v in query.items()}, NOW)
    return period, problem.key if problem else ""


def test_a_url_names_a_preset_or_its_days() -> None:
    assert read(period="90d")[0].days == 90
    period, problem = read(from_="2026-11-01", until="2026-11-07")
    assert (period.first, period.last, problem) == (date(2026, 11, 1), date(2026, 11, 7), "")
    assert read(from_="2026-11-20")[0].last == NOW.date()


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ({"period": "fortnight"}, "period.unknown"),
        ({"from_": "2026-02-30"}, "period.no_date"),
        ({"from_": "last week", "until": "2026-11-01"}, "period.no_date"),
        ({"until": "2026-11-01"}, "period.no_date"),  # from where?
        ({"from_": "2026-11-09", "until": "2026-11-02"}, "period.reversed"),
        ({"from_": "2027-01-01", "until": "2027-01-02"}, "period.future"),
        ({"from_": "0001-01-01", "until": "2026-01-01"}, "period.too_long"),
        ({"from_": "1991-01-01", "until": "2026-01-01"}, "period.too_long"),
    ],
)
def test_what_makes_no_sense_is_said_and_the_usual_days_are_shown(
    query: dict[str, str], problem: str
) -> None:
    period, said = read(**query)
    assert said == problem
    assert period == preset("28d", NOW)


def test_days_to_come_are_cut_off() -> None:
    assert read(from_="2026-11-20", until="2026-12-24")[0].until == preset("today", NOW).until
