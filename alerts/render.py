"""An alert in words, zh and en: the three lines of its card. The words are locales/{en,zh}.toml.

What a message as a whole looks like is card.py (chats), alert_mail.py and webhook_body.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from alerts.ack_links import AckLinks
from alerts.alert import Acknowledgement, Alert, Cause, Notification, Severity, Status
from alerts.conditions.naming import SEPARATOR
from alerts.rule_settings import ABOUT_THE_WATCH, RECEIVER_BLOCKED, RULE_ERROR, SOURCE_DOWN
from alerts.situation import UNKNOWN_SITUATION, Situation, Trend
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

SYMBOLS = {Severity.CRITICAL: "■", Severity.WARNING: "▲", Severity.INFO: "●"}
LIVE_SECONDS = frozenset(
    {"longest_wait", "oldest_wait", "source_lag", "waiting_message", "watch_gap", "clock_jump"}
)
# Built-in rules that have words of their own.
PARTS = {SOURCE_DOWN: "source", RULE_ERROR: "rule_error"} | {
    rule: rule.replace("-", "_") for rule in ABOUT_THE_WATCH
}
# Of what kinds of rules make of a metric; the others keep its unit.
_UNITS = {"change_percent": "%", "outside_band": "%", "burn_rate": "", "overdue": ""}
ENDED_OTHERWISE = (Cause.GONE, Cause.WITHDRAWN, Cause.OFF)
AGES = (SOURCE_DOWN, RECEIVER_BLOCKED)
TARGETS = {">": "≤", ">=": "<", "<": "≥", "<=": ">"}
LONGEST_LINK = 1_000
# Below this a message isn't called late: it is the usual time to poll, decide and send.
LATE_AFTER = timedelta(minutes=1)


@cache
def catalogue() -> Catalogue:
    return load_catalogue(Path(__file__).parent / "locales")


@dataclass(frozen=True, slots=True)
class Wording:
    """How one reader is addressed: language, the shop's zone, where links lead.

    `situations`, by fingerprint, is what is known at the moment of sending; `own_text` what the
    receiver's template made of the message; `instead_of` the receiver that this one stands in for.
    """

    language: Language
    zone: ZoneInfo
    public_url: str | None = None
    kpis: Registry = field(default_factory=default_registry)
    ack_links: AckLinks | None = None
    situations: Mapping[str, Situation] = field(default_factory=dict)
    own_text: str | None = None
    instead_of: str | None = None

    def say(self, key: str, **values: object) -> str:
        return catalogue().t(key, self.language, **values)

    def situation(self, alert: Alert) -> Situation:
        return self.situations.get(alert.fingerprint, UNKNOWN_SITUATION)


def title(alert: Alert, wording: Wording, *, cause: Cause = Cause.CLEAR) -> str:
    """One line: state, what, where. `cause` says why an alert that is over ended."""
    firing = alert.status is not Status.RESOLVED
    if part := PARTS.get(alert.rule):
        return _t(f"{part}.firing" if firing else f"{part}.resolved", alert, wording)
    if firing:
        return _t("alert.firing", alert, wording)
    key = cause if cause in ENDED_OTHERWISE else Status.RESOLVED
    return _t(f"alert.{key}", alert, wording)


def lines(alert: Alert, note: Notification, wording: Wording, *, now: datetime) -> tuple[str, ...]:
    """What stands below the title: since when or how long; then who is on it and who is next."""
    first = _course(alert, note, wording, now)
    if alert.status is Status.RESOLVED:
        return (first,)
    second = _people(alert, note, wording, now)
    return (first, second) if second else (first,)


def text(alert: Alert, note: Notification, wording: Wording, *, now: datetime) -> str:
    """The lines as one."""
    return joined(lines(alert, note, wording, now=now), wording)


def joined(sentences: Iterable[str], wording: Wording) -> str:
    return ("" if wording.language == "zh" else " ").join(one for one in sentences if one)


def _course(alert: Alert, note: Notification, wording: Wording, now: datetime) -> str:
    part = PARTS.get(alert.rule, "text")
    over = alert.status is Status.RESOLVED
    said = [_t(f"{part}.lasted" if over else f"{part}.since", alert, wording, now=now)]
    if over and note.cause in ENDED_OTHERWISE:
        said.append(wording.say(f"text.{note.cause}"))
    if now - note.at > LATE_AFTER:
        late = format_duration((now - note.at).total_seconds(), wording.language)
        said.append(wording.say("text.late", late=late))
    return joined(said, wording)


def _people(alert: Alert, note: Notification, wording: Wording, now: datetime) -> str:
    """Who is on it; else who is told next, where an escalation is running."""
    known = acknowledgement(alert, wording)
    if known is not None:
        if known.until is None:
            said = wording.say("people.taken", name=known.by)
        else:
            until = format_moment(known.until, wording.language, zone=wording.zone, now=now)
            said = wording.say("people.taken_until", name=known.by, until=until)
        return joined([said, wording.say("people.note", note=known.note) if known.note else ""],
                      wording)  # fmt: skip
    assigned = [wording.say("people.assigned", name=alert.assignee)] if alert.assignee else []
    if note.next_at is None or not note.next_to:
        return joined(assigned, wording)
    at = format_moment(note.next_at, wording.language, zone=wording.zone, now=now)
    who = wording.say("people.joint").join(note.next_to)
    return joined([*assigned, wording.say("people.next", at=at, who=who)], wording)


def _trend(alert: Alert, wording: Wording) -> str:
    """ ", still rising": only where the last values say so."""
    trend = wording.situation(alert).trend
    if trend is None:
        return ""
    if trend is Trend.FLAT:
        return wording.say("trend.flat")
    worse = (trend is Trend.UP) is alert.op.startswith(">")
    return wording.say(f"trend.{trend}_{'worse' if worse else 'better'}")


def _hit(alert: Alert, wording: Wording) -> str:
    count = wording.situation(alert).hit
    return wording.say("text.hit", n=format_number(count)) if count else ""


def begun(alert: Alert) -> datetime:
    """Since when: where the value is an age, when that began, which is before anybody noticed."""
    if alert.rule in AGES:
        return alert.pending_since - timedelta(seconds=alert.threshold)
    return alert.pending_since


def _t(key: str, alert: Alert, wording: Wording, *, now: datetime | None = None) -> str:
    lang, words, kpis = wording.language, catalogue(), wording.kpis
    until = alert.resolved_at or alert.updated_at
    now = now or until
    return words.t(
        key,
        lang,
        symbol=SYMBOLS[alert.severity],
        where=where(alert, lang),
        source=dict(alert.labels).get("source", ""),
        what=what(alert.metric, kpis, lang),
        value=amount(alert.metric, alert.value, lang, kpis),
        target=f"{TARGETS[alert.op]} {amount(alert.metric, alert.threshold, lang, kpis)}",
        peak=amount(alert.metric, alert.peak, lang, kpis),
        since=format_moment(begun(alert), lang, zone=wording.zone, now=now),
        until=format_moment(until, lang, zone=wording.zone, now=now),
        lasted=format_duration((until - begun(alert)).total_seconds(), lang),
        trend=_trend(alert, wording),
        hit=_hit(alert, wording),
    )


def where(alert: Alert, lang: str) -> str:
    """The queue; else what else divides the rule; the source only where there is nothing more."""
    labels = dict(alert.labels)
    source = labels.pop("source", None)
    channel = labels.pop("channel", None)
    if labels:
        return " · ".join(labels[name] for name in sorted(labels))
    return channel or source or catalogue().t("alert.everywhere", lang)


def what(metric: str, kpis: Registry, lang: str) -> str:
    """A metric's name: in an alert's words where there are any, else the KPI's title."""
    kind, mark, inner = metric.partition(SEPARATOR)
    if mark:  # something that a kind of rule makes of a metric
        return catalogue().t(f"kind.{kind}", lang, what=what(inner, kpis, lang))
    name = f"metric.{metric}"
    if catalogue().has(name):
        return catalogue().t(name, lang)
    return kpis[metric].title(lang) if metric in kpis else metric


def amount(metric: str, value: float | None, lang: str, kpis: Registry | None = None) -> str:
    """A value with the unit of its metric."""
    unit = _unit(metric, default_registry() if kpis is None else kpis)
    if unit == "s":
        return format_duration(value, lang)
    return format_percent(value) if unit == "%" else format_number(value)


def _unit(metric: str, kpis: Registry) -> str:
    kind, mark, inner = metric.partition(SEPARATOR)
    if mark:
        return _UNITS[kind] if kind in _UNITS else _unit(inner, kpis)
    return kpis[metric].unit if metric in kpis else "s" if metric in LIVE_SECONDS else ""


def acknowledgement(alert: Alert, wording: Wording) -> Acknowledgement | None:
    """Who is on it: as known at the moment of sending, else when the message was queued."""
    return wording.situation(alert).acknowledgement or alert.acknowledgement


def ack_link(alert: Alert, receiver: str, wording: Wording) -> str | None:
    """Where a person says that they are on it; None where nothing is left to take."""
    if not wording.public_url or wording.ack_links is None or alert.status is not Status.FIRING:
        return None
    if acknowledgement(alert, wording) is not None:
        return None
    token = wording.ack_links.token(alert.fingerprint, alert.episode, receiver)
    return f"{wording.public_url.rstrip('/')}/ack/{token}?lang={wording.language}"


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
    found = f"{base}/{'queues' if 'queue' in labels else ''}?{urlencode(query)}"
    if len(found) > LONGEST_LINK and len(query) > 2:  # a name that no platform would let through
        return f"{base}/?{urlencode(query[-2:])}"
    return found
