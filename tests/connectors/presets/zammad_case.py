"""A small ticket desk for one trap, the product on it, and what a naive query would have said."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.connectors.presets import zammad_truth as truth
from tests.connectors.presets.chatwoot_rows import connect
from tests.connectors.presets.product import Product, compare, product, true_rounds
from tests.connectors.presets.zammad_desk import Desk, Ticket
from tests.connectors.presets.zammad_rows import write
from tests.servers import Database

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
ANN, BO, CUSTOMER, HELPER = 2, 3, 4, 5


def ago(minutes: float) -> datetime:
    return NOW - timedelta(minutes=minutes)


class Case:
    """A desk with two agents, and the product on it."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database, self.folder = database, folder
        self.desk = Desk(users={ANN: ("Ann", True), BO: ("Bo", True), CUSTOMER: ("Cy", False)})

    def ticket(self, opened: float, by: str = "Customer", **details: Any) -> Ticket:
        """A ticket opened by a mail, in minutes ago."""
        ticket = self.desk.ticket(details.pop("group", "Sales"), ago(opened), **details)
        ticket.write(ago(opened), by, user=ANN if by == "Agent" else CUSTOMER)
        return ticket

    @contextmanager
    def shown(self, at: datetime = NOW, **params: str) -> Iterator[Product]:
        """The product after a sync of the desk as of a moment, when all facts are right."""
        self._write(at)
        with product("zammad", self.database.readonly_url, self.folder, **params) as shown:
            shown.sync(at)
            self.check(shown, at)
            yield shown

    def move(self, shown: Product, at: datetime) -> None:
        """Write the desk as of a later moment and poll."""
        self._write(at)
        shown.sync(at)

    def check(self, shown: Product, at: datetime) -> None:
        found = truth.contacts(self.desk, at)
        assert compare(shown.facts("contacts"), found) == []
        assert compare(shown.facts("events"), truth.events(self.desk, at)) == []
        times = {a.id: a.at for ticket in self.desk.tickets for a in ticket.articles}
        roles = truth.messages(self.desk, at)
        there = {key: one for key, one in roles.items() if one[0] in found}
        assert shown.rounds() == true_rounds(there, times)
        assert shown.rejected() == []

    def naive(self, query: str) -> Any:
        """What a dashboard with this query would show."""
        with connect(self.database.url) as connection:
            row = connection.execute(query.encode()).fetchone()
        assert row is not None
        return row[0]

    def _write(self, at: datetime) -> None:
        self.desk.number()
        write(self.database.url, self.desk, at)


@pytest.fixture
def case(zammad: Database, tmp_path: Path) -> Case:
    return Case(zammad, tmp_path)
