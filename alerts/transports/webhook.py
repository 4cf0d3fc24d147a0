"""The generic webhook: JSON by POST, signed, with an idempotency key. See docs/webhook.md."""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime

from alerts.content import Content, TestNote
from alerts.digest.content import DigestNote
from alerts.digest.letter import digest_body
from alerts.receivers import ReceiverSettings
from alerts.render import Wording
from alerts.transports.posting import Poster
from alerts.webhook_body import test_body, webhook_body


def signature(secret: str, timestamp: int, body: bytes) -> str:
    """`t=…,v1=…`: HMAC-SHA256 over timestamp, a dot and the body, in hex."""
    signed = hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256)
    return f"t={timestamp},v1={signed.hexdigest()}"


class Webhook:
    """One receiver, over connections that are kept open."""

    def __init__(self, receiver: ReceiverSettings) -> None:
        self._receiver = receiver
        self._poster = Poster(receiver)

    def send(self, content: Content, wording: Wording, *, now: datetime) -> int:
        body = _body(content, wording, now)
        answer = self._poster.post(
            self._receiver.webhook_url, body, self._headers(content.key, body, now)
        )
        if not answer.success:
            raise self._poster.refusal(answer, now)
        return answer.status

    def close(self) -> None:
        self._poster.close()

    def _headers(self, key: str, body: bytes, now: datetime) -> dict[str, str]:
        timestamp = int(now.timestamp())
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Idempotency-Key": key,
            "X-Deskpulse-Timestamp": str(timestamp),
        }
        if secret := self._receiver.secret:
            headers["X-Deskpulse-Signature"] = signature(secret.get_secret_value(), timestamp, body)
        return headers


def _body(content: Content, wording: Wording, now: datetime) -> bytes:
    if isinstance(content, DigestNote):
        return digest_body(content, wording, now=now)
    if isinstance(content, TestNote):
        return test_body(content, wording)
    return webhook_body(content, wording, now=now)
