"""How everything goes, read from the store, so that it holds whichever process asks or is asked of.

Whether that is good enough is readiness.py; how Prometheus gets it is exposition.py.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from alerts import job_log, outbox
from alerts.condition import oldest_waiting
from alerts.heartbeat import Beat, beats
from alerts.jobs import JobHealth
from connectors import alert_tables
from metrics.errors import NothingSynced
from metrics.live import LiveSettings, SourceState, live_state, measurements, source_states
from metrics.measurement import Measurement

# Workers that ended longer ago are no longer figures.
SEEN_WITHIN = timedelta(hours=1)
# A sign of life further ahead than this was written before the clock was set back.
AHEAD = timedelta(minutes=1)
Counts = Mapping[tuple[str, ...], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """As of `now` (aware UTC). Ages in seconds."""

    now: datetime
    beats: Sequence[Beat] = ()
    sources: Sequence[SourceState] = ()
    live: Sequence[Measurement] = ()
    alerts: Counts = field(default_factory=dict)  # by status and severity
    messages: Counts = field(default_factory=dict)  # by receiver and state
    waiting_s: Mapping[str, float] = field(default_factory=dict)  # oldest message by receiver
    tries: Counts = field(default_factory=dict)  # by receiver and outcome
    jobs: Mapping[str, JobHealth] = field(default_factory=dict)

    def age_s(self, beat: Beat) -> float:
        return max(0.0, (self.now - beat.beat_at).total_seconds())

    @property
    def leader(self) -> Beat | None:
        """The worker that led last; whether it still lives its age says."""
        return next((beat for beat in self.beats if beat.leader), None)


def gather_signs(connection: sa.Connection, names: Sequence[str], now: datetime) -> Health:
    """What readiness needs: a few rows."""
    seen = [one for one in beats(connection) if -AHEAD <= now - one.beat_at <= SEEN_WITHIN]
    return Health(now=now, beats=seen, sources=source_states(connection, now, names))


def gather_figures(
    connection: sa.Connection, names: Sequence[str], receivers: Sequence[str],
    settings: LiveSettings, now: datetime,
) -> Health:  # fmt: skip
    """Everything."""
    signs = gather_signs(connection, names, now)
    try:
        live = measurements(live_state(connection, now=now, settings=settings, names=names))
    except NothingSynced:
        live = []
    alert, box, tries = alert_tables.alerts.c, alert_tables.outbox.c, alert_tables.deliveries.c
    joined = alert_tables.deliveries.join(alert_tables.outbox, box.id == tries.outbox_id)
    messages = _counts(connection, sa.select(box.receiver, box.state, sa.func.count()))
    states = outbox.PENDING, outbox.SENT, outbox.DEAD
    known: Counts = {(name, state): 0.0 for name in receivers for state in states}
    return Health(
        now=now,
        beats=signs.beats,
        sources=signs.sources,
        live=live,
        alerts=_counts(connection, sa.select(alert.status, alert.severity, sa.func.count())),
        messages={**known, **messages},
        waiting_s=oldest_waiting(connection, receivers, now),
        tries=_counts(connection, sa.select(box.receiver, tries.outcome, sa.func.count())
                      .select_from(joined)),
        jobs=job_log.load(connection),
    )  # fmt: skip


def _counts(connection: sa.Connection, query: sa.Select[Any]) -> dict[tuple[str, ...], float]:
    first, second, _ = query.selected_columns
    rows = connection.execute(query.group_by(first, second))
    return {(row[0], row[1]): float(row[2]) for row in rows}
