"""The rows of the generic layout as values, in the order of its columns after the id."""

from __future__ import annotations

from typing import Any

from connectors.simulator.events import Event
from connectors.simulator.instants import SECOND, iso
from connectors.simulator.records import Case, Contact, Order, PlannedShift, Presence, Rating
from connectors.simulator.view import view

Values = tuple[Any, ...]


def contact_row(contact: Contact, now: int) -> Values:
    seen = view(contact, now)
    return (
        contact.queue.channel, contact.queue.name, contact.team, customer_key(contact.customer),
        contact.order_ref, seen.agent, seen.status, contact.priority, contact.label,
        iso(contact.opened_at), iso(seen.queued_at), iso(seen.assigned_at),
        iso(seen.first_reply_at), iso(seen.waiting_since), iso(seen.closed_at),
        iso(seen.abandoned_at), seen.reopen_count, seen.transfer_count, seen.bot_only,
        seen.outbound_only, iso(seen.updated_at),
    )  # fmt: skip


def event_row(contact_id: int, event: Event) -> Values:
    return (
        contact_id, event.kind, iso(event.at), (event.at - event.start) / SECOND, event.agent,
    )  # fmt: skip


def rating_row(rating: Rating, now: int) -> Values:
    score = rating.score_at(now)
    return (
        rating.contact_id or None, rating.order_ref, rating.product_ref, rating.kind, score,
        rating.scale, iso(rating.asked_at), _past(rating.rated_at, now),
        _past(rating.answered_at, now), rating.text or None if score is not None else None,
    )  # fmt: skip


def order_row(order: Order, now: int) -> Values:
    paid = order.paid_at is not None and order.paid_at <= now
    return (
        order.ref, customer_key(order.customer), iso(order.placed_at), _past(order.paid_at, now),
        iso(order.promised_ship_at) if paid else None, iso(order.promised_at) if paid else None,
        _past(order.shipped_at, now), _past(order.delivered_at, now), order.amount,
        order.discount, order.freight, order.items, order.category, order.seller, order.region,
        order.payment if paid else None, order.promo, order.status_at(now),
    )  # fmt: skip


def case_row(case: Case, now: int) -> Values:
    contact_id = case.wish.contact_id if case.wish else 0
    return (
        case.order_ref, contact_id or None, case.kind, case.reason, iso(case.opened_at),
        _past(case.handled_at, now), _past(case.closed_at, now), case.amount,
        case.status_at(now),
    )  # fmt: skip


def presence_row(presence: Presence, now: int) -> Values:
    return presence.agent, presence.state, iso(presence.since), _past(presence.until, now)


def shift_row(shift: PlannedShift, now: int) -> Values:
    del now
    return shift.agent, shift.queue, iso(shift.starts_at), iso(shift.ends_at)


def customer_key(customer: int) -> str:
    """How the shop names a customer."""
    return f"u{customer:07d}"


def _past(at: int | None, now: int) -> str | None:
    return iso(at) if at is not None and at <= now else None
