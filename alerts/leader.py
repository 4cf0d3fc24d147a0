"""Which worker leads: exactly one per store, known by a lock that dies with its holder.

PostgreSQL: an advisory lock on a connection of its own (not through a pooler that shares
connections between transactions). SQLite: a file lock beside the store. A leader that lost its
lock without noticing is stopped by its term, which every write checks (store.py).
"""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO, Protocol

import psycopg
import sqlalchemy as sa
from sqlalchemy.engine import URL

from alerts.errors import AlertsError
from connectors.answering import connect_limited, limit_answers
from connectors.engine import CONNECT_TIMEOUT_S, NOTICE_CUT, cut, parse_url

LOCK_KEY = 0x6465736B70756C73  # "deskpuls" in ASCII
ASK_EVERY_S = 0.5
FOR_EVER_S = 10 * 365 * 86_400.0


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
    """pg_try_advisory_lock; the server gives it back when the connection ends.

    While a server hangs, the lock is held: nobody else gets it either, and what is written
    meanwhile is refused if somebody did (the term). A thread of its own asks, and may wait.
    """

    def __init__(self, url: URL, worker: str) -> None:
        self._engine = sa.create_engine(
            url,
            poolclass=sa.pool.NullPool,
            isolation_level="AUTOCOMMIT",
            connect_args={
                "connect_timeout": CONNECT_TIMEOUT_S,
                "application_name": f"deskpulse leader {worker}"[:63],
                **NOTICE_CUT,
            },
        )
        sa.event.listen(self._engine, "do_connect", connect_limited)
        self._connection: sa.Connection | None = None
        self._driver: object = None
        self._lost = threading.Event()

    def acquire(self) -> bool:
        if self._connection is not None:
            return self.held()
        try:
            connection = self._engine.connect()
        except sa.exc.DBAPIError:
            return False
        if not _ask(connection, "SELECT pg_try_advisory_lock(:key)"):
            _drop(connection)
            return False
        limit_answers(connection, FOR_EVER_S)
        self._connection, self._lost = connection, threading.Event()
        self._driver = connection.connection.driver_connection
        threading.Thread(
            target=_watch, args=(connection, self._lost), name="leadership", daemon=True
        ).start()
        return True

    def held(self) -> bool:
        """The lock lives as long as its connection, so an answer on that is proof."""
        if self._connection is None:
            return False
        return not self._lost.is_set() or self._lose()

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

    def _lose(self) -> bool:
        if self._connection is not None:
            with suppress(OSError, psycopg.Error):  # it is closed already
                cut(self._driver)  # ends the watching thread's wait, however long
            self._lost.set()
            self._connection = self._driver = None
        return False


def _watch(connection: sa.Connection, lost: threading.Event) -> None:
    """Ask every second whether the connection lives."""
    while not lost.wait(ASK_EVERY_S) and _ask(connection, "SELECT true"):
        pass
    lost.set()
    _drop(connection)


def _ask(connection: sa.Connection, query: str) -> bool:
    try:
        return bool(connection.execute(sa.text(query), {"key": LOCK_KEY}).scalar())
    except (sa.exc.SQLAlchemyError, psycopg.Error):
        return False


def _drop(connection: sa.Connection) -> None:
    connection.invalidate()  # closes it without a word to a server that may be gone
    connection.close()


LOCKS: dict[str, Callable[[URL, str], Leadership]] = {
    "sqlite": FileLock,
    "postgresql": AdvisoryLock,
}
