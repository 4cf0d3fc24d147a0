"""The shelf: one computation for all who ask the same, the last answer while the store is gone."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest

from connectors.errors import StoreError
from dashboard.history.load import Shelf

NOW = datetime(2026, 11, 21, tzinfo=UTC)
TTL = timedelta(seconds=60)


def test_two_viewers_at_once_are_served_by_one_computation() -> None:
    shelf, started, let_go = Shelf(ttl=TTL), threading.Event(), threading.Event()
    loads: list[datetime] = []

    def load(now: datetime) -> str:
        loads.append(now)
        started.set()
        assert let_go.wait(10)
        return "answer"

    found: list[str] = []
    viewers = [
        threading.Thread(target=lambda: found.append(shelf.get("key", load, NOW))) for _ in range(4)
    ]
    for viewer in viewers:
        viewer.start()
    assert started.wait(10)
    let_go.set()
    for viewer in viewers:
        viewer.join(10)
    assert (found, len(loads)) == (["answer"] * 4, 1)


def test_an_answer_grows_old_and_is_computed_anew() -> None:
    shelf, loads = Shelf(ttl=TTL), iter(range(9))
    ages = (0, 59, 61, 119)
    found = [shelf.get("k", lambda _: next(loads), NOW + timedelta(seconds=s)) for s in ages]
    assert found == [0, 0, 1, 1]


def test_the_answer_asked_for_longest_ago_makes_room() -> None:
    shelf = Shelf(ttl=TTL, most=2)
    for key in ("a", "b", "a", "c"):
        shelf.get(key, lambda _, key=key: key, NOW)  # type: ignore[misc]
    assert len(shelf) == 2
    assert shelf.get("a", lambda _: "new", NOW) == "a"
    assert shelf.get("b", lambda _: "new", NOW) == "new"


def test_the_last_answer_stays_while_the_store_is_gone() -> None:
    shelf = Shelf(ttl=TTL)

    def gone(_now: datetime) -> str:
        raise StoreError("the store cannot be read")

    with pytest.raises(StoreError):
        shelf.get("new", gone, NOW)
    shelf.get("k", lambda _: "last", NOW)
    assert shelf.get("k", gone, NOW + 2 * TTL) == "last"
