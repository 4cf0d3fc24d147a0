"""Forgetting what is over: sent messages and their attempts, the history of alerts and of who was
told of them, told digests.

Facts, KPI values and alerts themselves stay: they are few, and everything else is made of them.
What still waits to be sent is never forgotten.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from threading import Event

import sqlalchemy as sa

from alerts import outbox
from alerts.telling.known import Knows
from connectors import alert_tables, telling_tables
from connectors.store import Store

BATCH = 2_000  # rows per transaction: the tick writes to the same store
PAUSE_S = 0.05  # between two, so that a waiting writer gets its turn


def prune(store: Store, *, now: datetime, keep: timedelta, stop: Event) -> int:
    """Deletes what ended more than `keep` ago; returns how many rows. May be stopped in between."""
    deleted = 0
    for table, over in _over(now - keep):
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


def _over(before: datetime) -> Iterator[tuple[sa.Table, sa.ColumnElement[bool]]]:
    """What is to go, table by table; attempts after the messages they belong to."""
    box, tries = alert_tables.outbox, alert_tables.deliveries
    past, digests = alert_tables.transitions, alert_tables.digests
    yield box, sa.and_(box.c.state != outbox.PENDING, box.c.created_at < before)
    orphaned = ~sa.exists().where(box.c.id == tries.c.outbox_id)
    yield tries, sa.and_(tries.c.at < before, orphaned)
    yield past, past.c.at < before
    yield digests, digests.c.until < before
    told, telling = telling_tables.told, telling_tables.telling
    yield told, sa.and_(told.c.knows == Knows.RESOLVED, told.c.at < before)
    looked = sa.func.coalesce(telling.c.muted_since, telling.c.since, sa.literal(0))
    open_told = sa.exists().where(
        told.c.fingerprint == telling.c.fingerprint, told.c.episode == telling.c.episode
    )
    yield telling, sa.and_(looked < before, ~open_told)
