"""A help desk in a SQLite file for the sync tests, and the facts it should become."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from connectors import schema
from connectors.connect import connect
from connectors.settings import SourceSettings
from connectors.store import Store, open_store
from connectors.sync import SourceSync

START = datetime(2026, 11, 10, 12, tzinfo=UTC)
COLUMNS = ("contact_id", "queue", "channel", "status", "agent_id", "opened_at", "queued_at",
           "first_reply_at", "waiting_since", "closed_at", "abandoned_at")  # fmt: skip


def iso(seconds: float | None) -> str | None:
    """Seconds after START as the desk writes times."""
    return None if seconds is None else (START + timedelta(seconds=seconds)).isoformat()


@dataclass
class Desk:
    """An ordinary SQLite database with contacts, messages and ratings."""

    path: Path
    rows: dict[int, dict[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        with self._open() as db:
            db.execute(
                "CREATE TABLE contacts (contact_id INTEGER, queue TEXT, channel TEXT, status TEXT,"
                " agent_id TEXT, opened_at TEXT, queued_at TEXT, first_reply_at TEXT,"
                " waiting_since TEXT, closed_at TEXT, abandoned_at TEXT)"
            )
            db.execute(
                "CREATE TABLE messages (message_id INTEGER PRIMARY KEY, contact_id INTEGER,"
                " sent_at TEXT, sender_role TEXT, agent_id TEXT)"
            )
            db.execute(
                "CREATE TABLE ratings (rating_id INTEGER PRIMARY KEY, contact_id INTEGER,"
                " kind TEXT, score REAL, scale REAL, asked_at TEXT, rated_at TEXT)"
            )

    @property
    def url(self) -> str:
        return f"sqlite:///{self.path}"

    def _open(self) -> sqlite3.Connection:
        return sqlite3.connect(self.path, isolation_level=None)

    def run(self, sql: str, *values: Any) -> None:
        db = self._open()
        db.execute(sql, values)
        db.close()

    def contact(self, number: int, *, at: float = 0.0, **columns: Any) -> None:
        """Insert a contact; times are seconds after START."""
        row: dict[str, Any] = {
            "contact_id": number, "queue": "q", "channel": "chat", "status": "open",
            "opened_at": at, **columns,
        }  # fmt: skip
        names = [name for name in COLUMNS if name in row]
        values = [iso(row[n]) if n.endswith(("_at", "_since")) else row[n] for n in names]
        marks = ", ".join("?" * len(names))
        self.run(f"INSERT INTO contacts ({', '.join(names)}) VALUES ({marks})", *values)

    def change(self, number: int, **columns: Any) -> None:
        for name, value in columns.items():
            stored = iso(value) if name.endswith(("_at", "_since")) else value
            self.run(f"UPDATE contacts SET {name} = ? WHERE contact_id = ?", stored, number)

    def delete(self, number: int) -> None:
        self.run("DELETE FROM contacts WHERE contact_id = ?", number)
        self.run("DELETE FROM messages WHERE contact_id = ?", number)

    def say(self, number: int, role: str, at: float, agent: str | None = None) -> None:
        self.run(
            "INSERT INTO messages (contact_id, sent_at, sender_role, agent_id) VALUES (?, ?, ?, ?)",
            number, iso(at), role, agent,
        )  # fmt: skip

    def rate(self, number: int, asked: float, score: float | None, rated: float | None) -> None:
        self.run(
            "INSERT INTO ratings (contact_id, kind, score, scale, asked_at, rated_at)"
            " VALUES (?, 'csat', ?, 5, ?, ?)",
            number, score, iso(asked), iso(rated),
        )  # fmt: skip


def source_of(desk: Desk, **settings: Any) -> Any:
    """The desk connected through the generic preset."""
    given = {"name": "desk", "preset": "generic", "url": desk.url, **settings}
    return connect(SourceSettings.model_validate(given), desk.path.parent)


def syncing(store: Store, desk: Desk, **settings: Any) -> SourceSync:
    return SourceSync(store, source_of(desk, **settings))


def fill(sync: SourceSync, now: datetime) -> None:
    while not sync.complete:
        sync.backfill_page(now)


def fresh_facts(desk: Desk, folder: Path, now: datetime) -> dict[str, list[Any]]:
    """The facts of a store that reads the desk for the first time."""
    path = folder / "fresh.db"
    for part in folder.glob("fresh.db*"):
        part.unlink()
    store = open_store(f"sqlite:///{path}", migrate=True)
    sync = syncing(store, desk)
    fill(sync, now)
    found = facts(store)
    sync.source.close()
    store.close()
    return found


def facts(store: Store) -> dict[str, list[Any]]:
    """All facts, without what differs between stores (the customer's hash)."""
    found: dict[str, list[Any]] = {}
    with store.read() as connection:
        for name, table in schema.FACTS.items():
            columns = [column for column in table.columns if column.name != "customer_key"]
            rows = connection.execute(sa.select(*columns)).all()
            found[name] = sorted((tuple(row) for row in rows), key=repr)
    return found
