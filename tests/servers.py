"""The front door to the real servers that tests and benchmarks run against.

Each is a context manager and takes its files along when it ends; conftest.py has the fixtures.

    with PostgresServer() as server:
        database = server.create_database("shop")
        engine = sa.create_engine(database.readonly_url)
"""

from __future__ import annotations

from tests.daemon import PASSWORDS, Database, MissingProgram, ServerFailed, StatementTotals
from tests.mariadb import MariaDBServer
from tests.postgres import PostgresServer
from tests.sink import Answer, Received, WebhookSink

__all__ = [
    "PASSWORDS",
    "Answer",
    "Database",
    "MariaDBServer",
    "MissingProgram",
    "PostgresServer",
    "Received",
    "ServerFailed",
    "StatementTotals",
    "WebhookSink",
]
