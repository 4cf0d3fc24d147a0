"""The queue by minute: as it was read, as it is replayed where nobody read it, and forgotten."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pytest
import sqlalchemy as sa

from connectors import schema
from connectors.columns import from_micros, to_micros
from connectors.live_tables import live_samples
from connectors.store import Store
from metrics.live import LiveSettings, live_state
from metrics.replay import queue_length, waits_between
from metrics.samples import (
    KEPT,
    MINUTE_US,
    Waiting,
    highest,
    minute_of,
    read_samples,
    replayed,
    sample,
)
from tests.metrics.chance import Chance
from tests.metrics.handmade import HOUR, NOON, contact, read_at

MINUTE = timedelta(minutes=1)
CUT = LiveSettings(wait_cut=2 * HOUR)


def look(store: Store, now: datetime) -> int:
    """As the worker does, at a moment."""
    with store.begin() as connection:
        return sample(connection, live_state(connection, now=now, settings=CUT), now)


def wait(store: Store, name: str, since: datetime, **more: str) -> None:
    with store.begin() as connection:
        contact(connection, name, since, status="open", waiting_since=since, **more)


def test_a_minute_is_kept_as_it_was_read_and_once(store: Store) -> None:
    read_at(store, NOON)
    wait(store, "1", NOON - 30 * MINUTE)
    wait(store, "2", NOON - MINUTE, queue="售前")
    wait(store, "forgotten", NOON - 9 * HOUR)
    assert look(store, NOON) > 1  # the minutes before are replayed
    assert look(store, NOON + timedelta(seconds=59)) == 0
    read_at(store, NOON + MINUTE)
    assert look(store, NOON + MINUTE) == 1
    with store.read() as connection:
        before, now, after = read_samples(connection, NOON - MINUTE, NOON + 5 * MINUTE)
    assert (before.at, before.whole, before.queues) == (NOON - MINUTE, Waiting(3, 29 * 60.0), None)
    assert now.whole == Waiting(3, 30 * 60.0)
    assert now.queues == {
        ("src", "C", "chat"): Waiting(2, 30 * 60.0),
        ("src", "售前", "chat"): Waiting(1, 60.0),
    }
    assert after.whole == Waiting(3, 31 * 60.0)


def test_who_cannot_be_asked_is_not_known_and_not_0(store: Store) -> None:
    wait(store, "1", NOON - 2 * MINUTE)
    read_at(store, NOON)
    look(store, NOON)
    with store.begin() as connection:
        connection.execute(schema.sources.update().values(status="down"))
    assert look(store, NOON + 30 * MINUTE) == 1  # nothing was read since: it cannot be replayed
    with store.read() as connection:
        *_, last = read_samples(connection, NOON, NOON + HOUR)
        edges = [NOON + 10 * MINUTE * step for step in range(-1, 5)]
        waiting, longest = highest(connection, edges)
    assert (last.at, last.whole, last.queues) == (NOON + 30 * MINUTE, None, {})
    assert last.silent == {"src"}
    assert waiting == (1.0, 1.0, None, None, None)
    assert longest == (60.0, 120.0, None, None, None)


@pytest.mark.parametrize("cut_s", [None, 7200.0])
def test_a_replayed_minute_is_what_a_count_says(small: Store, cut_s: float | None) -> None:
    chance = Chance(small, 41)
    chance.some(300, at_once=300)
    first, last = minute_of(chance.start), minute_of(chance.end)
    some = np.random.default_rng(1).integers(first, last, 150).tolist()
    with small.read() as connection:
        found = replayed(connection, first, last, cut_s)
        counts = queue_length(connection, [from_micros(one * MINUTE_US) for one in some])
        spans = waits_between(connection, first * MINUTE_US, last * MINUTE_US).spans.tolist()
    assert len(found) == last - first
    limit = float("inf") if cut_s is None else cut_s
    for minute, count in zip(some, counts, strict=True):
        at = minute * MINUTE_US
        waits = [(at - start) / 1e6 for start, end in spans if start <= at < end]
        longest = max((one for one in waits if one <= limit), default=None)
        assert found[minute] == Waiting(count, longest)
    assert max(counts) > 3


def test_only_minutes_with_a_history_are_replayed(small: Store) -> None:
    with small.begin() as connection:
        contact(connection, "1", NOON - 3 * HOUR, first_reply_at=NOON - 2 * HOUR, closed_at=NOON)
    read_at(small, NOON)
    assert look(small, NOON) == 3 * 60 + 1
    with small.read() as connection:
        waiting, longest = highest(connection, [NOON + HOUR * step for step in range(-5, 1)])
    assert waiting == (None, None, 1.0, 0.0, 0.0)
    assert longest == (None, None, 59 * 60.0, 0.0, 0.0)


def test_what_is_older_than_25_months_is_forgotten(small: Store) -> None:
    read_at(small, NOON)
    look(small, NOON)
    read_at(small, NOON + KEPT)
    look(small, NOON + KEPT)
    read_at(small, NOON + KEPT + MINUTE)
    look(small, NOON + KEPT + MINUTE)
    with small.read() as connection:
        kept = connection.execute(sa.select(live_samples.c.minute)).scalars().all()
    assert min(kept) == to_micros(NOON + KEPT) // MINUTE_US
