"""Life after the history: each second as if it had always been there, restarts included."""

from __future__ import annotations

import logging
import sqlite3
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event, Thread

import pytest
import sqlalchemy as sa

from connectors.simulator.feed import Feed, write_history
from connectors.simulator.settings import SimulatorSettings
from connectors.simulator.truth import QueueTruth
from tests.connectors.simulator.shops import NOW, SMALL, at, content, later, rows, shop

EVENING = at("2026-09-24T21:00:00")


def live_counts(engine: sa.Engine) -> dict[str, tuple[int, int, int, int, int]]:
    """waiting, open, bot, snoozed, unassigned per queue, by the columns."""
    found = rows(
        engine,
        """SELECT queue, count(waiting_since), count(*) FILTER (WHERE status = 'open'),
             count(*) FILTER (WHERE status = 'bot'), count(*) FILTER (WHERE status = 'snoozed'),
             count(*) FILTER (WHERE status = 'open' AND agent_id IS NULL)
           FROM contacts GROUP BY 1""",
    )
    return {queue: tuple(counts) for queue, *counts in found}


def told(truth: tuple[QueueTruth, ...]) -> dict[str, tuple[int, int, int, int, int]]:
    return {q.queue: (q.waiting, q.open, q.bot, q.snoozed, q.unassigned) for q in truth}


def test_a_history_and_its_feed_are_one_longer_history(tmp_path: Path):
    grown = shop(tmp_path, SMALL, now=NOW, name="grown")
    feed = Feed(grown, SMALL, now=NOW)
    now = NOW
    while now < EVENING:
        now = min(EVENING, now + timedelta(minutes=7))
        feed.advance(now)

    born = shop(tmp_path, SMALL, now=EVENING, name="born")

    assert content(grown) == content(born)


def test_a_restarted_feed_catches_up_and_goes_on_as_if_never_stopped(tmp_path: Path):
    steady, restarted = (shop(tmp_path, SMALL, name=name) for name in ("steady", "restarted"))
    one = Feed(steady, SMALL, now=NOW)
    for minutes in range(1, 240, 3):
        one.advance(later(60 * minutes))
    Feed(restarted, SMALL, now=NOW).advance(later(40))
    Feed(restarted, SMALL, now=later(40)).advance(later(60 * 100))
    again = Feed(restarted, SMALL, now=later(60 * 200))
    again.advance(later(60 * 200))
    again.advance(later(60 * 238))

    assert content(restarted) == content(steady)
    assert told(again.live()) == told(one.live())


def test_a_gap_of_days_is_filled(tmp_path: Path):
    engine = shop(tmp_path, SMALL)
    after = NOW + timedelta(days=2)

    Feed(engine, SMALL, now=after).advance(after)

    longer = SimulatorSettings(seed=SMALL.seed, days=4, contacts_per_day=SMALL.contacts_per_day)
    whole = shop(tmp_path, longer, now=after, name="whole")
    assert rows(engine, "SELECT opened_at, status, waiting_since FROM contacts ORDER BY 1") == rows(
        whole, "SELECT opened_at, status, waiting_since FROM contacts ORDER BY 1"
    )


def test_the_truth_equals_the_columns(tmp_path: Path):
    engine = shop(tmp_path, SMALL)
    feed = Feed(engine, SMALL, now=NOW)
    for seconds in (1, 2, 60, 600, 7200):
        feed.advance(later(seconds))

        assert told(feed.live()) == live_counts(engine)
        oldest = rows(engine, "SELECT queue, min(waiting_since) FROM contacts GROUP BY 1")
        waits = {q.queue: q.oldest_wait_s for q in feed.live()}
        for queue, since in oldest:
            seconds_waited = since and (later(seconds) - datetime.fromisoformat(since))
            assert waits[queue] == (seconds_waited and seconds_waited.total_seconds())


def test_messages_get_ids_in_the_order_of_time(tmp_path: Path):
    engine = shop(tmp_path, SMALL)
    feed = Feed(engine, SMALL, now=NOW)
    before = rows(engine, "SELECT max(message_id) FROM messages")[0][0]
    for minute in range(1, 60):
        feed.advance(later(60 * minute))

    sent = rows(
        engine,
        "SELECT sent_at FROM messages WHERE message_id > :id ORDER BY message_id",
        id=before,
    )
    assert len(sent) > 50
    assert sent == sorted(sent)


def test_time_that_stands_still_writes_nothing(tmp_path: Path):
    feed = Feed(shop(tmp_path, SMALL), SMALL, now=NOW)
    feed.advance(later(60))

    assert feed.advance(later(60)) == 0
    assert feed.advance(later(30)) == 0
    assert feed.as_of == later(60)


def test_a_surge_fills_its_queue_and_drains(tmp_path: Path):
    engine = shop(tmp_path, SMALL)
    feed = Feed(engine, SMALL, now=NOW)
    feed.surge("抖音", 80, 20)
    feed.advance(later(25))
    full = live_counts(engine)["抖音"]
    assert full == told(feed.live())["抖音"]

    feed.surge("抖音", 10, 5)
    feed.advance(later(40))
    assert told(feed.live()) == live_counts(engine)
    feed.advance(later(3 * 3600))

    assert full[0] > 40
    assert live_counts(engine)["抖音"][0] < 10


def test_what_a_surge_left_open_is_closed_after_a_restart(tmp_path: Path):
    engine = shop(tmp_path, SMALL)
    feed = Feed(engine, SMALL, now=NOW)
    feed.surge("抖音", 80, 20)
    feed.advance(later(30))

    again = Feed(engine, SMALL, now=later(30))
    assert told(again.live()) == live_counts(engine)
    again.advance(later(60))
    assert told(again.live()) == live_counts(engine)
    again.advance(later(3600))

    assert told(again.live()) == live_counts(engine)
    assert live_counts(engine)["抖音"][0] < 10


def test_a_shop_of_other_settings_is_taken_over(tmp_path: Path):
    engine = shop(tmp_path, SMALL)
    other = SimulatorSettings(seed=99, days=2, contacts_per_day=300)

    feed = Feed(engine, other, now=NOW)
    feed.advance(later(7200))

    assert told(feed.live()) == live_counts(engine)
    assert rows(engine, "SELECT count(*) - count(DISTINCT contact_id) FROM contacts") == [(0,)]


def test_a_failed_write_is_made_up_for(tmp_path: Path):
    calm, hurt = (shop(tmp_path, SMALL, name=name) for name in ("calm", "hurt"))
    steady = Feed(calm, SMALL, now=NOW)
    steady.advance(later(600))
    steady.advance(later(660))
    feed = Feed(hurt, SMALL, now=NOW)
    with sqlite3.connect(tmp_path / "hurt.db", isolation_level=None) as blocker:
        hurt.dispose()
        quick = sa.create_engine(f"sqlite:///{tmp_path / 'hurt.db'}", connect_args={"timeout": 0.1})
        feed = Feed(quick, SMALL, now=NOW)
        blocker.execute("BEGIN IMMEDIATE")
        with pytest.raises(sa.exc.OperationalError, match="locked"):
            feed.advance(later(600))
        blocker.execute("ROLLBACK")
    blocker.close()

    feed.advance(later(660))

    assert content(quick) == content(calm)


def test_run_follows_the_clock_and_outlives_a_locked_database(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    path = tmp_path / "shop.db"
    engine = sa.create_engine(f"sqlite:///{path}", connect_args={"timeout": 0.05})
    write_history(engine, SMALL, now=NOW)
    feed, stop, ticks = Feed(engine, SMALL, now=NOW), Event(), iter(range(60, 100_000, 60))
    blocker = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    seen = Event()

    def clock() -> datetime:
        tick = next(ticks)
        if tick == 120:
            blocker.execute("BEGIN IMMEDIATE")
        if tick == 180:
            blocker.execute("ROLLBACK")
        if tick == 300:
            seen.set()
        return later(tick)

    caplog.set_level(logging.WARNING)
    thread = Thread(target=feed.run, args=(stop, clock))
    thread.start()
    assert seen.wait(30)
    stop.set()
    thread.join(30)
    blocker.close()

    assert not thread.is_alive()
    assert feed.as_of >= later(240)
    assert [r.getMessage() for r in caplog.records] == ["event=feed_failed error=OperationalError"]
    assert told(feed.live()) == live_counts(engine)
