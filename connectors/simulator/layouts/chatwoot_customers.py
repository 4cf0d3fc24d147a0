"""Customers in the help desk: one row per person, one more per inbox they wrote to."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import sqlalchemy as sa

from connectors.simulator.instants import naive_utc
from connectors.simulator.layouts.chatwoot_rows import ACCOUNT, INBOXES
from connectors.simulator.layouts.rows import copy, take_ids
from connectors.simulator.records import Contact

_KNOWN = sa.text("""
  SELECT c.id, c.identifier, i.inbox_id, i.id AS inbox_row
  FROM contacts c LEFT JOIN contact_inboxes i ON i.contact_id = c.id
  WHERE c.account_id = :account AND c.identifier = ANY(:identifiers)""")
_MOST_KNOWN = 1_000_000


class Place(NamedTuple):
    """The rows of one customer in one inbox."""

    person: int
    person_inbox: int


class Customers:
    """Rows of customers, made when they first write."""

    def __init__(self) -> None:
        self._persons: dict[int, int] = {}
        self._places: dict[tuple[int, int], int] = {}
        self.all_known = False
        """True while a history is written: whoever is not known is not in the database."""

    def places(self, conn: sa.Connection, contacts: Iterable[Contact]) -> list[Place]:
        """Where each contact's customer is, making what is missing."""
        wanted = [(c.customer, INBOXES[c.queue.name], c.opened_at) for c in contacts]
        if len(self._persons) > _MOST_KNOWN and not self.all_known:
            self._persons.clear()
            self._places.clear()
        if not self.all_known:
            self._look_up(conn, {customer for customer, _, _ in wanted})
        self._add_persons(conn, wanted)
        self._add_places(conn, wanted)
        return [
            Place(self._persons[customer], self._places[customer, inbox])
            for customer, inbox, _ in wanted
        ]

    def person(self, conn: sa.Connection, customer: int) -> int:
        """The row of a customer who has written before."""
        if customer not in self._persons:
            self._look_up(conn, {customer})
        return self._persons[customer]

    def _look_up(self, conn: sa.Connection, customers: set[int]) -> None:
        unknown = [identifier(c) for c in customers if c not in self._persons]
        if not unknown:
            return
        for row in conn.execute(_KNOWN, {"account": ACCOUNT, "identifiers": unknown}):
            customer = int(row.identifier[1:])
            self._persons[customer] = row.id
            if row.inbox_id is not None:
                self._places[customer, row.inbox_id] = row.inbox_row

    def _add_persons(self, conn: sa.Connection, wanted: list[tuple[int, int, int]]) -> None:
        new = {who: at for who, _, at in reversed(wanted) if who not in self._persons}
        if not new:
            return
        ids = take_ids(conn, "contacts", "id", len(new))
        self._persons.update(zip(new, ids, strict=True))
        names = ("id", "name", "account_id", "identifier", "created_at", "updated_at")
        times = {customer: naive_utc(at) for customer, at in new.items()}
        copy(conn, "contacts", names, [
            (self._persons[c], f"顾客{c}", ACCOUNT, identifier(c), at, at)
            for c, at in times.items()
        ])  # fmt: skip

    def _add_places(self, conn: sa.Connection, wanted: list[tuple[int, int, int]]) -> None:
        new = {
            (customer, inbox): at
            for customer, inbox, at in reversed(wanted)
            if (customer, inbox) not in self._places
        }
        if not new:
            return
        self._places.update(
            zip(new, take_ids(conn, "contact_inboxes", "id", len(new)), strict=True)
        )
        names = ("id", "contact_id", "inbox_id", "source_id", "created_at", "updated_at")
        copy(conn, "contact_inboxes", names, [
            (self._places[place], self._persons[place[0]], place[1], identifier(place[0]),
             naive_utc(at), naive_utc(at))
            for place, at in new.items()
        ])  # fmt: skip


def identifier(customer: int) -> str:
    """How the shop names a customer."""
    return f"u{customer:07d}"
