"""SQLAlchemy engines: our own store (read and write) and sources (read only, limited in time).

Nothing here knows a table. Passwords stay inside the URL object; `label` is what messages show.
"""

from __future__ import annotations

import os
import socket
import sqlite3
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import URL, make_url

from connectors.answering import connect_limited
from connectors.errors import SourceUnavailable, StoreUnavailable

WRITES = "deskpulse_write"  # option of a connection whose transaction writes
CONNECT_TIMEOUT_S = 5
STORE_CONNECT_S = 3
STORE_BUSY_MS = 20_000
# For libpq: a server that vanished without closing its connections is noticed after about 5 s.
NOTICE_CUT: Mapping[str, int] = {
    "tcp_user_timeout": 5_000,
    "keepalives_idle": 2,
    "keepalives_interval": 1,
    "keepalives_count": 3,
}


def parse_url(text: str) -> URL:
    """A URL with the drivers we ship filled in; ValueError in words without the URL itself."""
    try:
        url = make_url(text)
    except (sa.exc.ArgumentError, ValueError):
        raise ValueError(
            "the url is not a database URL; write e.g. postgresql://user:password@host/database"
        ) from None
    if "@" in (url.host or ""):  # what follows the first @ of the password would be shown as a host
        raise ValueError("the url has an @ too many; write an @ within the password as %40")
    drivers = {"postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg",
               "mysql": "mysql+pymysql", "mariadb": "mysql+pymysql"}  # fmt: skip
    return url.set(drivername=drivers.get(url.drivername, url.drivername))


def label(url: URL) -> str:
    """What a message may show of a URL: kind, host, port and database."""
    kind = url.get_backend_name()
    if kind == "sqlite":
        return f"SQLite file {Path(url.database or '(memory)').name}"
    place = url.host or "local socket"
    port = f":{url.port}" if url.port else ""
    return f"{kind} database '{url.database or ''}' at {place}{port}"


def store_engine(url: URL) -> sa.Engine:
    """The engine of our own store. SQLite gets WAL; PostgreSQL pings before use."""
    kind = url.get_backend_name()
    if kind == "sqlite":
        engine = sa.create_engine(
            url, connect_args={"timeout": STORE_BUSY_MS / 1000}, hide_parameters=True
        )
        sa.event.listen(engine, "connect", _prepare_sqlite_store)
        sa.event.listen(engine, "begin", _begin_sqlite)
        return engine
    if kind == "postgresql":
        options = "-c timezone=UTC -c statement_timeout=60000 -c lock_timeout=20000"
        engine = sa.create_engine(
            url,
            pool_pre_ping=True,
            pool_size=10,
            max_overflow=20,  # threads of a worker that all wait for a store that hangs
            pool_timeout=CONNECT_TIMEOUT_S,
            hide_parameters=True,  # values of customers have no place in a log
            paramstyle="format",
            connect_args={"connect_timeout": STORE_CONNECT_S, "options": options, **NOTICE_CUT},
        )
        sa.event.listen(engine, "do_connect", connect_limited)
        return engine
    raise StoreUnavailable(
        f"a store cannot be kept in {kind}; use sqlite:///… or postgresql://… in [store] url"
    )


def _prepare_sqlite_store(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves, see _begin_sqlite
    cursor = connection.cursor()
    for pragma in (
        f"busy_timeout={STORE_BUSY_MS}",  # first: switching to WAL may have to wait for others
        "journal_mode=WAL",
        "synchronous=NORMAL",
        "temp_store=MEMORY",
        "cache_size=-65536",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: sa.Connection) -> None:
    # A write that starts as a read cannot wait for the lock later (SQLITE_BUSY at once).
    write = connection.get_execution_options().get(WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


def source_engine(url: URL, *, timeout: timedelta) -> sa.Engine:
    """A read-only engine for a source: one connection, statements limited to `timeout`.

    Server-side limits end a slow statement; a server that hangs altogether is left by
    `cut_connection`, which the reader calls from a timer.
    """
    seconds = max(1, int(timeout.total_seconds()))
    kind = url.get_backend_name()
    common: dict[str, Any] = {
        "pool_size": 1, "max_overflow": 0, "pool_recycle": 3600, "hide_parameters": True,
    }  # fmt: skip
    if kind == "sqlite":
        path = Path(url.database or "")
        if not path.is_file():
            raise SourceUnavailable(f"the {label(url)} does not exist; check its url")
        uri = f"file:{path.resolve().as_posix()}?mode=ro"
        return sa.create_engine(
            "sqlite://",
            creator=lambda: sqlite3.connect(
                uri, uri=True, timeout=seconds, check_same_thread=False
            ),
            poolclass=sa.pool.QueuePool,
            **common,
        )
    if kind == "postgresql":
        options = (
            f"-c statement_timeout={seconds * 1000} -c default_transaction_read_only=on"
            " -c timezone=UTC -c idle_in_transaction_session_timeout=600000"
            " -c jit=off"  # compiling costs half a second and more, for reads of a few milliseconds
        )
        connect = {"connect_timeout": CONNECT_TIMEOUT_S, "options": options,
                   "application_name": "deskpulse"}  # fmt: skip
        return sa.create_engine(
            url, connect_args=connect, isolation_level="REPEATABLE READ", **common
        )
    if kind in ("mysql", "mariadb"):
        connect = {"connect_timeout": CONNECT_TIMEOUT_S, "read_timeout": seconds + 5,
                   "write_timeout": seconds + 5, "charset": "utf8mb4"}  # fmt: skip
        engine = sa.create_engine(
            url, connect_args=connect, isolation_level="REPEATABLE READ", **common
        )
        sa.event.listen(engine, "connect", _prepare_mysql(seconds))
        return engine
    try:
        return sa.create_engine(url, **common)
    except (sa.exc.ArgumentError, ImportError) as error:
        raise SourceUnavailable(
            f"no driver for {kind} databases is installed; install its SQLAlchemy dialect"
        ) from error


def _prepare_mysql(seconds: int) -> Any:
    def prepare(connection: Any, _record: object) -> None:
        cursor = connection.cursor()
        cursor.execute("SET SESSION TRANSACTION READ ONLY")
        cursor.execute("SET SESSION time_zone = '+00:00'")
        cursor.execute("SELECT VERSION()")
        mariadb = "mariadb" in str(cursor.fetchone()[0]).lower()
        limit = (
            f"SET SESSION max_statement_time = {seconds}"
            if mariadb
            else f"SET SESSION max_execution_time = {seconds * 1000}"
        )
        cursor.execute(limit)
        cursor.close()

    return prepare


def cut_connection(connection: sa.Connection) -> None:
    """End a read that hangs, from another thread: the reading thread then gets an error."""
    cut(connection.connection.driver_connection)


def cut(raw: Any) -> None:
    """The same for a driver's connection. OSError or the driver's own error where it is closed."""
    if isinstance(raw, sqlite3.Connection):
        raw.interrupt()
        return
    fileno = getattr(raw, "fileno", None)
    if fileno is None:
        return
    with socket.socket(fileno=os.dup(fileno())) as twin:
        twin.shutdown(socket.SHUT_RDWR)
