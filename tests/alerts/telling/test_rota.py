"""Turns, hand-overs, overrides, holes; hours of the week; the calendar feed."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from icalendar import Calendar

from alerts.telling.feed import feed
from alerts.telling.rota import Layer, Override, Rota, duties, holes, on_call
from alerts.telling.weekly import begins_after, ends_at, parse_spans

BERLIN, SHANGHAI = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Shanghai")
PEOPLE = {"Li": ("li",), "Wang": ("wang",), "Han": ("han",)}
WEEKLY = Layer(("Li", "Wang"), 7, date(2026, 10, 5), time(9))


def rota(*layers: Layer, zone: ZoneInfo = BERLIN) -> Rota:
    return Rota("support", zone, layers or (WEEKLY,), PEOPLE)


def taken(person: str, since: datetime, hours: float, made: int = 0) -> Override:
    return Override(rota="support", person=person, since=since, by=person, made_at=since, id=made,
                    until=since + timedelta(hours=hours))  # fmt: skip


def berlin(day: int, hour: int, minute: int = 0, month: int = 10) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("at", "person"),
    [
        (berlin(5, 8, 59), None),  # before the first turn: nobody
        (berlin(5, 9), "Li"),
        (berlin(12, 8, 59), "Li"),
        (berlin(12, 9), "Wang"),
        (berlin(26, 8, 59), "Li"),  # summer time ended on the 25th: the wall's clock counts
        (berlin(26, 9), "Wang"),
    ],
)
def test_turns_change_at_the_walls_clock(at: datetime, person: str | None):
    assert on_call(rota(), (), at) == person


def test_a_turn_has_an_hour_more_where_the_clock_is_set_back():
    [before, turn, *_] = duties(rota(), (), berlin(15, 0), berlin(30, 0))
    assert (before.person, turn.person) == ("Wang", "Li")
    assert turn.until - turn.since == timedelta(days=7, hours=1)


def test_a_hand_over_in_the_hour_that_comes_twice_happens_once():
    daily = rota(Layer(("Li", "Wang"), 1, date(2026, 10, 24), time(2, 30)))
    found = duties(daily, (), berlin(24, 12), berlin(26, 12))
    assert [one.person for one in found] == ["Li", "Wang", "Li"]


def test_the_first_layer_that_covers_wins_and_what_none_covers_is_a_hole():
    office = Layer(("Han",), 7, date(2026, 10, 5), time(0), parse_spans("mon-fri 09:00-18:00"))
    assert on_call(rota(office, WEEKLY), (), berlin(6, 10)) == "Han"
    assert on_call(rota(office, WEEKLY), (), berlin(6, 20)) == "Li"
    [hole, *_] = holes(rota(office), (), berlin(6, 10), berlin(8, 0))
    assert (hole.since, hole.until) == (berlin(6, 18), berlin(7, 9))


def test_an_override_goes_first_and_the_latest_made_before_all():
    first, later = taken("Wang", berlin(6, 8), 8), taken("Han", berlin(6, 10), 2, made=1)
    found = duties(rota(), (first, later), berlin(6, 0), berlin(7, 0))
    assert [(one.person, one.override) for one in found] == [
        ("Li", False), ("Wang", True), ("Han", True), ("Wang", True), ("Li", False),
    ]  # fmt: skip


instants = st.integers(0, 60 * 24 * 60).map(
    lambda minutes: datetime(2026, 10, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)


@settings(max_examples=60, deadline=None)
@given(since=instants, span=st.integers(1, 30 * 24), begins=st.lists(instants, max_size=3))
def test_duties_leave_no_gap_and_agree_with_who_is_on_call(since, span, begins):
    layers = (
        Layer(("Han",), 1, date(2026, 10, 3), time(2, 30), parse_spans("sat-mon 22:00-06:30")),
        WEEKLY,
    )
    overrides = [taken("Wang", begin, 5.5, made=at) for at, begin in enumerate(begins)]
    until = since + timedelta(hours=span)
    found = duties(rota(*layers), overrides, since, until)
    assert (found[0].since, found[-1].until) == (since, until)
    for one, following in pairwise(found):
        assert one.until == following.since
        assert (one.person, one.override) != (following.person, following.override)
    for one in found:
        for at in (one.since, one.since + (one.until - one.since) / 2):
            assert on_call(rota(*layers), overrides, at) == one.person


def test_hours_of_the_week_end_where_no_others_follow_on():
    nights = parse_spans("mon-fri 22:00-08:00, sat 00:00-24:00, sun 00:00-24:00")
    friday = datetime(2026, 11, 13, 23, tzinfo=SHANGHAI)
    assert ends_at(nights, friday, SHANGHAI) == datetime(2026, 11, 16, 0, tzinfo=SHANGHAI)
    noon = datetime(2026, 11, 11, 12, tzinfo=SHANGHAI)
    assert ends_at(nights, noon, SHANGHAI) is None
    assert begins_after(nights, noon, SHANGHAI) == noon.replace(hour=22)


@pytest.mark.parametrize("text", ["", "22-08", "mon 9:00", "mox 09:00-10:00", "09:00-09:00",
                                  "25:00-26:00", "09:75-10:00"])  # fmt: skip
def test_what_are_no_hours_is_said(text: str):
    with pytest.raises(ValueError, match=r"hours|day|length|time"):
        parse_spans(text)


def test_the_feed_is_a_calendar_with_stable_ids():
    now = berlin(10, 12)
    override = (taken("Han", berlin(12, 9), 4),)
    found = [feed({"support": rota()}, override, now=now + timedelta(hours=at), language="en")
             for at in (0, 1)]  # fmt: skip
    events = [Calendar.from_ical(one).walk("VEVENT") for one in found]
    ids = [[str(event["UID"]) for event in each] for each in events]
    assert ids[0] == ids[1]
    assert len(set(ids[0])) == len(ids[0]) > 10
    [mine] = Calendar.from_ical(
        feed({"support": rota()}, override, now=now, language="zh", person="Han")
    ).walk("VEVENT")
    assert str(mine["SUMMARY"]) == "值班：Han（support，替班）"
    assert mine.decoded("DTSTART") == berlin(12, 9)
