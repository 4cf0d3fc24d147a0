"""Kinds of days against the notices and laws they come from."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from metrics.holidays import DayType, HolidayCalendar

# 国务院办公厅关于2025年、2026年部分节假日安排的通知: the breaks as the notices name them.
BREAKS = [
    ("2025-01-01", "2025-01-01"),
    ("2025-01-28", "2025-02-04"),
    ("2025-04-04", "2025-04-06"),
    ("2025-05-01", "2025-05-05"),
    ("2025-05-31", "2025-06-02"),
    ("2025-10-01", "2025-10-08"),
    ("2026-01-01", "2026-01-03"),
    ("2026-02-15", "2026-02-23"),
    ("2026-04-04", "2026-04-06"),
    ("2026-05-01", "2026-05-05"),
    ("2026-06-19", "2026-06-21"),
    ("2026-09-25", "2026-09-27"),
    ("2026-10-01", "2026-10-07"),
]
WORKED = [
    "2025-01-26",
    "2025-02-08",
    "2025-04-27",
    "2025-09-28",
    "2025-10-11",
    "2026-01-04",
    "2026-02-14",
    "2026-02-28",
    "2026-05-09",
    "2026-09-20",
    "2026-10-10",
]


def days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def test_every_day_of_two_chinese_years_is_what_the_notices_make_it() -> None:
    off = {
        day
        for first, last in BREAKS
        for day in days(date.fromisoformat(first), date.fromisoformat(last))
    }
    worked = {date.fromisoformat(day) for day in WORKED}
    calendar = HolidayCalendar("CN")
    for day in days(date(2025, 1, 1), date(2026, 12, 31)):
        wanted: DayType = "weekend" if day.weekday() >= 5 else "workday"
        if day in off:
            wanted = "holiday"
        elif day in worked:
            wanted = "make-up workday"
        assert calendar.day_type(day) == wanted, day


def test_a_make_up_workday_before_new_year_is_known() -> None:
    # 2007-01: 元旦 was joined by working on 30 and 31 December 2006.
    calendar = HolidayCalendar("CN")
    assert calendar.day_type(date(2006, 12, 30)) == "make-up workday"
    assert calendar.day_type(date(2006, 12, 31)) == "make-up workday"


def test_a_break_that_begins_in_the_old_year_is_whole() -> None:
    # 2024: 元旦1月1日（周一）放假，与周末连休.
    calendar = HolidayCalendar("CN")
    found = [calendar.day_type(day) for day in days(date(2023, 12, 29), date(2024, 1, 2))]
    assert found == ["workday", "holiday", "holiday", "holiday", "workday"]


def test_a_saturday_between_two_german_holidays_is_an_ordinary_saturday() -> None:
    calendar = HolidayCalendar("DE")
    found = [calendar.day_type(day) for day in days(date(2026, 4, 3), date(2026, 4, 7))]
    assert found == ["holiday", "weekend", "weekend", "holiday", "workday"]


def test_a_holiday_of_one_region_is_a_workday_elsewhere() -> None:
    epiphany = date(2026, 1, 6)
    assert HolidayCalendar("DE", "BY").day_type(epiphany) == "holiday"
    assert HolidayCalendar("DE", "BE").day_type(epiphany) == "workday"
    assert HolidayCalendar("DE").day_type(epiphany) == "workday"


def test_the_weekend_is_that_of_the_country() -> None:
    friday, sunday = date(2026, 11, 20), date(2026, 11, 22)
    assert HolidayCalendar("SA").day_type(friday) == "weekend"
    assert HolidayCalendar("SA").day_type(sunday) == "workday"
    assert HolidayCalendar().day_type(friday) == "workday"
    assert HolidayCalendar().day_type(sunday) == "weekend"


def test_own_dates_go_before_those_of_the_country() -> None:
    calendar = HolidayCalendar(
        "CN",
        extra_holidays=(date(2026, 10, 10), date(2026, 11, 20)),
        extra_workdays=(date(2026, 10, 1), date(2026, 11, 22)),
    )
    assert calendar.day_type(date(2026, 10, 10)) == "holiday"
    assert calendar.day_type(date(2026, 11, 20)) == "holiday"
    assert calendar.day_type(date(2026, 10, 1)) == "make-up workday"
    assert calendar.day_type(date(2026, 11, 22)) == "make-up workday"


def test_it_says_whether_there_are_holidays_and_make_up_workdays_at_all() -> None:
    day = (date(2026, 11, 20),)
    assert HolidayCalendar().is_empty
    assert HolidayCalendar("CN").has_makeup_workdays
    assert not HolidayCalendar("DE").has_makeup_workdays
    assert HolidayCalendar("DE").has_holidays
    assert HolidayCalendar(extra_workdays=day).has_makeup_workdays
    assert not HolidayCalendar(extra_workdays=day).has_holidays
    assert HolidayCalendar(extra_holidays=day).has_holidays
    assert not HolidayCalendar(extra_holidays=day).is_empty


def test_a_country_or_region_that_nobody_knows_is_named() -> None:
    with pytest.raises(ValueError, match="country 'China'; write its code of two letters"):
        HolidayCalendar("China")
    with pytest.raises(ValueError, match="DE has no region 'XX'; it has BB, BE, BW"):
        HolidayCalendar("DE", "XX")


def test_years_without_a_notice_have_the_days_of_the_law() -> None:
    calendar = HolidayCalendar("CN")
    assert calendar.day_type(date(1900, 1, 1)) == "workday"
    assert calendar.day_type(date(2050, 10, 1)) == "holiday"
    assert calendar.day_type(date(2199, 10, 5)) == "weekend"
