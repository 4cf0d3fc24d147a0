"""KPIs the slow way: plain loops over facts, written from the definitions and not from the code."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from connectors import schema
from connectors.store import Store


@dataclass
class Facts:
    """All facts as they are stored, times as datetimes."""

    contacts: list[Any]
    rounds: list[Any]
    ratings: list[Any]
    orders: list[Any]
    cases: list[Any]

    def contact(self, source: str, contact_id: str | None) -> Any:
        return next(
            (c for c in self.contacts if (c.source, c.contact_id) == (source, contact_id)), None
        )


def read(store: Store) -> Facts:
    with store.read() as connection:
        return Facts(
            *(
                list(connection.execute(sa.select(schema.FACTS[name])))
                for name in ("contacts", "rounds", "ratings", "orders", "cases")
            )
        )


def percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def values(facts: Facts, key: str) -> Iterator[tuple[str, datetime, float]]:
    """(queue, or reason of a case, or "", at, value) of everything that counts for a KPI."""
    for contact in facts.contacts:
        yield from _of_contact(contact, key)
    for round_ in facts.rounds:
        contact = facts.contact(round_.source, round_.contact_id)
        if key == "reply_time" and round_.answered_by == "human" and contact is not None:
            start = round_.asked_at
            if contact.queued_at and start < contact.queued_at <= round_.answered_at:
                start = contact.queued_at
            yield contact.queue, round_.answered_at, _s(round_.answered_at, start)
    for rating in facts.ratings:
        contact = facts.contact(rating.source, rating.contact_id)
        queue = contact.queue if contact is not None else ""
        yield from _of_rating(rating, queue, key)
    for order in facts.orders:
        yield from _of_order(order, key)
    for case in facts.cases:
        if key == "cases_opened":
            yield case.reason or "", case.opened_at, 1.0
        if key == "refunded_amount" and case.status == "done" and case.closed_at:
            yield case.reason or "", case.closed_at, case.amount or 0.0


def _s(later: datetime, earlier: datetime) -> float:
    return (later - earlier).total_seconds()


def _wait(c: Any) -> float | None:
    """From the hand-over, else the opening, to the first answer of a person."""
    if c.first_reply_at is None:
        return None
    handed = c.queued_at and c.queued_at <= c.first_reply_at
    return max(0.0, _s(c.first_reply_at, c.queued_at if handed else c.opened_at))


def _of_contact(c: Any, key: str) -> Iterator[tuple[str, datetime, float]]:
    wait = _wait(c)
    if wait is not None and key == "first_response":
        yield c.queue, c.first_reply_at, wait
    if wait is not None and key == "first_response_share":
        yield c.queue, c.first_reply_at, 1.0 if wait <= 30 else 0.0
    if not c.outbound_only:
        yield from _of_asking(c, key, wait)


def _of_asking(c: Any, key: str, wait: float | None) -> Iterator[tuple[str, datetime, float]]:
    if key == "volume":
        yield c.queue, c.opened_at, 1.0
    if key == "resolution" and c.status == "closed" and c.closed_at and not c.bot_only:
        yield c.queue, c.closed_at, max(0.0, _s(c.closed_at, c.opened_at))
    if key not in ("service_level", "abandonment"):
        return
    if wait is not None:
        met = 1.0 if wait <= 30 else 0.0
        yield c.queue, c.first_reply_at, met if key == "service_level" else 0.0
    elif c.abandoned_at and not c.bot_only:
        yield c.queue, c.abandoned_at, 1.0 if key == "abandonment" else 0.0


def _of_rating(r: Any, queue: str, key: str) -> Iterator[tuple[str, datetime, float]]:
    if r.kind == "csat" and key == "csat" and r.score is not None:
        yield queue, r.rated_at, 1.0 if r.score >= 4 * r.scale / 5 else 0.0
    if r.kind == "csat" and key == "csat_response_rate" and r.asked_at:
        yield queue, r.asked_at, 1.0 if r.score is not None else 0.0
    if r.kind == "review" and r.score is not None:
        five = r.score * 5 / r.scale
        if key == "review_score":
            yield "", r.rated_at, five
        if key == "negative_reviews":
            yield "", r.rated_at, 1.0 if five <= 2 else 0.0


def _of_order(o: Any, key: str) -> Iterator[tuple[str, datetime, float]]:
    if key == "orders_placed":
        yield "", o.placed_at, 1.0
    if key == "orders_paid" and o.paid_at:
        yield "", o.paid_at, 1.0
    if key == "paid_amount" and o.paid_at:
        yield "", o.paid_at, o.amount or 0.0
    if key == "pay_to_ship" and o.shipped_at and o.paid_at and o.paid_at <= o.shipped_at:
        yield "", o.shipped_at, _s(o.shipped_at, o.paid_at)
    promise = o.promised_ship_at or (o.paid_at and o.paid_at + timedelta(hours=48))
    if key == "shipped_late" and o.shipped_at and promise:
        yield "", o.shipped_at, 1.0 if o.shipped_at > promise else 0.0


def grouped(facts: Facts, key: str, since: datetime, until: datetime) -> dict[str, list[float]]:
    found: dict[str, list[float]] = defaultdict(list)
    for label, at, value in values(facts, key):
        if since <= at < until:
            found[label].append(value)
    return dict(found)
