"""Facts written by hand, so that every number can be counted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from connectors import schema
from connectors.columns import to_micros
from connectors.store import Store
from metrics.kpi import Registry
from metrics.reading import Reader
from tests.metrics.chance import put
from tests.metrics.worlds import registry_of

BERLIN = ZoneInfo("Europe/Berlin")
REGISTRY = registry_of(BERLIN)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NOON = datetime(2026, 11, 11, 12, tzinfo=UTC)


def read_at(store: Store, moment: datetime) -> None:
    """As after a poll at that moment."""
    row = {"source": "src", "status": "ok", "poll_s": 2.0, "rows": 0, "as_of": moment}
    with store.begin() as connection:
        connection.execute(schema.sources.delete())
        connection.execute(schema.sources.insert(), [row])


def contact(connection: sa.Connection, name: str, opened: datetime, **values: Any) -> None:
    """A closed contact of a queue that never closes, unless said otherwise."""
    row: dict[str, Any] = {"contact_id": name, "channel": "chat", "queue": "C", "status": "closed",
                           "opened_at": opened, **values}  # fmt: skip
    raw = {key: to_micros(value) if isinstance(value, datetime) else value
           for key, value in row.items()}  # fmt: skip
    put(connection, "contacts", **raw)


def values(
    store: Store, key: str, since: datetime, until: datetime, *, step: timedelta,
    registry: Registry = REGISTRY,
) -> list[float | None]:  # fmt: skip
    """The value of each interval."""
    with store.read() as connection:
        rows = Reader(connection, BERLIN, registry).rows(key, since, until, every=step)
    return [row.value for row in rows]
