"""What is forgotten, and what never is."""

from __future__ import annotations

from datetime import datetime, timedelta
from threading import Event

import pytest
import sqlalchemy as sa

from alerts import outbox, retention
from alerts.alert import Reason
from alerts.errors import SendError
from connectors import alert_tables, forecast_tables, live_tables, risk_tables
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


def forecast(connection: sa.Connection, kind: str, started: datetime) -> None:
    runs, made = forecast_tables.forecast_runs, forecast_tables.forecasts
    run = runs.insert().values(kind=kind, cutoff=started, state="published", total=1, done=1,
                               started_at=started, beat_at=started)  # fmt: skip
    number = connection.execute(run.returning(runs.c.id)).scalar_one()
    connection.execute(made.insert().values(
        run_id=number, measure="contacts", queue="", channel="", step_s=1800, first_slot=0,
        end_slot=1, columns="", slots=b"", points=b"", weights="[]", notes="[]", origins=0, days=9,
    ))  # fmt: skip


def test_forecasts_of_the_rest_of_a_day_go_after_weeks_and_whole_ones_stay(store: Store):
    runs, made = forecast_tables.forecast_runs, forecast_tables.forecasts
    with store.begin() as connection:
        for kind in ("full", "intraday"):
            forecast(connection, kind, START)
            forecast(connection, kind, START + timedelta(days=30))
    now = START + timedelta(days=40)
    assert retention.prune(store, now=now, keep=KEEP, stop=Event()) == 2
    with store.read() as connection:
        left = connection.execute(sa.select(runs.c.kind, runs.c.started_at).order_by(runs.c.id))
        assert [tuple(row) for row in left] == [
            ("full", START), ("full", START + timedelta(days=30)),
            ("intraday", START + timedelta(days=30)),
        ]  # fmt: skip
    assert count(store, made) == 3


def test_everything_else_that_is_over_goes_and_what_is_not_stays(store: Store):
    samples, checks = live_tables.live_samples, risk_tables.risk_checks
    runs, made = forecast_tables.forecast_runs, forecast_tables.forecasts
    with store.begin() as connection:
        for moment in (START, LATER):
            connection.execute(samples.insert().values(minute=int(moment.timestamp() // 60)))
            connection.execute(checks.insert().values(
                at=moment, moment="placed", model_id=1, told=0, off=False))  # fmt: skip
            forecast(connection, "full", moment)
    assert retention.prune(store, now=LATER, keep=KEEP, stop=Event()) == 4
    assert [count(store, one) for one in (samples, checks, runs, made)] == [1, 1, 1, 1]
