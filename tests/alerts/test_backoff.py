"""When a message is tried again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.backoff import LONGEST, LONGEST_RETRY_AFTER, REFUSED_WAITS, next_try
from alerts.errors import SendError
from alerts.outbox import FURTHEST

DAYS = timedelta(days=3)


def wait(age_s, *, permanent=False, refusals=0, retry_after=None, spread=0.999):
    error = SendError("no", permanent=permanent, retry_after=retry_after)
    span = next_try(
        error,
        age=timedelta(seconds=age_s),
        refusals=refusals,
        give_up_after=DAYS,
        spread=spread,
    )
    return None if span is None else round(span.total_seconds())


@pytest.mark.parametrize(
    ("age_s", "seconds"),
    [(0, 1), (30, 1), (64, 1), (128, 2), (1_920, 30), (19_200, 300), (200_000, 300), (-3_600, 1)],
)
def test_a_wait_grows_with_the_age_of_the_message(age_s, seconds):
    assert wait(age_s) == seconds


def test_after_days_it_gives_up():
    assert wait(DAYS.total_seconds()) is None
    assert wait(DAYS.total_seconds(), permanent=True) is None


def test_a_refusal_is_tried_a_few_times_slowly_and_then_given_up():
    waits = [wait(0, permanent=True, refusals=count) for count in range(6)]
    assert waits == [60, 300, 900, 1_800, None, None]


def test_a_receiver_may_ask_for_a_longer_wait_but_not_for_ever():
    assert wait(0, retry_after=timedelta(seconds=20)) == 20
    assert wait(0, retry_after=timedelta(days=9)) == LONGEST_RETRY_AFTER.total_seconds()
    assert wait(128, retry_after=timedelta(0)) == 2


@given(st.floats(0, 250_000), st.floats(0, 0.999))
def test_a_late_message_is_hardly_later_than_the_outage_made_it(age_s, spread):
    error = SendError("no")
    span = next_try(
        error, age=timedelta(seconds=age_s), refusals=0, give_up_after=DAYS, spread=spread
    )
    assert span is not None
    assert 0.75 <= span.total_seconds() <= max(1, age_s / 64)
    assert span <= LONGEST


def test_no_wait_reaches_as_far_as_what_counts_as_a_clock_set_back():
    assert max(*REFUSED_WAITS, LONGEST, LONGEST_RETRY_AFTER) < FURTHEST
