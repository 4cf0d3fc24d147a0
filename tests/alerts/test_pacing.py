"""Work beside the ticks: what is left out, and what of it counts."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from functools import partial

import pytest

from alerts.pacing import Pace

OFTEN = timedelta(seconds=0.1)


def hang(go_on: threading.Event) -> None:
    go_on.wait()


@pytest.fixture
def pace() -> Iterator[Pace]:
    made = Pace()
    yield made
    made.stop()


def test_only_turns_that_were_promised_count_as_left_out(pace: Pace) -> None:
    go_on, others = threading.Event(), threading.Semaphore(0)
    pace.every(OFTEN, partial(hang, go_on), name="fill")  # hangs in its first turn
    pace.every(OFTEN, others.release, name="other")
    pace.start()
    for _ in range(10):  # ten turns of the other, so that the first missed some
        assert others.acquire(timeout=30)
    assert pace.skipped == 0
    go_on.set()


def test_a_promised_turn_that_is_left_out_counts(pace: Pace) -> None:
    go_on, others = threading.Event(), threading.Semaphore(0)
    pace.every(OFTEN, partial(hang, go_on), name="poll", promised=True)
    pace.every(OFTEN, others.release, name="other")
    pace.start()
    for _ in range(10):
        assert others.acquire(timeout=30)
    assert pace.skipped > 0
    go_on.set()
