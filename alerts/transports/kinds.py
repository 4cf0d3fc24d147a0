"""What a way of sending is, and the list of them. A new one is a file and a line here."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from alerts.alert import Notification
from alerts.digest.content import DigestNote
from alerts.receivers import ReceiverSettings
from alerts.render import Wording
from alerts.transports.email import Email
from alerts.transports.webhook import Webhook


class Transport(Protocol):
    """One receiver's connection. Used by one thread at a time."""

    def send(self, note: Notification | DigestNote, wording: Wording, *, now: datetime) -> int:
        """Deliver; returns the status that HTTP or SMTP answered with.

        Raises SendError when the receiver didn't take it.
        """
        ...

    def close(self) -> None: ...


TRANSPORTS: dict[str, Callable[[ReceiverSettings], Transport]] = {
    "webhook": Webhook,
    "email": Email,
}
