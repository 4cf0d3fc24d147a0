"""A value shared by all viewers: loaded once, kept a while, and not asked for while it is gone."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

import pytest

from connectors.errors import StoreUnavailable
from dashboard.cell import RETRY_AFTER, Cell
from tests.dashboard.factories import NOW

TTL = timedelta(seconds=10)


class Source:
    """Counts how often it is asked; fails while `broken`."""

    def __init__(self) -> None:
        self.asked = 0
        self.broken = False

    def load(self, now: datetime) -> int:
        self.asked += 1
        if self.broken:
            raise StoreUnavailable("the store is gone; bring it back")
        return self.asked


def test_a_value_is_loaded_once_within_its_time() -> None:
    source = Source()
    cell = Cell(source.load, ttl=TTL)
    assert [cell.get(NOW), cell.get(NOW + TTL / 2), cell.get(NOW + TTL)] == [1, 1, 2]


def test_a_clock_that_is_set_back_does_not_keep_a_value_for_ever() -> None:
    cell = Cell(Source().load, ttl=TTL)
    cell.get(NOW)
    assert cell.get(NOW - timedelta(hours=1)) == 2


def test_the_last_value_stays_while_the_store_is_gone_and_it_is_asked_seldom() -> None:
    source = Source()
    cell = Cell(source.load, ttl=TTL)
    cell.get(NOW)
    source.broken = True
    later = NOW + TTL
    values = [cell.get(later + timedelta(seconds=at / 10)) for at in range(20)]
    assert values == [1] * 20
    assert source.asked == 2
    assert not cell.working


def test_a_store_that_comes_back_is_used_at_the_next_try() -> None:
    source = Source()
    cell = Cell(source.load, ttl=TTL)
    source.broken = True
    with pytest.raises(StoreUnavailable):
        cell.get(NOW)
    source.broken = False
    with pytest.raises(StoreUnavailable):
        cell.get(NOW + RETRY_AFTER / 2)
    assert cell.get(NOW + RETRY_AFTER) == 2
    assert cell.working


def test_viewers_do_not_wait_behind_the_one_that_loads() -> None:
    loading, go_on = threading.Event(), threading.Event()
    values = iter([1, 2])

    def load(now: datetime) -> int:
        value = next(values)
        if value == 2:
            loading.set()
            assert go_on.wait(10)
        return value

    cell = Cell(load, ttl=TTL)
    cell.get(NOW)
    later = NOW + TTL
    thread = threading.Thread(target=cell.get, args=(later,))
    thread.start()
    assert loading.wait(10)
    assert cell.get(later) == 1
    go_on.set()
    thread.join(10)
    assert cell.get(later) == 2


def test_an_error_that_is_not_the_stores_is_not_swallowed() -> None:
    def load(now: datetime) -> int:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        Cell(load, ttl=TTL).get(NOW)
