"""The worker process: what it is to do, and standing by until it leads. Leading is leading.py."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import UTC, datetime

from alerts import heartbeat
from alerts.leader import Leadership, open_leadership
from alerts.leading import Leader
from alerts.worker_plan import WorkerPlan
from connectors.errors import StoreError
from connectors.store import open_store

log = logging.getLogger(__name__)
STANDBY_EVERY_S = 1.0


def run_worker(
    plan: WorkerPlan,
    stop: threading.Event,
    *,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> None:
    """Work, or stand by until the leader is gone, until `stop` is set. Creates the store."""
    store = open_store(plan.store_url, migrate=True)
    beat = heartbeat.first_beat(clock())
    leadership = open_leadership(plan.store_url, worker=beat.worker_id)
    try:
        while not stop.is_set():
            if _stand_by(leadership, stop):
                _lead(Leader(plan, store, leadership, clock, beat), stop)
    finally:
        leadership.release()
        store.close()


def _lead(leader: Leader, stop: threading.Event) -> None:
    """One term. A store that can't be used at its beginning may be usable in a moment."""
    try:
        leader.run(stop)
    except StoreError as error:
        log.error("event=cannot_lead error=%s", error)
        stop.wait(STANDBY_EVERY_S)


def _stand_by(leadership: Leadership, stop: threading.Event) -> bool:
    """Wait until this worker leads; True when it does, False when it is to stop."""
    said = False
    while not stop.is_set():
        if leadership.acquire():
            return True
        if not said:
            log.warning("event=standing_by another worker leads: %s", leadership.holder())
            said = True
        stop.wait(STANDBY_EVERY_S)
    return False
