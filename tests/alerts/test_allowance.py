"""Rate limits: no window ever holds more than a platform allows, whatever happens to the clock."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts import allowance
from alerts.allowance import Bucket, Limit
from alerts.transports.dingtalk import LIMITS as DINGTALK
from alerts.transports.feishu import LIMITS as FEISHU
from connectors.store import Store
from tests.alerts.factories import START, at, seconds

limits = st.lists(
    st.builds(Limit, st.integers(1, 30), st.integers(1, 120).map(seconds)), min_size=1, max_size=3
).map(tuple)


@given(limits, st.lists(st.floats(0, 30), max_size=120), st.data())
def test_no_window_holds_more_than_any_limit_allows_even_over_restarts(allowed, pauses, data):
    bucket, now = Bucket(allowed), START
    sent: list[datetime] = []
    for pause in pauses:
        now += seconds(pause)
        if data.draw(st.booleans(), label="restart"):  # only what was kept survives
            bucket = Bucket(allowed, bucket.taken)
        if bucket.free_at(now) <= now:
            bucket = bucket.take(now)
            sent.append(now)
    for limit in allowed:
        for first in sent:
            window = [one for one in sent if first <= one < first + limit.span]
            assert len(window) <= limit.count


@given(limits, st.lists(st.floats(0, 5), max_size=80))
def test_waiting_until_it_is_free_is_enough_and_needed(allowed, pauses):
    bucket, now = Bucket(allowed), START
    for pause in pauses:
        now = bucket.free_at(now + seconds(pause))
        assert bucket.free_at(now) == now
        bucket = bucket.take(now)


@given(limits, st.lists(st.floats(-7_200, 60), max_size=40))
def test_a_clock_that_jumps_holds_nothing_up_for_longer_than_a_span(allowed, jumps):
    bucket, now = Bucket(allowed), START
    longest = max(limit.held for limit in allowed)
    for jump in jumps:
        now += seconds(jump)
        bucket = bucket.settled(now)
        assert bucket.free_at(now) <= now + longest
        if bucket.free_at(now) <= now:
            bucket = bucket.take(now)


def test_what_may_soon_go_counts_short_waits_in_and_long_ones_out():
    bucket = Bucket(DINGTALK)
    assert bucket.soon(START) == 20
    for count in range(20):
        bucket = bucket.take(at(count))
    assert bucket.soon(at(20)) == 0
    assert bucket.free_at(at(20)) == at(61)
    assert bucket.soon(at(57)) == 2
    assert Bucket(FEISHU).soon(START) == 20  # four rounds of five within five seconds
    assert Bucket(()).soon(START) is None


def test_what_was_taken_is_kept_and_shared(store: Store):
    for count in range(20):
        with store.begin() as connection:
            bucket = allowance.load(connection, "robot", DINGTALK, now=at(count))
            assert bucket.free_at(at(count)) == at(count)
            allowance.save(connection, "robot", bucket.take(at(count)))
    with store.begin() as connection:  # another worker, or the same after a crash
        bucket = allowance.load(connection, "robot", DINGTALK, now=at(30))
        assert bucket.free_at(at(30)) == at(61)
        assert allowance.load(connection, "other", DINGTALK, now=at(30)).free_at(at(30)) == at(30)


@pytest.mark.parametrize("back", [timedelta(hours=1), timedelta(days=30)])
def test_a_clock_set_back_is_settled_once_and_for_all(store: Store, back: timedelta):
    with store.begin() as connection:
        bucket = Bucket(DINGTALK, (START,) * 20)
        allowance.load(connection, "robot", DINGTALK, now=START)
        allowance.save(connection, "robot", bucket)
        earlier = START - back
        settled = allowance.load(connection, "robot", DINGTALK, now=earlier)
        assert settled.free_at(earlier) == earlier + seconds(61)
        again = allowance.load(connection, "robot", DINGTALK, now=earlier + seconds(61))
        assert again.free_at(earlier + seconds(61)) == earlier + seconds(61)
