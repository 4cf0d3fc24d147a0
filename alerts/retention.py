"""Forgetting what is over: messages, the history of alerts and of who was told, forecasts, scores,
the minutes of the live queue.

Facts, KPI values and alerts themselves stay: everything else is made of them. What still waits to
be sent, what goes on, and what people wrote about orders is never forgotten.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from threading import Event

import sqlalchemy as sa

from alerts import outbox
from alerts.telling.known import Knows
from connectors import alert_tables, forecast_tables, live_tables, risk_tables, telling_tables
from connectors.store import Store
from forecasting.published.runs import INTRADAY

BATCH = 2_000  # rows per transaction: the tick writes to the same store
TODAY_KEPT = timedelta(
    days=35
)  # quarter-hourly forecasts of a day that is over; no page reads them
PAUSE_S = 0.05  # between two, so that a waiting writer gets its turn


def prune(store: Store, *, now: datetime, keep: timedelta, stop: Event) -> int:
    """Deletes what ended more than `keep` ago; returns how many rows. May be stopped in between."""
    deleted = 0
    for table, over in _over(now - keep, now - min(keep, TODAY_KEPT)):
        key = sa.tuple_(*table.primary_key)
        doomed = sa.select(*table.primary_key).where(over).limit(BATCH)
        while not stop.is_set():
            with store.begin() as connection:
                keys = [tuple(one) for one in connection.execute(doomed)]
                if keys:
                    connection.execute(table.delete().where(key.in_(keys)))
            deleted += len(keys)
            if len(keys) < BATCH:
                break
            stop.wait(PAUSE_S)
    return deleted


def _over(
    before: datetime, today_before: datetime
) -> Iterator[tuple[sa.Table, sa.ColumnElement[bool]]]:
    """What is to go, table by table; what belongs to something after that."""
    yield from _alerting(before)
    yield from _forecasting(before, today_before)
    minute = live_tables.live_samples
    yield minute, minute.c.minute < int(before.timestamp() // 60)


def _alerting(before: datetime) -> Iterator[tuple[sa.Table, sa.ColumnElement[bool]]]:
    box, tries = alert_tables.outbox, alert_tables.deliveries
    past, digests = alert_tables.transitions, alert_tables.digests
    actions = alert_tables.alert_actions
    yield box, sa.and_(box.c.state != outbox.PENDING, box.c.created_at < before)
    yield tries, sa.and_(tries.c.at < before, ~sa.exists().where(box.c.id == tries.c.outbox_id))
    yield past, past.c.at < before
    yield actions, actions.c.applied_at < before
    yield digests, digests.c.until < before
    told, telling = telling_tables.told, telling_tables.telling
    yield told, sa.and_(told.c.knows == Knows.RESOLVED, told.c.at < before)
    looked = sa.func.coalesce(telling.c.muted_since, telling.c.since, sa.literal(0))
    open_told = sa.exists().where(
        told.c.fingerprint == telling.c.fingerprint, told.c.episode == telling.c.episode
    )
    yield telling, sa.and_(looked < before, ~open_told)
    for planned in (telling_tables.silences, telling_tables.rota_overrides):
        yield planned, planned.c.until < before


def _forecasting(
    before: datetime, today_before: datetime
) -> Iterator[tuple[sa.Table, sa.ColumnElement[bool]]]:
    runs, made = forecast_tables.forecast_runs, forecast_tables.forecasts
    scores, history = forecast_tables.forecast_scores, risk_tables.risk_history
    checks = risk_tables.risk_checks
    over = sa.or_(
        runs.c.started_at < before,
        sa.and_(runs.c.kind == INTRADAY, runs.c.started_at < today_before),
    )
    yield made, made.c.run_id.in_(sa.select(runs.c.id).where(over))
    yield scores, ~sa.exists().where(made.c.id == scores.c.forecast_id)
    yield runs, sa.and_(over, ~sa.exists().where(made.c.run_id == runs.c.id))
    yield history, history.c.scored_at < before
    yield checks, checks.c.at < before
