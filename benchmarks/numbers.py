"""Back-fill, live state and a KPI over a year, on a million simulated contacts in SQLite."""

from __future__ import annotations

import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from benchmarks.figures import head, median_ms, say
from connectors.connect import connect
from connectors.settings import SourceSettings
from connectors.simulator.feed import write_history
from connectors.simulator.settings import SimulatorSettings
from connectors.store import Store, open_store
from connectors.sync import SourceSync
from metrics import refresh
from metrics.live import LiveSettings, live_state
from metrics.packs import default_registry
from metrics.query import kpi

DAYS = 365
PER_DAY = 2600  # promo days on top make about a million in a year
ZONE = ZoneInfo("Asia/Shanghai")


def run() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        now = datetime.now(UTC)
        _make_shop(folder / "shop.db", now)
        store = open_store(f"sqlite:///{folder / 'store.db'}", migrate=True)
        contacts = _backfill(store, folder / "shop.db")
        started = time.perf_counter()
        refresh.refresh(store, default_registry())
        say("KPI intervals computed from all facts", f"{time.perf_counter() - started:.1f} s",
            f"{len(default_registry().stored())} KPIs")  # fmt: skip
        _reads(store, now, contacts)
        store.close()


def _make_shop(path: Path, now: datetime) -> None:
    head(f"The simulated shop: {DAYS} days, no messages")
    settings = SimulatorSettings(
        days=DAYS, contacts_per_day=PER_DAY, orders_per_day=0, messages=False
    )
    engine = sa.create_engine(f"sqlite:///{path}")
    cpu, wall = time.process_time(), time.perf_counter()
    write_history(engine, settings, now=now)
    with engine.connect() as connection:
        count = connection.exec_driver_sql("SELECT COUNT(*) FROM contacts").scalar_one()
    engine.dispose()
    spent, took = time.process_time() - cpu, time.perf_counter() - wall
    say(f"simulator: {count:,} contacts", f"{count / took:,.0f} /s", f"{count / spent:,.0f} /CPU s")


def _backfill(store: Store, shop: Path) -> int:
    head("Back-fill into SQLite")
    settings = SourceSettings.model_validate(
        {"name": "shop", "preset": "generic", "url": f"sqlite:///{shop}"}
    )
    sync = SourceSync(store, connect(settings, shop.parent))
    rows, spent, took, done = 0, 0.0, 0.0, 0
    while not sync.complete:
        cpu, wall = time.process_time(), time.perf_counter()
        progress = sync.backfill_page(datetime.now(UTC))
        if progress.fact == "contacts":
            spent += time.process_time() - cpu
            took += time.perf_counter() - wall
            rows = max(rows, progress.done)
        done += 1
    sync.poll(datetime.now(UTC))
    sync.source.close()
    say(f"{rows:,} contacts, {done} pages", f"{rows / took:,.0f} rows/s", "≥ 20,000 rows/s")
    say("the same by CPU time", f"{rows / spent:,.0f} rows/CPU s")
    return rows


def _reads(store: Store, now: datetime, contacts: int) -> None:
    head(f"Reads from a store of {contacts:,} contacts")
    with store.read() as connection:
        wall, cpu = median_ms(
            lambda: live_state(connection, now=datetime.now(UTC), settings=LiveSettings())
        )
        say("live state", f"{wall:.1f} ms", f"≤ 20 ms (CPU {cpu:.1f})")
        for key in ("volume", "first_response", "service_level", "csat"):
            since = now - timedelta(days=365)
            wall, cpu = median_ms(
                lambda k=key, s=since: kpi(connection, k, since=s, until=now, zone=ZONE)
            )
            say(f"{key} over a year", f"{wall:.1f} ms", f"≤ 50 ms (CPU {cpu:.1f})")
        wall, cpu = median_ms(
            lambda: kpi(connection, "first_response", since=now - timedelta(days=30), until=now,
                        every=timedelta(minutes=30), by="queue", zone=ZONE)
        )  # fmt: skip
        say("first_response, 30 days by half-hour and queue", f"{wall:.1f} ms", f"CPU {cpu:.1f}")
