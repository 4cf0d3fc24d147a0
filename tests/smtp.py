"""A real SMTP listener that records mails and answers each step as it is told."""

from __future__ import annotations

import base64
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Self

HANG, DROP = "hang", "drop"  # instead of an answer


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail as it was taken."""

    sender: str
    to: tuple[str, ...]
    raw: bytes = field(repr=False)

    @property
    def message(self) -> EmailMessage:
        parsed = message_from_bytes(self.raw, policy=default)
        assert isinstance(parsed, EmailMessage)
        return parsed

    def part(self, kind: str) -> str:
        """The text of the part of that type, such as text/html."""
        for one in self.message.walk():
            if one.get_content_type() == kind:
                content = one.get_content()
                assert isinstance(content, str)
                return content
        raise AssertionError(f"no {kind} in the mail")


class SmtpSink:
    """Listens on a free loopback port. `answers` by step: greeting, EHLO, AUTH, MAIL, RCPT, DATA,
    BODY, QUIT, or `RCPT address`; each is an SMTP line, HANG or DROP."""

    def __init__(self, tls: ssl.SSLContext | None = None, *, wrapped: bool = False) -> None:
        self.answers: dict[str, str] = {}
        self.extensions: tuple[str, ...] = ("STARTTLS",) if tls and not wrapped else ()
        self.login: tuple[str, str] | None = None
        self.commands: list[str] = []
        self.port = 0
        self._tls, self._wrapped = tls, wrapped
        self._changed = threading.Condition()
        self._mails: list[Mail] = []
        self._open: set[socket.socket] = set()
        self._stopping = threading.Event()

    def __enter__(self) -> Self:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._listener.close()
        for one in tuple(self._open):
            one.close()

    @property
    def mails(self) -> tuple[Mail, ...]:
        with self._changed:
            return tuple(self._mails)

    def wait_for(self, count: int, *, within_s: float = 30) -> tuple[Mail, ...]:
        with self._changed:
            if not self._changed.wait_for(lambda: len(self._mails) >= count, within_s):
                raise AssertionError(f"{len(self._mails)} of {count} mails within {within_s} s")
            return tuple(self._mails)

    def told(self, answers: Mapping[str, str]) -> None:
        self.answers = dict(answers)

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._open.add(connection)
            threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        try:
            if self._tls and self._wrapped:
                connection = self._tls.wrap_socket(connection, server_side=True)
                self._open.add(connection)
            _Conversation(self, connection).run()
        except (OSError, ValueError):
            pass  # the client hung up
        finally:
            connection.close()

    def take(self, mail: Mail) -> None:
        with self._changed:
            self._mails.append(mail)
            self._changed.notify_all()

    def hold(self) -> None:
        self._stopping.wait(60)

    def secured(self, connection: socket.socket) -> socket.socket:
        assert self._tls
        made = self._tls.wrap_socket(connection, server_side=True)
        self._open.add(made)
        return made


class _Conversation:
    def __init__(self, sink: SmtpSink, connection: socket.socket) -> None:
        self._sink = sink
        self._socket = connection
        self._lines = connection.makefile("rb")
        self._sender, self._to = "", list[str]()

    def run(self) -> None:
        if not self._answer("greeting", "220 sink ready"):
            return
        while line := self._lines.readline():
            command = line.decode().strip()
            self._sink.commands.append(command)
            if not self._step(command):
                return

    def _step(self, command: str) -> bool:
        verb = command.split(" ")[0].upper()
        if verb == "EHLO":
            extensions = [*self._sink.extensions, "AUTH PLAIN LOGIN"]
            lines = [f"250-{one}" for one in extensions[:-1]] + [f"250 {extensions[-1]}"]
            return self._answer("EHLO", "\r\n".join(["250-sink", *lines]))
        if verb == "STARTTLS":
            self._say("220 go ahead")
            self._socket = self._sink.secured(self._socket)
            self._lines = self._socket.makefile("rb")
            return True
        if verb == "AUTH":
            return self._answer("AUTH", self._auth(command))
        if verb == "MAIL":
            self._sender, self._to = _path(command), []
            return self._answer("MAIL", "250 ok")
        if verb == "RCPT":
            address = _path(command)
            key = f"RCPT {address}" if f"RCPT {address}" in self._sink.answers else "RCPT"
            if self._sink.answers.get(key, "250").startswith("250"):
                self._to.append(address)
            return self._answer(key, "250 ok")
        if verb == "DATA":
            return self._data()
        if verb == "QUIT":
            self._answer("QUIT", "221 bye")
            return False
        self._say("250 ok")  # RSET, NOOP
        return True

    def _auth(self, command: str) -> str:
        _, _, words = base64.b64decode(command.split(" ")[-1]).decode().partition("\0")
        user, _, password = words.partition("\0")
        return "235 welcome" if (user, password) == self._sink.login else "535 5.7.8 go away"

    def _data(self) -> bool:
        if "DATA" in self._sink.answers:
            return self._answer("DATA", "")
        self._say("354 go on")
        lines = []
        while (line := self._lines.readline()) not in (b".\r\n", b""):
            lines.append(line[1:] if line.startswith(b".") else line)
        body = self._sink.answers.get("BODY", "250 taken")
        if body.startswith("250"):
            self._sink.take(Mail(self._sender, tuple(self._to), b"".join(lines)))
        return self._answer("BODY", "250 taken")

    def _answer(self, step: str, usual: str) -> bool:
        """False when the conversation is over."""
        said = self._sink.answers.get(step, usual)
        if said == HANG:
            self._sink.hold()
        if said in (HANG, DROP):
            self._socket.shutdown(socket.SHUT_RDWR)
            return False
        if said.startswith("drip "):
            self._drip(said.removeprefix("drip "))
            return False
        self._say(said)
        return True

    def _drip(self, line: str) -> None:
        """One line after another, none of them the last: each step is in time, the whole never."""
        for _ in range(600):
            self._say(f"{line[:3]}-{line[4:]}")
            time.sleep(0.05)

    def _say(self, line: str) -> None:
        self._socket.sendall(f"{line}\r\n".encode())


def _path(command: str) -> str:
    return command.split("<", 1)[1].split(">", 1)[0]
