"""A shop on MariaDB and a help desk on PostgreSQL, connected at the same time."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from connectors.simulator.feed import Feed, write_history
from connectors.simulator.settings import SimulatorSettings
from connectors.store import open_store
from metrics.live import LiveSettings, live_state
from metrics.packs import default_registry
from metrics.query import kpi
from tests.flow.processes import deskpulse, started
from tests.servers import Database

ZONE = timezone(timedelta(hours=8))
NOW = datetime.now(ZONE).replace(microsecond=0)
DESK = SimulatorSettings(seed=3, days=4, contacts_per_day=300, orders_per_day=0, layout="chatwoot")
MALL_ORDERS = 2000


@pytest.fixture
def help_desk(postgres_db: Database) -> Database:
    engine = sa.create_engine(postgres_db.url)
    write_history(engine, DESK, now=NOW)
    engine.dispose()
    return postgres_db


@pytest.fixture
def mall(mariadb_db: Database, shared: Path, tmp_path: Path) -> tuple[Database, dict[str, Any]]:
    """The shop's database, and the numbers a plain pass over its facts gives."""
    expected = tmp_path / "mall.json"
    subprocess.run(
        [sys.executable, "make_mall_db.py", "--url", mariadb_db.url, "--orders", str(MALL_ORDERS),
         "--now", NOW.isoformat(), "--expect", str(expected)],
        cwd=shared / "fixtures" / "helpdesk", check=True, capture_output=True,
    )  # fmt: skip
    return mariadb_db, json.loads(expected.read_text())


def folder_of(base: Path, store: str, desk: Database, shop: Database) -> Path:
    base.mkdir()
    (base / "deskpulse.toml").write_text(
        f"""
[store]
url = "{store}"
[[sources]]
name = "desk"
preset = "chatwoot"
url = "{desk.readonly_url}"
params = {{ account_id = 1 }}
poll = "1s"
[[sources]]
name = "mall"
preset = "mall"
url = "{shop.readonly_url}"
poll = "1s"
"""
    )
    return base


def document(*arguments: str, cwd: Path) -> Any:
    done = deskpulse(*arguments, "--format", "json", cwd=cwd)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def numbers(url: str) -> dict[str, Any]:
    """Everything that does not depend on when exactly the sources were read."""
    store = open_store(url)
    counts = ("waiting", "open", "bot", "snoozed", "unassigned", "waiting_over_cut")
    since = NOW - timedelta(days=300)
    with store.read() as connection:
        live = live_state(connection, now=NOW, settings=LiveSettings())
        found: dict[str, Any] = {
            queue.queue: [getattr(queue, name) for name in counts] for queue in live.queues
        }
        for key, one in default_registry().items():
            span = (None, None) if one.is_state else (since, NOW)
            rows = kpi(
                connection, key, since=span[0], until=span[1], zone=ZoneInfo("Asia/Shanghai")
            ).rows
            found[key] = [(row.n, row.value, row.p50, row.p90) for row in rows]
    store.close()
    return found


@pytest.mark.needs_shared
def test_both_stores_give_the_same_numbers_and_a_rebuild_changes_nothing(
    tmp_path: Path,
    help_desk: Database,
    mall: tuple[Database, dict[str, Any]],
    postgres_server: Any,
) -> None:
    shop, expected = mall
    file = f"sqlite:///{tmp_path / 'store.db'}"
    first = folder_of(tmp_path / "sqlite", file, help_desk, shop)
    place = postgres_server.create_database()
    second = folder_of(tmp_path / "postgres", place.url, help_desk, shop)
    for folder in (first, second):
        for source in document("sync", cwd=folder)["sources"]:
            assert (source["error"], source["rejected"]) == (None, [])
    found = numbers(file)
    assert found == numbers(place.url)
    assert deskpulse("rebuild", cwd=first).returncode == 0
    assert numbers(file) == found
    ours = {key: found[key][0][1] for key in default_registry()}
    assert ours["orders_awaiting_payment"] == expected["awaiting_payment"]
    assert ours["orders_awaiting_shipment"] == expected["awaiting_shipment"]
    assert ours["shipped_late"] == expected["shipped_late_over_48h"]
    assert ours["paid_amount"] == pytest.approx(expected["paid_amount"], abs=0.01)
    assert ours["cases_open"] == sum(expected["returns_by_status"].get(s, 0) for s in "01")
    assert ours["review_score"] == pytest.approx(expected["comments"]["avg"], abs=1e-4)
    assert found["pay_to_ship"][0][0] == expected["pay_to_ship_hours"]["n"]
    assert found["pay_to_ship"][0][2] / 3600 == pytest.approx(
        expected["pay_to_ship_hours"]["p50"], abs=0.001
    )
    postgres_server.drop_database(place)


@pytest.mark.needs_shared
def test_the_live_queue_follows_both_sources(
    tmp_path: Path, help_desk: Database, mall: tuple[Database, dict[str, Any]]
) -> None:
    folder = folder_of(tmp_path / "f", "sqlite:///store.db", help_desk, mall[0])
    engine = sa.create_engine(help_desk.url)
    feed = Feed(engine, DESK, now=NOW)
    with started("worker", log=folder / "w.log") as worker:
        worker.wait_for("event=backfilled source=desk")
        worker.wait_for("event=backfilled source=mall")
        feed.surge("天猫售前", contacts=40, seconds=60)
        feed.advance(NOW + timedelta(minutes=2))
        wanted = {truth.queue: truth.waiting for truth in feed.live()}
        for _ in range(40):
            live = document("live", cwd=folder)
            found = {queue["queue"]: queue["waiting"] for queue in live["queues"]}
            if {q: found.get(q) for q in wanted} == wanted:
                break
        assert {q: found.get(q) for q in wanted} == wanted
        assert worker.terminate() == 0
    engine.dispose()
