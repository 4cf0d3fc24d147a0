"""When a source's numbers can be trusted, and what the built-in rule says."""

from __future__ import annotations

import pytest

from alerts.alert import Verdict
from alerts.freshness import observe_source, source_rule
from tests.alerts.factories import START, at, seconds, source


@pytest.mark.parametrize(
    ("poll", "limit"), [(1, 10), (2, 10), (3, 11), (10, 32), (0.2, 10), (3_600, 10_802)]
)
def test_a_source_may_miss_three_polls_but_ten_seconds_at_least(poll, limit):
    assert source(poll=seconds(poll)).limit == seconds(limit)


@pytest.mark.parametrize(
    ("changes", "age", "fresh"),
    [
        ({}, 0, True),
        ({}, 10, True),
        ({}, 10.1, False),
        ({"ok": False}, 0, False),
        ({"as_of": None}, 0, False),
        ({"filling": True}, 0, False),
        ({}, -3_600, True),  # the clock was set back: the next read brings a new time
    ],
)
def test_a_source_is_fresh_after_a_good_read_not_long_ago(changes, age, fresh):
    assert source(**changes).fresh(at(age)) is fresh


@pytest.mark.parametrize(
    ("changes", "age", "verdict"),
    [
        ({}, 1, Verdict.CLEAR),
        ({"ok": False}, 5, Verdict.BETWEEN),  # one failed read is no news
        ({"ok": False}, 10.1, Verdict.BREACH),
        ({"ok": True}, 10.1, Verdict.BREACH),  # nobody tried, which is no better
        ({"as_of": None}, 5, Verdict.BETWEEN),
        ({"as_of": None, "ok": False}, 10.1, Verdict.BREACH),
        ({"as_of": None, "filling": True}, 600, Verdict.NO_DATA),  # its first back-fill runs
        ({"as_of": None, "filling": True, "ok": False}, 600, Verdict.BREACH),
    ],
)
def test_the_built_in_rule_tells_when_there_was_no_good_read_for_too_long(changes, age, verdict):
    one = source(**changes)
    of = source_rule(one, after=None, receivers=("leads",))
    assert observe_source(one, of, now=at(age), watching_since=START).verdict is verdict


def test_the_limit_can_be_set_by_hand():
    of = source_rule(source(), after=seconds(60), receivers=())
    seen = observe_source(source(), of, now=at(59), watching_since=START)
    assert (seen.verdict, seen.value) == (Verdict.CLEAR, 59)
