"""A private PostgreSQL cluster for tests and benchmarks."""

from __future__ import annotations

import itertools
import os
import shutil
import signal
from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Self

import psycopg

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
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "shared_preload_libraries": "pg_stat_statements",
    "max_connections": "100",
    "fsync": "off",
    "full_page_writes": "off",
}
# Debian and Red Hat keep the server programs of each release in a folder of its own, off the PATH.
PROGRAM_FOLDERS = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin")


class PostgresServer:
    """A private PostgreSQL cluster with pg_stat_statements; `settings` win over the fast ones."""

    def __init__(
        self, folder: Path | None = None, *, settings: Mapping[str, str] | None = None
    ) -> None:
        self._parent = folder
        self._settings = {**FAST_SETTINGS, **(settings or {})}
        self._names = (f"db{number}" for number in itertools.count(1))

    def __enter__(self) -> Self:
        user = "postgres" if os.geteuid() == 0 else None  # it refuses to run as root
        folders = sorted(
            (folder for pattern in PROGRAM_FOLDERS for folder in Path("/").glob(pattern[1:])),
            key=lambda folder: int("".join(filter(str.isdigit, str(folder)))),
            reverse=True,
        )
        initdb = find_program(["initdb"], package="postgresql", folders=folders)
        self._programs = initdb.resolve().parent
        self._folder = scratch_folder("postgres", parent=self._parent, user=user)
        self._daemon = Daemon(self._folder, user, command=self._command, ready=self._answers)
        try:
            self._initialise(user)
            self.start()
            self._create_roles()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.crash()  # nothing here is worth a checkpoint
        shutil.rmtree(self._folder, ignore_errors=True)

    def start(self) -> None:
        """Start it again after stop() or crash(), on the same port with the same data."""
        self._daemon.start()

    def stop(self) -> None:
        """Shut down in order; open sessions are cut."""
        self._daemon.stop(signal.SIGINT)

    def crash(self) -> None:
        """End at once without a checkpoint; the next start recovers."""
        self._daemon.stop(signal.SIGQUIT)

    def frozen(self) -> AbstractContextManager[None]:
        """Within the block every session hangs and new ones get no answer."""
        return self._daemon.frozen()

    def url(self, name: str, *, user: str = OWNER) -> str:
        place = f"{user}:{PASSWORDS[user]}@127.0.0.1:{self._daemon.port}"
        return f"postgresql+psycopg://{place}/{name}"

    def create_database(self, name: str | None = None) -> Database:
        name = name or next(self._names)
        self._execute(f'CREATE DATABASE "{name}" OWNER {OWNER} TEMPLATE template0')
        return Database(name, self.url(name), self.url(name, user=READER))

    def drop_database(self, database: Database) -> None:
        """Also when sessions are still open in it."""
        self._execute(f'DROP DATABASE IF EXISTS "{database.name}" WITH (FORCE)')

    def statements(self, user: str = READER) -> StatementTotals:
        """Calls and execution time of all that `user` has run, from pg_stat_statements."""
        query = """SELECT coalesce(sum(calls), 0)::bigint, coalesce(sum(total_exec_time), 0)::float8
                   FROM pg_stat_statements s JOIN pg_roles r ON r.oid = s.userid
                   WHERE r.rolname = %s"""
        with self._connect(self._daemon.port) as connection:
            row = connection.execute(query, (user,)).fetchone()
        return StatementTotals(*row) if row else StatementTotals(0, 0.0)

    def _initialise(self, user: str | None) -> None:
        secret = self._folder / "secret"
        secret.write_text(PASSWORDS[ADMIN])
        secret.chmod(0o644)  # the folder is private already
        account = ["-U", ADMIN, f"--pwfile={secret}", "-A", "scram-sha-256"]
        data = ["-D", str(self._folder / "data"), "-E", "UTF8", "--locale=C", "--no-sync"]
        run_tool([self._programs / "initdb", *account, *data], user=user)

    def _command(self, port: int) -> list[str | Path]:
        settings = [f"--{name}={value}" for name, value in self._settings.items()]
        program = self._programs / "postgres"
        return [program, "-D", self._folder / "data", f"--port={port}", *settings]

    def _create_roles(self) -> None:
        self._execute("CREATE EXTENSION pg_stat_statements")
        for role in (OWNER, READER):
            self._execute(f"CREATE ROLE {role} LOGIN PASSWORD '{PASSWORDS[role]}'")
        self._execute(f"GRANT pg_read_all_data TO {READER}")

    def _answers(self, port: int) -> bool:
        try:
            self._connect(port).close()
        except psycopg.OperationalError:
            return False
        return True

    def _execute(self, statement: str) -> None:
        with self._connect(self._daemon.port) as connection:
            connection.execute(statement.encode())

    def _connect(self, port: int) -> psycopg.Connection:
        return psycopg.connect(
            host="127.0.0.1",
            port=port,
            dbname="postgres",
            user=ADMIN,
            password=PASSWORDS[ADMIN],
            autocommit=True,
            connect_timeout=5,
        )
