"""A small shop with the columns of mall that its preset reads, and the shared fixture's big one."""

from __future__ import annotations

import argparse
import importlib
import re
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Self
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from connectors.connect import connect
from connectors.settings import SourceSettings
from connectors.store import open_store
from connectors.sync import SourceSync
from metrics.query import kpi
from tests.connectors.presets.product import Product

SHANGHAI = ZoneInfo("Asia/Shanghai")
_MONEY = (
    "pay_amount freight_amount promotion_amount coupon_amount integration_amount discount_amount"
)
_COLUMNS = {
    "oms_order": (
        "member_id BIGINT NOT NULL, order_sn VARCHAR(64), create_time DATETIME, "
        + "".join(f"{name} DECIMAL(10,2), " for name in _MONEY.split())
        + "pay_type INT(1), status INT(1), order_type INT(1), receiver_province VARCHAR(32), "
        "delete_status INT(1) NOT NULL DEFAULT 0, payment_time DATETIME, delivery_time DATETIME, "
        "receive_time DATETIME, modify_time DATETIME"
    ),
    "oms_order_item": (
        "order_id BIGINT, product_name VARCHAR(200), product_quantity INT, "
        "product_category_id BIGINT"
    ),
    "oms_order_return_apply": (
        "order_id BIGINT, order_sn VARCHAR(64), create_time DATETIME, return_amount DECIMAL(10,2), "
        "status INT(1), handle_time DATETIME, reason VARCHAR(200), receive_time DATETIME"
    ),
    "pms_comment": (
        "product_id BIGINT, member_nick_name VARCHAR(255), star INT(3), create_time DATETIME"
    ),
    "pms_comment_replay": "comment_id BIGINT, create_time DATETIME, type INT(1)",
    "pms_product_category": "name VARCHAR(64)",
}


@dataclass
class Shop:
    """Rows go in by table, times as Shanghai wall clock."""

    url: str
    engine: sa.Engine = field(init=False)

    def __post_init__(self) -> None:
        self.engine = sa.create_engine(self.url)
        for table, columns in _COLUMNS.items():
            self.run(
                f"CREATE TABLE {table} (id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, {columns})"
                " DEFAULT CHARACTER SET utf8"
            )

    def run(self, sql: str, **values: Any) -> None:
        with self.engine.begin() as connection:
            connection.execute(sa.text(sql), values)

    def add(self, table: str, **row: Any) -> None:
        self.run(
            f"INSERT INTO {table} ({', '.join(row)}) VALUES ({', '.join(f':{n}' for n in row)})",
            **row,
        )

    def order(self, number: int, status: int | None, at: str, **row: Any) -> None:
        """An order as the shop writes it; pay_amount is filled whether it was paid or not."""
        given = {"member_id": 7, "order_sn": f"2026{number:08d}", "pay_amount": 100, **row}
        self.add("oms_order", id=number, status=status, create_time=at, **given)

    def change(self, table: str, number: int, **row: Any) -> None:
        pairs = ", ".join(f"{name} = :{name}" for name in row)
        self.run(f"UPDATE {table} SET {pairs} WHERE id = :id", id=number, **row)

    def close(self) -> None:
        self.engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@contextmanager
def connected(url: str, folder: Path, **params: int) -> Iterator[Product]:
    """The preset on a shop. Without overlap below the mark, which hides mistakes in a small one."""
    settings = SourceSettings.model_validate(
        {"name": "shop", "preset": "mall", "url": url, "params": params, "overlap": 0}
    )
    store = open_store(f"sqlite:///{folder / 'store.db'}", migrate=True)
    source = connect(settings, folder)
    try:
        yield Product(store, SourceSync(store, source))
    finally:
        source.close()
        store.close()


def shanghai(text: str) -> datetime:
    """The instant of a Shanghai wall clock."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


TODAY = (shanghai("2026-11-20 00:00:00"), shanghai("2026-11-21 00:00:00"))


def state(desk: Product, key: str) -> float | None:
    with desk.store.read() as connection:
        [row] = kpi(connection, key, zone=SHANGHAI).rows
    return row.value


def by_reason(desk: Product, key: str) -> dict[str, float | None]:
    with desk.store.read() as connection:
        found = kpi(connection, key, since=shanghai("2026-01-01"), until=TODAY[1], by="reason",
                    zone=SHANGHAI)  # fmt: skip
    return {dict(row.labels)["reason"]: row.value for row in found.rows}


@dataclass(slots=True)
class GeneratedShop:
    """The shared fixture: `rows` are its facts in memory, `maker` and `live` its modules."""

    maker: Any
    live: Any
    url: str
    rows: dict[str, Any] = field(default_factory=dict)

    def fill(self, *, orders: int, days: int, now: datetime) -> None:
        """The shop's real tables with everything up to `now`."""
        rows = self.maker.generate(argparse.Namespace(orders=orders, days=days, seed=1), now)
        self.rows = rows
        engine = sa.create_engine(self.url)
        with engine.begin() as connection:
            facts = self.maker.mall_schema.load(self.maker.FACTS)
            for statement in self.maker.mall_schema.statements(facts):
                connection.exec_driver_sql(re.sub("%", "%%", statement))
            with closing(connection.connection.cursor()) as cursor:
                for table, given in (
                    ("ums_member", rows["members"]),
                    ("oms_order", [one["o"] for one in rows["orders"]]),
                    ("oms_order_item", rows["items"]),
                    ("oms_order_return_apply", rows["returns"]),
                    ("pms_comment", sorted(rows["comments"], key=lambda one: one["t"])),
                ):
                    self.maker.insert(cursor, table, given)
        engine.dispose()

    def expected(self, now: datetime) -> dict[str, Any]:
        """What a correct dashboard shows, from the facts in memory."""
        rows = self.rows
        answer: dict[str, Any] = self.maker.expected(
            now, rows["orders"], rows["returns"], rows["comments"]
        )
        return answer

    def go_on(self, now: datetime, *, ticks: int, seconds: float) -> Iterator[datetime]:
        """Write on for some ticks; yields the clock after each."""
        live = self.live.Live(self.rows, argparse.Namespace(seed=1))
        steps = {"new": 1.0, **self.live.CREW}
        for kind, share in steps.items():
            for number in range(int(ticks * share)):
                live.at(now + timedelta(seconds=seconds * number / share), kind)
        engine = sa.create_engine(self.url)
        for tick in range(1, ticks + 1):
            clock = now + timedelta(seconds=seconds * tick)
            with engine.begin() as connection:
                live.tick(connection, clock)
            yield clock
        assert all(live.done[name] for name in self.live.NAMES.values() if name != "orders_closed")
        engine.dispose()

    def counts(self, now: datetime) -> dict[str, Any]:
        answer: dict[str, Any] = self.live.live_counts(now, self.rows)
        return answer


def generated_shop(folder: Path, url: str) -> GeneratedShop:
    """The shared fixture's own modules, imported without leaving a trace beside them."""
    writing = sys.dont_write_bytecode
    sys.dont_write_bytecode = True
    sys.path.insert(0, str(folder))
    try:
        maker, live = map(importlib.import_module, ("make_mall_db", "mall_live"))
    finally:
        sys.path.remove(str(folder))
        sys.dont_write_bytecode = writing
    return GeneratedShop(maker, live, url)
