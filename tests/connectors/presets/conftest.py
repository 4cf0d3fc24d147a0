"""Databases with the tables of the help desks, made per test module and filled by each test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.connectors.presets import chatwoot_rows, zammad_rows
from tests.servers import Database, PostgresServer


@contextmanager
def _database(server: PostgresServer) -> Iterator[Database]:
    database = server.create_database()
    yield database
    server.drop_database(database)


@pytest.fixture(scope="module")
def chatwoot(postgres_server: PostgresServer) -> Iterator[Database]:
    """The minimal tables of a Chatwoot database."""
    with _database(postgres_server) as database:
        chatwoot_rows.create_tables(database.url)
        yield database


@pytest.fixture(
    scope="module", params=["minimal", pytest.param("real", marks=pytest.mark.needs_shared)]
)
def any_chatwoot(
    request: pytest.FixtureRequest, postgres_server: PostgresServer
) -> Iterator[Database]:
    """The minimal tables, and then all real columns and indexes."""
    with _database(postgres_server) as database:
        if request.param == "real":
            shared: Path = request.getfixturevalue("shared")
            facts = shared / "fixtures" / "helpdesk" / "chatwoot_facts.json"
            chatwoot_rows.create_tables_from_facts(database.url, facts)
        else:
            chatwoot_rows.create_tables(database.url)
        yield database


@pytest.fixture(scope="module")
def zammad(postgres_server: PostgresServer) -> Iterator[Database]:
    """The minimal tables of a Zammad database."""
    with _database(postgres_server) as database:
        zammad_rows.create_tables(database.url)
        yield database
