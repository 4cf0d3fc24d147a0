"""A small desk for one trap, the product on it, and what a naive query would have said."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.connectors.presets import chatwoot_truth as truth
from tests.connectors.presets.chatwoot_desk import Desk, Inbox
from tests.connectors.presets.chatwoot_rows import connect, write
from tests.connectors.presets.product import Product, compare, product, true_rounds
from tests.servers import Database

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)


def ago(minutes: float) -> datetime:
    return NOW - timedelta(minutes=minutes)


class Case:
    """A desk with a people's inbox, a bot's inbox and two agents, and the product on it."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database, self.folder = database, folder
        self.desk = Desk()
        self.shop: Inbox = self.desk.inbox("旗舰店", channel="Api")
        self.bot: Inbox = self.desk.inbox("Robot", bot=True)
        self.ann = self.desk.agent("Ann")
        self.bo = self.desk.agent("Bo")

    @contextmanager
    def shown(self, at: datetime = NOW) -> Iterator[Product]:
        """The product after a sync of the desk as of a moment, when all facts are right."""
        self.desk.number()
        write(self.database.url, self.desk, at)
        with product("chatwoot", self.database.readonly_url, self.folder, account_id=1) as shown:
            shown.sync(at)
            self.check(shown, at)
            yield shown

    def move(self, shown: Product, at: datetime) -> None:
        """Write the desk as of a later moment and poll."""
        self.desk.number()
        write(self.database.url, self.desk, at)
        shown.sync(at)

    def check(self, shown: Product, at: datetime) -> None:
        assert compare(shown.facts("contacts"), truth.contacts(self.desk, 1, at)) == []
        assert compare(shown.facts("ratings"), truth.ratings(self.desk, 1, at)) == []
        assert compare(shown.facts("events"), truth.events(self.desk, 1, at)) == []
        times = {line.id: line.at for talk in self.desk.talks for line in talk.lines}
        assert shown.rounds() == true_rounds(truth.messages(self.desk, 1, at), times)
        assert shown.rejected() == []

    def naive(self, query: str) -> Any:
        """What a dashboard with this query would show."""
        with connect(self.database.url) as connection:
            row = connection.execute(query.encode()).fetchone()
        assert row is not None
        return row[0]


@pytest.fixture
def case(chatwoot: Database, tmp_path: Path) -> Case:
    return Case(chatwoot, tmp_path)
