"""KPIs of the present: how many there are now."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from tests.metrics.oracle.facts import Facts, labels_of, of_contact
from tests.metrics.oracle.orders import overdue

DAY = timedelta(days=1)


def unresolved(c: Any) -> bool:
    return c.status in ("open", "snoozed") and not c.outbound_only


# (fact, whether a row counts now)
STATES: Mapping[str, tuple[str, Callable[[Any, datetime], bool]]] = {
    "backlog": ("contacts", lambda c, now: unresolved(c)),
    "backlog_aged": ("contacts", lambda c, now: unresolved(c) and now - c.opened_at > DAY),
    "orders_awaiting_payment": ("orders", lambda o, now: o.status == "unpaid"),
    "orders_awaiting_shipment": ("orders", lambda o, now: o.status == "paid"),
    "overdue_shipments": ("orders", overdue),
    "cases_open": ("cases", lambda c, now: c.status in ("pending", "returning")),
    "cases_overdue": ("cases", lambda c, now: c.status == "pending" and now - c.opened_at > DAY),
}


def now_by(facts: Facts, key: str, now: datetime) -> list[Mapping[str, str]]:
    """The labels of every row that counts."""
    fact, counts = STATES[key]
    rows = [row for row in getattr(facts, fact) if counts(row, now)]
    if fact == "contacts":
        return [of_contact(c, c.source, c.agent_id) for c in rows]
    names = ("category", "seller") if fact == "orders" else ("kind", "reason")
    return [labels_of(row, "source", *names) for row in rows]
