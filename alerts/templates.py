"""Texts of a receiver's own: Jinja2 templates, sandboxed, checked before they are needed.

A template writes the body of a message; title, buttons and mentions stay. What it can use is in
docs/delivery.md. What it fills in is written with the receiver's pen, so that a name from a source
never becomes a mark.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from jinja2 import StrictUndefined, TemplateError, TemplateSyntaxError, UndefinedError
from jinja2.exceptions import SecurityError
from jinja2.sandbox import SandboxedEnvironment

from alerts.alert import Alert, Cause, Notification, Reason, Severity, Status
from alerts.content import Bundle, told
from alerts.pens import TEXT, Pen
from alerts.render import Wording, acknowledgement, amount, link, text, title, what, where

LONGEST = 8_000  # characters of what a template writes


class BadTemplate(Exception):
    """A template can't be used; its message says why, in words."""


@dataclass(frozen=True, slots=True)
class Told:
    """One alert as templates see it. Every value is text in the receiver's language."""

    title: str
    text: str
    where: str
    what: str
    value: str
    target: str
    since: str
    peak: str
    severity: str
    status: str
    rule: str
    url: str
    acknowledged_by: str
    labels: dict[str, str]


def written(source: str, content: Notification | Bundle, wording: Wording, pen: Pen, *,
            now: datetime) -> str:  # fmt: skip
    """The body of a message. Raises BadTemplate."""
    alerts = [_told(alert, note, wording, now) for alert, note in told(content)]
    reason = content.reason if isinstance(content, Notification) else "bundle"
    try:
        made = _environment(pen).from_string(source).render(
            alerts=alerts, alert=alerts[0], receiver=content.receiver, reason=str(reason),
            language=wording.language, now=now.astimezone(wording.zone).strftime("%H:%M"),
        )  # fmt: skip
    except TemplateSyntaxError as error:
        raise BadTemplate(f"line {error.lineno}: {_sentence(error.message)}") from error
    except SecurityError as error:
        raise BadTemplate(_sentence(error.message)) from error
    except UndefinedError as error:
        raise BadTemplate(f"{_sentence(error.message)}; the known names are in delivery.md") from (
            error
        )
    except (TemplateError, ArithmeticError, LookupError, TypeError, ValueError, OverflowError,
            RecursionError, MemoryError, AttributeError) as error:  # fmt: skip
        raise BadTemplate(f"{type(error).__name__} while it was filled in") from error
    if not made.strip():
        raise BadTemplate("it writes nothing")
    return made.strip()[:LONGEST]


def problem(source: str) -> str | None:
    """What is wrong with a template, found by filling it in for an alert that fires and for its
    end, alone and together, in both languages; None when it can be used."""
    fired = _sample()
    over = replace(fired, status=Status.RESOLVED, resolved_at=fired.updated_at)
    for alerts in ((fired,), (over,), (fired, over)):
        note = Notification(
            key="sample", receiver="sample", reason=Reason.FIRST, cause=Cause.BREACH,
            at=fired.updated_at, alerts=alerts,
        )  # fmt: skip
        for language in ("zh", "en"):
            wording = Wording(language, ZoneInfo("Asia/Shanghai"), "https://desk.example.com")
            try:
                written(source, note, wording, TEXT, now=fired.updated_at)
            except BadTemplate as error:
                return str(error)
    return None


@lru_cache(maxsize=8)
def _environment(pen: Pen) -> SandboxedEnvironment:
    return SandboxedEnvironment(
        undefined=StrictUndefined, autoescape=False, finalize=_finalizer(pen),
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip


def _finalizer(pen: Pen) -> Callable[[object], object]:
    def finalize(value: object) -> object:
        if isinstance(value, str):
            return value if value.startswith(("https://", "http://")) else pen.plain(value)
        return "" if value is None else value

    return finalize


def _told(alert: Alert, note: Notification, wording: Wording, now: datetime) -> Told:
    lang, kpis = wording.language, wording.kpis
    known = acknowledgement(alert, wording)
    return Told(
        title=title(alert, wording, cause=note.cause),
        text=text(alert, note, wording, now=now),
        where=where(alert, lang),
        what=what(alert.metric, kpis, lang),
        value=amount(alert.metric, alert.value, lang, kpis),
        target=amount(alert.metric, alert.threshold, lang, kpis),
        since=alert.pending_since.astimezone(wording.zone).strftime("%H:%M"),
        peak=amount(alert.metric, alert.peak, lang, kpis),
        severity=alert.severity,
        status="resolved" if alert.status is Status.RESOLVED else "firing",
        rule=alert.rule,
        url=link(alert, wording) or "",
        acknowledged_by=known.by if known else "",
        labels=dict(alert.labels),
    )


def _sample() -> Alert:
    began = datetime(2026, 11, 11, 10, tzinfo=UTC)
    return Alert(
        fingerprint="0" * 20, rule="queue-too-long", metric="queue_length",
        labels=(("channel", "Api"), ("queue", "天猫售前"), ("source", "helpdesk")),
        severity=Severity.CRITICAL, status=Status.FIRING, episode=1, pending_since=began,
        last_breach_at=began, fired_at=began, value=42.0, peak=57.0, op=">", threshold=20.0,
        updated_at=began + timedelta(minutes=5),
    )  # fmt: skip


def _sentence(message: str | None) -> str:
    said = (message or "it can't be read").rstrip(".")
    return said.replace(f"'{Told.__module__}.{Told.__name__} object'", "an alert")
