"""Marks as text of a URL, and the spans of time and filters that they stand for."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.history import drill
from dashboard.history.period import custom, preset
from metrics.reading import Where
from tests.dashboard.history.factories import NOW

PERIOD = preset("28d", NOW)


@pytest.mark.parametrize(
    "pick",
    [
        drill.everything("asa"),
        drill.at("asa", PERIOD.since, PERIOD.since + timedelta(days=1)),
        drill.hour("chatwoot.csat", 6, 23),
        drill.band("asa", 10, 15.5),
        drill.band("asa", 300, None),
        drill.label("asa", "queue", "天猫~售前|a-b"),
        drill.label("asa", "team", ""),
    ],
)
def test_a_mark_comes_back_from_its_text(pick: drill.Pick) -> None:
    assert drill.read_pick(pick.text()) == pick


@given(st.text(max_size=30))
def test_any_text_is_a_mark_or_none(text: str) -> None:
    pick = drill.read_pick(text)
    if pick is not None:
        assert pick.text() == text
        assert isinstance(drill.windows(pick, PERIOD), list)


@given(st.sampled_from(["at", "hour", "band"]), st.text("0123456789.-e", max_size=24))
def test_numbers_that_make_no_sense_are_no_mark(kind: str, value: str) -> None:
    pick = drill.read_pick(f"asa~{kind}~{value}")
    if pick is not None:
        for since, until in drill.windows(pick, PERIOD):
            assert PERIOD.since <= since < until <= PERIOD.until


def test_an_hour_of_the_week_is_that_hour_of_each_week() -> None:
    spans = drill.windows(drill.hour("asa", 2, 14), PERIOD)
    assert len(spans) == 4
    assert all(until - since == timedelta(hours=1) for since, until in spans)
    assert {since.astimezone(PERIOD.zone).hour for since, _ in spans} == {14}


def test_the_hour_that_runs_is_cut_at_the_end_of_the_period() -> None:
    [*_, last] = drill.windows(drill.hour("asa", NOW.weekday(), NOW.hour), PERIOD)
    assert last[1] - last[0] == timedelta(minutes=15)


def test_hours_follow_the_clock_when_it_changes() -> None:
    now = NOW.astimezone(ZoneInfo("Europe/Berlin"))
    back = custom(date(2026, 10, 25), date(2026, 10, 25), now)
    forth = custom(date(2026, 3, 29), date(2026, 3, 29), now)
    [(since, until)] = drill.windows(drill.hour("asa", 6, 2), back)
    assert until - since == timedelta(hours=2)
    assert drill.windows(drill.hour("asa", 6, 2), forth) == []


def test_a_mark_outside_the_period_covers_nothing() -> None:
    old = datetime(2020, 1, 1, tzinfo=UTC)
    assert drill.windows(drill.at("asa", old, old + timedelta(days=1)), PERIOD) == []


def test_a_queue_replaces_the_filter_of_its_page() -> None:
    where = drill.narrowed(drill.label("asa", "queue", "b"), Where(queue=("a", "b"), team=("t",)))
    assert where == Where(queue=("b",), team=("t",))
    assert drill.narrowed(drill.everything("asa"), where) == where
