"""A real HTTP listener that records what arrives and answers as it is told."""

from __future__ import annotations

import socket
import threading
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal, Self

HUGE_CHUNK = b"x" * 65536


@dataclass(frozen=True, slots=True)
class Answer:
    """How the sink treats one request; the constructors below name the usual ways."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    way: Literal["answer", "hang", "drop", "huge"] = "answer"

    @classmethod
    def too_many(cls, retry_after_s: int) -> Self:
        return cls(429, headers={"Retry-After": str(retry_after_s)})

    @classmethod
    def redirect(cls, to: str) -> Self:
        return cls(302, headers={"Location": to})

    @classmethod
    def hang(cls) -> Self:
        """Take the request and say nothing until the sink stops or is told to answer anew."""
        return cls(way="hang")

    @classmethod
    def drop(cls) -> Self:
        """Take the request and close the connection."""
        return cls(way="drop")

    @classmethod
    def huge(cls) -> Self:
        """Status 200 and a body without an end."""
        return cls(way="huge")


@dataclass(frozen=True, slots=True)
class Received:
    """One request as it arrived; header names are in lower case."""

    at: datetime
    monotonic: float
    method: str
    path: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes


class WebhookSink:
    """Listens on a free loopback port; stop() and start() are an outage on the same port."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._requests: list[Received] = []
        self._answers = deque([Answer()])
        self._told = 0
        self._stopping = False
        self._port = 0
        self._server: _Server | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}/hook"

    @property
    def requests(self) -> tuple[Received, ...]:
        with self._changed:
            return tuple(self._requests)

    def answer(self, first: Answer, *then: Answer) -> None:
        """Treat the next requests like this, one after another; the last answer stays."""
        with self._changed:
            self._answers = deque([first, *then])
            self._let_go()

    def wait_for(self, count: int, *, within_s: float = 30) -> tuple[Received, ...]:
        """All requests so far, as soon as there are `count` of them."""
        with self._changed:
            if not self._changed.wait_for(lambda: len(self._requests) >= count, within_s):
                raise AssertionError(
                    f"{len(self._requests)} of {count} requests came within {within_s} s: "
                    f"{self._requests}"
                )
            return tuple(self._requests)

    def start(self) -> None:
        self._stopping = False
        self._server = _Server(self._port, self)
        self._port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        """Refuse connections from now on, and cut those that are open."""
        if self._server is not None:
            self._server.shutdown()
            with self._changed:
                self._stopping = True
                self._let_go()
            self._server.server_close()
            self._server = None

    def record(self, request: Received) -> Answer:
        """Note the request and say how it is to be treated (for the handler)."""
        with self._changed:
            self._requests.append(request)
            self._changed.notify_all()
            return self._answers.popleft() if len(self._answers) > 1 else self._answers[0]

    def hold(self) -> None:
        """Wait until another answer is told (for the handler)."""
        with self._changed:
            told = self._told
            self._changed.wait_for(lambda: self._stopping or self._told != told)

    def _let_go(self) -> None:
        self._told += 1
        self._changed.notify_all()


class _Server(ThreadingHTTPServer):
    """Remembers its open connections, so that closing it ends them too."""

    daemon_threads = False  # server_close() waits for the handlers

    def __init__(self, port: int, sink: WebhookSink) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.sink = sink
        self._open: set[socket.socket] = set()

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is nothing to print about."""

    def server_close(self) -> None:
        for connection in tuple(self._open):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue  # closed by itself meanwhile
        super().server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # keeps connections open, as real receivers do
    server: _Server

    def do_POST(self) -> None:
        at, monotonic = datetime.now(UTC), time.monotonic()
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Received(at, monotonic, self.command, self.path, headers, body)
        self._treat(self.server.sink.record(request))

    do_GET = do_PUT = do_POST

    def _treat(self, answer: Answer) -> None:
        if answer.way == "hang":
            self.server.sink.hold()
        if answer.way in ("hang", "drop"):
            self.close_connection = True
            return
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.way == "huge":
            self._flood()
            return
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)

    def _flood(self) -> None:
        self.close_connection = True
        self.end_headers()
        while True:  # ends with the connection
            self.wfile.write(HUGE_CHUNK)

    def log_message(self, format: str, *args: object) -> None:
        """Keep standard error for the tests' own words."""
