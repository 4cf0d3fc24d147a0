"""What a poll costs the source: database time per poll on a million contacts in PostgreSQL."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa

from benchmarks.figures import head, say
from connectors.checkup import check_source
from connectors.connect import connect
from connectors.settings import SourceSettings
from connectors.store import open_store
from connectors.sync import SourceSync
from tests.servers import PostgresServer

ROWS = 1_000_000
POLLS = 30
TABLE = """
CREATE TABLE contacts (
  contact_id bigserial PRIMARY KEY, queue text NOT NULL, channel text NOT NULL,
  status text NOT NULL,
  agent_id text, customer_key text, opened_at timestamptz NOT NULL, first_reply_at timestamptz,
  waiting_since timestamptz, closed_at timestamptz, abandoned_at timestamptz)
"""
HISTORY = f"""
INSERT INTO contacts (queue, channel, status, agent_id, customer_key, opened_at, first_reply_at,
                      closed_at)
SELECT 'q' || mod(g, 30), 'chat', 'closed', 'a' || mod(g, 300), g::text, at,
       at + interval '20 s', at + interval '9 min'
FROM (SELECT g, now() - interval '1 hour' - interval '365 days' * (1 - g::float8 / {ROWS}) AS at
      FROM generate_series(1, {ROWS}) g) s
"""
LIVE = """
INSERT INTO contacts (queue, channel, status, opened_at, waiting_since)
SELECT 'q' || mod(g, 30), 'chat', 'open', now() - interval '20 s', now() - interval '20 s'
FROM generate_series(1, 300) g
"""


def run() -> None:
    head(f"Source cost: {ROWS:,} contacts in PostgreSQL, 300 of them live, generic preset")
    with PostgresServer() as server, tempfile.TemporaryDirectory() as folder:
        database = server.create_database()
        engine = sa.create_engine(database.url)
        with engine.begin() as connection:
            for sql in (TABLE, HISTORY, LIVE):
                connection.exec_driver_sql(sql)
        _analyze(engine)
        settings = SourceSettings.model_validate(
            {"name": "bench", "preset": "generic", "url": database.readonly_url}
        )
        found = [
            f.text for f in check_source(settings, Path(folder), datetime.now(UTC))
            if f.level == "warning"
        ]  # fmt: skip
        ddl = [text.split("run: ")[1].rstrip(";") for text in found if "run: " in text]
        store = open_store(f"sqlite:///{folder}/store.db", migrate=True)
        sync = SourceSync(store, connect(settings, Path(folder)))
        while not sync.complete:
            sync.backfill_page(datetime.now(UTC))
        say("database time per poll, no index on status", f"{_per_poll(server, sync):.2f} ms")
        say("`check` names the missing index", f"{len(ddl)} named", "1")
        with engine.begin() as connection:
            for sql in ddl:
                connection.exec_driver_sql(sql)
        _analyze(engine)
        say(
            "database time per poll, with that index", f"{_per_poll(server, sync):.2f} ms", "≤ 2 ms"
        )
        sync.source.close()
        store.close()
        engine.dispose()


def _per_poll(server: PostgresServer, sync: SourceSync) -> float:
    sync.poll(datetime.now(UTC))  # the first of a process compares everything live
    before = server.statements()
    for _ in range(POLLS):
        sync.poll(datetime.now(UTC))
    return (server.statements().milliseconds - before.milliseconds) / POLLS


def _analyze(engine: sa.Engine) -> None:
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("VACUUM (ANALYZE) contacts")
