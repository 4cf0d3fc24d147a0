"""Alert halves of ticks on a real store: what is kept, told and written, and after a crash."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.alert import Cause, Status, Threshold
from alerts.book import AlertBook, SourceWatch, rule_book
from alerts.errors import LeadershipLost
from alerts.pipeline import Reading, TickResult, evaluate_and_record
from alerts.store import begin_term, load_alerts, load_transitions
from connectors import alert_tables
from connectors.errors import StoreUnavailable
from connectors.store import Store, open_store
from tests.alerts.factories import START, at, queues, rule, seconds, source

RULE = rule(clear=Threshold("<", 15))


class Desk:
    """One leader's ticks against a store; each takes the queue lengths and the second it is."""

    def __init__(self, store: Store, *rules: Any, watch: SourceWatch | None = None) -> None:
        self.store = store
        self.rules = rule_book(rules or (RULE,), watch or SourceWatch(on=False))
        self.book = AlertBook()
        self.term: int | None = None

    def tick(
        self, second: float, values: Mapping[str, float | None], **of_source: Any
    ) -> TickResult:
        now = at(second)
        reading = Reading(now, queues(values), [source(now, **of_source)])
        return evaluate_and_record(self.store, self.book, self.rules, reading, term=self.term)

    def messages(self) -> list[tuple[str, str]]:
        """(receiver, reason) in the order put in."""
        with self.store.read() as connection:
            box = alert_tables.outbox.c
            query = sa.select(box.receiver, box.reason).order_by(box.id)
            return [(row.receiver, row.reason) for row in connection.execute(query)]

    def history(self) -> list[str]:
        with self.store.read() as connection:
            found = load_transitions(connection, since=START - timedelta(days=9))
        return [f"{dict(one.labels)['queue']} {one.old}→{one.new}" for one in found]


def test_a_breach_is_state_history_and_message_at_once(store: Store):
    desk = Desk(store)
    result = desk.tick(0, {"q1": 42, "q2": 3})
    assert (result.queued, result.firing, result.pending) == (1, 1, 0)
    assert desk.messages() == [("leads", "first")]
    assert desk.history() == ["q1 ok→firing"]
    with store.read() as connection:
        (kept,) = load_alerts(connection).values()
    assert (kept.status, kept.value, kept.fired_at) == (Status.FIRING, 42, START)


def test_an_end_is_told_to_those_who_know_of_the_beginning(store: Store):
    desk = Desk(store, rule(receivers=("leads", "boss")))
    desk.tick(0, {"q1": 42})
    desk.rules = rule_book([rule(receivers=("leads", "new"))], SourceWatch(on=False))
    desk.tick(1, {"q1": 3})
    assert desk.messages() == [
        ("boss", "first"),
        ("leads", "first"),
        ("boss", "resolved"),
        ("leads", "resolved"),
    ]


def test_a_tick_that_changes_nothing_writes_nothing(store: Store):
    desk = Desk(store)
    assert not desk.tick(0, {"q1": 3}).wrote
    assert desk.tick(1, {"q1": 42}).wrote
    assert not desk.tick(2, {"q1": 43}).wrote  # a newer value can wait a little
    assert desk.tick(4, {"q1": 44}).wrote
    assert not desk.tick(5, {"q1": 45}).wrote
    with store.read() as connection:
        (kept,) = load_alerts(connection).values()
    assert (kept.value, kept.peak) == (44, 44)
    desk.tick(7, {"q1": 17})
    with store.read() as connection:
        (kept,) = load_alerts(connection).values()
    assert (kept.value, kept.peak) == (17, 45)


def test_waiting_is_kept_across_a_restart_and_is_no_history(store: Store):
    wait = rule(wait=seconds(30))
    assert Desk(store, wait).tick(0, {"q1": 42}).pending == 1
    restarted = Desk(store, wait)
    assert restarted.tick(29, {"q1": 42}).pending == 1
    assert restarted.tick(30, {"q1": 42}).firing == 1
    assert restarted.history() == ["q1 pending→firing"]


def test_a_wait_that_comes_to_nothing_leaves_nothing(store: Store):
    desk = Desk(store, rule(wait=seconds(30)))
    desk.tick(0, {"q1": 42})
    desk.tick(1, {"q1": 3})
    assert (desk.history(), desk.messages()) == ([], [])
    with store.read() as connection:
        assert load_alerts(connection) == {}


def test_a_restart_neither_repeats_nor_forgets(store: Store):
    Desk(store).tick(0, {"q1": 42})
    restarted = Desk(store)
    assert restarted.tick(300, {"q1": 42}).queued == 0
    assert restarted.tick(301, {"q1": 3}).queued == 1
    assert restarted.messages() == [("leads", "first"), ("leads", "resolved")]


def test_a_source_that_is_down_holds_its_alerts_and_is_told_itself(store: Store):
    desk = Desk(store, watch=SourceWatch(receivers=("ops",)))
    desk.tick(0, {"q1": 42})
    down: dict[str, Any] = {"ok": False, "as_of": START}
    for second in range(1, 60):
        result = desk.tick(second, {"q1": 0}, **down)  # whatever is still shown, it isn't known
        assert result.firing == (2 if second > 10 else 1)
    assert desk.tick(60, {"q1": 42}).firing == 1
    desk.tick(61, {"q1": 3})
    assert desk.messages() == [
        ("leads", "first"),
        ("ops", "first"),
        ("ops", "resolved"),
        ("leads", "resolved"),
    ]


def test_a_rule_that_left_the_config_ends_its_alerts_and_says_so(store: Store):
    desk = Desk(store, RULE, rule(name="other"))
    desk.tick(0, {"q1": 42})
    desk.rules = rule_book([RULE], SourceWatch(on=False))
    (change,) = desk.tick(1, {"q1": 42}).transitions
    assert (change.rule, change.cause) == ("other", Cause.WITHDRAWN)
    assert desk.messages()[-1] == ("leads", "resolved")


def test_a_rule_narrowed_to_other_queues_ends_the_alerts_it_no_longer_covers(store: Store):
    desk = Desk(store)
    desk.tick(0, {"q1": 42, "q2": 42})
    desk.rules = rule_book([rule(where=(("queue", "q2"),))], SourceWatch(on=False))
    (change,) = desk.tick(1, {"q1": 42, "q2": 42}).transitions
    assert (dict(change.labels)["queue"], change.cause) == ("q1", Cause.WITHDRAWN)


def test_a_source_that_left_the_config_is_no_longer_down(store: Store):
    desk = Desk(store, watch=SourceWatch(receivers=("ops",)))
    desk.tick(0, {}, name="old", ok=False, as_of=at(-60))
    desk.tick(1, {})
    assert desk.messages() == [("ops", "first"), ("ops", "resolved")]


def test_a_rule_may_tell_nobody_and_still_fires(store: Store):
    desk = Desk(store, rule(receivers=()))
    result = desk.tick(0, {"q1": 42})
    assert (result.firing, result.queued) == (1, 0)
    assert desk.history() == ["q1 ok→firing"]


def test_a_leader_whose_term_is_over_writes_nothing(store: Store):
    old, new = Desk(store), Desk(store)
    for desk in (old, new):
        with store.begin() as connection:
            desk.term = begin_term(connection)
    with pytest.raises(LeadershipLost):
        old.tick(0, {"q1": 42})
    assert old.history() == []
    assert new.tick(0, {"q1": 42}).queued == 1
    with pytest.raises(LeadershipLost):
        old.tick(1, {"q1": 42, "q2": 42})
    assert new.messages() == [("leads", "first")]


class Failing:
    """A store whose transactions fail before or after they are committed."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.fails: str | None = None
        self.read = store.read

    @contextmanager
    def begin(self) -> Iterator[sa.Connection]:
        if self.fails == "before":
            with self._store.begin() as connection:
                yield connection
                raise StoreUnavailable("the store was lost before the commit")
        with self._store.begin() as connection:
            yield connection
        if self.fails == "after":
            raise StoreUnavailable("the store was lost after the commit, before its answer")


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_store_lost_at_the_commit_loses_and_doubles_nothing(store: Store, moment: str):
    failing = Failing(store)
    desk = Desk(failing)  # type: ignore[arg-type]
    desk.tick(0, {"q1": 42})
    for second, values in ((1, {"q1": 42, "q2": 42}), (3, {"q1": 3, "q2": 42})):
        failing.fails = moment
        with pytest.raises(StoreUnavailable):
            desk.tick(second, values)
        failing.fails = None
        desk.tick(second + 1, values)
    assert desk.history() == ["q1 ok→firing", "q2 ok→firing", "q1 firing→resolved"]
    assert desk.messages() == [("leads", "first"), ("leads", "first"), ("leads", "resolved")]


def test_a_storm_of_queues_is_told_queue_by_queue(store: Store):
    desk = Desk(store)
    crowd = {f"q{number:03}": 42.0 for number in range(200)}
    assert desk.tick(0, crowd).queued == 200
    assert desk.tick(1, dict.fromkeys(crowd, 3.0)).queued == 200


def test_an_hour_of_ticks_with_a_breach_every_minute_is_told_exactly(store: Store):
    desk = Desk(store)
    for second in range(0, 3_600, 2):
        desk.tick(second, {"q1": 42 if second % 60 < 30 else 3})
    assert desk.messages() == [("leads", "first"), ("leads", "resolved")] * 60


lengths = st.none() | st.sampled_from([0, 14, 17, 21, 50])
ticks = st.lists(st.fixed_dictionaries({"q1": lengths, "q2": lengths}), max_size=25)


@settings(max_examples=40, deadline=None)
@given(ticks=ticks, restarts=st.sets(st.integers(0, 24)), wait=st.sampled_from([0, 2]))
def test_restarts_change_nothing_in_what_is_told(
    tmp_path_factory: pytest.TempPathFactory, ticks, restarts, wait
):
    def told(restarts: set[int]) -> tuple[list[Any], list[str]]:
        path = tmp_path_factory.mktemp("store") / "deskpulse.db"
        store = open_store(f"sqlite:///{path}", migrate=True)
        of = rule(clear=Threshold("<", 15), wait=seconds(wait))
        desk = Desk(store, of)
        for second, values in enumerate(ticks):
            if second in restarts:
                desk = Desk(store, of)
            desk.tick(second, values)
        found = desk.messages(), desk.history()
        store.close()
        return found

    assert told(set()) == told(restarts)
