"""The generic webhook: JSON by POST, signed, with an idempotency key. See docs/webhook.md."""

from __future__ import annotations

import hashlib
import hmac
import logging
import ssl
import time
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import httpx

from alerts.alert import Notification
from alerts.digest.content import DigestNote
from alerts.digest.letter import digest_body
from alerts.errors import SendError
from alerts.receivers import ReceiverSettings
from alerts.render import Wording, webhook_body

MOST_READ = 64 * 1024  # of an answer
SAME_METHOD_REDIRECTS = frozenset({307, 308})
# Statuses that say "not now" rather than "not this".
PASSING = frozenset({408, 409, 425, 429})
KEEP_ALIVE_S = 120.0

# At INFO httpx logs the whole address of each request, and a webhook's address is a secret.
logging.getLogger("httpx").setLevel(logging.WARNING)


def signature(secret: str, timestamp: int, body: bytes) -> str:
    """`t=…,v1=…`: HMAC-SHA256 over timestamp, a dot and the body, in hex."""
    signed = hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256)
    return f"t={timestamp},v1={signed.hexdigest()}"


class Webhook:
    """One receiver, over connections that are kept open."""

    def __init__(self, receiver: ReceiverSettings) -> None:
        self._receiver = receiver
        self._timeout = receiver.timeout.total_seconds()
        self._client = httpx.Client(
            timeout=self._timeout,
            follow_redirects=False,
            limits=httpx.Limits(max_connections=2, keepalive_expiry=KEEP_ALIVE_S),
            headers={"User-Agent": "Deskpulse", "Accept": "application/json"},
        )

    def send(self, note: Notification | DigestNote, wording: Wording, *, now: datetime) -> int:
        if isinstance(note, DigestNote):
            body = digest_body(note, wording, now=now)
        else:
            body = webhook_body(note, wording, now=now)
        headers = self._headers(note.key, body, now)
        url = httpx.URL(self._receiver.webhook_url)
        answer = self._post(url, headers, body)
        if answer.status_code in SAME_METHOD_REDIRECTS:
            answer = self._post(self._redirect(url, answer), headers, body)
        if answer.is_success:
            return answer.status_code
        raise self._refusal(answer, now)

    def close(self) -> None:
        self._client.close()

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

    def _post(self, url: httpx.URL, headers: dict[str, str], body: bytes) -> httpx.Response:
        """The answer's status and headers; its body only as far as a connection is worth keeping.

        A receiver that sends its answer drop by drop is left when the timeout is over.
        """
        deadline = time.monotonic() + self._timeout
        try:
            with self._client.stream("POST", url, headers=headers, content=body) as answer:
                read = 0
                for chunk in answer.iter_raw():
                    read += len(chunk)
                    if read > MOST_READ or time.monotonic() > deadline:
                        break  # leaving the block closes the connection
                return answer
        except httpx.HTTPError as error:
            raise SendError(f"receiver {self._name!r} {self._said(error)}") from error
        except httpx.InvalidURL as error:  # httpx reads a Location even where we don't follow it
            raise SendError(
                f"receiver {self._name!r} sends us to something that is no address; check its url",
                permanent=True,
            ) from error

    def _said(self, error: httpx.HTTPError) -> str:
        """What happened, in words without the URL."""
        if isinstance(error, httpx.ConnectTimeout | httpx.PoolTimeout):
            return f"could not be reached within {self._timeout:g} s; is its host up?"
        if isinstance(error, httpx.TimeoutException):
            return f"gave no answer within {self._timeout:g} s; it may hang"
        if isinstance(error.__cause__, ssl.SSLError) or "CERTIFICATE" in str(error).upper():
            return "has a certificate that can't be trusted; check its url or its certificate"
        if isinstance(error, httpx.ConnectError):
            return "refused the connection; is it running?"
        return "broke the connection off; is it running?"

    @property
    def _name(self) -> str:
        return self._receiver.name

    def _redirect(self, url: httpx.URL, answer: httpx.Response) -> httpx.URL:
        """Where to, on the same host only: a message must not travel to where nobody sent it."""
        try:
            target = url.join(answer.headers.get("Location", ""))
        except httpx.InvalidURL:
            target = httpx.URL("")
        if (target.scheme, target.host, target.port) != (url.scheme, url.host, url.port):
            raise self._refusal(answer, datetime.now(UTC))
        return target

    def _refusal(self, answer: httpx.Response, now: datetime) -> SendError:
        status = answer.status_code
        passing = status >= 500 or status in PASSING
        if answer.is_redirect:
            words = "sends us to another address; set its url to the final one"
        elif status in (401, 403):
            words = f"refused us ({status}); check its url and secret"
        elif status in (404, 410):
            words = f"is not there ({status}); check its url"
        elif passing:
            words = f"can't take messages now ({status})"
        else:
            words = f"did not accept the message ({status}); see its own log"
        return SendError(
            f"receiver {self._name!r} {words}",
            permanent=not passing,
            retry_after=_retry_after(answer.headers.get("Retry-After"), now) if passing else None,
            http_status=status,
        )


def _retry_after(value: str | None, now: datetime) -> timedelta | None:
    """Seconds or a date; None for anything else."""
    if not value:
        return None
    if value.strip().isdecimal():
        return timedelta(seconds=min(int(value), 86_400))
    try:
        until = parsedate_to_datetime(value)
    except ValueError:
        return None
    return max(until.astimezone(UTC) - now, timedelta(0))
