"""What goes to the database in one transaction, and what any set of tables must be able to do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

import sqlalchemy as sa

from connectors.simulator.records import (
    Case,
    Contact,
    Order,
    PlannedShift,
    Presence,
    Rating,
    Record,
    Row,
)


@dataclass(slots=True, eq=False)
class Leftover(Row):
    """A contact that the database holds open but no simulated life leads to: it gets an end."""

    queue: str
    status: str
    agent: int | None
    opened_at: int
    waiting_since: int | None
    closes_at: int = 0

    def moments(self) -> list[int]:
        return [self.closes_at]


@dataclass(slots=True)
class Batch:
    """Records that are new or have changed; the database is to show them as they are at `now`."""

    now: int
    contacts: list[Contact] = field(default_factory=list)
    ratings: list[Rating] = field(default_factory=list)
    orders: list[Order] = field(default_factory=list)
    cases: list[Case] = field(default_factory=list)
    presences: list[Presence] = field(default_factory=list)
    shifts: list[PlannedShift] = field(default_factory=list)
    leftovers: list[Leftover] = field(default_factory=list)

    def add(self, record: Record) -> None:
        match record:
            case Contact():
                self.contacts.append(record)
            case Rating():
                self.ratings.append(record)
            case Order():
                self.orders.append(record)
            case Case():
                self.cases.append(record)
            case Presence():
                self.presences.append(record)
            case PlannedShift():
                self.shifts.append(record)
            case Leftover():
                self.leftovers.append(record)

    def __iter__(self) -> Iterator[Record]:
        yield from self.contacts
        yield from self.ratings
        yield from self.orders
        yield from self.cases
        yield from self.presences
        yield from self.shifts
        yield from self.leftovers


def introduce(contacts: Iterable[Contact]) -> None:
    """Tell what hangs on contacts the ids of their rows."""
    for contact in contacts:
        if contact.wish:
            contact.wish.contact_id = contact.id
        for survey in contact.surveys:
            survey.contact_id = contact.id


class Layout(Protocol):
    """Somebody's tables, and how the shop is written into them."""

    def create(self, conn: sa.Connection) -> None:
        """Make the tables that are absent."""

    def is_empty(self, conn: sa.Connection) -> bool:
        """Whether no contact was ever written."""

    def begin(self, conn: sa.Connection, now: int) -> None:
        """Write what stands from the first day: people, teams, queues."""

    def finish(self, conn: sa.Connection) -> None:
        """Make the indexes, after the history is in."""

    def write(self, conn: sa.Connection, batch: Batch) -> int:
        """Insert new records, giving them ids, and bring changed ones up to date; rows written."""

    def last_moment(self, conn: sa.Connection) -> int:
        """The latest instant at which anything happened to a contact."""

    def recognise(self, conn: sa.Connection, batch: Batch) -> None:
        """Give the records of `batch` the ids of their rows; what has no row keeps 0."""

    def leftovers(self, conn: sa.Connection, known: set[int]) -> list[Leftover]:
        """Contacts that are not closed and not among the known ids."""
