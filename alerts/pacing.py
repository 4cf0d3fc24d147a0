"""The pace of what runs beside the ticks: each piece of work in its own thread, by APScheduler.

A piece that still runs when its next turn comes is left out once, and counted.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from apscheduler.events import EVENT_JOB_ERROR, EVENT_JOB_MAX_INSTANCES, EVENT_JOB_MISSED
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

log = logging.getLogger(__name__)
logging.getLogger("apscheduler").setLevel(logging.ERROR)  # skips are counted by a listener instead
MOST_THREADS = 100  # started when they are needed


class Pace:
    """Work that is done again and again. `skipped` counts turns left out, of what was promised to
    be in time."""

    def __init__(self) -> None:
        self.skipped = 0
        self._promised: set[str] = set()
        self._scheduler = BackgroundScheduler(
            timezone=UTC,
            executors={"default": ThreadPoolExecutor(MOST_THREADS)},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )
        self._scheduler.add_listener(
            self._noticed, EVENT_JOB_ERROR | EVENT_JOB_MISSED | EVENT_JOB_MAX_INSTANCES
        )

    def every(
        self,
        span: timedelta,
        work: Callable[[], None],
        *,
        name: str,
        after: timedelta = timedelta(0),
        promised: bool = False,
    ) -> None:
        """First `after` so long: what may wait stays out of the way of what may not."""
        if promised:
            self._promised.add(name)
        self._scheduler.add_job(
            work, "interval", seconds=span.total_seconds(), next_run_time=datetime.now(UTC) + after,
            id=name,
        )  # fmt: skip

    def start(self) -> None:
        self._scheduler.start()

    def stop(self) -> None:
        """No further turns; what runs is not waited for."""
        self._scheduler.shutdown(wait=False)

    def rouse(self) -> None:
        """Everything has its turn now: after the clock was set, none would come for a while."""
        for job in self._scheduler.get_jobs():
            job.modify(next_run_time=datetime.now(UTC))

    def _noticed(self, event: object) -> None:
        error = getattr(event, "exception", None)
        if error is not None:
            name = getattr(event, "job_id", "?")
            log.error("event=work_failed name=%s error=%r", name, error, exc_info=error)
        elif getattr(event, "job_id", "") in self._promised:
            self.skipped += 1
