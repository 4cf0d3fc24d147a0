"""Reading a connected database: one read-only picture per poll, limited in time.

A reader gives raw rows; decode.py turns them into facts, sync.py decides what to read.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from connectors.engine import cut_connection, label, parse_url, source_engine
from connectors.errors import SchemaMismatch, SourceError, SourceUnavailable
from connectors.settings import SourceSettings
from connectors.statements import StatementSet

IDS_PER_READ = 500
GRACE_S = 5.0  # beyond the server's own limit, before we cut the connection ourselves


@dataclass(frozen=True, slots=True)
class RawRows:
    """What a statement gave: column names and rows, unchanged."""

    names: tuple[str, ...]
    rows: list[tuple[Any, ...]]


class Reader:
    """Runs statements inside one read transaction."""

    def __init__(self, source: Source, connection: sa.Connection, now: datetime) -> None:
        self._source = source
        self._connection = connection
        self.now = now.astimezone(UTC)
        zone = source.zone
        local = now.astimezone(zone or UTC).replace(tzinfo=None, microsecond=0)
        self._params: dict[str, Any] = {
            **source.params, "now_local": local,
            "now_utc": now.astimezone(UTC).replace(tzinfo=None, microsecond=0),
        }  # fmt: skip

    def rows(self, sql: str, **binds: Any) -> RawRows:
        """Run a statement; SourceError says what went wrong, never with the URL or a value."""
        clause, names = _prepared(sql, expanding="ids" in binds)
        given = {**self._params, **binds}
        used = {name: given[name] for name in names if name in given}
        with self._source.deadline(self._connection):
            result = self._connection.execute(clause, used)
            # The driver's own tuples: ten thousands of rows a second come through here.
            return RawRows(tuple(result.keys()), list(result.cursor.fetchall()))

    def by_ids(self, sql: str, ids: Sequence[Any]) -> RawRows:
        """Rows by key, in chunks; an empty list of ids reads nothing but the column names."""
        names: tuple[str, ...] = ()
        rows: list[tuple[Any, ...]] = []
        for start in range(0, len(ids), IDS_PER_READ):
            got = self.rows(sql, ids=list(ids[start : start + IDS_PER_READ]))
            names, rows = got.names, rows + got.rows
        return RawRows(names, rows)


class Source:
    """A connected database with its statements."""

    def __init__(self, settings: SourceSettings, statements: StatementSet) -> None:
        self.settings = settings
        self.name = settings.name
        self.statements = statements
        self.params: Mapping[str, Any] = {**statements.defaults, **settings.params}
        self.zone = settings.timezone or _declared_zone(statements)
        self._url = parse_url(settings.url.get_secret_value())
        self.label = label(self._url)
        self._engine: sa.Engine | None = None
        self._overran = False
        self._file: tuple[int, int] | None = None

    @contextmanager
    def connection(self) -> Iterator[sa.Connection]:
        """A read-only connection; errors come out as SourceError."""
        try:
            self._leave_replaced_file()
            if self._engine is None:
                self._engine = source_engine(self._url, timeout=self.settings.timeout)
            with self._engine.connect() as connection:
                if self._url.get_backend_name() == "sqlite":
                    connection.exec_driver_sql("PRAGMA query_only=ON")
                yield connection
                connection.rollback()
        except SourceError:
            raise
        except sa.exc.DBAPIError as error:
            lost = error.connection_invalidated or isinstance(error, sa.exc.InterfaceError)
            raise self._plain(error.orig or error, lost=lost) from error
        except Exception as error:  # rows are fetched from the driver itself, see Reader.rows
            driver = None if self._engine is None else self._engine.dialect.loaded_dbapi
            if not isinstance(error, OSError | getattr(driver, "Error", OSError)):
                raise
            self.close()  # whatever state that connection is in
            raise self._plain(error, lost=False) from error

    @contextmanager
    def reading(self, now: datetime) -> Iterator[Reader]:
        """One read transaction as of `now`."""
        with self.connection() as connection:
            yield Reader(self, connection, now)

    @contextmanager
    def deadline(self, connection: sa.Connection) -> Iterator[None]:
        """Cut the connection when the server answers neither us nor its own time limit."""

        def cut() -> None:
            self._overran = True
            cut_connection(connection)

        self._overran = False
        timer = threading.Timer(self.settings.timeout.total_seconds() + GRACE_S, cut)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def close(self) -> None:
        if self._engine is not None:
            self._engine.dispose()
            self._engine = None

    def _leave_replaced_file(self) -> None:
        """An open SQLite file stays readable after it was deleted or replaced: look at the name."""
        if self._url.get_backend_name() != "sqlite":
            return
        try:
            found = Path(self._url.database or "").stat()
            seen: tuple[int, int] | None = (found.st_dev, found.st_ino)
        except OSError:
            seen = None
        if seen != self._file:
            self.close()
        self._file = seen

    def _plain(self, error: BaseException, *, lost: bool) -> SourceError:
        who = f"source '{self.name}' ({self.label})"
        text = " ".join(str(error).split())
        lowered = text.lower()
        if self._overran or any(word in lowered for word in _SLOW):
            seconds = self.settings.timeout.total_seconds()
            return SourceUnavailable(
                f"{who} gave no answer within {seconds:g} s; see `deskpulse check` for missing "
                "indexes, or raise its timeout"
            )
        if match := _MISSING.search(text):
            what = next(group for group in match.groups() if group)
            return SchemaMismatch(
                f"{who} has no table or column '{what}'; check its preset or statements"
            )
        if any(word in lowered for word in _REFUSED):
            return SourceUnavailable(f"{who} refused the user or password; check its url")
        if "denied" in lowered or "permission" in lowered:
            return SourceUnavailable(
                f"{who} does not let this user read a table it needs; grant SELECT on it"
            )
        if _NO_DATABASE.search(text):
            return SourceUnavailable(f"{who}: the server has no such database; check its url")
        if lost or isinstance(error, OSError) or any(word in lowered for word in _LOST):
            return SourceUnavailable(f"{who} cannot be reached; check its url and that it is up")
        return SchemaMismatch(f"{who} could not run a statement: {_first(text)}")


_SLOW = ("statement timeout", "max_statement_time", "execution time exceeded", "timed out",
         "interrupted")  # fmt: skip
_LOST = ("connect", "server closed", "gone away", "lost", "refused", "terminat", "shut down",
         "starting up", "recovery", "broken pipe", "reset by peer", "unable to open",
         "resolve host")  # fmt: skip
_REFUSED = ("password authentication failed", "access denied for user", "no password supplied",
            'role "')  # fmt: skip
_NO_DATABASE = re.compile(r"database \"[^\"]*\" does not exist|Unknown database")
_MISSING = re.compile(
    r"no such (?:table|column): ([\w.\"]+)"
    r"|(?:relation|column) \"?([\w.\"]+?)\"? does not exist"
    r"|Table '([\w.]+)' doesn't exist|Unknown column '([\w.]+)'"
)


@lru_cache(maxsize=512)  # the same few at every poll
def _prepared(sql: str, *, expanding: bool) -> tuple[sa.TextClause, tuple[str, ...]]:
    """A statement with the names of its parameters; `expanding`: with a list of ids."""
    clause = _text(sql)
    if expanding:
        clause = clause.bindparams(sa.bindparam("ids", expanding=True))
    return clause, tuple(clause.compile().params)


def _text(sql: str) -> sa.TextClause:
    """A clause whose colons inside quoted text are text."""
    return sa.text(
        re.sub(r"'(?:[^']|'')*'", lambda quoted: quoted.group(0).replace(":", r"\:"), sql)
    )


def _declared_zone(statements: StatementSet) -> Any:
    from zoneinfo import ZoneInfo

    return ZoneInfo(statements.timezone) if statements.timezone else None


def _first(text: str) -> str:
    return re.split(r"\bLINE \d|\[SQL|\bDETAIL", text)[0].strip()[:160]
