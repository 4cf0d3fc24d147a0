"""KPIs of after-sales cases."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import time
from functools import partial
from typing import Any

from tests.metrics.oracle.facts import (
    CHINA,
    Counted,
    Definition,
    Facts,
    labels_of,
    seconds,
    within_hours,
)


def dated(facts: Facts, date: str, worth: Callable[[Any], float | None]) -> Iterator[Counted]:
    """Cases by one of their moments; without those that are worth None."""
    for c in facts.cases:
        at = getattr(c, date)
        value = None if at is None else worth(c)
        if value is not None:
            yield Counted(at, float(value), labels_of(c, "source", "kind", "reason"), c.case_id)


def refund(c: Any) -> float | None:
    return (c.amount or 0.0) if c.status == "done" else None


def first_action(c: Any) -> float | None:
    return None if c.handled_at is None else seconds(c.opened_at, c.handled_at)


def reviewed_soon(c: Any) -> bool | None:
    by_day = within_hours(c.opened_at, CHINA, time(9), time(21))
    if c.kind == "complaint" or c.handled_at is None or not by_day:
        return None
    return seconds(c.opened_at, c.handled_at) <= 20 * 60


KPIS = {
    "cases_opened": Definition(partial(dated, date="opened_at", worth=lambda c: 1), "count"),
    "complaints_opened": Definition(
        partial(dated, date="opened_at", worth=lambda c: 1 if c.kind == "complaint" else None),
        "count"),
    "refunded_amount": Definition(partial(dated, date="closed_at", worth=refund), "sum"),
    "after_sales_turnaround": Definition(
        partial(dated, date="closed_at", worth=lambda c: seconds(c.opened_at, c.closed_at)),
        "median"),
    "after_sales_first_action": Definition(
        partial(dated, date="opened_at", worth=first_action), "median"),
    "jd.case_review_20min": Definition(
        partial(dated, date="opened_at", worth=reviewed_soon), "share"),
}  # fmt: skip
