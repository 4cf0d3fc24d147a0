"""What of the simulated shop is in the database, and what must be written next.

Every record waits in a heap for the next instant at which its row changes. The state of the
database is a function of the world and an instant, so writing again what was written is harmless,
and a journal opened on a database goes on where the last one stopped.
"""

from __future__ import annotations

import heapq
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from itertools import count

import sqlalchemy as sa

from connectors.simulator.instants import DAY, MINUTE, SECOND
from connectors.simulator.layouts.batch import Batch, Layout, Leftover
from connectors.simulator.records import Contact, Order, Rating, Record
from connectors.simulator.talk import FORGOTTEN_FOR
from connectors.simulator.world import Change, Release, World

# How long anything can still happen to a contact or an order, but for the forgotten few.
CONTACT_LIFE = 4 * DAY
ORDER_LIFE = 25 * DAY
SHOP_BEFORE = 15 * DAY


class Journal:
    """The records that are not final yet, over one world and one database."""

    def __init__(self, world: World, layout: Layout) -> None:
        self.world = world
        self.until = 0
        """The database shows the world as it was at this instant."""
        self.layout = layout
        self._heap: list[tuple[int, int, Record]] = []
        self._turn = count()

    def start(self, since: int, now: int) -> list[Contact]:
        """Begin a history; returns what was left lying about before it."""
        forgotten = self.world.forgotten(since)
        self.world.open(since, orders_since=since - SHOP_BEFORE)
        self.until = since
        return [contact for contact in forgotten if contact.last > now]

    def resume(self, conn: sa.Connection, now: int) -> None:
        """Take up a database that holds a history."""
        self.until = self.layout.last_moment(conn)
        since = self.until - CONTACT_LIFE
        self.world.open(since, orders_since=self.until - ORDER_LIFE)
        born = list(_families(self.world.release(self.until)))
        seen = Batch(self.until)
        for _, record in born:
            if record.moments()[0] <= self.until:
                seen.add(record)
        self.layout.recognise(conn, seen)
        for parent, record in born:
            if parent.id and (record.id or record.moments()[0] > self.until):
                record.written = self.until if record.id else 0
                self._wait(record, self.until)
        self._adopt(conn, seen, max(now, self.until))

    def write(
        self, conn: sa.Connection, *, until: int, now: int, also: Iterable[Record] = ()
    ) -> int:
        """Write what began or changed up to `until`, each as it is at `now`; rows written.

        A history goes from day to day with `now` at its end: what is long over by then is written
        once, and still after everything that it refers to.
        """
        batch = Batch(now)
        for record in (*also, *(record for _, record in _families(self.world.release(until)))):
            self._wait(record, 0)
        for record in self._due(until):
            batch.add(record)
            self._wait(record, now)
        rows = self.layout.write(conn, batch)
        for record in batch:
            record.written = now
        self.until = max(self.until, until)
        return rows

    def apply(self, changes: Iterable[Change]) -> None:
        """Go on with the records that a surge put in the place of others."""
        for change in changes:
            old, new = change.old, change.new
            old.gone = True
            new.id, new.written = old.id, old.written
            if isinstance(old, Contact) and isinstance(new, Contact):
                self._replace_survey(old.rating, new.rating)
                self._replace_survey(old.recommends, new.recommends)
            self._wait(new, new.written)

    def _replace_survey(self, old: Rating | None, new: Rating | None) -> None:
        if old is not None:
            old.gone = True
        if new is not None:
            if old is not None:
                new.id, new.written = old.id, old.written
            self._wait(new, new.written)

    def unfinished(self) -> Iterator[Contact | Leftover]:
        """Contacts in the database to which something is still to happen."""
        for _, _, record in self._heap:
            if isinstance(record, Contact | Leftover) and record.id and not record.gone:
                yield record

    def _due(self, now: int) -> Iterator[Record]:
        while self._heap and self._heap[0][0] <= now:
            record = heapq.heappop(self._heap)[2]
            if not record.gone:
                yield record

    def _wait(self, record: Record, now: int) -> None:
        moments = record.moments()
        place = bisect_right(moments, now)
        if place < len(moments):
            heapq.heappush(self._heap, (moments[place], next(self._turn), record))

    def _adopt(self, conn: sa.Connection, seen: Batch, now: int) -> None:
        """Give an end to open contacts that this world does not know: surges, other settings."""
        known = {contact.id for contact in seen.contacts}
        old = self.until - CONTACT_LIFE
        for number, left in enumerate(self.layout.leftovers(conn, known)):
            left.written = self.until
            left.closes_at = left.opened_at + FORGOTTEN_FOR
            if left.opened_at >= old or left.closes_at <= now:
                left.closes_at = now + MINUTE + number % 60 * 7 * SECOND
            self._wait(left, self.until)


def _families(release: Release) -> Iterator[tuple[Record, Record]]:
    """Every record with the one it hangs on (itself, for most)."""
    for contact in release.contacts:
        yield contact, contact
        for survey in contact.surveys:
            yield contact, survey
    for order in release.orders:
        yield from _order_family(order)
    for presence in release.presences:
        yield presence, presence
    for shift in release.shifts:
        yield shift, shift


def _order_family(order: Order) -> Iterator[tuple[Record, Record]]:
    yield order, order
    for case in order.cases:
        yield order, case
    if order.review:
        yield order, order.review
