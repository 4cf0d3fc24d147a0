"""An alert as a mail: what and where, since when, one button. The words are render.py's."""

from __future__ import annotations

from datetime import datetime

from alerts import markup
from alerts.alert import Alert, Notification, Reason, Severity, Status, notification_key
from alerts.mail import Letter
from alerts.markup import BREACH, GOOD, MUTED, WATCH, para
from alerts.render import Wording, catalogue, link, text, title

COLOURS = {Severity.CRITICAL: BREACH, Severity.WARNING: WATCH, Severity.INFO: markup.ACCENT}


def alert_letter(note: Notification, wording: Wording, *, now: datetime) -> Letter:
    """The mail of a notification; that an alert is over answers the mail that it fires."""
    first = note.alerts[0]
    lines = [_words(alert, note, wording, now) for alert in note.alerts]
    subject = lines[0][0]
    footer = catalogue().t("mail.footer", wording.language)
    parts = []
    for alert, (head, below) in zip(note.alerts, lines, strict=True):
        url = link(alert, wording)
        parts.append("\n".join(one for one in (head, below, url) if one))
    body = "".join(
        _card(alert, head, below, wording)
        for alert, (head, below) in zip(note.alerts, lines, strict=True)
    )
    body += para(markup.text(footer), size=13, colour=MUTED)
    return Letter(
        key=note.key,
        subject=subject,
        text="\n\n".join([*parts, footer]) + "\n",
        html=markup.document(body, title=subject, preview=lines[0][1], language=wording.language),
        language=wording.language,
        thread=notification_key(first, Reason.FIRST, note.receiver),
    )


def _words(alert: Alert, note: Notification, wording: Wording, now: datetime) -> tuple[str, str]:
    head = title(alert, wording, cause=note.cause)
    return head, text(alert, wording, cause=note.cause, at=note.at, now=now)


def _card(alert: Alert, head: str, below: str, wording: Wording) -> str:
    over = alert.status is Status.RESOLVED
    inner = para(markup.text(head), size=19, bold=True, space=4)
    inner += para(markup.text(below), size=15, colour=MUTED, space=4)
    if url := link(alert, wording):
        inner += markup.button(catalogue().t("mail.open", wording.language), url)
    return markup.card(inner, GOOD if over else COLOURS[alert.severity])
