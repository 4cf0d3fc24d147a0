"""A message as chat platforms show it: a title, paragraphs, buttons. Pure.

The words are render.py's and the digest's; the pen knows the marks; the platform's own form (JSON,
colours, mentions) is its transport's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from alerts.alert import Alert, Notification, Reason, Severity, Status
from alerts.content import Bundle, Content, Stored, TestNote, told
from alerts.digest.chat import MOST_BYTES, written
from alerts.digest.content import DigestNote
from alerts.digest.words import Speaker
from alerts.pens import Pen, flat
from alerts.render import Wording, ack_link, acknowledgement, catalogue, joined, lines, link, title

LONGEST_TITLE = 80
# Of one alert among many where there is little room: as long as all of them fit.
LINES = (60, 40, 28, 20)


class Tone(StrEnum):
    """What a card's colour says; the symbol in its title says it too."""

    BREACH = "breach"
    WATCH = "watch"
    INFO = "info"
    GOOD = "good"


_RANK = {Severity.INFO: 0, Severity.WARNING: 1, Severity.CRITICAL: 2}
_TONES = {Severity.INFO: Tone.INFO, Severity.WARNING: Tone.WATCH, Severity.CRITICAL: Tone.BREACH}


@dataclass(frozen=True, slots=True)
class Button:
    words: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """`title` is plain text, what a phone shows first; `body` is written with the pen.

    `mention`: somebody should look now, so whoever the receiver names is called by name.
    """

    title: str
    body: tuple[str, ...]
    buttons: tuple[Button, ...] = ()
    tone: Tone = Tone.INFO
    mention: bool = False


def card(content: Content, wording: Wording, pen: Pen, *, now: datetime, most: int) -> Card:
    """At most `most` bytes of body; what is left out is counted."""
    if isinstance(content, DigestNote):
        return _digest(content, wording, pen, now, most)
    if isinstance(content, TestNote):
        body = (pen.plain(wording.say("test.text")),)
        return Card(title=wording.say("test.title", receiver=content.receiver), body=body)
    made = _alerts(content, wording, pen, now=now, most=most)
    if wording.own_text is not None:
        own = wording.own_text.encode()[:most].decode(errors="ignore")
        made = replace(made, body=(own,))
    if wording.instead_of is not None:
        line = wording.say("instead.line", receiver=wording.instead_of)
        made = replace(made, body=(*made.body, pen.plain(line)))
    return replace(made, title=clipped(made.title))


def _alerts(
    content: Notification | Bundle, wording: Wording, pen: Pen, *, now: datetime, most: int
) -> Card:
    if _alone(content):
        return _one(content, wording, pen, now)
    return _many(content, wording, pen, now, most)


def clipped(words: str, most: int = LONGEST_TITLE) -> str:
    """One line that fits a title; its end goes first."""
    line = flat(words)
    return line if len(line) <= most else f"{line[: most - 1]}…"


def heading(content: Notification | Bundle, wording: Wording) -> str:
    """One line that says it all: what a phone shows, and a mail's subject."""
    pairs = told(content)
    if _alone(content):
        alert, note = pairs[0]
        return _prefixed(note, title(alert, wording, cause=note.cause), wording)
    firing = [alert for alert, _ in pairs if alert.status is not Status.RESOLVED]
    if not firing:
        return wording.say("many.over", n=len(pairs))
    worst = max(firing, key=lambda one: _RANK[one.severity])
    said = wording.say("many.alerts", n=len(pairs), first=title(worst, wording))
    if isinstance(content, Bundle):
        if len(firing) == len(pairs):
            return said
        over = len(pairs) - len(firing)
        return wording.say("many.bundle", n=len(pairs), firing=len(firing), over=over)
    if content.reason is Reason.DIGEST:
        still = len(firing) if content.firing is None else content.firing
        return wording.say("many.storm", n=len(pairs), firing=still)
    return _prefixed(content, said, wording)


def summary(note: Stored, wording: Wording) -> str:
    """A message in one line, for lists of messages."""
    if isinstance(note, DigestNote):
        return Speaker(note.digest, wording).title()
    if isinstance(note, TestNote):
        return wording.say("test.title", receiver=note.receiver)
    return heading(note, wording)


def alerts_link(wording: Wording) -> str | None:
    """The page of all alerts."""
    if not wording.public_url:
        return None
    return f"{wording.public_url.rstrip('/')}/alerts?lang={wording.language}"


def _alone(content: Notification | Bundle) -> bool:
    return isinstance(content, Notification) and len(content.alerts) == 1


def _prefixed(note: Notification, words: str, wording: Wording) -> str:
    key = f"reason.{note.reason}"
    return wording.say(key, title=words) if catalogue().has(key) else words


def _one(content: Notification | Bundle, wording: Wording, pen: Pen, now: datetime) -> Card:
    [(alert, note)] = told(content)
    below = [pen.plain(one) for one in lines(alert, note, wording, now=now)]
    return Card(
        title=heading(content, wording),
        body=tuple(below),
        buttons=_buttons(alert, note, wording),
        tone=_tone([alert]),
        mention=_calls(note, wording),
    )


def _many(
    content: Notification | Bundle, wording: Wording, pen: Pen, now: datetime, most: int
) -> Card:
    """Every alert a paragraph; with its links where they fit, without them where not.

    The most urgent first; in a bundle as they came.
    """
    pairs = told(content)
    if isinstance(content, Notification):
        pairs = tuple(sorted(pairs, key=lambda pair: -_urgency(pair[0])))
    paragraphs = _paragraphs(pairs, wording, pen, now)
    for length in LINES:
        if _bytes(paragraphs, pen) <= most:
            break
        paragraphs = [pen.bold(_short(alert, note, wording, length)) for alert, note in pairs]
    kept = list(paragraphs)
    while len(kept) > 1 and _bytes(kept, pen) > most:
        kept.pop()
    if len(kept) < len(pairs):
        kept.append(pen.plain(wording.say("many.more", n=len(pairs) - len(kept))))
    if isinstance(content, Bundle):
        kept.append(pen.plain(wording.say("many.bundle_note")))
    page = alerts_link(wording)
    notes = (content,) if isinstance(content, Notification) else content.notes
    return Card(
        title=heading(content, wording),
        body=tuple(kept),
        buttons=(Button(wording.say("button.alerts"), page),) if page else (),
        tone=_tone([alert for alert, _ in pairs]),
        mention=any(_calls(note, wording) for note in notes),
    )


def _paragraphs(
    pairs: Sequence[tuple[Alert, Notification]], wording: Wording, pen: Pen, now: datetime
) -> list[str]:
    found = []
    for alert, note in pairs:
        said = joined(lines(alert, note, wording, now=now), wording)
        links = " · ".join(pen.link(one.words, one.url) for one in _buttons(alert, note, wording))
        head = pen.bold(clipped(title(alert, wording, cause=note.cause)))
        found.append(pen.line.join(one for one in (head, pen.plain(said), links) if one))
    return found


def _short(alert: Alert, note: Notification, wording: Wording, length: int) -> str:
    return clipped(title(alert, wording, cause=note.cause), length)


def _bytes(paragraphs: Sequence[str], pen: Pen) -> int:
    return len(pen.joint.join(paragraphs).encode())


def _buttons(alert: Alert, note: Notification, wording: Wording) -> tuple[Button, ...]:
    found = []
    if url := ack_link(alert, note.receiver, wording):
        found.append(Button(wording.say("button.acknowledge"), url))
    if url := link(alert, wording):
        found.append(Button(wording.say("button.open"), url))
    return tuple(found)


def _urgency(alert: Alert) -> int:
    return -1 if alert.status is Status.RESOLVED else _RANK[alert.severity]


def _tone(alerts: Sequence[Alert]) -> Tone:
    firing = [one for one in alerts if one.status is not Status.RESOLVED]
    if not firing:
        return Tone.GOOD
    return _TONES[max(firing, key=lambda one: _RANK[one.severity]).severity]


def _calls(note: Notification, wording: Wording) -> bool:
    """Something fires that nobody is on yet."""
    loose = (
        one
        for one in note.alerts
        if one.status is Status.FIRING and acknowledgement(one, wording) is None
    )
    return note.reason is not Reason.ACKNOWLEDGED and any(loose)


def _digest(note: DigestNote, wording: Wording, pen: Pen, now: datetime, most: int) -> Card:
    speaker = Speaker(note.digest, wording)
    url = speaker.link()
    return Card(
        title=clipped(speaker.subject()),
        body=(written(speaker, pen, now=now, linked=False, most=min(most, MOST_BYTES)),),
        buttons=(Button(speaker.say("open"), url),) if url else (),
    )
