"""A back-test of stored history against what live ticks over the same history did."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from alerts.alert import Rule, Threshold
from alerts.backtest.past import Place
from alerts.backtest.report import report
from alerts.backtest.run import Backtest, backtest
from alerts.book import AlertBook, SourceWatch, rule_book
from alerts.errors import NotReplayable
from alerts.freshness import SourceReading
from alerts.numbers import Numbers
from alerts.pipeline import Reading, evaluate_and_record
from alerts.rule import Signal
from connectors import schema, write
from connectors.columns import to_micros
from connectors.store import Store, open_store
from metrics.live import LiveSettings
from metrics.packs import default_registry
from tests.alerts.factories import SHANGHAI, rule, seconds

START = datetime(2026, 11, 11, 12, tzinfo=UTC)
SPAN, STEP = 1_200, 10
KPIS = default_registry()
NAMES = list(schema.contacts.c.keys())


def history(seed: int) -> list[dict[str, Any]]:
    """Contacts with when they came, were answered and closed, in seconds from the start."""
    chance = random.Random(seed)
    found = []
    for number in range(60):
        opened = chance.randrange(SPAN)
        replied = opened + chance.randrange(5, 240)
        found.append(
            {"id": str(number), "queue": chance.choice(["q1", "q2"]), "opened": opened,
             "replied": replied, "closed": replied + chance.randrange(1, 300)}
        )  # fmt: skip
    return found


def known_at(one: dict[str, Any], second: float) -> tuple[Any, ...]:
    """The row of a contact as the help desk had it at that second."""
    replied = one["replied"] if one["replied"] <= second else None
    closed = one["closed"] if one["closed"] <= second else None
    values = {
        "source": "s", "contact_id": one["id"], "channel": "chat", "queue": one["queue"],
        "status": "open" if closed is None else "closed", "opened_at": micros(one["opened"]),
        "queued_at": micros(one["opened"]), "first_reply_at": micros(replied),
        "waiting_since": micros(one["opened"]) if replied is None else None,
        "closed_at": micros(closed), "bot_only": False, "outbound_only": False,
    }  # fmt: skip
    return tuple(values.get(name) for name in NAMES)


def micros(second: float | None) -> int | None:
    return None if second is None else to_micros(START) + round(second * 1e6)


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Store]:
    made = open_store(f"sqlite:///{tmp_path / 's.db'}", migrate=True)
    with made.begin() as connection:
        connection.execute(
            schema.sources.insert().values(source="s", status="ok", poll_s=1, rows=0, as_of=START)
        )
    yield made
    made.close()


def live_episodes(store: Store, of: Rule, contacts: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    """Every tick of the span with the store as it stood then: labels, firing, end."""
    book, rules = AlertBook(), rule_book([of], SourceWatch(on=False), KPIS)
    numbers = Numbers(LiveSettings(), [of], SHANGHAI, ["s"], KPIS)
    up: dict[str, Any] = {}
    found = []
    for second in range(0, SPAN, STEP):
        now = START + timedelta(seconds=second)
        rows = [known_at(one, second) for one in contacts if one["opened"] <= second]
        with store.begin() as connection:
            write.apply(connection, "contacts", rows)
            connection.execute(sa.update(schema.sources).values(as_of=now))
        reading = Reading(now, numbers.read(store, now),
                          [SourceReading("s", True, now, seconds(1))])  # fmt: skip
        for change in evaluate_and_record(store, book, rules, reading).transitions:
            if change.begins:
                up[change.fingerprint] = (change.labels, now)
            elif change.ends:
                found.append((*up.pop(change.fingerprint), now))
    return sorted(found + [(*one, None) for one in up.values()], key=repr)


def replay(store: Store, of: Rule, *, step: float = STEP) -> Backtest:
    with store.read() as connection:
        place = Place(connection, SHANGHAI, KPIS, timedelta(days=3))
        until = START + timedelta(seconds=SPAN)
        return backtest(place, of, START, until, step=seconds(step))


QUEUE = rule(when=Threshold(">", 3), clear=Threshold("<", 2), wait=seconds(30))


@pytest.mark.parametrize(
    "of",
    [
        QUEUE,
        rule(when=Threshold(">", 5), clear=Threshold("<=", 4), by=(), keep_firing_for=seconds(40)),
        rule(metric="longest_wait", when=Threshold(">", 150), clear=Threshold("<", 90)),
        rule(where=(("queue", "q2"),), when=Threshold(">=", 3), clear=Threshold("<", 3)),
        rule(
            metric="first_response", when=Threshold(">", 120), clear=Threshold("<", 110),
            window=seconds(300), by=("queue",),
        ),
        rule(metric="volume", when=Threshold(">", 12), clear=Threshold("<=", 12),
             window=seconds(300), by=()),
    ],
    ids=lambda of: f"{of.metric}-{of.by}",
)  # fmt: skip
def test_a_backtest_finds_what_live_ticks_did(empty: Store, of: Rule, monkeypatch):
    # KPIs are replayed once a minute; here at every tick, as the live numbers are read.
    monkeypatch.setattr("alerts.backtest.past.KPI_LOOK", seconds(STEP))
    monkeypatch.setattr("alerts.backtest.past.PER_WINDOW", 1_000)
    contacts = history(seed=5)
    live = live_episodes(empty, of, contacts)
    with empty.begin() as connection:
        write.apply(connection, "contacts", [known_at(one, 10 * SPAN) for one in contacts])
    again = sorted(((one.labels, one.fired, one.ended) for one in replay(empty, of).episodes),
                   key=repr)  # fmt: skip
    assert live
    assert again == live


def put(store: Store, contacts: list[dict[str, Any]]) -> None:
    with store.begin() as connection:
        write.apply(connection, "contacts", [known_at(one, 10 * SPAN) for one in contacts])


def test_rules_of_several_conditions_are_replayed_minute_by_minute(empty: Store):
    put(empty, history(seed=5))
    long = rule(metric="longest_wait", when=Threshold(">", 100), clear=Threshold("<=", 100))
    parts = (rule(when=Threshold(">", 3), clear=Threshold("<=", 3)), long)
    both = replay(empty, rule(kind="all", parts=parts))
    either = replay(empty, rule(kind="any", parts=parts))
    assert both.episodes
    assert _up_s(both) < _up_s(either)
    assert len({one.fired.second for one in either.episodes}) == 1
    rising = rule(kind="change", signal=Signal(ago=seconds(120)), when=Threshold(">", 2))
    assert replay(empty, rising).episodes


def _up_s(found: Backtest) -> float:
    return sum(one.lasted(found.until).total_seconds() for one in found.episodes)


def test_the_curve_falls_as_the_threshold_rises_and_holds_the_rule_itself(empty: Store):
    put(empty, history(seed=5))
    found = replay(empty, QUEUE)
    counts = [one.alerts for one in found.curve]
    assert sorted(one.threshold for one in found.curve) == [one.threshold for one in found.curve]
    [own] = [one for one in found.curve if one.threshold == 3]
    assert own.alerts == len(found.episodes) > 0
    assert counts[-1] == 0
    assert found.weekly is not None
    assert found.weekly.per_week <= 1


def test_a_report_counts_each_episode_once_on_the_clock_of_the_shop(empty: Store):
    put(empty, history(seed=5))
    found = replay(empty, QUEUE)
    sums = report(found, SHANGHAI)
    assert sums.count == sum(n for _, n in sums.days) == sum(sums.week) == len(found.episodes)
    assert sums.week[2 * 24 + 20] == sums.count  # a Wednesday, 20:00 in Shanghai
    assert sums.night == 0
    length = (found.until - found.since).total_seconds()  # from the first contact on
    assert sums.per_week == pytest.approx(sums.count * 604_800 / length)


@pytest.mark.parametrize(
    ("of", "sentence"),
    [
        (rule(kind="forecast", metric="contacts"), "kind 'forecast' can't be replayed"),
        (rule(metric="agents_available"), "keeps no history of agents_available"),
        (rule(metric="overdue_shipments", by=()), "known only for the moment it is read"),
    ],
)
def test_what_history_cannot_tell_is_said(empty: Store, of, sentence):
    with pytest.raises(NotReplayable, match=sentence):
        replay(empty, of)
