"""What a board shows and in which order."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from alerts.alert import Severity, Status
from dashboard.board import (
    Pulse,
    State,
    Tile,
    by_trouble,
    change,
    most_urgent_first,
    page_number,
    pages_of,
)
from tests.dashboard.factories import NOW, make_alert, make_row, make_rows, make_source


def test_troubled_queues_come_first_then_long_waits_then_long_queues() -> None:
    calm = make_row(queue="calm", longest_wait_s=5.0, waiting=1)
    empty = make_row(queue="empty", longest_wait_s=None, waiting=0)
    watched = make_row(queue="watched", longest_wait_s=1.0, wait_state=State.WATCH)
    broken = make_row(queue="broken", longest_wait_s=None, state=State.BREACH)
    slow = make_row(queue="slow", longest_wait_s=900.0)
    rows = by_trouble([empty, calm, watched, slow, broken])
    assert [row.queue for row in rows] == ["broken", "watched", "slow", "calm", "empty"]


def test_rows_that_are_equally_bad_do_not_change_places() -> None:
    rows = [make_row(queue=name) for name in ("c", "a", "b")]
    assert [row.queue for row in by_trouble(rows)] == ["a", "b", "c"]


@pytest.mark.parametrize(("rows", "pages"), [(0, 1), (1, 1), (8, 1), (9, 2), (17, 3)])
def test_every_row_is_on_exactly_one_page(rows: int, pages: int) -> None:
    found = pages_of(make_rows(rows), size=8)
    assert len(found) == pages
    assert [row for page in found for row in page.rows] == list(make_rows(rows))


def test_pages_turn_every_15_seconds_for_all_viewers_alike() -> None:
    start = datetime(2026, 11, 21, 18, 0, tzinfo=UTC)
    seen = [page_number(start + timedelta(seconds=at), count=3) for at in range(0, 60, 5)]
    assert seen == [0, 0, 0, 1, 1, 1, 2, 2, 2, 0, 0, 0]


def test_alerts_are_said_most_urgent_first_then_the_oldest() -> None:
    old = make_alert(severity=Severity.WARNING, pending_since=NOW - timedelta(hours=2))
    new = make_alert(severity=Severity.WARNING)
    worst = make_alert(severity=Severity.CRITICAL)
    taken = make_alert(severity=Severity.CRITICAL, status=Status.ACKNOWLEDGED)
    assert most_urgent_first([taken, new, old, worst]) == (worst, old, new, taken)


def test_a_change_is_unknown_without_something_to_compare_with() -> None:
    assert change(Tile("volume", "count", 110, usual=100)) == pytest.approx(10)
    assert change(Tile("volume", "count", 110, usual=0)) is None
    assert change(Tile("volume", "count", None, usual=100)) is None


def test_the_pulse_tells_the_oldest_age_and_the_slowest_tick() -> None:
    pulse = Pulse(
        (make_source(age_s=1.5), make_source(name="shop", age_s=40.0, poll_s=60.0)), None, True
    )
    assert (pulse.age_s, pulse.tick_s) == (40.0, 60.0)
    assert Pulse((), None, store_ok=False).as_json()["status"] == "down"
