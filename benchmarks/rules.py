"""Ten thousand rules a second, and a month of thirty queues replayed. CPU time, not wall time."""

from __future__ import annotations

import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from alerts.alert import Rule, Threshold
from alerts.backtest.past import Place
from alerts.backtest.run import backtest
from alerts.book import AlertBook, SourceWatch, rule_book
from alerts.freshness import SourceReading
from alerts.pipeline import Reading, evaluate_and_record
from benchmarks.figures import head, say
from connectors import schema
from connectors.columns import to_micros
from connectors.store import Store, open_store
from metrics.measurement import Measurement, labels_of
from metrics.packs import default_registry

RULES, QUEUES, TICKS = 10_000, 200, 30
ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
MONTH = timedelta(days=30)
A_DAY = 3_000  # contacts in all queues


def run() -> None:
    with tempfile.TemporaryDirectory() as name:
        _ticks(Path(name))
        _replay(Path(name))


def _ticks(folder: Path) -> None:
    head(f"{RULES:,} rules, {QUEUES} queues, a tick a second")
    store = open_store(f"sqlite:///{folder / 'ticks.db'}", migrate=True)
    rules = [_rule(number) for number in range(RULES)]
    book, plans = AlertBook(), rule_book(rules, SourceWatch())
    _tick(store, book, plans, 0)
    cpu = time.process_time()
    for second in range(1, TICKS + 1):
        _tick(store, book, plans, second)
    spent = (time.process_time() - cpu) / TICKS
    say("CPU of a tick's alert half, store and history included", f"{spent * 1000:.1f} ms",
        "≤ 50 ms: 5 % of a core")  # fmt: skip
    say("alerts up", str(sum(one.up for one in book.alerts.values())))
    store.close()


def _rule(number: int) -> Rule:
    """A rule on one queue each, or on all; one in a hundred fires now and then."""
    limit = 40 if number % 100 else 15 + number // 100 % 5
    queue = f"q{number * QUEUES // RULES}"
    return Rule(
        name=f"r{number}", metric="queue_length", by=("queue",), where=labels_of(queue=queue),
        when=Threshold(">", limit), clear=Threshold("<=", limit - 2), receivers=("leads",),
    )  # fmt: skip


def _tick(store: Store, book: AlertBook, plans: object, second: int) -> None:
    now = NOW + timedelta(seconds=second)
    chance = np.random.default_rng(second)
    found = [
        Measurement("queue_length", labels_of(queue=f"q{at}", channel="web", source="desk"),
                    float(value), 1, now, None)
        for at, value in enumerate(chance.integers(5, 20, QUEUES))
    ]  # fmt: skip
    source = SourceReading("desk", True, now, timedelta(seconds=1))
    evaluate_and_record(store, book, plans, Reading(now, found, [source]))  # type: ignore[arg-type]


def _replay(folder: Path) -> None:
    head("A month of 30 queues replayed, looked at every 2 s")
    store = open_store(f"sqlite:///{folder / 'past.db'}", migrate=True)
    contacts = _fill(store, np.random.default_rng(1))
    say("contacts", f"{contacts:,}")
    for metric, limit in (("queue_length", 8), ("longest_wait", 300), ("first_response", 90)):
        rule = Rule(
            name="r", metric=metric, by=("queue",), when=Threshold(">", limit),
            clear=Threshold("<=", limit), wait=timedelta(seconds=30),
            window=None if metric != "first_response" else timedelta(hours=1),
        )  # fmt: skip
        with store.read() as connection:
            place = Place(connection, ZONE, default_registry(), timedelta(days=3))
            cpu = time.process_time()
            found = backtest(place, rule, NOW - MONTH, NOW)
            spent = time.process_time() - cpu
        say(f"{metric} > {limit} for 30 s: {len(found.episodes):,} alerts, a curve of "
            f"{len(found.curve)} points", f"{spent:.2f} CPU s", "≤ 2 s")  # fmt: skip
    store.close()


def _fill(store: Store, chance: np.random.Generator) -> int:
    """Contacts by day and evening, more in some half-hours than people can answer at once."""
    count = A_DAY * 30
    day = chance.integers(0, 30, count)
    hour = np.clip(chance.normal(15, 4, count), 8, 23.9)
    opened = to_micros(NOW - MONTH) + ((day * 24 + hour) * 3.6e9).astype(np.int64)
    load = 30 + 200 * ((hour > 19.5) & (hour < 21)) + 150 * ((hour > 10) & (hour < 11))
    replied = opened + (chance.exponential(load) * 1e6).astype(np.int64)
    closed = replied + (chance.exponential(600, count) * 1e6).astype(np.int64)
    names = list(schema.contacts.c.keys())
    rows = [
        {"source": "desk", "contact_id": str(at), "channel": "web", "queue": f"q{at % 30}",
         "status": "closed", "opened_at": int(opened[at]), "queued_at": int(opened[at]),
         "first_reply_at": int(replied[at]), "closed_at": int(closed[at]),
         "bot_only": False, "outbound_only": False}
        for at in range(count)
    ]  # fmt: skip
    with store.begin() as connection:
        connection.execute(
            schema.contacts.insert(), [{n: row.get(n) for n in names} for row in rows]
        )
        connection.execute(
            schema.sources.insert().values(source="desk", status="ok", poll_s=1, rows=0, as_of=NOW)
        )
    return count
