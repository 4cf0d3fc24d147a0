"""Complaint risks: how long scoring takes on a made-up shop, and how good the scores are on Olist.

The second needs the Olist data set: put the folder of its files into $OLIST_DATA.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import sqlalchemy as sa

from benchmarks.figures import head, say
from connectors import schema
from connectors.columns import to_micros
from connectors.connect import connect
from connectors.risk_tables import changed_orders
from connectors.settings import SourceSettings
from connectors.store import Store, open_store
from connectors.sync import SourceSync
from forecasting.risk.evaluation import Evaluation, evaluate
from forecasting.risk.facts import Facts
from forecasting.risk.jobs import RiskPlan
from forecasting.risk.model import RiskModel
from forecasting.risk.moments import labelled
from forecasting.risk.reading import read_facts
from forecasting.risk.rescoring import Rescoring
from forecasting.risk.score import Scorer
from forecasting.risk.settings import RiskSettings
from forecasting.risk.store import save_model
from forecasting.risk.training import train

START = datetime(2025, 1, 1, tzinfo=UTC)
ZONE = ZoneInfo("Asia/Shanghai")
BRAZIL = ZoneInfo("America/Sao_Paulo")
DAY = 86_400 * 1_000_000
ORDERS, MANY = 100_000, 1_000_000
CUTS = ("2017-07-01", "2017-08-01", "2017-09-01", "2017-10-01", "2017-11-01", "2017-12-01",
        "2018-01-01", "2018-02-01", "2018-04-01")  # fmt: skip
# What a later period must show (its base rate is .116), order time and promised date.
BARS = {
    "order": {"roc_auc": 0.655, "pr_auc": 0.25, "precision_5": 0.38, "ece": 0.02},
    "promise": {"roc_auc": 0.76, "pr_auc": 0.425, "precision_5": 0.615, "ece": 0.015},
}


def run() -> None:
    """Speed on a made-up shop."""
    with tempfile.TemporaryDirectory() as folder:
        _speed(Path(folder))


def million() -> None:
    """Memory at a million orders: read, trained on, and scored with reasons."""
    head(f"Memory at {MANY:,} orders")
    with tempfile.TemporaryDirectory() as folder:
        _shop(Path(folder) / "store.db", MANY).close()
        words = [sys.executable, "-m", "benchmarks.risk", str(Path(folder) / "store.db")]
        subprocess.run(words, check=True)  # in a process of its own: peaks don't go down


def _speed(folder: Path) -> None:
    head(f"Complaint risk of {ORDERS:,} made-up orders")
    store = _shop(folder / "store.db", ORDERS)
    with store.read() as connection:
        started = time.perf_counter()
        facts = read_facts(connection)
        say("reading the facts", f"{time.perf_counter() - started:.1f} s")
    started = time.perf_counter()
    model = train(facts, START + timedelta(days=300), zone=ZONE)
    say("training all moments", f"{time.perf_counter() - started:.1f} s")
    for moment in ("order", "promise"):
        wall, cpu = time.perf_counter(), time.process_time()
        with store.read() as connection:
            scorer = Scorer(model, read_facts(connection))
        scorer.score(np.arange(ORDERS), moment, lang="zh")
        say(f"facts read and all scored with reasons, {moment}",
            f"{time.perf_counter() - wall:.1f} s",
            f"≤ 20 s (CPU {time.process_time() - cpu:.1f})")  # fmt: skip
    _again(store, model)
    store.close()


def _again(store: Store, model: RiskModel) -> None:
    """What the worker's job does: everything open once, then 1,000 orders that moved on, from the
    changed rows in the store to the scores and the list in it."""
    now = START + timedelta(days=360, hours=12)  # each day's first run also follows the level
    scoring = Rescoring(RiskPlan(RiskSettings(line=0.2), ZONE, threads=0))
    with store.begin() as connection:
        save_model(connection, model, now=now)
        table = schema.orders.c
        open_ = connection.execute(
            sa.select(table.order_ref).where(table.placed_at > now - timedelta(days=8))
            .where(table.placed_at < now).order_by(table.order_ref)
        ).scalars().all()  # fmt: skip
    _timed("job: facts read, all open orders scored, listed", scoring, store, now)
    for round_ in range(3):
        now += timedelta(minutes=2)
        refs = np.random.default_rng(round_).choice(open_, 1000, replace=False).tolist()
        with store.begin() as connection:
            rows = [{"order_ref": ref, "times": 1} for ref in refs]
            connection.execute(changed_orders.insert(), rows)
        _timed("job: 1,000 changed orders", scoring, store, now, "≤ 1 s")


def _timed(what: str, scoring: Rescoring, store: Store, now: datetime, bar: str = "") -> None:
    wall, cpu = time.perf_counter(), time.process_time()
    done = scoring.run(store, now=now)
    took, used = time.perf_counter() - wall, time.process_time() - cpu
    say(what, f"{took:.2f} s", f"{bar} (CPU {used:.2f}; {done})")


def score_all(path: Path) -> None:
    """Train on and score every order of a store; prints the process's highest memory."""
    store = open_store(f"sqlite:///{path}")
    with store.read() as connection:
        facts = read_facts(connection)
    store.close()
    say("after reading", f"{_peak():.2f} GiB", "≤ 1.5 GiB")
    model = train(facts, START + timedelta(days=300), zone=ZONE)
    say("after training", f"{_peak():.2f} GiB", "≤ 1.5 GiB")
    started = time.perf_counter()
    for _ in Scorer(model, facts).pages(np.arange(len(facts)), "promise", lang="zh"):
        pass
    say("after scoring all with reasons", f"{_peak():.2f} GiB", "≤ 1.5 GiB")
    say("scoring all with reasons", f"{time.perf_counter() - started:.0f} s")


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def olist() -> None:
    """Quality on the Olist data: fitted at a cut, measured on the orders after it."""
    data = os.environ.get("OLIST_DATA")
    if not data:
        say("Olist", "not measured", "put the folder of its files into $OLIST_DATA")
        return
    with tempfile.TemporaryDirectory() as name:
        facts = _olist_facts(Path(name), Path(data))
        for cut in CUTS:
            _cut(facts, datetime.fromisoformat(cut).replace(tzinfo=BRAZIL))


def _olist_facts(folder: Path, data: Path) -> Facts:
    example = Path(__file__).resolve().parents[1] / "examples" / "olist"
    url = f"sqlite:///{folder / 'olist.db'}"
    subprocess.run(
        [sys.executable, str(example / "load.py"), "--data", str(data), "--url", url], check=True
    )
    settings = SourceSettings.model_validate(
        {"name": "olist", "statements": "olist.sql", "url": url, "batch": 20_000, "timeout": "5m"}
    )
    store = open_store(f"sqlite:///{folder / 'store.db'}", migrate=True)
    syncing = SourceSync(store, connect(settings, example))
    while not syncing.complete:
        syncing.backfill_page(datetime.now(UTC))
    syncing.source.close()
    with store.read() as connection:
        facts = read_facts(connection)
    store.close()
    return facts


def _cut(facts: Facts, cut: datetime) -> None:
    start, end = to_micros(cut), to_micros(cut + timedelta(days=150))
    placed = facts.instants("placed_at")
    if not (placed >= start).any():
        return
    head(f"Olist, fitted at {cut:%Y-%m-%d}, measured on the 150 days after it")
    started = time.perf_counter()
    model = train(facts, cut, zone=BRAZIL)
    say("training", f"{time.perf_counter() - started:.0f} s")
    scorer = Scorer(model, facts)
    for moment in BARS:
        rows, _ = labelled(facts, scorer.told, moment)
        rows = rows[(placed[rows] >= start) & (placed[rows] < end)]
        p, ruled = scorer.probabilities(rows, moment)
        bad = scorer.told.bad[rows]
        _figures(moment, evaluate("model", bad, p, draws=0), evaluate("rule", bad, ruled, draws=0))


def _figures(moment: str, model: Evaluation, rule: Evaluation) -> None:
    say(f"{moment}: orders, base rate", f"{model.n:,}  {model.base:.3f}")
    for key, bar in BARS[moment].items():
        value, simple = model.figures[key].value, rule.figures[key].value
        say(f"  {key} (simple rule {simple:.3f})", f"{value:.4f}",
            f"{'≤' if key == 'ece' else '≥'} {bar} at base rate .116")  # fmt: skip


def _shop(path: Path, n: int) -> Store:
    """A store of `n` orders over a year, nine in ten rated, one in ten with a contact."""
    store = open_store(f"sqlite:///{path}", migrate=True)
    chance = np.random.default_rng(0)
    step = 50_000
    for first in range(0, n, step):
        with store.begin() as connection:
            _sell(connection, first, min(step, n - first), n, chance)
    return store


def _sell(connection, first: int, size: int, n: int, chance: np.random.Generator) -> None:  # type: ignore[no-untyped-def]
    number = np.arange(first, first + size)
    placed = to_micros(START) + number * (365 * DAY // n)
    seller = chance.integers(0, 2000, size)
    late = chance.random(size) < 0.08
    shipped = placed + (chance.uniform(0.3, 3, size) * DAY).astype(np.int64)
    took = np.where(late, chance.uniform(9, 15, size), chance.uniform(3, 8, size)) * DAY
    delivered = placed + took.astype(np.int64)
    items = 1 + (chance.random(size) < 0.15)
    odds = -2.7 + 3 * late + 1.2 * (seller % 10 == 0) + 0.8 * (items - 1)
    bad = chance.random(size) < 1 / (1 + np.exp(-odds))
    people, goods = chance.integers(0, n, size), chance.integers(0, 30_000, size)
    amount = np.round(chance.lognormal(4.5, 0.8, size), 2)
    regions = chance.integers(0, 31, size)
    rows = zip(number.tolist(), placed.tolist(), shipped.tolist(), delivered.tolist(),
               seller.tolist(), items.tolist(), people.tolist(), goods.tolist(), amount.tolist(),
               regions.tolist(), strict=True)  # fmt: skip
    connection.execute(schema.orders.insert(), [
        {"source": "shop", "order_id": f"{o:012d}", "order_ref": f"{o:012d}", "placed_at": p,
         "paid_at": p + 60_000_000, "promised_ship_at": p + 2 * DAY, "promised_at": p + 8 * DAY,
         "shipped_at": s, "delivered_at": d, "amount": a, "freight": 8.0, "discount": 0.0,
         "items": i, "sellers": i, "category": f"category {g % 60}", "seller": f"seller {v:05d}",
         "seller_region": f"region {v % 31}", "region": f"region {r}", "payment": "alipay",
         "customer_key": f"{c:024x}", "product_ref": f"product {g:06d}", "status": "received"}
        for o, p, s, d, v, i, c, g, a, r in rows
    ])  # fmt: skip
    told = chance.random(size) < 0.9
    answered = delivered + (chance.uniform(0.1, 5, size) * DAY).astype(np.int64)
    connection.execute(schema.ratings.insert(), [
        {"source": "shop", "rating_id": f"{o:012d}", "order_ref": f"{o:012d}", "kind": "review",
         "score": 1.0 if b else 5.0, "scale": 5.0, "asked_at": t - DAY, "rated_at": t}
        for o, b, t in zip(number[told].tolist(), bad[told].tolist(), answered[told].tolist(),
                           strict=True)
    ])  # fmt: skip
    asked = chance.random(size) < 0.1
    connection.execute(schema.contacts.insert(), [
        {"source": "shop", "contact_id": f"{o:012d}", "order_ref": f"{o:012d}", "channel": "chat",
         "queue": "q", "status": "closed", "opened_at": p + 3 * DAY}
        for o, p in zip(number[asked].tolist(), placed[asked].tolist(), strict=True)
    ])  # fmt: skip


if __name__ == "__main__":
    score_all(Path(sys.argv[1]))
