"""An alert in words, zh and en, and a notification as the JSON that webhooks get (docs/webhook.md).

Sending it is transports/; the words themselves are locales/{en,zh}.toml.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from alerts.alert import Alert, Cause, Notification, Severity, Status
from alerts.settings import SOURCE_DOWN
from metrics.kpi import Registry
from metrics.packs import default_registry
from metrics.text import (
    Catalogue,
    Language,
    format_duration,
    format_moment,
    format_number,
    format_percent,
    load_catalogue,
)

BODY_VERSION = "1"
SYMBOLS = {Severity.CRITICAL: "■", Severity.WARNING: "▲", Severity.INFO: "●"}
LIVE_SECONDS = frozenset({"longest_wait", "oldest_wait", "source_lag"})
TARGETS = {">": "≤", ">=": "<", "<": "≥", "<=": ">"}
# Below this a message isn't called late: it is the usual time to poll, decide and send.
LATE_AFTER = timedelta(minutes=1)


@cache
def catalogue() -> Catalogue:
    return load_catalogue(Path(__file__).parent / "locales")


@dataclass(frozen=True, slots=True)
class Wording:
    """How one reader is addressed: language, the shop's zone, where links lead."""

    language: Language
    zone: ZoneInfo
    public_url: str | None = None
    kpis: Registry = field(default_factory=default_registry)


def title(alert: Alert, wording: Wording, *, cause: Cause = Cause.CLEAR) -> str:
    """One line: state, what, where. `cause` says why an alert that is over ended."""
    firing = alert.status is not Status.RESOLVED
    if alert.rule == SOURCE_DOWN:
        return _t("source.firing" if firing else "source.resolved", alert, wording)
    if firing:
        return _t("alert.firing", alert, wording)
    key = cause if cause in (Cause.GONE, Cause.WITHDRAWN) else Status.RESOLVED
    return _t(f"alert.{key}", alert, wording)


def text(alert: Alert, wording: Wording, *, cause: Cause, at: datetime, now: datetime) -> str:
    """The line below the title: since when or how long, and whether this message comes late."""
    part = "source" if alert.rule == SOURCE_DOWN else "text"
    over = alert.status is Status.RESOLVED
    lines = [_t(f"{part}.lasted" if over else f"{part}.since", alert, wording, now=now)]
    if over and cause in (Cause.GONE, Cause.WITHDRAWN):
        lines.append(catalogue().t(f"text.{cause}", wording.language))
    if now - at > LATE_AFTER:
        late = format_duration((now - at).total_seconds(), wording.language)
        lines.append(catalogue().t("text.late", wording.language, late=late))
    return ("" if wording.language == "zh" else " ").join(lines)


def _t(key: str, alert: Alert, wording: Wording, *, now: datetime | None = None) -> str:
    lang, words, kpis = wording.language, catalogue(), wording.kpis
    until = alert.resolved_at or alert.updated_at
    now = now or until
    return words.t(
        key,
        lang,
        symbol=SYMBOLS[alert.severity],
        where=_where(alert, lang),
        source=dict(alert.labels).get("source", ""),
        what=_what(alert.metric, kpis, lang),
        value=amount(alert.metric, alert.value, lang, kpis),
        target=f"{TARGETS[alert.op]} {amount(alert.metric, alert.threshold, lang, kpis)}",
        peak=amount(alert.metric, alert.peak, lang, kpis),
        since=format_moment(alert.pending_since, lang, zone=wording.zone, now=now),
        until=format_moment(until, lang, zone=wording.zone, now=now),
        lasted=format_duration((until - alert.pending_since).total_seconds(), lang),
    )


def _where(alert: Alert, lang: str) -> str:
    """The queue; else what else divides the rule; the source only where there is nothing more."""
    labels = dict(alert.labels)
    source = labels.pop("source", None)
    channel = labels.pop("channel", None)
    if labels:
        return " · ".join(labels[name] for name in sorted(labels))
    return channel or source or catalogue().t("alert.everywhere", lang)


def _what(metric: str, kpis: Registry, lang: str) -> str:
    """A metric's name: in an alert's words where there are any, else the KPI's title."""
    name = f"metric.{metric}"
    if catalogue().has(name):
        return catalogue().t(name, lang)
    return kpis[metric].title(lang) if metric in kpis else metric


def amount(metric: str, value: float | None, lang: str, kpis: Registry | None = None) -> str:
    """A value with the unit of its metric."""
    known = default_registry() if kpis is None else kpis
    unit = known[metric].unit if metric in known else "s" if metric in LIVE_SECONDS else ""
    if unit == "s":
        return format_duration(value, lang)
    return format_percent(value) if unit == "%" else format_number(value)


def link(alert: Alert, wording: Wording) -> str | None:
    """The queue page of that queue at that moment; the board where there is no queue."""
    if not wording.public_url:
        return None
    base = wording.public_url.rstrip("/")
    labels = dict(alert.labels)
    moment = (alert.fired_at or alert.pending_since).astimezone(UTC)
    query: list[tuple[str, str]]
    query = [(name, labels[name]) for name in ("source", "queue") if name in labels]
    query += [("at", moment.isoformat(timespec="seconds")), ("lang", wording.language)]
    return f"{base}/{'queues' if 'queue' in labels else ''}?{urlencode(query)}"


def webhook_body(note: Notification, wording: Wording, *, now: datetime) -> bytes:
    """The message as JSON in UTF-8."""
    over = all(alert.status is Status.RESOLVED for alert in note.alerts)
    body = {
        "version": BODY_VERSION,
        "receiver": note.receiver,
        "status": "resolved" if over else "firing",
        "reason": note.reason,
        "key": note.key,
        "alerts": [_entry(alert, note, wording, now) for alert in note.alerts],
    }
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def _entry(alert: Alert, note: Notification, wording: Wording, now: datetime) -> dict[str, Any]:
    over = alert.status is Status.RESOLVED
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
        "text": text(alert, wording, cause=note.cause, at=note.at, now=now),
        "url": link(alert, wording),
        "key": f"{alert.fingerprint}-{alert.episode}",
    }


def _iso(moment: datetime | None, wording: Wording) -> str | None:
    return None if moment is None else moment.astimezone(wording.zone).isoformat()
