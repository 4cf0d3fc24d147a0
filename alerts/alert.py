"""The words of alerting as types: observation, alert, transition, action, notification.

What a rule is, is rule.py.
How an alert moves is lifecycle.py, how it is kept is store.py. All instants are aware UTC.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache

from alerts.rule import NO_TIME as NO_TIME
from alerts.rule import Rule as Rule
from alerts.rule import Severity as Severity
from alerts.rule import Threshold as Threshold
from metrics.measurement import Labels


class Verdict(StrEnum):
    """What one look at one series says. Only BREACH can raise and only CLEAR can end an alert."""

    BREACH = "breach"
    BETWEEN = "between"  # no breach any more, but not past the clear value either
    CLEAR = "clear"
    NO_DATA = "no_data"  # the value isn't known: source down, stale, or nothing to count
    GONE = "gone"  # the source is fresh and no longer has this series: a queue was removed
    ERROR = "error"  # the rule or its metric could not be evaluated at all
    OFF = "off"  # outside the rule's active hours: nothing begins, and what is up ends


class Status(StrEnum):
    """Where an alert stands. An alert's `status` is one of the first four; RECOVERING, NO_DATA and
    ERROR are phases of one that is up (`Alert.phase`, and the two ends of a transition)."""

    PENDING = "pending"
    FIRING = "firing"
    ACKNOWLEDGED = "acknowledged"  # firing, and somebody said that they are on it
    RESOLVED = "resolved"
    RECOVERING = "recovering"  # clear, but not yet for as long as the rule keeps firing
    NO_DATA = "no-data"  # held, because nothing is known
    ERROR = "error"  # held, because its rule cannot be evaluated
    OK = "ok"  # only in transitions: an alert that isn't kept at all

    @property
    def up(self) -> bool:
        """Fired and not over yet, whatever is known and whoever is on it."""
        return self in _UP


_UP = frozenset(
    {Status.FIRING, Status.ACKNOWLEDGED, Status.RECOVERING, Status.NO_DATA, Status.ERROR}
)
_HELD = frozenset({Status.NO_DATA, Status.ERROR})


class Cause(StrEnum):
    """Why an alert changed its status or phase."""

    BREACH = "breach"
    CLEAR = "clear"
    GONE = "gone"
    WITHDRAWN = "withdrawn"  # its rule was removed or changed to other series
    NO_DATA = "no-data"
    ERROR = "error"
    ACKNOWLEDGED = "acknowledged"
    UNACKNOWLEDGED = "unacknowledged"  # taken back by hand
    OFF = "off"  # the rule's active hours ended
    EXPIRED = "expired"  # the acknowledgement ran out while the alert was still up


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
class Observation:
    """`limit` is the threshold that held for this series, where that isn't the rule's own."""

    rule: Rule
    labels: Labels
    verdict: Verdict
    value: float | None
    limit: Threshold | None = None

    @property
    def threshold(self) -> Threshold:
        return self.limit or self.rule.when


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """Somebody is on it. `until` None: until the episode ends."""

    by: str
    at: datetime
    until: datetime | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One rule on one series. `episode` counts firings: (fingerprint, episode) is one breach.

    `pending_since` is when the breach began, `fired_at` when it had lasted long enough to tell.
    `clear_since` is since when nothing speaks for the breach any more: an alert that is up and has
    it is recovering. `no_data_since`: held, because nothing is known; `error_since` with it when
    that is because the rule can't be evaluated. `acknowledgement` and `assignee` belong to the
    episode: they stay for the record when it ends, and a new one starts without them.
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
    error_since: datetime | None = None
    resolved_at: datetime | None = None
    value: float | None
    peak: float | None
    op: str
    threshold: float
    acknowledgement: Acknowledgement | None = None
    assignee: str | None = None
    updated_at: datetime

    @property
    def up(self) -> bool:
        """Firing or acknowledged: told, and not over yet."""
        return self.status in (Status.FIRING, Status.ACKNOWLEDGED)

    @property
    def active(self) -> bool:
        return self.up or self.status is Status.PENDING

    @property
    def phase(self) -> Status:
        """The status in the word that says most about it now."""
        if not self.up:
            return self.status
        if self.error_since is not None:
            return Status.ERROR
        if self.no_data_since is not None:
            return Status.NO_DATA
        return self.status if self.clear_since is None else Status.RECOVERING


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """An alert's change of status or phase: the history, and what telling is decided from.

    `old` and `new` are phases; `who` is the person where a person caused it.
    """

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
    who: str | None = None

    @property
    def begins(self) -> bool:
        """It fired."""
        return self.new.up and not self.old.up

    @property
    def ends(self) -> bool:
        """It fired before and is over now."""
        return self.old.up and not self.new.up

    @property
    def is_history(self) -> bool:
        """Whether it is kept. Waiting, giving up waiting, and beginning to recover are not: a value
        near its limit would fill the disk with them."""
        if not (self.old.up and self.new.up):
            return self.begins or self.ends
        return self.cause not in (Cause.BREACH, Cause.CLEAR) or bool(_HELD & {self.old, self.new})


class ActionKind(StrEnum):
    """What a person does about an alert."""

    ACKNOWLEDGE = "acknowledge"
    UNACKNOWLEDGE = "unacknowledge"
    ASSIGN = "assign"
    COMMENT = "comment"


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One thing a person did about one episode. `until` is an acknowledgement's end, `assignee`
    whom an assignment names (None: nobody any more)."""

    fingerprint: str
    episode: int
    kind: ActionKind
    who: str
    at: datetime
    note: str = ""
    until: datetime | None = None
    assignee: str | None = None


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
    return f"{alert.fingerprint}-{alert.episode}-{reason}-{receiver_part(receiver)}"


def receiver_part(receiver: str) -> str:
    """What stands for a receiver at the end of a key."""
    return hashlib.sha256(receiver.encode()).hexdigest()[:8]
