"""What a way of sending is, and the list of them. A new one is a file here, a line here, and a line
in receiver_kinds.py.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from alerts.allowance import Limit
from alerts.content import Content
from alerts.pens import DINGTALK, MARKDOWN, SLACK, TEXT, Pen
from alerts.receivers import ReceiverSettings
from alerts.render import Wording
from alerts.transports import dingtalk, feishu, slack, wecom
from alerts.transports.apprise_urls import AppriseUrl
from alerts.transports.email import Email
from alerts.transports.webhook import Webhook


class Transport(Protocol):
    """One receiver's connection. Used by one thread at a time."""

    def send(self, content: Content, wording: Wording, *, now: datetime) -> int:
        """Deliver; returns the status that HTTP or SMTP answered with.

        Raises SendError when the receiver didn't take it.
        """
        ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Kind:
    """`limits` are those that the platform publishes; `pen` writes what a template fills in."""

    make: Callable[[ReceiverSettings], Transport]
    pen: Pen = TEXT
    limits: tuple[Limit, ...] = ()


TRANSPORTS: dict[str, Kind] = {
    "dingtalk": Kind(dingtalk.DingTalk, DINGTALK, dingtalk.LIMITS),
    "feishu": Kind(feishu.Feishu, MARKDOWN, feishu.LIMITS),
    "wecom": Kind(wecom.WeCom, MARKDOWN, wecom.LIMITS),
    "slack": Kind(slack.Slack, SLACK, slack.LIMITS),
    "webhook": Kind(Webhook),
    "email": Kind(Email),
    "apprise": Kind(AppriseUrl),
}


def transport_for(receiver: ReceiverSettings) -> Transport:
    return TRANSPORTS[receiver.type].make(receiver)


def bucket_name(receiver: ReceiverSettings) -> str:
    """Limits hold per robot: two receivers with one url share what it allows."""
    secret = hashlib.sha256(receiver.webhook_url.encode()).hexdigest()[:16]
    return f"{receiver.type} {secret}"
