"""KPIs of orders: placed, paid, shipped, delivered, and whether the customer came back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from tests.metrics.oracle.facts import Counted, Definition, Facts, labels_of, seconds

MONTHS = timedelta(days=90)


def dated(facts: Facts, date: str, worth: Callable[[Any], float | None]) -> Iterator[Counted]:
    """Orders by one of their moments; without those that are worth None."""
    for o in facts.orders:
        at = getattr(o, date)
        value = None if at is None else worth(o)
        if value is not None:
            labels = labels_of(o, "source", "category", "seller")
            yield Counted(at, float(value), labels, o.order_ref or o.order_id)


def promise(o: Any) -> datetime | None:
    """Until when it was to be shipped: 48 h after payment unless the shop promised otherwise."""
    usual = o.paid_at + timedelta(hours=48) if o.paid_at else None
    return o.promised_ship_at or usual


def shipping(o: Any) -> float | None:
    ahead = o.paid_at is None or o.paid_at > o.shipped_at
    return None if ahead else seconds(o.paid_at, o.shipped_at)


def shipped_late(o: Any) -> bool | None:
    due = promise(o)
    return None if due is None else o.shipped_at > due


def delivered_late(o: Any) -> bool | None:
    return None if o.promised_at is None else o.delivered_at > o.promised_at


def bought_again(facts: Facts) -> Iterator[Counted]:
    def again(o: Any) -> bool | None:
        if o.paid_at is None or o.customer_key is None:
            return None
        return any(
            other.customer_key == o.customer_key
            and o.placed_at < other.placed_at <= o.placed_at + MONTHS
            for other in facts.orders
        )

    return dated(facts, "placed_at", again)


def overdue(o: Any, now: datetime) -> bool:
    due = promise(o)
    return o.status == "paid" and due is not None and due < now


KPIS = {
    "orders_placed": Definition(partial(dated, date="placed_at", worth=lambda o: 1), "count"),
    "orders_paid": Definition(partial(dated, date="paid_at", worth=lambda o: 1), "count"),
    "paid_amount": Definition(
        partial(dated, date="paid_at", worth=lambda o: o.amount or 0.0), "sum"),
    "pay_to_ship": Definition(partial(dated, date="shipped_at", worth=shipping), "median"),
    "shipped_late": Definition(partial(dated, date="shipped_at", worth=shipped_late), "hits"),
    "delivery_time": Definition(
        partial(dated, date="delivered_at",
                worth=lambda o: seconds(o.placed_at, o.delivered_at)), "median"),
    "delivered_late_share": Definition(
        partial(dated, date="delivered_at", worth=delivered_late), "share"),
    "repurchase_rate": Definition(bought_again, "share", MONTHS),
}  # fmt: skip
