"""Gathering how the watch itself goes, between a leader's ticks; self_watch.py judges it."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from alerts import outbox
from alerts.heartbeat import beats
from alerts.jobs import JobHealth
from alerts.self_watch import Condition
from connectors import alert_tables
from connectors.store import Store

LOOK_EVERY_S = 5.0
# So long a gap or a jump stays an alert: one that ends at once is easily overlooked.
HOLD_S = 600.0
SKIPS_OVER_S = 300.0
UNDELIVERED_FOR = timedelta(minutes=30)


class Gathering:
    """One leader's view. All times but `now` are of a clock that nobody sets, in seconds."""

    def __init__(self, receivers: Sequence[str], *, turns_per_s: float) -> None:
        self._receivers = receivers
        self._turns_per_s = turns_per_s
        self._ticked: float | None = None
        self._gap = self._jump = (0.0, 0.0)  # (how much, when)
        self._skips: deque[tuple[float, int]] = deque()
        self._looked: float | None = None
        self._waiting: dict[str, float] = {}
        self._undelivered: dict[str, int] = {}

    def begin(self, connection: sa.Connection, now: datetime, steady: float) -> None:
        """How long nobody led, by the last sign of life of whoever led before."""
        led = [beat.beat_at for beat in beats(connection) if beat.ticks and beat.beat_at <= now]
        if led:
            self._gap = ((now - max(led)).total_seconds(), steady)

    def ticked(self, steady: float, skipped: int) -> None:
        """A tick was completed; `skipped` turns were left out since the worker started."""
        if self._ticked is not None:
            self._gap = _worst(self._gap, steady - self._ticked, steady)
        self._ticked = steady
        if not self._skips or steady - self._skips[-1][0] >= LOOK_EVERY_S:
            self._skips.append((steady, skipped))
        while steady - self._skips[0][0] > SKIPS_OVER_S:
            self._skips.popleft()

    def jumped(self, by_s: float, steady: float) -> None:
        self._jump = _worst(self._jump, abs(by_s), steady)

    def condition(
        self, store: Store, jobs: Mapping[str, JobHealth], now: datetime, steady: float
    ) -> Condition:
        """As of now; what is asked from the store is a few seconds old."""
        if self._looked is None or steady - self._looked >= LOOK_EVERY_S:
            with store.read() as connection:
                self._waiting = oldest_waiting(connection, self._receivers, now)
                self._undelivered = undelivered(connection, self._receivers, now)
            self._looked = steady
        return Condition(
            waiting_s=self._waiting,
            undelivered=self._undelivered,
            failures={name: health.failures for name, health in jobs.items()},
            gap_s=self._held(self._gap, steady),
            jump_s=self._held(self._jump, steady),
            skipped_percent=self._skipped_percent(),
        )

    def _held(self, what: tuple[float, float], steady: float) -> float:
        return what[0] if steady - what[1] < HOLD_S else 0.0

    def _skipped_percent(self) -> float:
        if len(self._skips) < 2:
            return 0.0
        (begin, before), (end, after) = self._skips[0], self._skips[-1]
        turns = (end - begin) * self._turns_per_s
        return min(100.0, 100 * (after - before) / turns) if turns >= 1 else 0.0


def _worst(known: tuple[float, float], value: float, steady: float) -> tuple[float, float]:
    """The larger of two, unless the known one is of long ago."""
    return (value, steady) if value >= known[0] or steady - known[1] >= HOLD_S else known


def oldest_waiting(
    connection: sa.Connection, receivers: Sequence[str], now: datetime
) -> dict[str, float]:
    """Age in seconds of the oldest message that waits for each receiver; 0 where none waits."""
    box = alert_tables.outbox.c
    query = (
        sa.select(box.receiver, sa.func.min(box.created_at, type_=box.created_at.type))
        .where(box.state == outbox.PENDING)
        .group_by(box.receiver)
    )
    since = {row[0]: row[1] for row in connection.execute(query)}
    return {name: max(0.0, (now - since.get(name, now)).total_seconds()) for name in receivers}


def undelivered(
    connection: sa.Connection, receivers: Sequence[str], now: datetime
) -> dict[str, int]:
    """How many messages each receiver finally did not get of late."""
    box = alert_tables.outbox.c
    query = (
        sa.select(box.receiver, sa.func.count())
        .where(box.state == outbox.DEAD, box.next_at > now - UNDELIVERED_FOR)
        .group_by(box.receiver)
    )
    counts = {row[0]: int(row[1]) for row in connection.execute(query)}
    return {name: counts.get(name, 0) for name in receivers}
