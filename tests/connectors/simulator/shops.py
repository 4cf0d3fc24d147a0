"""Small simulated shops for these tests, and their tables as plain rows."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from connectors.simulator.feed import write_history
from connectors.simulator.instants import DAY, to_ms
from connectors.simulator.settings import SimulatorSettings
from connectors.simulator.world import Release, World

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 9, 24, 15, 0, tzinfo=SHANGHAI)
SMALL = SimulatorSettings(seed=3, days=2, contacts_per_day=400)
HELP_DESK = SimulatorSettings(
    seed=3, days=2, contacts_per_day=400, orders_per_day=150, layout="chatwoot"
)
TABLES = (
    "contacts", "messages", "events", "ratings", "orders", "cases", "agents", "presence", "shifts",
)  # fmt: skip


def shop(
    folder: Path, settings: SimulatorSettings = SMALL, *, now: datetime = NOW, name: str = "shop"
) -> sa.Engine:
    """A new SQLite database with a history."""
    engine = sa.create_engine(f"sqlite:///{folder / name}.db")
    write_history(engine, settings, now=now)
    return engine


def rows(engine: sa.Engine, statement: str, **params: Any) -> list[Any]:
    with engine.connect() as conn:
        return list(conn.execute(sa.text(statement), params))


def one(engine: sa.Engine, statement: str, **params: Any) -> Any:
    """The only row of a query."""
    (row,) = rows(engine, statement, **params)
    return row


def digest(engine: sa.Engine) -> str:
    """One hash over every row of every table of the generic layout."""
    summed = hashlib.sha256()
    for table in TABLES:
        for row in rows(engine, f"SELECT * FROM {table} ORDER BY 1"):
            summed.update(repr(tuple(row)).encode())
    return summed.hexdigest()


_CONTENT = {
    "contacts": "SELECT * FROM contacts ORDER BY 1",
    "messages": """SELECT contact_id, sent_at, sender_role, agent_id, text FROM messages
                   ORDER BY 1, 2, 3, 5""",
    "events": "SELECT contact_id, kind, at, value_s, agent_id FROM events ORDER BY 1, 3, 2",
    "ratings": """SELECT contact_id, order_ref, product_ref, kind, score, asked_at, rated_at,
                  answered_at, text, scale FROM ratings ORDER BY kind, order_ref, contact_id""",
    "orders": "SELECT * FROM orders ORDER BY 1",
    "cases": """SELECT order_ref, contact_id, kind, reason, opened_at, handled_at, closed_at,
                amount, status FROM cases ORDER BY opened_at, order_ref""",
    "presence": "SELECT agent_id, state, since, until FROM presence ORDER BY 3, 1, 2",
    "shifts": "SELECT agent_id, queue, starts_at, ends_at FROM shifts ORDER BY 3, 1",
}


def content(engine: sa.Engine) -> dict[str, list[Any]]:
    """What the tables say, without the ids that only tell in which order rows were written."""
    return {table: rows(engine, statement) for table, statement in _CONTENT.items()}


def past(world: World, *, until: datetime, days: float) -> Release:
    """What a world holds of the days before an instant."""
    end = to_ms(until)
    since = end - int(days * DAY)
    world.open(since, orders_since=since)
    return world.release(end)


def at(text: str) -> datetime:
    """An instant in the shop's zone."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def later(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)
