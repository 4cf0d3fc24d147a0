"""What a way of sending is, and the list of them. A new one is a file and a line here."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from alerts.alert import Notification
from alerts.render import Wording
from alerts.settings import ReceiverSettings
from alerts.transports.webhook import Webhook


class Transport(Protocol):
    """One receiver's connection. Used by one thread at a time."""

    def send(self, note: Notification, wording: Wording, *, now: datetime) -> int:
        """Deliver; returns the HTTP status, raises SendError when the receiver didn't take it."""
        ...

    def close(self) -> None: ...


TRANSPORTS: dict[str, Callable[[ReceiverSettings], Transport]] = {"webhook": Webhook}
