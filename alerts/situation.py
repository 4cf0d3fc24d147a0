"""What is known of an alert at the moment a message about it is sent: trend, people, who was hit.

None of it decides anything, and each part is left out where it isn't known.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import sqlalchemy as sa

from alerts.alert import Acknowledgement, Alert, Notification, Status
from alerts.content import Bundle, told
from alerts.store import load_some
from metrics.waited import waited_between

SAMPLE_EVERY = timedelta(seconds=5)
SPAN = timedelta(minutes=5)  # that a trend looks back over
LEAST_SPAN = timedelta(seconds=15)
LEAST_VALUES = 3
NOTABLE = 0.05  # of the values' size: less than this is no trend
# Metrics that are about customers who wait: for others nobody can say who was hit.
WAITING = frozenset({
    "queue_length", "longest_wait", "oldest_wait", "unassigned", "first_response",
    "first_response_share", "reply_time", "service_level", "abandonment",
})  # fmt: skip
Sample = tuple[datetime, float]


class Trend(StrEnum):
    UP = "up"
    DOWN = "down"
    FLAT = "flat"


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """`hit`: how many contacts waited in that queue during the episode."""

    trend: Trend | None = None
    hit: int | None = None
    acknowledgement: Acknowledgement | None = None


UNKNOWN_SITUATION = Situation()


def trend_of(samples: Sequence[Sample]) -> Trend | None:
    """Which way values go: the later half against the earlier half, by their means.

    None for too few values or too short a time.
    """
    if len(samples) < LEAST_VALUES or samples[-1][0] - samples[0][0] < LEAST_SPAN:
        return None
    values = [value for _, value in samples]
    half = len(values) // 2
    before, after = sum(values[:half]) / half, sum(values[-half:]) / half
    size = max(abs(before), abs(after))
    if size == 0 or abs(after - before) <= NOTABLE * size:
        return Trend.FLAT
    return Trend.UP if after > before else Trend.DOWN


class Trends:
    """The last values of alerts that are pending or up. Written by the tick, read by the lanes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._samples: dict[str, deque[Sample]] = {}
        self._sampled_at: datetime | None = None

    def sample(self, alerts: Iterable[Alert], now: datetime) -> None:
        """Note their values, unless that was done just now; alerts that are over are dropped."""
        last = self._sampled_at
        if last is not None and timedelta(0) <= now - last < SAMPLE_EVERY:
            return
        self._sampled_at = now
        with self._lock:
            kept = {}
            for alert in alerts:
                samples = self._samples.get(alert.fingerprint, deque())
                if alert.value is not None and alert.no_data_since is None:
                    samples.append((now, alert.value))
                while samples and not now - SPAN <= samples[0][0] <= now:
                    samples.popleft()
                kept[alert.fingerprint] = samples
            self._samples = kept

    def of(self, fingerprint: str) -> Trend | None:
        with self._lock:
            return trend_of(tuple(self._samples.get(fingerprint, ())))


def situations_of(
    connection: sa.Connection, content: Notification | Bundle, trends: Trends
) -> dict[str, Situation]:
    """What is known of a message's alerts, by fingerprint."""
    alerts = {alert.fingerprint: alert for alert, _ in told(content)}
    current = load_some(connection, alerts)
    return {key: _situation(connection, alert, current.get(key), trends)
            for key, alert in alerts.items()}  # fmt: skip


def _situation(
    connection: sa.Connection, alert: Alert, current: Alert | None, trends: Trends
) -> Situation:
    if alert.status is Status.RESOLVED:
        return Situation(hit=_hit(connection, alert))
    same = current is not None and current.episode == alert.episode and current.up
    return Situation(
        trend=trends.of(alert.fingerprint) if same else None,
        acknowledgement=current.acknowledgement if current is not None and same else None,
    )


def _hit(connection: sa.Connection, alert: Alert) -> int | None:
    """Contacts that waited in the alert's queue while it lasted; only of what waiting is about."""
    labels = dict(alert.labels)
    if alert.metric not in WAITING or "queue" not in labels or alert.resolved_at is None:
        return None
    return waited_between(
        connection, labels["queue"], alert.pending_since, alert.resolved_at,
        source=labels.get("source"),
    )  # fmt: skip
