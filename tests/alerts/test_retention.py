"""What is forgotten, and what never is."""

from __future__ import annotations

from datetime import timedelta
from threading import Event

import pytest
import sqlalchemy as sa

from alerts import outbox, retention
from alerts.alert import Reason
from alerts.errors import SendError
from connectors import alert_tables
from connectors.store import Store
from tests.alerts.factories import START, note

KEEP = timedelta(days=400)
LATER = START + KEEP + timedelta(days=1)


def count(store: Store, table: sa.Table) -> int:
    with store.read() as connection:
        return int(connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one())


def test_sent_messages_go_with_their_attempts_and_waiting_ones_stay(store: Store):
    with store.begin() as connection:
        notes = [note(reason=reason) for reason in (Reason.FIRST, Reason.RESOLVED)]
        outbox.enqueue(connection, notes, now=START)
        [sent] = outbox.claim(connection, worker="w", receiver=notes[0].receiver, now=START,
                              lease=timedelta(seconds=9))  # fmt: skip
        error = SendError("no")
        outbox.record_failure(connection, sent, error, worker="w", now=START, next_at=START)
        outbox.record_sent(connection, sent, now=START, http_status=200)
    tables = alert_tables.outbox, alert_tables.deliveries
    assert retention.prune(store, now=START + KEEP, keep=KEEP, stop=Event()) == 0
    assert [count(store, one) for one in tables] == [2, 2]
    assert retention.prune(store, now=LATER, keep=KEEP, stop=Event()) == 3
    assert [count(store, one) for one in tables] == [1, 0]


def test_a_long_past_goes_in_small_steps_and_can_be_stopped(
    store: Store, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(retention, "BATCH", 2)
    rows = [
        {"fingerprint": f"f{n}", "episode": 1, "rule": "r", "labels": "[]", "severity": "info",
         "old": "ok", "new": "firing", "cause": "breach", "at": START}
        for n in range(5)
    ]  # fmt: skip
    with store.begin() as connection:
        connection.execute(alert_tables.transitions.insert(), rows)
    halted = Event()
    halted.set()
    assert retention.prune(store, now=LATER, keep=KEEP, stop=halted) == 0
    assert retention.prune(store, now=LATER, keep=KEEP, stop=Event()) == 5
    assert count(store, alert_tables.transitions) == 0
