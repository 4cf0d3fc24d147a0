"""The chatwoot-compatible pack beside what Chatwoot's own SQL says of the same database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from connectors.simulator.feed import write_history
from connectors.simulator.settings import SimulatorSettings
from connectors.store import open_store
from metrics.query import kpi
from metrics.rows import KpiRow
from tests.flow.processes import deskpulse
from tests.servers import Database

ZONE = timezone(timedelta(hours=8))
NOW = datetime.now(ZONE).replace(minute=0, second=0, microsecond=0)
DESK = SimulatorSettings(seed=5, days=6, contacts_per_day=250, orders_per_day=0, layout="chatwoot")
WINDOWS = (
    (NOW - timedelta(days=6), NOW),
    (NOW - timedelta(days=3), NOW - timedelta(days=1)),
    (NOW - timedelta(hours=30), NOW - timedelta(hours=29, minutes=30)),
)
# Each as Chatwoot reports it: averages and counts by created_at, which has no zone and is UTC.
_AVERAGE = "SELECT avg(value), count(*) FROM reporting_events WHERE name = '{}' AND {}"
_RATED = "csat_survey_responses WHERE"
SQL = {
    "chatwoot.first_response": _AVERAGE.format("first_response", "{within}"),
    "chatwoot.reply_time": _AVERAGE.format("reply_time", "{within}"),
    "chatwoot.resolution_time": _AVERAGE.format("conversation_resolved", "{within}"),
    "chatwoot.resolutions":
        "SELECT count(DISTINCT conversation_id), 0 FROM reporting_events e JOIN conversations c "
        "ON c.id = e.conversation_id WHERE name = 'conversation_resolved' AND c.status = 1 "
        "AND {e_within}",
    "chatwoot.csat":
        f"SELECT 100.0 * count(*) FILTER (WHERE rating >= 4) / NULLIF(count(*), 0), count(*) "
        f"FROM {_RATED} {{within}}",
    "chatwoot.csat_response_rate":
        f"SELECT 100.0 * (SELECT count(*) FROM {_RATED} {{within}}) / NULLIF(count(*), 0), count(*)"
        " FROM messages WHERE content_type = 9 AND {within}",
    "chatwoot.conversations": "SELECT count(*), count(*) FROM conversations WHERE {within}",
    "chatwoot.incoming_messages":
        "SELECT count(*), count(*) FROM messages WHERE message_type = 0 AND {within}",
}  # fmt: skip


@pytest.fixture
def synced(postgres_db: Database, tmp_path: Path) -> Path:
    engine = sa.create_engine(postgres_db.url)
    write_history(engine, DESK, now=NOW)
    engine.dispose()
    (tmp_path / "deskpulse.toml").write_text(
        f'[app]\ntimezone = "Asia/Shanghai"\n[[sources]]\nname = "desk"\npreset = "chatwoot"\n'
        f'url = "{postgres_db.url}"\nparams = {{ account_id = 1 }}\n',
        encoding="utf-8",
    )
    assert deskpulse("sync", cwd=tmp_path).returncode == 0
    return tmp_path


def theirs(url: str, key: str, since: datetime, until: datetime) -> tuple[float | None, int]:
    first, last = (f"'{one.astimezone(UTC):%Y-%m-%d %H:%M:%S}'" for one in (since, until))
    within = f"created_at >= {first} AND created_at < {last}"
    e_within = within.replace("created_at", "e.created_at")
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        statement = SQL[key].format(within=within, e_within=e_within)
        value, n = connection.exec_driver_sql(statement).one()
    engine.dispose()
    return (None if value is None else float(value)), int(n)


def ours(connection: sa.Connection, key: str, since: datetime, until: datetime) -> KpiRow:
    zone = ZoneInfo("Asia/Shanghai")
    return kpi(connection, key, since=since, until=until, zone=zone).rows[0]


def test_the_pack_reports_what_chatwoot_reports(synced: Path, postgres_db: Database) -> None:
    store = open_store(f"sqlite:///{synced / 'var' / 'deskpulse.db'}")
    seen = 0
    with store.read() as connection:
        for key in SQL:
            for since, until in WINDOWS:
                value, n = theirs(postgres_db.url, key, since, until)
                row = ours(connection, key, since, until)
                expected = None if value is None else pytest.approx(value, rel=1e-9)
                assert row.value == expected, (key, since, until, row)
                if n and key != "chatwoot.resolutions":
                    assert row.n == n, (key, since, until)
                seen += n > 0
    store.close()
    assert seen > len(SQL)
