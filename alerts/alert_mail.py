"""Alert messages as mails: what and where, since when, who is on it, two buttons.

The words are render.py's and card.py's; sending is transports/email.py.
"""

from __future__ import annotations

from datetime import datetime

from alerts import markup
from alerts.alert import Alert, Notification, Reason, Severity, Status, notification_key
from alerts.card import alerts_link, heading
from alerts.content import Bundle, TestNote, told
from alerts.mail import Letter
from alerts.markup import BREACH, GOOD, MUTED, WATCH, para
from alerts.render import Wording, ack_link, lines, link, title

COLOURS = {Severity.CRITICAL: BREACH, Severity.WARNING: WATCH, Severity.INFO: markup.ACCENT}


def alert_letter(content: Notification | Bundle, wording: Wording, *, now: datetime) -> Letter:
    """The mail of a message; whatever comes after the first about an alert answers that mail."""
    first, _ = told(content)[0]
    subject = heading(content, wording)
    texts, cards = [], []
    for alert, note in told(content):
        said = lines(alert, note, wording, now=now)
        if wording.own_text is not None:
            said = tuple(wording.own_text.splitlines())
        head = title(alert, wording, cause=note.cause)
        links = _links(alert, note, wording)
        texts.append("\n".join([head, *said, *(f"{words}: {url}" for words, url in links)]))
        cards.append(_card(alert, head, said, links))
        if wording.own_text is not None:
            break  # the template speaks of all of them
    foot = _foot(wording, several=len(texts) > 1)
    body = "".join([*cards, *(para(markup.text(one), size=13, colour=MUTED) for one in foot)])
    return Letter(
        key=content.key,
        subject=subject,
        text="\n\n".join([*texts, *foot]) + "\n",
        html=markup.document(body, title=subject, preview=texts[0], language=wording.language),
        language=wording.language,
        thread=notification_key(first, Reason.FIRST, content.receiver),
    )


def test_letter(note: TestNote, wording: Wording) -> Letter:
    subject, said = wording.say("test.title", receiver=note.receiver), wording.say("test.text")
    foot = wording.say("mail.footer")
    inner = para(markup.text(subject), size=19, bold=True, space=4) + para(markup.text(said))
    body = markup.card(inner, markup.ACCENT) + para(markup.text(foot), size=13, colour=MUTED)
    return Letter(
        key=note.key,
        subject=subject,
        text=f"{subject}\n{said}\n\n{foot}\n",
        html=markup.document(body, title=subject, preview=said, language=wording.language),
        language=wording.language,
    )


test_letter.__test__ = False  # type: ignore[attr-defined]


def _links(alert: Alert, note: Notification, wording: Wording) -> list[tuple[str, str]]:
    found = []
    if url := ack_link(alert, note.receiver, wording):
        found.append((wording.say("button.acknowledge"), url))
    if url := link(alert, wording):
        found.append((wording.say("button.open"), url))
    return found


def _card(alert: Alert, head: str, said: tuple[str, ...], links: list[tuple[str, str]]) -> str:
    inner = para(markup.text(head), size=19, bold=True, space=4)
    inner += "".join(para(markup.text(one), size=15, colour=MUTED, space=4) for one in said)
    inner += "".join(markup.button(words, url) for words, url in links)
    over = alert.status is Status.RESOLVED
    return markup.card(inner, GOOD if over else COLOURS[alert.severity])


def _foot(wording: Wording, *, several: bool) -> list[str]:
    found = []
    if wording.instead_of is not None:
        found.append(wording.say("instead.line", receiver=wording.instead_of))
    if several and (page := alerts_link(wording)):
        found.append(f"{wording.say('button.alerts')}: {page}")
    return [*found, wording.say("mail.footer")]
