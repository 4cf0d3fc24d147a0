"""Errors of this package. Every message is one sentence: what happened, to which thing, what to do.

AlertsError
├── RuleError            a rule can't be used as it is written
├── NotReplayable        history can't tell what a rule would have done
├── LeadershipLost       another worker leads now; this one must stop writing at once
└── SendError            a receiver didn't take a message; says whether trying again can help
"""

from __future__ import annotations

from datetime import timedelta


class AlertsError(Exception):
    """Anything this package can say."""


class RuleError(AlertsError):
    """A rule can't be used as it is written."""


class NotReplayable(AlertsError):
    """History can't tell what a rule would have done."""


class LeadershipLost(AlertsError):
    """Another worker leads now; nothing was written."""


class SendError(AlertsError):
    """A receiver didn't take a message.

    `permanent`: the receiver understood and refused, so the same bytes will hardly be taken in a
    second's time. `broken`: no other message fares better until somebody mends the receiver (a
    wrong signature, a robot that was removed). `retry_after`: how long it asked to be left alone.
    """

    def __init__(
        self,
        message: str,
        *,
        permanent: bool = False,
        broken: bool = False,
        retry_after: timedelta | None = None,
        http_status: int | None = None,
    ) -> None:
        super().__init__(message)
        self.permanent = permanent
        self.broken = broken
        self.retry_after = retry_after
        self.http_status = http_status
