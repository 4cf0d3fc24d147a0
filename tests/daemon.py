"""One server process and its scratch folder, both sure to be gone when their owner is.

What is particular to PostgreSQL or MariaDB lives in postgres.py and mariadb.py.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

START_LIMIT_S = 60
STOP_LIMIT_S = 20
PORT_TRIES = 3  # another process may take a free port before the server does
ADMIN, OWNER, READER = "admin", "owner", "reader"
PASSWORDS = {ADMIN: "admin-pass-71", OWNER: "owner-pass-82", READER: "reader-pass-93"}
# Its standard input ends when the process that holds the other end does, however that happens
# (kill -9 too); only then does it end the server and remove the files.
GUARD = 'read -r _; kill -QUIT "$1" 2>&-; sleep 2; kill -KILL "$1" 2>&-; rm -rf -- "$2"'


@dataclass(frozen=True, slots=True)
class Database:
    """One database: `url` may do anything in it, `readonly_url` only SELECT."""

    name: str
    url: str
    readonly_url: str


@dataclass(frozen=True, slots=True)
class StatementTotals:
    """What a user has run on a server so far."""

    calls: int
    milliseconds: float


class MissingProgram(RuntimeError):
    """A program that the tests need is not on this machine."""


class ServerFailed(RuntimeError):
    """A server could not be started, or is not running."""


class EndedAtOnce(ServerFailed):
    """The server ended before it answered, perhaps because its port was taken meanwhile."""


def find_program(names: Sequence[str], *, package: str, folders: Sequence[Path] = ()) -> Path:
    """The first of `names` on the PATH or, for servers that Debian keeps off it, in `folders`."""
    path = os.pathsep.join([os.environ.get("PATH", ""), *map(str, folders)])
    for name in names:
        if found := shutil.which(name, path=path):
            return Path(found)
    raise MissingProgram(
        f"{names[0]} is not installed; run `make test`, or install Debian's package {package}"
    )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def scratch_folder(kind: str, *, parent: Path | None, user: str | None) -> Path:
    """A new private folder, owned by the account the server will run as."""
    folder = Path(tempfile.mkdtemp(prefix=f"deskpulse-{kind}-", dir=parent))
    if user:
        shutil.chown(folder, user, pwd.getpwnam(user).pw_gid)
    return folder


def run_tool(command: Sequence[str | Path], *, user: str | None) -> None:
    """Run a set-up program (initdb …) to its end, as `user` when given."""
    done = subprocess.run(
        command, cwd="/", capture_output=True, text=True, check=False, **_account(user)
    )
    if done.returncode:
        said = f"{done.stdout}\n{done.stderr}".strip()
        raise ServerFailed(f"{Path(command[0]).name} failed with {done.returncode}: {said}")


def _account(user: str | None) -> dict[str, Any]:
    if user is None:
        return {}
    return {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []}


class Daemon:
    """A server process on a free loopback port: start, stop, freeze.

    `command` makes its command line and `ready` says whether it answers, both for a given port.
    """

    def __init__(
        self,
        folder: Path,
        user: str | None,
        *,
        command: Callable[[int], Sequence[str | Path]],
        ready: Callable[[int], bool],
    ) -> None:
        self.port = 0
        self._folder = folder
        self._user = user
        self._command = command
        self._ready = ready
        self._process: subprocess.Popen[bytes] | None = None
        self._guard: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        if self._process is None:
            raise ServerFailed("the server is not running; start() it first")
        return self._process.pid

    def start(self) -> None:
        """Start and wait until it answers; the port of the first start is kept ever after."""
        for port in [self.port] if self.port else [free_port() for _ in range(PORT_TRIES)]:
            try:
                self._start_on(port)
            except EndedAtOnce:
                continue
            self.port = port
            return
        raise ServerFailed(self._words("ended at its start"))

    def stop(self, signum: signal.Signals = signal.SIGTERM) -> None:
        """End the server and keep its files; nothing happens when it is down already."""
        if self._guard is not None:
            self._guard.kill()
            self._guard.communicate()
            self._guard = None
        if self._process is None:
            return
        self._process.send_signal(signum)
        try:
            self._process.wait(STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Hold the server and its children still: connections stay open, nothing answers."""
        server = psutil.Process(self.pid)
        held = [server, *server.children(recursive=True)]
        for process in held:
            process.suspend()
        try:
            yield
        finally:
            for process in held:
                if process.is_running():
                    process.resume()

    def _start_on(self, port: int) -> None:
        with (self._folder / "log").open("ab") as log:
            # In a session of its own: Ctrl-C reaches the tests, which then stop it in order.
            self._process = subprocess.Popen(
                self._command(port),
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                **_account(self._user),
            )
        self._guard = subprocess.Popen(
            ["/bin/sh", "-c", GUARD, "guard", str(self.pid), str(self._folder)],
            stdin=subprocess.PIPE,
            start_new_session=True,
        )
        deadline = time.monotonic() + START_LIMIT_S
        while not self._ready(port):
            if self._process.poll() is not None:
                self.stop()
                raise EndedAtOnce
            if time.monotonic() > deadline:
                raise ServerFailed(self._words(f"gave no answer within {START_LIMIT_S} s"))
            time.sleep(0.05)

    def _words(self, what: str) -> str:
        log = (self._folder / "log").read_text(errors="replace")
        return f"the server in {self._folder} {what}; the end of its log:\n{log[-2000:]}"
