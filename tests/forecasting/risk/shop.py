"""A small shop with a known law of complaints, written into a real store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import sqlalchemy as sa

from connectors import schema
from connectors.store import Store, open_store
from forecasting.risk.facts import Facts
from forecasting.risk.jobs import RiskPlan
from forecasting.risk.reading import read_facts
from forecasting.risk.settings import RiskSettings

START = datetime(2026, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
NOW = START + timedelta(days=120)
PLAN = RiskPlan(RiskSettings(line=0.25, holdout=0.3), ZoneInfo("Asia/Shanghai"))
REGIONS = ("广东省", "浙江省", "新疆")
CATEGORIES = ("shoes", "phones", "toys")


@dataclass
class Shop:
    """Rows by fact. Sellers with a high number are bad, 新疆 is late, late orders complain."""

    orders: list[dict[str, Any]] = field(default_factory=list)
    ratings: list[dict[str, Any]] = field(default_factory=list)
    cases: list[dict[str, Any]] = field(default_factory=list)
    contacts: list[dict[str, Any]] = field(default_factory=list)

    def order(self, ref: str, placed_at: datetime, **more: Any) -> dict[str, Any]:
        row = {
            "source": "shop", "order_id": ref, "order_ref": ref, "status": "received",
            "customer_key": f"c{ref}", "placed_at": placed_at,
            "paid_at": placed_at + timedelta(minutes=5),
            "promised_ship_at": placed_at + 2 * DAY, "promised_at": placed_at + 8 * DAY,
            "shipped_at": placed_at + 1 * DAY, "delivered_at": placed_at + 5 * DAY,
            "amount": 100.0, "discount": 0.0, "freight": 10.0, "items": 1, "category": "shoes",
            "seller": "s1", "region": "广东省", "payment": "alipay", "promo": None,
            "product_ref": "p1", "sellers": 1, "seller_region": "广东省", **more,
        }  # fmt: skip
        self.orders.append(row)
        return row

    def rate(self, ref: str, at: datetime, score: float | None, **more: Any) -> None:
        self.ratings.append({
            "source": "shop", "rating_id": f"r{len(self.ratings)}", "order_ref": ref,
            "kind": "review", "score": score, "scale": 5.0, "asked_at": at - DAY, "rated_at": at,
            **more,
        })  # fmt: skip

    def contact(self, ref: str | None, at: datetime, **more: Any) -> None:
        self.contacts.append({
            "source": "desk", "contact_id": f"k{len(self.contacts)}", "channel": "chat",
            "queue": "q", "status": "closed", "order_ref": ref, "opened_at": at, **more,
        })  # fmt: skip

    def case(self, ref: str, at: datetime, **more: Any) -> None:
        self.cases.append({
            "source": "shop", "case_id": f"a{len(self.cases)}", "order_ref": ref,
            "kind": "complaint", "status": "pending", "opened_at": at, **more,
        })  # fmt: skip

    def write(self, path: Path, *, shuffle: int | None = None) -> Store:
        """Into a new SQLite store; `shuffle` seeds the order of rows."""
        return self.write_to(f"sqlite:///{path}", shuffle=shuffle)

    def write_to(self, url: str, *, shuffle: int | None = None) -> Store:
        store = open_store(url, migrate=True)
        with store.begin() as connection:
            for name in ("orders", "ratings", "cases", "contacts"):
                rows = list(getattr(self, name))
                if shuffle is not None:
                    np.random.default_rng(shuffle).shuffle(rows)
                _insert(connection, schema.FACTS[name], rows)
        return store

    def facts(self, path: Path, *, shuffle: int | None = None) -> Facts:
        store = self.write(path, shuffle=shuffle)
        with store.read() as connection:
            found = read_facts(connection)
        store.close()
        return found


def _insert(connection: sa.Connection, table: sa.Table, rows: Sequence[dict[str, Any]]) -> None:
    names = {name for row in rows for name in row}
    if rows:
        connection.execute(table.insert(), [dict.fromkeys(names) | row for row in rows])


def busy_shop(n: int = 2500, *, seed: int = 3, days: int = 150) -> Shop:
    """`n` orders over `days`, most of them rated."""
    chance = np.random.default_rng(seed)
    shop = Shop()
    for number in range(n):
        placed = START + timedelta(seconds=int(days * 86_400 * number / n))
        _sell(shop, f"o{number:05d}", placed, chance)
    return shop


def _sell(shop: Shop, ref: str, placed: datetime, chance: np.random.Generator) -> None:
    seller, region = int(chance.integers(0, 12)), REGIONS[int(chance.integers(0, 3))]
    late = chance.random() < (0.4 if region == "新疆" else 0.05)
    took = timedelta(days=float(chance.uniform(9, 15) if late else chance.uniform(2, 7)))
    items = 1 + int(chance.random() < 0.2)
    row = shop.order(
        ref, placed, seller=f"s{seller}", region=region, delivered_at=placed + took,
        shipped_at=placed + timedelta(days=float(chance.uniform(0.5, 1.9))),
        category=CATEGORIES[seller % 3], customer_key=f"c{int(chance.integers(0, n_customers()))}",
        items=items, sellers=items, product_ref=f"p{int(chance.integers(0, 40))}",
        amount=float(np.round(chance.lognormal(4, 0.5), 2)),
    )  # fmt: skip
    odds = -3.2 + (3.5 if late else 0) + (2.0 if seller > 8 else 0) + 1.2 * (items - 1)
    bad = chance.random() < 1 / (1 + np.exp(-odds))
    if chance.random() < 0.1:
        shop.contact(ref, placed + 2 * DAY, customer_key=row["customer_key"])
    if chance.random() < 0.9:
        shop.rate(ref, placed + took + timedelta(days=float(chance.uniform(0.1, 4))),
                  1 if bad else 5)  # fmt: skip


def n_customers() -> int:
    return 900
