"""The history pages on a million contacts over a year, in SQLite and PostgreSQL: what a page reads,
and what computing KPIs anew costs. Facts are made at random and put into the store directly."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import sqlalchemy as sa

from benchmarks import history_pages
from benchmarks.figures import head, median_ms, say
from connectors import schema
from connectors.columns import to_micros
from connectors.store import Store, open_store
from dashboard.history.asked import read_asked
from dashboard.pages import after_sales, agents, pace, response, satisfaction
from metrics import refresh
from metrics.kpi import Registry
from metrics.pacing import paced
from metrics.packs import load_registry
from metrics.reading import Reader
from tests.servers import PostgresServer

CONTACTS, ORDERS = 1_000_000, 300_000
ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
YEAR = 365 * 86_400 * 1_000_000
BATCH = 50_000
QUEUE = "queue 3"  # one of a dozen
PACKS = ("general", "jd")
OWN = {"late_replies": {"title": "Late replies", "shape": "percent", "unit": "contact",
       "unit_of_value": "%", "start": "opened", "end": "first_reply", "threshold": "45s",
       "denominator": "answered", "date": "first_reply"}}  # fmt: skip


def run() -> None:
    with tempfile.TemporaryDirectory() as name:
        _measure("SQLite", f"sqlite:///{Path(name) / 'store.db'}")
    with PostgresServer() as server:
        _measure("PostgreSQL", server.create_database().url)


def _measure(kind: str, url: str) -> None:
    head(f"A year of {CONTACTS:,} contacts in {kind}")
    store = open_store(url, migrate=True)
    _fill(store, np.random.default_rng(1))
    registry = load_registry(PACKS)
    _timed(f"{len(registry.stored())} KPIs from facts",
           lambda: refresh.refresh(store, registry), "")  # fmt: skip
    more = load_registry(PACKS, own=OWN)
    _timed("one KPI more", lambda: refresh.refresh(store, more), "≤ 60 s")
    for page in (response, satisfaction, after_sales, agents):
        _page(store, registry, page)
    _pace(store, registry)
    history_pages.show(url, NOW.astimezone(ZONE).date(), days=365)
    store.close()


def _timed(what: str, work: Callable[[], object], bar: str) -> None:
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    say(what, f"{time.perf_counter() - wall:.1f} s",
        f"{bar} (CPU {time.process_time() - cpu:.1f} s)".strip())  # fmt: skip


def _page(store: Store, registry: Registry, page: Any) -> None:
    name = page.__name__.rpartition(".")[2]
    for period, queue in (("365d", ""), ("365d", QUEUE), ("28d", "")):
        asked = read_asked(
            name, {"period": [period], "queue": [queue] if queue else []}, kpis=page.KPIS,
            known={"queue": (QUEUE,)}, language="en", now=NOW.astimezone(ZONE),
        )  # fmt: skip
        with store.read() as connection:
            wall, cpu = median_ms(
                lambda a=asked, c=connection: page.load(Reader(c, ZONE, registry), a)
            )
        what = ", ".join(one for one in (name, period, queue) if one)
        say(what, f"{wall:.0f} ms", f"≤ 150 ms (CPU {cpu:.0f})")


def _pace(store: Store, registry: Registry) -> None:
    keys = paced(registry)
    asked = read_asked(
        "pace", {}, kpis=keys, known={}, language="en", now=NOW.astimezone(ZONE)
    )  # fmt: skip
    with store.read() as connection:
        wall, cpu = median_ms(
            lambda: pace.load(Reader(connection, ZONE, registry), asked, keys=keys, targets={})
        )
    say("pace", f"{wall:.0f} ms", f"≤ 150 ms (CPU {cpu:.0f})")


# --- facts at random --------------------------------------------------------------------------


def _fill(store: Store, chance: np.random.Generator) -> None:
    def write() -> None:
        for table, rows in _facts(chance):
            _insert(store, table, rows)

    _timed("facts written", write, "")


def _facts(chance: np.random.Generator) -> Iterator[tuple[sa.Table, list[dict[str, Any]]]]:
    end = to_micros(NOW)
    yield schema.sources, [{"source": "shop", "status": "ok", "poll_s": 2.0, "rows": 0,
                            "as_of": NOW, "presence_known": True}]  # fmt: skip
    yield schema.agents, [{"source": "shop", "agent_id": f"a{one}", "name": f"Agent {one}",
                           "team": f"team {one % 4}", "active": True}
                          for one in range(40)]  # fmt: skip
    for first in range(0, CONTACTS, BATCH):
        contacts, rounds, ratings = _contacts(chance, first, end)
        yield schema.contacts, contacts
        yield schema.rounds, rounds
        yield schema.ratings, ratings
    yield schema.orders, _orders(chance, end)
    yield schema.cases, _cases(chance, end)


def _contacts(
    chance: np.random.Generator, first: int, end: int
) -> tuple[list[dict[str, Any]], list[dict[str, Any]], list[dict[str, Any]]]:
    opened = end - chance.integers(0, YEAR, BATCH)
    waits = (chance.lognormal(3.5, 1.0, BATCH) * 1e6).astype(np.int64)
    lengths = (chance.lognormal(6.0, 0.8, BATCH) * 1e6).astype(np.int64)
    agents, queues = chance.integers(0, 40, BATCH), chance.integers(0, 12, BATCH)
    answered = chance.random(BATCH) < 0.95
    contacts, rounds, ratings = [], [], []
    for at in range(BATCH):
        key, start = f"c{first + at}", int(opened[at])
        reply = start + int(waits[at]) if answered[at] else None
        close = start + int(waits[at] + lengths[at])
        agent = f"a{agents[at]}" if reply else None
        contacts.append(
            {"source": "shop", "contact_id": key, "channel": ("web", "app", "api")[at % 3],
             "queue": f"queue {queues[at]}", "team": f"team {queues[at] % 4}",
             "customer_key": f"k{chance.integers(0, CONTACTS // 3)}", "agent_id": agent,
             "status": "closed" if reply else "abandoned", "opened_at": start, "queued_at": start,
             "assigned_at": reply, "first_reply_at": reply,
             "closed_at": close if reply else None, "abandoned_at": None if reply else close,
             "transfer_count": int(at % 9 == 0), "reopen_count": int(at % 17 == 0)}
        )  # fmt: skip
        for number in range(2 if reply else 1):
            asked = start + number * int(lengths[at]) // 2
            then = None if reply is None else asked + int(waits[(at + number) % BATCH])
            rounds.append(
                {"source": "shop", "contact_id": key, "round_no": number, "asked_at": asked,
                 "answered_at": then, "answered_by": "human" if then else None,
                 "agent_id": agent, "person_answered_at": then}
            )  # fmt: skip
        if reply and at % 4 == 0:
            score = float(chance.integers(1, 6)) if at % 8 == 0 else None
            ratings.append(
                {"source": "shop", "rating_id": key, "contact_id": key, "kind": "csat",
                 "score": score, "scale": 5.0, "asked_at": close,
                 "rated_at": close + 60_000_000 if score else None}
            )  # fmt: skip
    return contacts, rounds, ratings


def _orders(chance: np.random.Generator, end: int) -> list[dict[str, Any]]:
    placed = end - chance.integers(0, YEAR, ORDERS)
    day = 86_400_000_000
    return [
        {"source": "shop", "order_id": f"o{at}", "customer_key": f"k{at % 90_000}",
         "placed_at": int(start), "paid_at": int(start), "shipped_at": int(start) + day,
         "delivered_at": int(start) + 3 * day, "amount": 99.0, "category": f"category {at % 20}",
         "seller": f"seller {at % 50}", "status": "received"}
        for at, start in enumerate(placed)
    ]  # fmt: skip


def _cases(chance: np.random.Generator, end: int) -> list[dict[str, Any]]:
    opened = end - chance.integers(0, YEAR, ORDERS // 10)
    took = (chance.lognormal(11.0, 1.0, len(opened)) * 1e6).astype(np.int64)
    kinds = ("return", "refund", "exchange", "complaint")
    return [
        {"source": "shop", "case_id": f"s{at}", "kind": kinds[at % 4], "reason": f"r{at % 6}",
         "opened_at": int(start), "handled_at": int(start + took[at] // 3),
         "closed_at": int(start + took[at]) if at % 50 else None, "amount": 20.0,
         "status": "done" if at % 50 else "pending"}
        for at, start in enumerate(opened)
    ]  # fmt: skip


def _insert(store: Store, table: sa.Table, rows: list[dict[str, Any]]) -> None:
    for first in range(0, len(rows), BATCH // 5):  # the store gives up on statements of a minute
        with store.begin() as connection:
            connection.execute(table.insert(), rows[first : first + BATCH // 5])
