"""Service time against a slow definition: each minute, what does the clock on the wall show?"""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metrics.clock import ALWAYS, Clocks, ServiceClock
from metrics.holidays import HolidayCalendar
from metrics.hours import ALL_DAY, Hours, Period, Schedule, Week, parse_hours

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICRO = timedelta(microseconds=1)
MINUTE = timedelta(minutes=1)
SHANGHAI = ZoneInfo("Asia/Shanghai")
# Zones with a day on which something is odd, and zones where nothing is.
ODD_DAYS = (
    ("Europe/Berlin", date(2026, 3, 29)),  # 02:00 → 03:00
    ("Europe/Berlin", date(2026, 10, 25)),  # 03:00 → 02:00
    ("America/Sao_Paulo", date(2018, 11, 4)),  # midnight → 01:00
    ("America/Sao_Paulo", date(2018, 2, 18)),  # midnight → 23:00 of the day before
    ("Asia/Kathmandu", date(1986, 1, 1)),  # +5:30 → +5:45
    ("Asia/Kathmandu", date(2026, 12, 31)),
    ("Asia/Shanghai", date(2026, 10, 1)),  # Golden Week, with make-up days around it
    ("Asia/Shanghai", date(1991, 9, 15)),  # the end of its last summer time
    ("Australia/Lord_Howe", date(2026, 4, 5)),  # half an hour back
    ("Pacific/Apia", date(2011, 12, 30)),  # a date that never was
)


def micros(moment: datetime) -> float:
    return float((moment - EPOCH) // MICRO)


def at(text: str, zone: ZoneInfo = SHANGHAI) -> float:
    return micros(datetime.fromisoformat(text).replace(tzinfo=zone))


def between(clock: ServiceClock, start: str, end: str, zone: ZoneInfo = SHANGHAI) -> float:
    [seconds] = clock.seconds(np.array([at(start, zone)]), np.array([at(end, zone)]))
    return float(seconds)


def desk(zone: ZoneInfo = SHANGHAI, country: str | None = None, **week: Any) -> ServiceClock:
    return ServiceClock(Schedule(zone, HolidayCalendar(country), (Week(**week),)))


def slowly_open(schedule: Schedule, moment: datetime) -> bool:
    """By definition: its local time lies in a period of its date, or in the tail of one begun
    the day before."""
    local = moment.astimezone(schedule.zone)
    minute = local.hour * 60 + local.minute
    before = local.date() - timedelta(days=1)
    return any(one.start <= minute < one.end for one in schedule.on(local.date())) or any(
        one.start <= minute + 1440 < one.end for one in schedule.on(before)
    )


def slow_micros(schedule: Schedule, start: datetime, end: datetime) -> int:
    total, moment = timedelta(0), start
    while moment < end:
        next_minute = moment.replace(second=0, microsecond=0) + MINUTE
        if slowly_open(schedule, moment):
            total += min(next_minute, end) - moment
        moment = next_minute
    return total // MICRO


@st.composite
def hours(draw: st.DrawFn) -> Hours:
    """Up to three periods; the last may run past midnight."""
    marks = sorted(draw(st.lists(st.integers(0, 1440), max_size=6, unique=True)))
    periods = [Period(*pair) for pair in list(pairwise(marks))[::2]]
    tail, runs_on = draw(st.integers(1, 1440)), draw(st.booleans())
    if periods and runs_on and tail <= periods[0].start:
        periods[-1] = Period(periods[-1].start, 1440 + tail)
    return tuple(periods)


@st.composite
def schedules(draw: st.DrawFn) -> tuple[Schedule, date]:
    name, odd = draw(st.sampled_from(ODD_DAYS))
    near = st.integers(-3, 3).map(lambda n: odd + timedelta(days=n))
    dates = draw(st.lists(near, max_size=4, unique=True))
    cut = draw(st.integers(0, len(dates)))
    country = draw(st.sampled_from(["CN", "BR", None]))
    calendar = HolidayCalendar(country, None, tuple(sorted(dates[:cut])), ())
    maybe = st.none() | hours()
    week = Week(
        workdays=draw(maybe),
        weekend=draw(maybe),
        holidays=draw(maybe),
        weekdays=tuple(draw(st.lists(maybe, min_size=7, max_size=7))),
        dated=tuple((day, draw(hours())) for day in sorted(dates[cut:])),
    )
    return Schedule(ZoneInfo(name), calendar, (week,)), odd


def moments(day: date) -> st.SearchStrategy[datetime]:
    """Around a day, to the µs or on the minute, where the edges are."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    spread = st.integers(-2 * 86_400_000_000, 2 * 86_400_000_000)
    on_minute = spread.map(lambda us: us // 60_000_000 * 60_000_000)
    return (spread | on_minute).map(lambda us: midnight + us * MICRO)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_seconds_are_the_open_minutes_counted_one_by_one(data: st.DataObject) -> None:
    schedule, day = data.draw(schedules())
    starts, ends = (data.draw(st.lists(moments(day), min_size=3, max_size=3)) for _ in "se")
    found = ServiceClock(schedule).seconds(
        np.array([micros(one) for one in starts]), np.array([micros(one) for one in ends])
    )
    slow = [slow_micros(schedule, s, e) for s, e in zip(starts, ends, strict=True)]
    assert found.tolist() == [one / 1e6 for one in slow]


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_open_is_what_the_clock_on_the_wall_says(data: st.DataObject) -> None:
    schedule, day = data.draw(schedules())
    asked = data.draw(st.lists(moments(day), min_size=1, max_size=20))
    found = ServiceClock(schedule).is_open(np.array([micros(one) for one in asked]))
    assert found.tolist() == [slowly_open(schedule, one) for one in asked]


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_what_was_asked_before_does_not_change_an_answer(data: st.DataObject) -> None:
    schedule, day = data.draw(schedules())
    used, fresh = ServiceClock(schedule), ServiceClock(schedule)
    for years in data.draw(st.lists(st.integers(-12, 12), min_size=1, max_size=4)):
        used.is_open(np.array([micros(EPOCH.replace(year=day.year + years))]))
    pair = [np.array([micros(data.draw(moments(day)))]) for _ in range(2)]
    assert used.seconds(*pair).tolist() == fresh.seconds(*pair).tolist()
    assert used.is_open(pair[0]).tolist() == fresh.is_open(pair[0]).tolist()


@settings(max_examples=50, deadline=None)
@given(st.data())
def test_two_spans_in_a_row_are_as_long_as_both(data: st.DataObject) -> None:
    schedule, day = data.draw(schedules())
    one, two, three = sorted(micros(data.draw(moments(day))) for _ in range(3))
    clock = ServiceClock(schedule)
    [first, second, both] = clock.seconds(np.array([one, two, one]), np.array([two, three, three]))
    assert round(first * 1e6) + round(second * 1e6) == round(both * 1e6)


def test_a_lunch_break_does_not_count() -> None:
    clock = desk(workdays=parse_hours("09:00-12:00, 13:30-18:00"))
    assert between(clock, "2026-11-20T11:59:30", "2026-11-20T13:30:10") == 40.0
    assert between(clock, "2026-11-20T17:00", "2026-11-23T09:30") == 5400.0  # Friday to Monday


def test_an_opening_belongs_to_the_open_time_and_a_closing_does_not() -> None:
    clock = desk(workdays=parse_hours("09:00-12:00"))
    opening, closing = at("2026-11-20T09:00"), at("2026-11-20T12:00")
    asked = np.array([opening - 1, opening, closing - 1, closing])
    assert clock.is_open(asked).tolist() == [False, True, True, False]
    assert clock.seconds(asked - 1, asked).tolist() == [0.0, 0.0, 1e-6, 1e-6]


@pytest.mark.parametrize(("day", "hours_open"), [("2026-03-29", 23), ("2026-10-25", 25)])
def test_a_whole_day_has_as_many_hours_as_the_zone_gives_it(day: str, hours_open: int) -> None:
    berlin = ZoneInfo("Europe/Berlin")
    clock = desk(berlin, dated=((date.fromisoformat(day), ALL_DAY),), workdays=())
    start = at(day, berlin)
    [seconds] = clock.seconds(np.array([start - 86_400e6]), np.array([start + 3 * 86_400e6]))
    assert seconds == hours_open * 3600


def test_a_period_past_midnight_runs_into_a_closed_day_and_belongs_to_the_day_before() -> None:
    clock = desk(dated=((date(2026, 11, 20), parse_hours("18:00-02:00")),), workdays=())
    assert between(clock, "2026-11-20T00:00", "2026-11-22T00:00") == 8 * 3600
    assert between(clock, "2026-11-21T01:00", "2026-11-21T09:00") == 3600


def test_a_night_longer_than_the_hours_of_the_next_day_holds_them() -> None:
    clock = desk(
        workdays=parse_hours("03:00-04:00"),
        dated=((date(2026, 11, 17), parse_hours("20:00-12:00")),),
    )
    assert between(clock, "2026-11-17T20:00", "2026-11-18T23:00") == 16 * 3600


def test_a_year_begins_with_what_the_last_day_of_the_old_one_left_open() -> None:
    west = ZoneInfo("Etc/GMT+12")  # 2026 begins in UTC when it is noon of 31 December here
    clock = desk(west, dated=((date(2025, 12, 30), parse_hours("20:00-19:00")),), workdays=())
    start = micros(datetime(2026, 1, 1, tzinfo=UTC))
    assert clock.seconds(np.array([start]), np.array([start + 86_400e6])).tolist() == [7 * 3600]


def test_a_chinese_year_has_the_workdays_that_the_state_council_gives_it() -> None:
    # 365 days − 104 weekend days − 13 statutory holidays, whatever was moved where.
    clock = desk(country="CN", workdays=parse_hours("09:00-18:00"))
    for year in (2025, 2026):
        seconds = between(clock, f"{year}-01-01", f"{year + 1}-01-01")
        assert seconds / 3600 == 248 * 9


def test_an_end_before_the_start_is_0_and_an_unknown_one_unknown() -> None:
    for clock in (ALWAYS, desk(workdays=ALL_DAY)):
        start = np.array([2e15, 1.6e15, math.nan, 1.6e15, math.nan, math.inf])
        end = np.array([1e15, math.nan, 1.6e15, math.inf, math.nan, math.inf])
        assert clock.seconds(start, end).tolist()[0] == 0.0
        assert np.isnan(clock.seconds(start, end)[1:]).all()
        assert not clock.is_open(np.array([math.nan, math.inf])).any()
        assert clock.seconds(np.empty(0), np.empty(0)).shape == (0,)
        assert clock.seconds(np.array([math.nan]), np.array([math.nan])).shape == (1,)


def test_a_clock_that_never_closes_counts_every_microsecond() -> None:
    unstated = ServiceClock(Schedule(SHANGHAI, HolidayCalendar(), (Week(),)))
    for clock in (ALWAYS, unstated):
        assert clock.never_closes
        assert clock.seconds(np.array([1.7e15]), np.array([1.7e15 + 1])).tolist() == [1e-6]
        assert clock.is_open(np.array([0.0])).tolist() == [True]


def test_a_desk_that_never_opens_counts_nothing() -> None:
    clock = desk(workdays=(), weekend=())
    assert between(clock, "2020-01-01", "2026-01-01") == 0.0
    assert not clock.is_open(np.array([1.7e15])).any()


def test_an_absurd_time_in_the_data_costs_nothing_and_spoils_no_other() -> None:
    clock = desk(workdays=parse_hours("09:00-18:00"))
    start = np.array([at("2026-11-20T10:00"), -9e16])
    end = np.array([at("2026-11-20T11:00"), 9e17])
    assert clock.seconds(start, end)[0] == 3600
    assert clock.is_open(end).tolist() == [True, False]


def test_a_queue_has_its_own_clock_or_the_default_one() -> None:
    own = desk(workdays=ALL_DAY)
    clocks = Clocks(ALWAYS, {"天猫售前": own})
    assert clocks.of("天猫售前") is own
    assert clocks.of("京东售后") is ALWAYS


def test_the_fingerprint_changes_with_hours_zone_holidays_and_queues_and_with_nothing_else() -> (
    None
):
    nine, ten = parse_hours("09:00-18:00"), parse_hours("10:00-18:00")
    dated = ((date(2026, 11, 11), ALL_DAY),)
    made = [
        Clocks(),
        Clocks(desk(workdays=nine)),
        Clocks(desk(workdays=ten)),
        Clocks(desk(workdays=nine, dated=dated)),
        Clocks(desk(ZoneInfo("UTC"), workdays=nine)),
        Clocks(desk(country="CN", workdays=nine)),
        Clocks(desk(country="DE", workdays=nine)),
        Clocks(desk(workdays=nine), {"天猫": desk(workdays=ten)}),
        Clocks(desk(workdays=nine), {"京东": desk(workdays=ten)}),
    ]
    assert len({one.fingerprint() for one in made}) == len(made)
    used = desk(workdays=nine)
    between(used, "2026-01-01", "2026-02-01")
    assert Clocks(used).fingerprint() == made[1].fingerprint()
