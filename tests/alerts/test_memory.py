"""What rules remember of earlier ticks outlives the worker: a restart changes no alert."""

from __future__ import annotations

import random
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from alerts.book import AlertBook
from alerts.conditions.derived import change
from alerts.conditions.memory import MOST_KEPT, Memory
from alerts.conditions.naming import series_name
from alerts.errors import LeadershipLost
from alerts.memory_store import KEEP, keep_pasts, recall_pasts
from alerts.rule import Signal
from alerts.store import begin_term
from connectors.rule_tables import rule_memory
from connectors.store import Store, open_store
from metrics.measurement import labels_of
from tests.alerts.factories import at, measurement, rule, seconds
from tests.alerts.test_pipeline import Desk

TWICE = rule(times=3, within=seconds(60))
RISE = rule(kind="change", signal=Signal(ago=seconds(300)))
QUEUES = ("天猫售前", "q2")


def rows(store: Store) -> int:
    with store.read() as connection:
        return connection.execute(sa.select(sa.func.count()).select_from(rule_memory)).scalar_one()


def test_the_count_of_times_goes_on_after_a_restart(store: Store):
    desk = Desk(store, TWICE)
    for second, length in ((0, 30), (10, 3), (20, 30)):
        desk.tick(second, {"q1": length})
    desk.book = AlertBook()  # the worker was killed while the condition held
    desk.tick(25, {"q1": 30})  # no new beginning
    assert desk.history() == []
    desk.tick(30, {"q1": 3})
    desk.book = AlertBook()  # and again between two
    desk.tick(40, {"q1": 30})
    assert desk.history() == ["q1 ok→firing"]


@pytest.mark.parametrize("seed", range(3))
def test_restarts_at_any_tick_change_nothing_that_is_told(store: Store, tmp_path: Path, seed: int):
    chance = random.Random(seed)
    other = open_store(f"sqlite:///{tmp_path / 'steady.db'}", migrate=True)
    kept, often = Desk(other, TWICE), Desk(store, TWICE)
    for tick in range(150):
        values = {queue: chance.choice((3, 3, 30)) for queue in QUEUES}
        for desk in (kept, often):
            desk.tick(7 * tick, values)
        if chance.random() < 0.3:
            often.book = AlertBook()
    assert often.history() == kept.history()
    assert len(kept.history()) > 10
    assert often.messages() == kept.messages()
    other.close()


def test_ticks_in_which_nothing_begins_or_ends_write_nothing(store: Store):
    desk = Desk(store, TWICE)
    assert not desk.tick(0, {"q1": 3}).wrote
    assert desk.tick(1, {"q1": 30}).wrote
    assert not desk.tick(2, {"q1": 30}).wrote
    assert desk.tick(3, {"q1": 3}).wrote
    assert rows(store) == 1


# --- earlier values ------------------------------------------------------------------------------


def looked(memory: Memory, second: float, value: float | None) -> float | None:
    """The change of a queue as a tick finds it."""
    labels = labels_of(queue=QUEUES[0])
    [one] = change(RISE, {("queue_length", None): [measurement(value, labels)]}, memory, at(second))
    assert one.metric == series_name(RISE)
    return one.value


def test_a_change_is_known_after_a_restart(store: Store):
    with store.begin() as connection:
        term = begin_term(connection)
    memory, steady = Memory(), Memory()
    known = 0
    for second in range(0, 1_200, 2):
        value = None if second % 100 == 50 else float(second % 37)
        found, wanted = looked(memory, second, value), looked(steady, second, value)
        keep_pasts(store, memory, at(second), term=term)
        if second % 240 == 200:
            memory = Memory()
            with store.begin() as connection:
                recall_pasts(connection, memory, at(second))
        if found is not None:
            known += 1
            assert found == pytest.approx(wanted, abs=40)
    assert known > 350  # of the 450 that look back on something; each restart leaves a short hole
    assert rows(store) == 1


def test_what_nobody_looked_at_again_is_not_written_again_and_goes_in_the_end(store: Store):
    with store.begin() as connection:
        term = begin_term(connection)
    memory = Memory()
    looked(memory, 0, 5.0)
    keep_pasts(store, memory, at(0), term=term)
    later = Memory()
    with store.begin() as connection:
        recall_pasts(connection, later, at(60))
    assert later.due(at(600)) == {}
    with store.begin() as connection:
        recall_pasts(connection, Memory(), at(0) + KEEP + timedelta(seconds=1))
    assert rows(store) == 0


def test_a_tick_keeps_some_of_many_and_the_next_ones_the_rest(store: Store):
    with store.begin() as connection:
        term = begin_term(connection)
    memory = Memory()
    for number in range(2 * MOST_KEPT + 5):
        past = memory.past(("open", None), labels_of(queue=f"q{number}"), seconds(60))
        past.add(at(0), 1.0)
    counts = []
    for second in range(4):
        keep_pasts(store, memory, at(second), term=term)
        counts.append(rows(store))
    assert counts == [MOST_KEPT, 2 * MOST_KEPT, 2 * MOST_KEPT + 5, 2 * MOST_KEPT + 5]


def test_a_leader_of_the_past_keeps_nothing(store: Store):
    with store.begin() as connection:
        old = begin_term(connection)
        begin_term(connection)
    memory = Memory()
    looked(memory, 0, 5.0)
    with pytest.raises(LeadershipLost):
        keep_pasts(store, memory, at(0), term=old)
    assert rows(store) == 0
