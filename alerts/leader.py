"""Which worker leads: exactly one per store, known by a lock that dies with its holder.

PostgreSQL: an advisory lock on a connection of its own (not through a pooler that shares
connections between transactions). SQLite: a file lock beside the store. A leader that lost its
lock without noticing is stopped by its term, which every write checks (store.py).
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from pathlib import Path
from typing import IO, Protocol

import sqlalchemy as sa
from sqlalchemy.engine import URL

from alerts.errors import AlertsError
from connectors.engine import CONNECT_TIMEOUT_S, parse_url

LOCK_KEY = 0x6465736B70756C73  # "deskpuls" in ASCII
# A server that vanished without closing its connections is noticed after this long.
SILENCE_MS = 5_000


class Leadership(Protocol):
    def acquire(self) -> bool:
        """Try once; True when this process leads now."""
        ...

    def held(self) -> bool:
        """Whether it still leads. False = stop at once."""
        ...

    def holder(self) -> str:
        """Who leads, for the message of a worker that stands by."""
        ...

    def release(self) -> None: ...


def open_leadership(url: str, *, worker: str) -> Leadership:
    """The lock of the store at `url`; nothing is locked yet."""
    parsed = parse_url(url)
    return LOCKS[parsed.get_backend_name()](parsed, worker)


class FileLock:
    """flock on `<store>.leader`; the kernel gives it back however the process ends."""

    def __init__(self, url: URL, worker: str) -> None:
        if not url.database or url.database == ":memory:":
            raise AlertsError("a worker needs a store that others can see; set [store] url")
        self._path = Path(f"{url.database}.leader")
        self._worker = worker
        self._file: IO[str] | None = None

    def acquire(self) -> bool:
        if self._file is not None:
            return self.held()
        file = self._path.open("a+")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return False
        file.truncate(0)
        file.write(self._worker)
        file.flush()
        self._file = file
        return self.held()

    def held(self) -> bool:
        """A lock on a file that somebody removed or replaced keeps nobody else out."""
        if self._file is None:
            return False
        try:
            there, ours = self._path.stat(), os.fstat(self._file.fileno())
        except OSError:
            return self._lose()
        same = (there.st_dev, there.st_ino) == (ours.st_dev, ours.st_ino)
        return same or self._lose()

    def holder(self) -> str:
        try:
            return self._path.read_text() or "another worker"
        except OSError:
            return "another worker"

    def release(self) -> None:
        self._lose()

    def _lose(self) -> bool:
        if self._file is not None:
            self._file.close()
            self._file = None
        return False


class AdvisoryLock:
    """pg_try_advisory_lock; the server gives it back when the connection ends."""

    def __init__(self, url: URL, worker: str) -> None:
        self._engine = sa.create_engine(
            url,
            poolclass=sa.pool.NullPool,
            isolation_level="AUTOCOMMIT",
            connect_args={
                "connect_timeout": CONNECT_TIMEOUT_S,
                "application_name": f"deskpulse leader {worker}"[:63],
                "options": f"-c statement_timeout={SILENCE_MS}",
                "tcp_user_timeout": SILENCE_MS,
                "keepalives_idle": 2,
                "keepalives_interval": 1,
                "keepalives_count": 3,
            },
        )
        self._connection: sa.Connection | None = None

    def acquire(self) -> bool:
        if self._connection is not None:
            return self.held()
        try:
            connection = self._engine.connect()
        except sa.exc.DBAPIError:
            return False
        if not self._ask(connection, "SELECT pg_try_advisory_lock(:key)"):
            connection.close()
            return False
        self._connection = connection
        return True

    def held(self) -> bool:
        """The lock lives as long as its connection, so an answer on that is proof."""
        if self._connection is None:
            return False
        return self._ask(self._connection, "SELECT true") or self._lose()

    def holder(self) -> str:
        query = """SELECT a.application_name FROM pg_locks l JOIN pg_stat_activity a USING (pid)
                   WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
                     AND l.classid = (:key >> 32) AND l.objid = (:key & 4294967295)
                     AND l.database = (SELECT oid FROM pg_database
                                       WHERE datname = current_database())"""
        try:
            with self._engine.connect() as connection:
                name = connection.execute(sa.text(query), {"key": LOCK_KEY}).scalar()
        except sa.exc.DBAPIError:
            name = None
        return str(name or "another worker").removeprefix("deskpulse leader ")

    def release(self) -> None:
        self._lose()
        self._engine.dispose()

    def _ask(self, connection: sa.Connection, query: str) -> bool:
        try:
            return bool(connection.execute(sa.text(query), {"key": LOCK_KEY}).scalar())
        except sa.exc.DBAPIError:
            return False

    def _lose(self) -> bool:
        if self._connection is not None:
            self._connection.invalidate()  # closes it without a word to a server that may be gone
            self._connection.close()
            self._connection = None
        return False


LOCKS: dict[str, Callable[[URL, str], Leadership]] = {
    "sqlite": FileLock,
    "postgresql": AdvisoryLock,
}
