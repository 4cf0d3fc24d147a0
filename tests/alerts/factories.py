"""Rules, readings, alerts and messages with ordinary values, for tests to vary."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from alerts.alert import (
    Alert,
    Cause,
    Notification,
    Observation,
    Reason,
    Rule,
    Severity,
    Status,
    Threshold,
    Verdict,
    fingerprint,
    notification_key,
)
from alerts.freshness import SourceReading
from alerts.receivers import ReceiverSettings
from alerts.render import Wording
from metrics.measurement import Labels, Measurement, labels_of

START = datetime(2026, 11, 11, 10, 0, tzinfo=UTC)
SHANGHAI = ZoneInfo("Asia/Shanghai")
PRESALE = labels_of(queue="天猫售前", channel="Api", source="helpdesk")
ZH = Wording("zh", SHANGHAI)
EN = Wording("en", SHANGHAI)


def seconds(count: float) -> timedelta:
    return timedelta(seconds=count)


def at(count: float) -> datetime:
    """That many seconds after the start."""
    return START + seconds(count)


def rule(**changes: Any) -> Rule:
    values: dict[str, Any] = {
        "name": "queue-too-long",
        "metric": "queue_length",
        "when": Threshold(">", 20),
        "clear": Threshold("<=", 20),
        "by": ("queue",),
        "severity": Severity.CRITICAL,
        "receivers": ("leads",),
    }
    return Rule(**(values | changes))


def observation(verdict: Verdict, *, value: float | None = None, of: Rule | None = None) -> Any:
    usual = {Verdict.BREACH: 42.0, Verdict.BETWEEN: 18.0, Verdict.CLEAR: 3.0}
    return Observation(
        of or rule(), PRESALE, verdict, usual.get(verdict) if value is None else value
    )


def measurement(
    value: float | None, labels: Labels = PRESALE, *, metric: str = "queue_length", **other: Any
) -> Measurement:
    return Measurement(metric, labels, value, 1, other.get("at", START), other.get("window_s"))


def queues(values: Mapping[str, float | None], *, source: str = "helpdesk") -> list[Measurement]:
    """`queue_length` of several queues of one source."""
    return [
        measurement(value, labels_of(queue=queue, channel="Api", source=source))
        for queue, value in values.items()
    ]


def source(now: datetime = START, **changes: Any) -> SourceReading:
    values: dict[str, Any] = {"name": "helpdesk", "ok": True, "as_of": now, "poll": seconds(1)}
    return SourceReading(**(values | changes))


def alert(**changes: Any) -> Alert:
    of = changes.pop("of", rule())
    labels = changes.get("labels", PRESALE)
    values: dict[str, Any] = {
        "fingerprint": fingerprint(of.name, labels),
        "rule": of.name,
        "metric": of.metric,
        "labels": labels,
        "severity": of.severity,
        "status": Status.FIRING,
        "episode": 1,
        "pending_since": START,
        "last_breach_at": START,
        "fired_at": START,
        "value": 42.0,
        "peak": 42.0,
        "op": of.when.op,
        "threshold": of.when.value,
        "updated_at": START,
    }
    return Alert(**(values | changes))


def note(
    about: Alert | None = None,
    *,
    reason: Reason = Reason.FIRST,
    receiver: str = "leads",
    **changes: Any,
) -> Notification:
    about = about or alert()
    values: dict[str, Any] = {
        "key": notification_key(about, reason, receiver),
        "receiver": receiver,
        "reason": reason,
        "cause": Cause.CLEAR if reason is Reason.RESOLVED else Cause.BREACH,
        "at": about.updated_at,
        "alerts": (about,),
    }
    return Notification(**(values | changes))


def receiver(url: str, **changes: Any) -> ReceiverSettings:
    values = {"name": "leads", "type": "webhook", "url": url} | changes
    return ReceiverSettings.model_validate(values)
