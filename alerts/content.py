"""What a message can carry: alerts, a digest, a test, or several alert messages in one. Types only.

How it reads is card.py, alert_mail.py, webhook_body.py and digest/; how it waits is outbox.py.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from alerts.alert import Alert, Notification
from alerts.digest.content import DigestNote


@dataclass(frozen=True, slots=True, kw_only=True)
class TestNote:
    """A message that somebody asked for, to see whether a receiver works."""

    __test__ = False  # no test class, whatever pytest makes of its name

    key: str
    receiver: str
    tested_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """Messages that queued up behind a receiver's rate limit and go as one, oldest first."""

    notes: tuple[Notification, ...]

    @property
    def key(self) -> str:
        keys = "\n".join(note.key for note in self.notes)
        return f"bundle-{hashlib.sha256(keys.encode()).hexdigest()[:20]}"

    @property
    def receiver(self) -> str:
        return self.notes[0].receiver


Stored = Notification | DigestNote | TestNote  # what a row of the outbox holds
Content = Stored | Bundle  # what a transport sends


def bundled(notes: Sequence[Stored]) -> Content:
    """One note as it is, several as a bundle. Only notifications go together."""
    if len(notes) == 1:
        return notes[0]
    return Bundle(notes=tuple(one for one in notes if isinstance(one, Notification)))


def told(content: Notification | Bundle) -> tuple[tuple[Alert, Notification], ...]:
    """Every alert of a message with the note that tells it."""
    notes = (content,) if isinstance(content, Notification) else content.notes
    return tuple((alert, note) for note in notes for alert in note.alerts)


def test_note(receiver: str, now: datetime) -> TestNote:
    place = hashlib.sha256(receiver.encode()).hexdigest()[:8]
    return TestNote(
        key=f"test-{int(now.timestamp() * 1000)}-{place}", receiver=receiver, tested_at=now
    )


test_note.__test__ = False  # type: ignore[attr-defined]
