"""A private MariaDB server for tests and benchmarks."""

from __future__ import annotations

import itertools
import os
import shutil
import signal
from collections.abc import Mapping
from contextlib import AbstractContextManager, closing, suppress
from pathlib import Path
from typing import Any, Self

import pymysql
import pymysql.cursors

from tests.daemon import (
    ADMIN,
    OWNER,
    PASSWORDS,
    READER,
    Daemon,
    Database,
    StatementTotals,
    find_program,
    run_tool,
    scratch_folder,
)

# Nothing is forced to the disk, yet a commit outlives crash(): the system's cache has it.
FAST_SETTINGS = {
    "bind-address": "127.0.0.1",
    "socket": "s.sock",  # relative to the data folder: a long path would not fit a socket address
    "character-set-server": "utf8mb4",
    "collation-server": "utf8mb4_unicode_ci",
    "skip-name-resolve": "ON",
    "innodb-flush-log-at-trx-commit": "2",
    "innodb-flush-method": "nosync",
    "performance-schema": "OFF",
}


class MariaDBServer:
    """A private MariaDB server, utf8mb4; `settings` win over the fast ones."""

    def __init__(
        self, folder: Path | None = None, *, settings: Mapping[str, str] | None = None
    ) -> None:
        self._parent = folder
        self._settings = {**FAST_SETTINGS, **(settings or {})}
        self._names = (f"db{number}" for number in itertools.count(1))

    def __enter__(self) -> Self:
        # Debian keeps the server in a folder that only root has on the PATH.
        sbin = [Path("/usr/sbin"), Path("/usr/libexec")]
        package = "mariadb-server-core"
        self._program = find_program(["mariadbd", "mysqld"], package=package, folders=sbin)
        install = find_program(["mariadb-install-db", "mysql_install_db"], package=package)
        self._folder = scratch_folder("mariadb", parent=self._parent, user=None)
        self._daemon = Daemon(self._folder, None, command=self._command, ready=self._answers)
        try:
            self._initialise(install)
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.crash()
        shutil.rmtree(self._folder, ignore_errors=True)

    def start(self) -> None:
        """Start it again after stop() or crash(), on the same port with the same data."""
        self._daemon.start()

    def stop(self) -> None:
        """Shut down in order; open sessions are cut."""
        self._daemon.stop()

    def crash(self) -> None:
        """End at once; the next start recovers."""
        self._daemon.stop(signal.SIGKILL)

    def frozen(self) -> AbstractContextManager[None]:
        """Within the block every session hangs and new ones get no answer."""
        return self._daemon.frozen()

    def url(self, name: str, *, user: str = OWNER) -> str:
        place = f"{user}:{PASSWORDS[user]}@127.0.0.1:{self._daemon.port}"
        return f"mysql+pymysql://{place}/{name}?charset=utf8mb4"

    def create_database(self, name: str | None = None) -> Database:
        name = name or next(self._names)
        self._execute(f"CREATE DATABASE `{name}`")
        self._execute(f"GRANT ALL ON `{name}`.* TO {OWNER}@'127.0.0.1'")
        self._execute(f"GRANT SELECT, SHOW VIEW ON `{name}`.* TO {READER}@'127.0.0.1'")
        return Database(name, self.url(name), self.url(name, user=READER))

    def drop_database(self, database: Database) -> None:
        """Cuts sessions that are still open in it: their locks would hold the DROP up."""
        query = "SELECT id FROM information_schema.processlist WHERE db = %s"
        for (session,) in self._fetch(query, database.name):
            with suppress(pymysql.err.OperationalError):  # ended by itself
                self._execute(f"KILL CONNECTION {session}")
        self._execute(f"DROP DATABASE IF EXISTS `{database.name}`")

    def statements(self, user: str = READER) -> StatementTotals:
        """Calls and execution time of all that `user` has run.

        Needs a server with settings={"performance-schema": "ON"}.
        """
        query = """SELECT coalesce(sum(count_star), 0), coalesce(sum(sum_timer_wait), 0) / 1e9
                   FROM performance_schema.events_statements_summary_by_user_by_event_name
                   WHERE user = %s AND event_name LIKE 'statement/sql/%%'"""
        [(calls, milliseconds)] = self._fetch(query, user)
        return StatementTotals(int(calls), float(milliseconds))

    def _initialise(self, install: Path) -> None:
        data = self._folder / "data"
        options = ["--no-defaults", f"--datadir={data}", "--skip-test-db", "--skip-name-resolve"]
        auth = "--auth-root-authentication-method=normal"
        run_tool([install, *options, auth, *_as_root()], user=None)
        accounts = [f"ALTER USER root@localhost IDENTIFIED BY '{PASSWORDS[ADMIN]}';"]
        for user, password in PASSWORDS.items():
            account = f"{user}@'127.0.0.1'"
            accounts.append(f"CREATE USER IF NOT EXISTS {account} IDENTIFIED BY '{password}';")
        accounts.append(f"GRANT ALL ON *.* TO {ADMIN}@'127.0.0.1' WITH GRANT OPTION;")
        (self._folder / "accounts.sql").write_text("\n".join(accounts) + "\n")

    def _command(self, port: int) -> list[str | Path]:
        settings = [f"--{name}={value}" for name, value in self._settings.items()]
        files = [f"--datadir={self._folder / 'data'}", f"--pid-file={self._folder / 'pid'}"]
        files.append(f"--init-file={self._folder / 'accounts.sql'}")
        return [self._program, "--no-defaults", *files, f"--port={port}", *settings, *_as_root()]

    def _answers(self, port: int) -> bool:
        try:
            self._connect(port).close()
        except pymysql.err.OperationalError:
            return False
        return True

    def _execute(self, statement: str) -> None:
        with closing(self._connect(self._daemon.port)) as connection:
            connection.cursor().execute(statement)

    def _fetch(self, query: str, value: str) -> tuple[tuple[Any, ...], ...]:
        with closing(self._connect(self._daemon.port)) as connection:
            cursor = connection.cursor()
            cursor.execute(query, (value,))
            return cursor.fetchall()

    def _connect(self, port: int) -> pymysql.Connection[pymysql.cursors.Cursor]:
        return pymysql.connect(
            host="127.0.0.1",
            port=port,
            user=ADMIN,
            password=PASSWORDS[ADMIN],
            autocommit=True,
            connect_timeout=5,
        )


def _as_root() -> list[str]:
    """MariaDB runs as root only when told so."""
    return ["--user=root"] if os.geteuid() == 0 else []
