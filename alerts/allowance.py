"""How often a receiver may be written to: token buckets whose state outlives the process.

A token comes back a full span after it was taken, so that no window of that length, wherever it
begins, ever holds more than the platform allows; a bucket that refills by and by would let twice as
much through. Pure, but for `load` and `save` at the end.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from alerts.store import insert_for
from connectors import alert_tables
from connectors.columns import from_micros, to_micros

# What we send at a time arrives a little later, sometimes more so than the next one.
SLACK = timedelta(seconds=1)
# Limits of a few seconds are waited out; only longer ones make messages share one.
SOON = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `count` messages in any window of `span`."""

    count: int
    span: timedelta

    @property
    def held(self) -> timedelta:
        """How long a token stays away."""
        return self.span + min(SLACK, self.span / 4)


@dataclass(frozen=True, slots=True)
class Bucket:
    """The moments at which tokens were taken, oldest first, as far back as any limit looks."""

    limits: tuple[Limit, ...]
    taken: tuple[datetime, ...] = ()

    def settled(self, now: datetime) -> Bucket:
        """With a clock that was set back: what was taken "later" was taken just now at the latest.

        Has to be kept, or it would be "just now" for ever.
        """
        return Bucket(self.limits, tuple(sorted(min(one, now) for one in self.taken)))

    def free_at(self, now: datetime) -> datetime:
        """When the next message may go: `now`, or later."""
        at = now
        for limit in self.limits:
            if len(self.taken) >= limit.count:
                at = max(at, self.taken[-limit.count] + limit.held)
        return at

    def soon(self, now: datetime) -> int | None:
        """How many messages may go within a few seconds from now; None without any limit."""
        return min((self._soon(limit, now) for limit in self.limits), default=None)

    def _soon(self, limit: Limit, now: datetime) -> int:
        if limit.held <= SOON:
            return limit.count * (SOON // limit.held)
        away = sum(one + limit.held > now + SOON for one in self.taken)
        return max(0, limit.count - away)

    def take(self, now: datetime) -> Bucket:
        """After one message at `now`."""
        longest = max((limit.held for limit in self.limits), default=timedelta(0))
        kept = [one for one in self.taken if one + longest > now]
        return Bucket(self.limits, (*kept, now) if self.limits else ())


def load(
    connection: sa.Connection, name: str, limits: tuple[Limit, ...], *, now: datetime
) -> Bucket:
    """The bucket of that name, ours alone until the transaction ends. Needs a write transaction."""
    table = alert_tables.allowances
    insert = insert_for(connection, table).values(name=name, taken="[]")
    connection.execute(insert.on_conflict_do_nothing(index_elements=["name"]))
    # PostgreSQL: two workers take turns. SQLite has one writer at a time and leaves this out.
    query = sa.select(table.c.taken).where(table.c.name == name).with_for_update()
    moments = json.loads(connection.execute(query).scalar_one())
    bucket = Bucket(limits, tuple(from_micros(one) for one in moments))
    settled = bucket.settled(now)
    if settled != bucket:
        save(connection, name, settled)
    return settled


def save(connection: sa.Connection, name: str, bucket: Bucket) -> None:
    table = alert_tables.allowances
    text = json.dumps([to_micros(one) for one in bucket.taken])
    connection.execute(table.update().where(table.c.name == name).values(taken=text))
