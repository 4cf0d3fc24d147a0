"""The words of alerting as types: rule, observation, alert, transition, notification. No behaviour.

How an alert moves is lifecycle.py, how it is kept is store.py. All instants are aware UTC.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache

from metrics.measurement import Labels

NO_TIME = timedelta(0)


class Severity(StrEnum):
    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


class Verdict(StrEnum):
    """What one look at one series says. Only BREACH can raise and only CLEAR can end an alert."""

    BREACH = "breach"
    BETWEEN = "between"  # no breach any more, but not past the clear value either
    CLEAR = "clear"
    NO_DATA = "no_data"  # the value isn't known: source down, stale, or nothing to count
    GONE = "gone"  # the source is fresh and no longer has this series: a queue was removed


class Status(StrEnum):
    OK = "ok"  # only in transitions: an alert that isn't kept at all
    PENDING = "pending"
    FIRING = "firing"
    RESOLVED = "resolved"


class Cause(StrEnum):
    """Why an alert changed its status."""

    BREACH = "breach"
    CLEAR = "clear"
    GONE = "gone"
    WITHDRAWN = "withdrawn"  # its rule was removed or changed to other series


class Reason(StrEnum):
    """Why a receiver is told."""

    FIRST = "first"
    NEW = "new"  # first of these alerts, to one who knows of others of the same group
    REPEAT = "repeat"  # still firing, nobody on it
    ESCALATED = "escalated"  # a step of the escalation was reached
    ACKNOWLEDGED = "acknowledged"
    DIGEST = "digest"  # many at once: a storm, or what waited for the end of quiet hours
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class Threshold:
    op: str  # >, >=, <, <=
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """`wait` is the setting `for`. `window` None = a state; else the span a KPI is taken over."""

    name: str
    metric: str
    when: Threshold
    clear: Threshold
    by: tuple[str, ...] = ()
    where: Labels = ()
    wait: timedelta = NO_TIME
    keep_firing_for: timedelta = NO_TIME
    severity: Severity = Severity.WARNING
    receivers: tuple[str, ...] = ()
    window: timedelta | None = None
    kind: str = "threshold"


@dataclass(frozen=True, slots=True)
class Observation:
    rule: Rule
    labels: Labels
    verdict: Verdict
    value: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One rule on one series. `episode` counts firings: (fingerprint, episode) is one breach.

    `pending_since` is when the breach began, `fired_at` when it had lasted long enough to tell.
    `clear_since` is since when nothing speaks for the breach any more: a firing alert that has it
    is recovering. `no_data_since`: held, because nothing is known.
    """

    fingerprint: str
    rule: str
    metric: str
    labels: Labels
    severity: Severity
    status: Status
    episode: int
    pending_since: datetime
    last_breach_at: datetime
    fired_at: datetime | None = None
    clear_since: datetime | None = None
    no_data_since: datetime | None = None
    resolved_at: datetime | None = None
    value: float | None
    peak: float | None
    op: str
    threshold: float
    updated_at: datetime

    @property
    def active(self) -> bool:
        return self.status in (Status.PENDING, Status.FIRING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """An alert's change of status: the history, and what everything after it is decided from."""

    fingerprint: str
    episode: int
    rule: str
    labels: Labels
    severity: Severity
    old: Status
    new: Status
    cause: Cause
    at: datetime
    since: datetime
    value: float | None
    threshold: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """One message to one receiver. `key` stays the same however often it is sent.

    Messages of one `lane` keep their order; "" is that of its only alert. `firing` counts what is
    up for this receiver, in a digest. `next_at` and `next_to`: who is told next, if nobody
    acknowledges until then. `step` counts the steps of an escalation from 1.
    """

    key: str
    receiver: str
    reason: Reason
    cause: Cause
    at: datetime
    alerts: tuple[Alert, ...]
    lane: str = ""
    firing: int | None = None
    step: int = 0
    next_at: datetime | None = None
    next_to: tuple[str, ...] = ()


@lru_cache(maxsize=65_536)
def fingerprint(rule: str, labels: Labels) -> str:
    """The same for the same rule name and labels, in every process and release."""
    text = json.dumps([rule, sorted(labels)], ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:20]


def notification_key(alert: Alert, reason: Reason, receiver: str) -> str:
    """ASCII, because it travels in a header; receivers may have names in any script."""
    place = hashlib.sha256(receiver.encode()).hexdigest()[:8]
    return f"{alert.fingerprint}-{alert.episode}-{reason}-{place}"
