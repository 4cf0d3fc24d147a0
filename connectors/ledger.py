"""What the sync of one source remembers in the store: marks, progress, health, bad rows.

Everything is written inside the caller's transaction; memory follows only after the commit.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from connectors import schema
from connectors.changes import Mark, mark_from_json, mark_to_json
from connectors.delivered import columns_of, save_columns
from connectors.errors import ConnectorError
from connectors.facts import DUPLICATE
from connectors.settings import SourceSettings
from connectors.statements import StatementSet
from connectors.store import Store
from connectors.write import take_turn


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What a source can tell at all: what it cannot is unknown, not zero."""

    presence: bool
    waits: bool
    agents: bool
    columns: frozenset[str]


def knowledge_of(statements: StatementSet) -> Knowledge:
    """Read off the columns that its statements name."""
    contacts = statements.rows("contacts")
    named = set(re.findall(r"\w+", contacts.sql)) if contacts is not None else set()
    presence = statements.rows("presence") is not None
    columns = columns_of(statements)
    return Knowledge(presence, "waiting_since" in named, "agent_id" in named, columns)


class Ledger:
    """The marks and the health row of one source."""

    def __init__(self, store: Store, source: str, *, poll_s: float) -> None:
        self._store = store
        self._source = source
        self._poll_s = poll_s
        self.marks: dict[str, Mark] = {}
        self.complete: set[str] = set()
        self.bad: dict[str, set[str]] = {}  # fact -> ids of rows that were rejected
        self.doubled: dict[str, set[str]] = {}  # fact -> ids that have more than one row
        self.reconciled_at: datetime | None = None
        self.trouble: str | None = None  # with the history, while polls go well
        self._load()

    def save_marks(
        self, connection: sa.Connection, marks: Mapping[str, Mark], *, complete: str | None = None
    ) -> None:
        """Write marks; `complete` names the statement whose history has been read to the end."""
        for statement, mark in marks.items():
            done = statement in self.complete or statement == complete or ".touched" in statement
            values = {"mark": mark_to_json(mark), "complete": done}
            where = {"source": self._source, "statement": statement}
            _upsert(connection, schema.marks, where, values)

    def accept(self, marks: Mapping[str, Mark], *, complete: str | None = None) -> None:
        """After the commit: what `save_marks` wrote is now so."""
        self.marks.update(marks)
        if complete is not None:
            self.complete.add(complete)

    def heard(
        self, connection: sa.Connection, now: datetime, *, whole: bool, knows: Knowledge
    ) -> None:
        """The source was read as of `now`; `whole` when its history is in the store too."""
        self._save(connection, status="ok" if whole else "backfill", as_of=now, tried_at=now,
                   error=self.trouble, presence_known=knows.presence, waits_known=knows.waits,
                   agents_known=knows.agents)  # fmt: skip
        save_columns(connection, self._source, knows.columns)

    def derived(self, connection: sa.Connection) -> None:
        """All numbers are those of the last read: note its moment before the next one's facts."""
        table = schema.sources
        connection.execute(
            table.update().where(table.c.source == self._source).values(kpis_as_of=table.c.as_of)
        )

    def failed(self, connection: sa.Connection, now: datetime, error: str) -> None:
        """The source could not be read; its figures keep their age."""
        self._save(connection, status="down", tried_at=now, error=error)

    def counted(self, connection: sa.Connection, rows: int) -> None:
        """So many facts were new or changed."""
        table = schema.sources
        if rows:
            connection.execute(
                table.update()
                .where(table.c.source == self._source)
                .values(rows=table.c.rows + rows)
            )

    def progressed(self, connection: sa.Connection, done: int, total: int | None) -> None:
        """The back-fill has come this far."""
        self._save(connection, backfill_done=done, backfill_total=total)

    def reconciled(self, connection: sa.Connection, now: datetime) -> None:
        table = schema.marks
        connection.execute(
            table.update().where(table.c.source == self._source).values(reconciled_at=now)
        )

    def _save(self, connection: sa.Connection, **values: Any) -> None:
        first = {"status": "ok", "rows": 0}
        where = {"source": self._source}
        _upsert(connection, schema.sources, where, {**values, "poll_s": self._poll_s}, first)

    def _load(self) -> None:
        marks, bad = schema.marks, schema.rejected
        with self._store.read() as connection:
            for row in connection.execute(marks.select().where(marks.c.source == self._source)):
                self.marks[row.statement] = mark_from_json(row.mark)
                if row.complete:
                    self.complete.add(row.statement)
                self.reconciled_at = row.reconciled_at
            query = sa.select(bad.c.fact, bad.c.row_id, bad.c.reason).where(
                bad.c.source == self._source
            )
            for fact, row_id, reason in connection.execute(query):
                self.bad.setdefault(fact, set()).add(row_id)
                if reason == DUPLICATE:
                    self.doubled.setdefault(fact, set()).add(row_id)


def record_failure(
    store: Store, settings: SourceSettings, now: datetime, error: ConnectorError
) -> None:
    """A source could not be read, or not even opened."""
    ledger = Ledger(store, settings.name, poll_s=settings.poll.total_seconds())
    with store.begin() as connection:
        ledger.failed(connection, now, str(error))


def customer_secret(store: Store) -> bytes:
    """The key under which customers are hashed: made once per store, never leaves it."""
    table = schema.meta
    name = "customer_secret"
    with store.begin() as connection:
        take_turn(connection)
        found = connection.execute(
            sa.select(table.c.value).where(table.c.name == name)
        ).scalar_one_or_none()
        if found is None:
            found = secrets.token_hex(32)
            connection.execute(table.insert().values(name=name, value=found))
    return bytes.fromhex(found)


def _upsert(
    connection: sa.Connection,
    table: sa.Table,
    where: Mapping[str, Any],
    values: Mapping[str, Any],
    first: Mapping[str, Any] | None = None,
) -> None:
    """Update the row; insert it, with `first` for what is still unknown, when there is none."""
    matches = [table.c[name] == value for name, value in where.items()]
    done = connection.execute(table.update().where(*matches).values(**values))
    if done.rowcount == 0:
        connection.execute(table.insert().values(**{**(first or {}), **where, **values}))
