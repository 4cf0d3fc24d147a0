"""What planners know of days to come and gone: campaigns, live streams, outages.

Campaigns become day events whose uplift the models learn by kind; what happened in an outage is
no demand and counts as unknown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from connectors.forecast_tables import planned_events
from forecasting.errors import BadOverride
from forecasting.published.series import ALL
from forecasting.volume.day_calendar import Event

OUTAGE: Final = "outage"
LONGEST: Final = timedelta(days=60)


@dataclass(frozen=True, slots=True)
class PlannedEvent:
    """From starts_at up to, not including, ends_at. Equal kinds share what is learned of them."""

    kind: str
    name: str
    starts_at: datetime
    ends_at: datetime
    author: str
    made_at: datetime
    queue: str = ALL
    id: int = 0

    def days(self, zone: ZoneInfo) -> Event:
        """The local days it touches."""
        last = (self.ends_at - timedelta(microseconds=1)).astimezone(zone).date()
        return Event(self.kind, self.starts_at.astimezone(zone).date(), last)


def enter(connection: sa.Connection, one: PlannedEvent) -> int:
    """Keep an event; BadOverride says what is wrong with it."""
    if not one.kind.strip() or not one.author.strip():
        raise BadOverride("an event needs its kind and your name; write both")
    if not timedelta(0) < one.ends_at - one.starts_at <= LONGEST:
        raise BadOverride(f"an event lasts at most {LONGEST.days} days and ends after its start")
    values = {
        "kind": one.kind.strip(), "name": one.name.strip() or one.kind.strip(),
        "queue": one.queue, "starts_at": one.starts_at, "ends_at": one.ends_at,
        "author": one.author.strip(), "made_at": one.made_at,
    }  # fmt: skip
    made = connection.execute(planned_events.insert().values(values)).inserted_primary_key
    return int(made[0]) if made else 0


def withdraw_event(connection: sa.Connection, event: int, *, now: datetime) -> bool:
    table = planned_events
    mine = (table.c.id == event) & table.c.withdrawn_at.is_(None)
    return connection.execute(table.update().where(mine).values(withdrawn_at=now)).rowcount > 0


def planned(
    connection: sa.Connection, *, since: datetime | None = None, until: datetime | None = None
) -> tuple[PlannedEvent, ...]:
    """All that stand, or that reach into a window; by start."""
    table = planned_events.c
    query = sa.select(planned_events).where(table.withdrawn_at.is_(None))
    if since is not None:
        query = query.where(table.ends_at > since)
    if until is not None:
        query = query.where(table.starts_at < until)
    return tuple(
        PlannedEvent(
            row["kind"], row["name"], row["starts_at"], row["ends_at"], row["author"],
            row["made_at"], row["queue"], row["id"],
        )
        for row in connection.execute(query.order_by(table.starts_at, table.id)).mappings()
    )  # fmt: skip


def day_events(found: Sequence[PlannedEvent], queue: str, zone: ZoneInfo) -> tuple[Event, ...]:
    """The campaigns that concern a queue, or all queues, as events of days."""
    return tuple(
        one.days(zone)
        for one in found
        if one.kind != OUTAGE and (one.queue in (ALL, queue) or queue == ALL)
    )
