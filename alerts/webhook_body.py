"""A message as the JSON that webhooks get: docs/webhook.md, field by field."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from alerts.alert import Alert, Notification, Status
from alerts.content import Bundle, TestNote, told
from alerts.render import Wording, ack_link, acknowledgement, link, text, title

BODY_VERSION = "1"


def webhook_body(content: Notification | Bundle, wording: Wording, *, now: datetime) -> bytes:
    """The message as JSON in UTF-8."""
    pairs = told(content)
    over = all(alert.status is Status.RESOLVED for alert, _ in pairs)
    return _bytes(
        {
            "version": BODY_VERSION,
            "receiver": content.receiver,
            "status": "resolved" if over else "firing",
            "reason": content.reason if isinstance(content, Notification) else "bundle",
            "key": content.key,
            "alerts": [_entry(alert, note, wording, now) for alert, note in pairs],
        }
    )


def test_body(note: TestNote, wording: Wording) -> bytes:
    return _bytes(
        {
            "version": BODY_VERSION,
            "receiver": note.receiver,
            "kind": "test",
            "key": note.key,
            "title": wording.say("test.title", receiver=note.receiver),
            "text": wording.say("test.text"),
        }
    )


test_body.__test__ = False  # type: ignore[attr-defined]


def _bytes(body: dict[str, Any]) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def _entry(alert: Alert, note: Notification, wording: Wording, now: datetime) -> dict[str, Any]:
    over = alert.status is Status.RESOLVED
    known = acknowledgement(alert, wording)
    return {
        "status": "resolved" if over else "firing",
        "rule": alert.rule,
        "severity": alert.severity,
        "metric": alert.metric,
        "labels": dict(alert.labels),
        "value": alert.value,
        "threshold": alert.threshold,
        "condition": f"{alert.op} {alert.threshold:g}",
        "peak": alert.peak,
        "since": _iso(alert.pending_since, wording),
        "started_at": _iso(alert.fired_at, wording),
        "ended_at": _iso(alert.resolved_at, wording) if over else None,
        "ended_by": note.cause if over else None,
        "title": title(alert, wording, cause=note.cause),
        "text": text(alert, note, wording, now=now),
        "url": link(alert, wording),
        "ack_url": ack_link(alert, note.receiver, wording),
        "acknowledged_by": known.by if known else None,
        "key": f"{alert.fingerprint}-{alert.episode}",
    }


def _iso(moment: datetime | None, wording: Wording) -> str | None:
    return None if moment is None else moment.astimezone(wording.zone).isoformat()
