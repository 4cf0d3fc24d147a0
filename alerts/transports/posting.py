"""One POST to a receiver over HTTP: time limit, redirects, how much of an answer is read, and what
a status means. What is sent and what an answer's body means is each transport's own.
"""

from __future__ import annotations

import logging
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import httpx

from alerts.errors import SendError
from alerts.receivers import ReceiverSettings

MOST_READ = 64 * 1024  # of an answer
SAME_METHOD_REDIRECTS = frozenset({307, 308})
# Statuses that say "not now" rather than "not this".
PASSING = frozenset({408, 409, 425, 429})
# Statuses that say that the address or its secret is wrong: no other message fares better.
CLOSED = frozenset({401, 403, 404, 410})
KEEP_ALIVE_S = 120.0
LONGEST_WAIT_S = 86_400

# At INFO httpx logs the whole address of each request, and a webhook's address is a secret.
logging.getLogger("httpx").setLevel(logging.WARNING)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. `body` is its beginning only, when there was more than MOST_READ."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def success(self) -> bool:
        return 200 <= self.status < 300


class Poster:
    """One receiver's connections, which are kept open. Used by one thread at a time."""

    def __init__(self, receiver: ReceiverSettings) -> None:
        self._receiver = receiver
        self._timeout = receiver.timeout.total_seconds()
        self._client = httpx.Client(
            timeout=self._timeout,
            follow_redirects=False,
            limits=httpx.Limits(max_connections=2, keepalive_expiry=KEEP_ALIVE_S),
            headers={
                "User-Agent": "Deskpulse",
                "Accept": "application/json",
                # A packed answer could unpack to any size.
                "Accept-Encoding": "identity",
            },
        )

    def post(self, address: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """The answer, whatever its status; follows one redirect on the same host.

        Raises SendError when there is none, or when it sends us elsewhere.
        """
        url = httpx.URL(address)
        answer = self._post(url, headers, body)
        if answer.status in SAME_METHOD_REDIRECTS:
            answer = self._post(self._redirect(url, answer), headers, body)
        if 300 <= answer.status < 400:
            raise self._elsewhere(answer)
        return answer

    def refusal(self, answer: Answer, now: datetime) -> SendError:
        """What a status that is no success says."""
        said = verdict(answer.status)
        return SendError(
            f"receiver {self._receiver.name!r} {said.words}",
            permanent=not said.passing,
            broken=said.broken,
            retry_after=retry_after(answer.headers, now) if said.passing else None,
            http_status=answer.status,
        )

    def close(self) -> None:
        self._client.close()

    def _post(self, url: httpx.URL, headers: Mapping[str, str], body: bytes) -> Answer:
        """A receiver that sends its answer drop by drop is left when the timeout is over."""
        deadline = time.monotonic() + self._timeout
        name = self._receiver.name
        try:
            with self._client.stream("POST", url, headers=headers, content=body) as answer:
                _acknowledge_at_once(answer)
                read = bytearray()
                for chunk in answer.iter_raw():
                    read += chunk
                    if len(read) > MOST_READ or time.monotonic() > deadline:
                        break  # leaving the block closes the connection
                return Answer(answer.status_code, bytes(read[:MOST_READ]), answer.headers)
        except httpx.HTTPError as error:
            raise SendError(f"receiver {name!r} {self._said(error)}") from error
        except httpx.InvalidURL as error:  # httpx reads a Location even where we don't follow it
            raise SendError(
                f"receiver {name!r} sends us to something that is no address; check its url",
                permanent=True,
                broken=True,
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

    def _redirect(self, url: httpx.URL, answer: Answer) -> httpx.URL:
        """Where to, on the same host only: a message must not travel to where nobody sent it."""
        try:
            target = url.join(answer.headers.get("Location", ""))
        except httpx.InvalidURL:
            target = httpx.URL("")
        if (target.scheme, target.host, target.port) != (url.scheme, url.host, url.port):
            raise self._elsewhere(answer)
        return target

    def _elsewhere(self, answer: Answer) -> SendError:
        return SendError(
            f"receiver {self._receiver.name!r} sends us to another address; "
            "set its url to the final one",
            permanent=True,
            broken=True,
            http_status=answer.status,
        )


def _acknowledge_at_once(answer: httpx.Response) -> None:
    """Ask for the rest of an answer whose beginning has come.

    Many servers write head and body apart: they send the second only when the first is
    acknowledged, which a kernel puts off by 40 ms. The message behind this one waits for that.
    """
    stream = answer.extensions.get("network_stream")
    wire = stream.get_extra_info("socket") if stream is not None else None
    if isinstance(wire, socket.socket) and hasattr(socket, "TCP_QUICKACK"):
        wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a status says. `words` follow "receiver 'x'"; `passing`: not now, but later."""

    words: str
    passing: bool
    broken: bool


def verdict(status: int) -> Verdict:
    """Of a status that is neither a success nor a redirect."""
    passing = status >= 500 or status in PASSING
    if status in (401, 403):
        words = f"refused us ({status}); check its url and secret"
    elif status in (404, 410):
        words = f"is not there ({status}); check its url"
    elif passing:
        words = f"can't take messages now ({status})"
    else:
        words = f"did not accept the message ({status}); see its own log"
    return Verdict(words, passing, status in CLOSED)


def retry_after(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    """How long a receiver wants to be left alone: seconds or a date; None for anything else."""
    value = headers.get("Retry-After")
    if not value:
        return None
    if value.strip().isdecimal():
        return timedelta(seconds=min(int(value), LONGEST_WAIT_S))
    try:
        until = parsedate_to_datetime(value)
    except ValueError:
        return None
    return max(until.astimezone(UTC) - now, timedelta(0))
