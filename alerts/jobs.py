"""What the worker does beside its ticks: a job, how it went last, and when it starts next. Pure.

Starting jobs and ending those that take too long is job_runner.py; the rows are job_log.py.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from connectors.store import Store

# A job that failed is tried again after this long, if that is sooner than its next turn.
TRY_AGAIN = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRun:
    """What a job gets. `now` is aware UTC; `stop` is set when it is to end early.

    `term` is the leader's (alerts/store.py, require_term); None in a process of its own.
    """

    store: Store
    now: datetime
    stop: threading.Event
    term: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Either `every` so often, or daily `at` a time of day in the shop's zone.

    `run` returns a few words about what it did, or None; what it raises is the job's error.
    `apart`: in a process of its own, with less of the processor than the ticks, and killed when it
    takes longer than `limit`; one at a time. With `stays` that process waits for the job's next run
    and keeps in memory what the last one prepared. Otherwise in a thread, for what only waits or
    takes a moment: a thread can't be killed, so `limit` only sets `stop` and is said.
    """

    name: str
    run: Callable[[JobRun], str | None]
    limit: timedelta
    every: timedelta | None = None
    at: time | None = None
    apart: bool = True
    stays: bool = False

    def __post_init__(self) -> None:
        if (self.every is None) == (self.at is None):
            raise ValueError(f"job {self.name!r} needs either `every` or `at`")


@dataclass(frozen=True, slots=True, kw_only=True)
class JobHealth:
    """How a job went last. `ended_at` None: it goes on, or its worker died; `failures` in a row.

    `skipped` counts starts left out because the run before still went on.
    """

    name: str
    started_at: datetime
    ended_at: datetime | None = None
    good_at: datetime | None = None
    error: str | None = None
    note: str | None = None
    runs: int = 0
    failures: int = 0
    skipped: int = 0

    @property
    def length(self) -> timedelta | None:
        return None if self.ended_at is None else self.ended_at - self.started_at


def started(before: JobHealth | None, job: Job, *, now: datetime) -> JobHealth:
    """The health of a job that starts now. A run that never ended died with its worker."""
    if before is None:
        return JobHealth(name=job.name, started_at=now, runs=1)
    died = before.ended_at is None
    return replace(
        before,
        started_at=now,
        ended_at=None,
        runs=before.runs + 1,
        failures=before.failures + died,
        error="its worker ended before it did" if died else before.error,
    )


def ended(health: JobHealth, job: Job, *, now: datetime, note: str | None = None,
          error: str | None = None) -> JobHealth:  # fmt: skip
    """The health of a job that ends now; with `error` it failed."""
    missed = (now - health.started_at) // job.every if job.every else 0
    return replace(
        health,
        ended_at=now,
        good_at=health.good_at if error else now,
        error=error,
        note=health.note if error else note,
        failures=health.failures + 1 if error else 0,
        skipped=health.skipped + max(0, missed),
    )


def put_off(health: JobHealth, *, now: datetime) -> JobHealth:
    """The health of a job whose worker was asked to stop: no failure, and tried again soon."""
    return replace(health, ended_at=now, error="its worker was stopped before it ended")


def next_start(job: Job, health: JobHealth | None, *, now: datetime, zone: ZoneInfo) -> datetime:
    """When a job that isn't running starts next; `now` or earlier: at once.

    A job that never ran starts at once, and so does one whose turn came while no worker ran.
    """
    if health is None or health.started_at > now:  # the clock was set back
        return now
    turn = _turn(job, health.started_at, zone)
    failed = health.error is not None or health.ended_at is None
    if not failed:
        return turn
    return min(turn, max(health.ended_at or health.started_at, health.started_at) + TRY_AGAIN)


def _turn(job: Job, after: datetime, zone: ZoneInfo) -> datetime:
    if job.at is None:
        return after + (job.every or TRY_AGAIN)
    local = after.astimezone(zone)
    turn = datetime.combine(local.date(), job.at, tzinfo=zone)
    if turn <= local:
        turn = datetime.combine(local.date() + timedelta(days=1), job.at, tzinfo=zone)
    return turn.astimezone(UTC)
