"""A simulated help desk that several test files look at."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from connectors.simulator.feed import Feed, write_history
from connectors.simulator.settings import SimulatorSettings
from tests.connectors.simulator.shops import HELP_DESK, NOW, later, shop
from tests.servers import PostgresServer


@pytest.fixture(scope="module")
def help_desk(postgres_server: PostgresServer) -> Iterator[sa.Engine]:
    """The Chatwoot layout with two days behind it and two hours of life."""
    database = postgres_server.create_database()
    engine = sa.create_engine(database.url)
    write_history(engine, HELP_DESK, now=NOW)
    feed = Feed(engine, HELP_DESK, now=NOW)
    for minute in range(1, 121):
        feed.advance(later(60 * minute))
    yield engine
    engine.dispose()
    postgres_server.drop_database(database)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> sa.Engine:
    """A shop with four days behind it."""
    settings = SimulatorSettings(seed=5, days=4, contacts_per_day=500)
    return shop(tmp_path_factory.mktemp("generic"), settings)
