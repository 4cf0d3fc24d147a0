"""Signs of life of workers in a real store."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import timedelta

from alerts.heartbeat import KEEP, beats, first_beat, record
from connectors.store import Store
from tests.alerts.factories import START, at


def test_a_worker_has_one_row_that_its_beats_renew(store: Store):
    beat = first_beat(START)
    assert (beat.pid, beat.leader) == (os.getpid(), False)
    later = replace(beat, beat_at=at(5), leader=True, ticks=5, skipped=1, tick_ms=12.5, error="no")
    with store.begin() as connection:
        record(connection, beat)
        record(connection, later)
    with store.read() as connection:
        assert beats(connection) == [later]


def test_workers_that_ended_long_ago_are_forgotten(store: Store):
    old = replace(first_beat(START), worker_id="old")
    recent = replace(first_beat(START), worker_id="recent", beat_at=at(60))
    now = replace(first_beat(START), worker_id="now", beat_at=START + KEEP + timedelta(seconds=30))
    with store.begin() as connection:
        for beat in (old, recent, now):
            record(connection, beat)
    with store.read() as connection:
        assert [beat.worker_id for beat in beats(connection)] == ["now", "recent"]


def test_two_workers_of_one_process_number_are_told_apart():
    assert first_beat(START).worker_id != first_beat(at(0.000001)).worker_id
