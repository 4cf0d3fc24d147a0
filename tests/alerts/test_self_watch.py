"""The watch tells about itself: blocked receivers, failed jobs, gaps, skipped turns, the clock."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from alerts import heartbeat, outbox
from alerts.alert import Alert, Notification, Status, Verdict
from alerts.book import AlertBook, SourceWatch, rule_book
from alerts.clock_watch import ClockWatch
from alerts.condition import HOLD_S, Gathering
from alerts.errors import SendError
from alerts.pipeline import Reading, evaluate_and_record
from alerts.render import PARTS, catalogue, title
from alerts.rule_settings import ABOUT_THE_WATCH
from alerts.self_watch import Condition, SelfWatch, observe_watch
from connectors.store import Store
from tests.alerts.factories import EN, START, ZH, at, note, source

WATCH = SelfWatch(receivers=("leads", "boss"))


def breached(condition: Condition, watch: SelfWatch = WATCH) -> list[tuple[str, dict[str, str]]]:
    found = observe_watch(condition, watch)
    return [(o.rule.name, dict(o.labels)) for o in found if o.verdict is Verdict.BREACH]


def test_all_is_well_is_said_about_everything_and_nothing_breaches():
    quiet = Condition(waiting_s={"leads": 0}, undelivered={"leads": 0}, failures={"risk": 0})
    assert len(observe_watch(quiet, WATCH)) == len(ABOUT_THE_WATCH)
    assert breached(quiet) == []
    assert observe_watch(quiet, SelfWatch(on=False)) == []


def test_each_trouble_has_its_rule_and_says_where():
    bad = Condition(
        waiting_s={"leads": 301, "boss": 299}, undelivered={"leads": 1, "boss": 0},
        failures={"risk": 2, "forecast": 1}, gap_s=61, jump_s=3600, skipped_percent=21,
    )  # fmt: skip
    assert breached(bad) == [
        ("receiver-blocked", {"receiver": "leads"}),
        ("message-undelivered", {"receiver": "leads"}),
        ("job-failed", {"job": "risk"}),
        ("watch-interrupted", {}),
        ("clock-set", {}),
        ("turns-skipped", {}),
    ]


def told(store: Store, receiver: str) -> list[Notification]:
    with store.begin() as connection:
        claimed = outbox.claim(connection, worker="w", receiver=receiver, now=at(4000),
                               lease=timedelta(seconds=9), limit=9)  # fmt: skip
    return [one.note for one in claimed if isinstance(one.note, Notification)]


def test_a_blocked_receiver_is_told_through_the_others_once_and_so_is_its_end(store: Store):
    with store.begin() as connection:
        outbox.enqueue(connection, [note()], now=START)  # leads does not take it
    book = AlertBook()
    rules = rule_book([], SourceWatch(receivers=("leads", "boss")))
    gathering = Gathering(("leads", "boss"), turns_per_s=1)
    for second in (0, 200, 310, 320):
        condition = gathering.condition(store, {}, at(second), second)
        reading = Reading(at(second), [], [source(at(second))],
                          watch=observe_watch(condition, WATCH))  # fmt: skip
        evaluate_and_record(store, book, rules, reading)
    [first] = told(store, "boss")
    assert dict(first.alerts[0].labels) == {"receiver": "leads"}
    assert title(first.alerts[0], ZH) == "■ 接收端 leads 已 5分10秒 收不到消息"
    assert title(first.alerts[0], EN).endswith("has taken no message for 5 min 10 s")
    quiet = Reading(at(400), [], [source(at(400))],
                    watch=observe_watch(Condition(waiting_s={"leads": 0}), WATCH))  # fmt: skip
    [change] = evaluate_and_record(store, book, rules, quiet).transitions
    assert change.new is Status.RESOLVED


def test_what_no_receiver_took_in_the_end_counts_for_a_while(store: Store):
    with store.begin() as connection:
        outbox.enqueue(connection, [note()], now=START)
        [claimed] = outbox.claim(connection, worker="w", receiver="leads", now=START,
                                 lease=timedelta(seconds=9))  # fmt: skip
        outbox.record_failure(connection, claimed, SendError("no", permanent=True), worker="w",
                              now=at(1), next_at=None)  # fmt: skip
    look = Gathering(("leads",), turns_per_s=1).condition
    assert look(store, {}, at(10), 10).undelivered == {"leads": 1}
    assert look(store, {}, at(4000), 4000).undelivered == {"leads": 0}


def test_a_gap_is_known_across_workers_and_held_for_ten_minutes(store: Store):
    beat = replace(heartbeat.first_beat(START), leader=True, ticks=7)
    with store.begin() as connection:
        heartbeat.record(connection, beat)
        gathering = Gathering((), turns_per_s=1)
        gathering.begin(connection, at(300), 0)
    assert gathering.condition(store, {}, at(301), 1).gap_s == 300
    gathering.ticked(1, 0)
    gathering.ticked(31, 0)  # a shorter one does not hide it
    assert gathering.condition(store, {}, at(331), 31).gap_s == 300
    assert gathering.condition(store, {}, at(900), HOLD_S).gap_s == 0
    gathering.ticked(HOLD_S + 100, 0)
    assert gathering.condition(store, {}, at(1001), HOLD_S + 101).gap_s == pytest.approx(669)


def test_turns_left_out_are_a_share_of_those_there_should_have_been(store: Store):
    gathering = Gathering((), turns_per_s=2)
    gathering.ticked(0, 5)
    gathering.ticked(100, 55)
    assert gathering.condition(store, {}, at(100), 100).skipped_percent == 25


def test_a_clock_that_was_set_and_a_process_that_stood_still_are_told_apart():
    watch = ClockWatch(START, 0)
    assert watch.look(at(1.2), 1.2, expected_s=1) is None
    ahead = watch.look(at(3602), 2, expected_s=1)
    assert ahead and (ahead.by, ahead.still_s, ahead.set_back) == (timedelta(hours=1), 0, False)
    back = watch.look(at(3), 3, expected_s=1)
    assert back
    assert back.set_back
    still = watch.look(at(63), 63, expected_s=1)
    assert still and (still.by, still.still_s) == (timedelta(0), 59)
    assert watch.look(at(64), 64, expected_s=1) is None


@pytest.mark.parametrize("rule", ABOUT_THE_WATCH)
def test_every_rule_about_the_watch_has_its_words(rule: str):
    for part in ("firing", "resolved", "since", "lasted"):
        assert catalogue().has(f"{PARTS[rule]}.{part}")


def test_nothing_remains_of_a_receiver_that_left_the_config(store: Store):
    book, rules = AlertBook(), rule_book([], SourceWatch(receivers=("boss",)))
    gone = Condition(waiting_s={"leads": 999})
    for second, condition in ((0, gone), (5, Condition())):
        reading = Reading(at(second), [], [source(at(second))],
                          watch=observe_watch(condition, WATCH))  # fmt: skip
        changes = evaluate_and_record(store, book, rules, reading).transitions
    assert [change.cause for change in changes] == ["withdrawn"]
    assert all(isinstance(one, Alert) for one in book.alerts.values())
