"""Periods as people write them, and which hours a date has."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics.holidays import HolidayCalendar
from metrics.hours import ALL_DAY, CLOSED, Hours, Period, Schedule, Week, parse_hours

NINE, TEN, NOON = (parse_hours(f"{hour}:00-18:00") for hour in ("09", "10", "12"))
FRIDAY, SATURDAY = date(2026, 11, 20), date(2026, 11, 21)
NATIONAL_DAY, MAKE_UP = date(2026, 10, 1), date(2026, 9, 20)  # a Thursday and a Sunday
DOUBLE_11 = date(2026, 11, 11)


def on(day: date, *weeks: Week, country: str | None = "CN") -> Hours:
    return Schedule(ZoneInfo("Asia/Shanghai"), HolidayCalendar(country), weeks).on(day)


@pytest.mark.parametrize(
    ("text", "periods"),
    [
        ("09:00-18:00", [(540, 1080)]),
        ("09:00-12:00, 13:30-18:00", [(540, 720), (810, 1080)]),
        ("13:30-18:00,9:00-12:00", [(540, 720), (810, 1080)]),  # in any order
        ("09:00-12:00, 12:00-18:00", [(540, 720), (720, 1080)]),  # touching is no overlap
        ("09:00–12:00，13:30～18:00", [(540, 720), (810, 1080)]),  # signs of other keyboards
        ("09：00－12：00", [(540, 720)]),
        ("18:00-02:00", [(1080, 1560)]),
        ("18:00-00:00", [(1080, 1440)]),
        ("00:00-24:00", [(0, 1440)]),
        ("02:00-10:00, 18:00-02:00", [(120, 600), (1080, 1560)]),
        ("closed", []),
        (" Closed ", []),
    ],
)
def test_hours_are_read(text: str, periods: list[tuple[int, int]]) -> None:
    assert parse_hours(text) == tuple(Period(*one) for one in periods)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("09:00-13:00, 12:00-18:00", "09:00-13:00 and 12:00-18:00 overlap"),
        ("13:30-12:00, 14:00-18:00", "13:30-12:00 and 14:00-18:00 overlap"),
        ("09:00-12:00, 18:00-10:00", "18:00-10:00 ends on the next day, after 09:00-12:00 has"),
        ("09:00-09:00", "has no length"),
        ("24:00-02:00", "can't begin at 24:00"),
        ("09:00-25:00", "25:00 is no time of day"),
        ("09:60-10:00", "09:60 is no time of day"),
        ("09:00-24:30", "24:30 is no time of day"),
        ("9-18", "'9-18' is not a period"),
        ("", "'' is not a period"),
        ("09:00-12:00,", "'' is not a period"),
        ("always", "'always' is not a period"),
    ],
)
def test_hours_that_cannot_be_are_refused(text: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        parse_hours(text)


@given(st.integers(0, 1439), st.integers(1, 1440))
def test_a_period_reads_back_as_it_is_written(start: int, length: int) -> None:
    period = Period(start, start + length)
    if length < 1440 or start == 0:
        assert parse_hours(str(period)) == (period,)


def test_workdays_weekend_and_holidays_have_their_hours() -> None:
    week = Week(workdays=NINE, weekend=TEN, holidays=NOON)
    assert [on(day, week) for day in (FRIDAY, SATURDAY, NATIONAL_DAY)] == [NINE, TEN, NOON]


def test_days_nobody_states_are_closed() -> None:
    assert on(SATURDAY, Week(workdays=NINE)) == CLOSED
    assert on(NATIONAL_DAY, Week(workdays=NINE, weekend=TEN)) == CLOSED
    assert on(FRIDAY, Week(weekdays=(NINE, *[None] * 6))) == CLOSED


def test_without_a_week_every_day_is_open_but_holidays() -> None:
    week = Week(dated=((DOUBLE_11, TEN),))
    assert on(SATURDAY, week) == ALL_DAY
    assert on(NATIONAL_DAY, week) == CLOSED
    assert on(DOUBLE_11, week) == TEN


def test_a_make_up_workday_is_a_workday_whatever_its_weekday_has() -> None:
    week = Week(workdays=NINE, weekend=CLOSED, weekdays=(*[None] * 6, TEN))
    assert on(MAKE_UP, week) == NINE
    assert on(date(2026, 11, 22), week) == TEN


def test_a_weekday_goes_before_its_kind_of_day_and_a_holiday_before_the_weekday() -> None:
    week = Week(workdays=NINE, weekdays=(*[None] * 3, NOON, TEN, None, None))
    assert on(FRIDAY, week) == TEN
    assert on(NATIONAL_DAY, week) == CLOSED
    assert on(NATIONAL_DAY, week, country=None) == NOON


def test_a_dated_exception_goes_before_everything() -> None:
    week = Week(workdays=NINE, holidays=TEN, dated=((NATIONAL_DAY, ALL_DAY), (FRIDAY, CLOSED)))
    assert on(NATIONAL_DAY, week) == ALL_DAY
    assert on(FRIDAY, week) == CLOSED


def test_a_queue_states_some_hours_and_takes_the_rest_from_all() -> None:
    everybody = Week(
        workdays=NINE, weekend=NOON, weekdays=(*[None] * 4, TEN, None, None),
        dated=((DOUBLE_11, ALL_DAY),),
    )  # fmt: skip
    queue = Week(workdays=NOON, holidays=TEN)
    assert on(FRIDAY, queue, everybody) == NOON  # its workdays, not the Fridays of everybody
    assert on(SATURDAY, queue, everybody) == NOON
    assert on(NATIONAL_DAY, queue, everybody) == TEN
    assert on(DOUBLE_11, queue, everybody) == ALL_DAY
    assert on(DOUBLE_11, Week(dated=((DOUBLE_11, CLOSED),)), everybody) == CLOSED
    assert on(SATURDAY, Week(weekend=CLOSED), everybody) == CLOSED  # closed is a statement
