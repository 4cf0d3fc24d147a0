"""Opening our own store: engine, migrations, transactions. What is in it: schema.py."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import URL

from connectors.answering import ANSWER_WITHIN_S, PING_WITHIN_S, limit_answers
from connectors.engine import WRITES, label, parse_url, store_engine
from connectors.errors import StoreNotReady, StoreUnavailable

HEAD = "0017"  # the newest migration; a test compares it with migrations/versions
MIGRATING = 0x6465736B_6D696772  # "deskmigr"
MIGRATED_WITHIN = timedelta(hours=2)
_MIGRATIONS = Path(__file__).parent / "migrations"


class Store:
    """An open store. Safe to share between threads; every transaction takes its own connection."""

    def __init__(self, engine: sa.Engine, *, within_s: float = ANSWER_WITHIN_S) -> None:
        self.engine = engine
        self.label = label(engine.url)
        self.is_postgresql = engine.dialect.name == "postgresql"
        self._within_s = within_s

    def within(self, span: timedelta) -> Store:
        """The same store for those who can't wait: an answer must come within `span`."""
        return Store(self.engine, within_s=span.total_seconds())

    @contextmanager
    def begin(self) -> Iterator[sa.Connection]:
        """A write transaction: committed at the end, rolled back on any error."""
        with self._connected(**{WRITES: True}) as connection, connection.begin():
            yield connection

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """A read transaction: one consistent picture."""
        options = {"isolation_level": "REPEATABLE READ"} if self.is_postgresql else {}
        with self._connected(**options) as connection, connection.begin():
            yield connection

    @contextmanager
    def alone(self) -> Iterator[sa.Connection]:
        """A connection without a transaction: for locks that outlive one."""
        with self._connected() as connection:
            yield connection.execution_options(isolation_level="AUTOCOMMIT")

    def close(self) -> None:
        self.engine.dispose()

    @contextmanager
    def _connected(self, **options: Any) -> Iterator[sa.Connection]:
        with self._guarded(), self.engine.connect() as connection:
            limit_answers(connection, self._within_s)
            try:
                yield connection.execution_options(**options)
            finally:
                if not connection.invalidated:
                    limit_answers(connection, PING_WITHIN_S)

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            yield
        except (sa.exc.IntegrityError, sa.exc.DataError, sa.exc.ProgrammingError):
            raise  # our own mistake, not the store's
        except sa.exc.DBAPIError as error:
            raise StoreUnavailable(_plain(self.label, error)) from error
        except sa.exc.TimeoutError as error:
            raise StoreUnavailable(
                f"the store ({self.label}) is busy: all connections are in use; try again"
            ) from error


def open_store(url: str, *, migrate: bool = False) -> Store:
    """Open the store; with `migrate` it is created and brought to the newest version.

    Raises StoreUnavailable (cannot be reached or written) and StoreNotReady (not created yet, or
    of another version).
    """
    try:
        parsed = parse_url(url)
    except ValueError as error:
        raise StoreUnavailable(f"[store] url: {error}") from None
    _require_place(parsed, migrate=migrate)
    store = Store(store_engine(parsed))
    try:
        _bring_to_head(store, migrate=migrate)
    except BaseException:
        store.close()
        raise
    return store


def _require_place(url: URL, *, migrate: bool) -> None:
    if url.get_backend_name() != "sqlite" or not url.database:
        return
    path = Path(url.database)
    if path.exists():
        return
    if not migrate:
        raise StoreNotReady(
            f"the store ({label(url)}) does not exist yet; run `deskpulse sync` to create and "
            "fill it"
        )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreUnavailable(
            f"the folder of the store ({label(url)}) cannot be made: {error.strerror}; "
            "check [store] url"
        ) from error


def _bring_to_head(store: Store, *, migrate: bool) -> None:
    with store.read() as connection:
        version = _version(connection)
    if version == HEAD:
        return
    if not migrate:
        raise StoreNotReady(
            f"the store ({store.label}) is "
            + ("empty" if version is None else f"of version {version}, this program needs {HEAD}")
            + "; run `deskpulse migrate`"
        )
    _upgrade(store)


def _version(connection: sa.Connection) -> str | None:
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    return connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()


def _upgrade(store: Store) -> None:
    # Imported here: it takes a fifth of a second, and most commands never migrate.
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    try:
        with store.within(MIGRATED_WITHIN).begin() as connection:
            if store.is_postgresql:  # two programs may start on a new store at once
                connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(MIGRATING)))
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except CommandError as error:
        raise StoreNotReady(
            f"the store ({store.label}) was made by a newer program; update Deskpulse"
        ) from error


def _plain(name: str, error: sa.exc.DBAPIError) -> str:
    """One sentence about a database error, without statement, values or URL."""
    text = str(error.orig).strip().splitlines()[0] if error.orig else "no answer"
    lowered = text.lower()
    if "no answer within" in lowered or "timeout expired" in lowered:
        return f"the store ({name}) does not answer; it hangs, look at its server"
    if "disk is full" in lowered or "no space left" in lowered:
        return f"the store ({name}) cannot be written: its disk is full; free some space"
    if "disk i/o error" in lowered:
        return f"the store ({name}) cannot be written: its disk fails or is full; look at it"
    if "readonly" in lowered or "read-only" in lowered:
        return f"the store ({name}) cannot be written: it is read-only; check its permissions"
    if "locked" in lowered:
        return f"the store ({name}) stayed locked by another process; end the one that holds it"
    if "unable to open" in lowered:
        return f"the store ({name}) cannot be opened; check [store] url and permissions"
    if "password" in lowered or "authentication" in lowered:
        return f"the store ({name}) refused user or password; check [store] url"
    if "not a database" in lowered or "malformed" in lowered:
        return f"the store ({name}) is damaged; restore it or start a new one with `deskpulse sync`"
    return f"the store ({name}) cannot be used: {text[:120]}"
