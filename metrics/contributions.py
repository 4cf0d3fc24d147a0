"""KPI -> the values that make it up, as one SELECT over facts: labels, at (µs), value.

This is the only place that says which rows count and how a value is measured. Durations are in
seconds. Summing up is done in intervals.py and query.py.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from connectors.schema import cases, contacts, orders, ratings, rounds, to_micros
from metrics.kpi import Kpi

Column = sa.ColumnElement[Any]
OVERDUE_CASE = timedelta(hours=24)
SHIP_WITHIN = timedelta(hours=48)


def raw(column: sa.Column[Any]) -> Column:
    """A time column as the µs it is stored in."""
    return sa.type_coerce(column, sa.BigInteger)


def contributions(kpi: Kpi, since: int, until: int, *, by: str | None = None) -> sa.Select[Any]:
    """Rows (labels in alphabetical order, at, value) with since <= at < until, µs.

    `by` adds a label that stored intervals do not carry (team, agent).
    """
    labels = sorted({*kpi.labels, *([by] if by else [])})
    return _SELECTS[kpi.key](kpi, labels, (since, until))


def state(kpi: Kpi, as_of: datetime) -> sa.Select[Any]:
    """Rows (labels in alphabetical order, number) of a KPI that is a state."""
    table, condition = _STATES[kpi.key](as_of)
    labels = [table.c[name] for name in sorted(kpi.labels)]
    return sa.select(*labels, sa.func.count()).where(condition).group_by(*labels)


def extra_labels(kpi: Kpi) -> tuple[str, ...]:
    """Labels that can be computed from facts though intervals do not carry them."""
    return ("agent", "team") if kpi.dates and kpi.dates[0].startswith("contacts.") else ()


def seconds(later: Column, earlier: Column) -> Column:
    """later - earlier in seconds, as a float."""
    return (later - earlier) / sa.literal(1e6)


def wait_start() -> Column:
    """When a contact began to wait for people: the hand-over, else the opening.

    A hand-over after the answer cannot have started that wait.
    """
    return sa.case(
        (
            sa.and_(contacts.c.queued_at.is_not(None),
                    sa.or_(contacts.c.first_reply_at.is_(None),
                           raw(contacts.c.queued_at) <= raw(contacts.c.first_reply_at))),
            raw(contacts.c.queued_at),
        ),
        else_=raw(contacts.c.opened_at),
    )  # fmt: skip


def _of_contact(labels: list[str]) -> list[Column]:
    named = {"agent": contacts.c.agent_id, "team": contacts.c.team}
    return [named[one] if one in named else contacts.c[one] for one in labels]


def _between(at: Column, window: tuple[int, int]) -> Column:
    return sa.and_(at >= window[0], at < window[1])


def _person_contact() -> Column:
    """Contacts that people were to handle: not opened by us without an answer of the customer."""
    return sa.func.coalesce(contacts.c.outbound_only, sa.false()).is_(sa.false())


def _first_response(kpi: Kpi, labels: list[str], window: tuple[int, int]) -> sa.Select[Any]:
    at = raw(contacts.c.first_reply_at)
    wait = seconds(at, wait_start())
    value = sa.case((wait < 0, 0.0), else_=wait)
    if kpi.threshold is not None:
        value = sa.case((wait <= kpi.threshold.total_seconds(), 1.0), else_=0.0)
    return sa.select(*_of_contact(labels), at, value).where(_between(at, window))


def _removed(kpi: Kpi, labels: list[str], window: tuple[int, int]) -> sa.Select[Any]:
    """Contacts as they leave the queue: answered or abandoned (denominator: both)."""
    answered, abandoned = raw(contacts.c.first_reply_at), raw(contacts.c.abandoned_at)
    if kpi.threshold is not None:
        in_time = seconds(answered, wait_start()) <= kpi.threshold.total_seconds()
        values: tuple[Column, Column] = (sa.case((in_time, 1.0), else_=0.0), sa.literal(0.0))
    else:
        values = (sa.literal(0.0), sa.literal(1.0))
    names = _of_contact(labels)
    with_people = sa.func.coalesce(contacts.c.bot_only, sa.false()).is_(sa.false())
    lost = sa.select(*names, abandoned.label("at"), values[1].label("value")).where(
        _between(abandoned, window), contacts.c.first_reply_at.is_(None),
        with_people, _person_contact(),
    )  # fmt: skip
    met = sa.select(*names, answered.label("at"), values[0].label("value")).where(
        _between(answered, window), _person_contact()
    )
    both = sa.union_all(met, lost).subquery()
    return sa.select(*both.c)


def _resolution(_kpi: Kpi, labels: list[str], window: tuple[int, int]) -> sa.Select[Any]:
    at = raw(contacts.c.closed_at)
    took = seconds(at, raw(contacts.c.opened_at))
    return sa.select(*_of_contact(labels), at, sa.case((took < 0, 0.0), else_=took)).where(
        _between(at, window), contacts.c.status == "closed", _person_contact(),
        sa.func.coalesce(contacts.c.bot_only, sa.false()).is_(sa.false()),
    )  # fmt: skip


def _volume(_kpi: Kpi, labels: list[str], window: tuple[int, int]) -> sa.Select[Any]:
    at = raw(contacts.c.opened_at)
    return sa.select(*_of_contact(labels), at, sa.literal(1.0)).where(
        _between(at, window), _person_contact()
    )


def _reply_time(_kpi: Kpi, labels: list[str], window: tuple[int, int]) -> sa.Select[Any]:
    at = raw(rounds.c.answered_at)
    asked, queued = raw(rounds.c.asked_at), raw(contacts.c.queued_at)
    start = sa.case((sa.and_(queued > asked, queued <= at), queued), else_=asked)
    same = sa.and_(contacts.c.source == rounds.c.source,
                   contacts.c.contact_id == rounds.c.contact_id)  # fmt: skip
    return (
        sa.select(*_of_contact(labels), at, seconds(at, start))
        .select_from(rounds.join(contacts, same))
        .where(_between(at, window), rounds.c.answered_by == "human")
    )


def _rating(labels: list[str], at: Column, value: Column, kind: str) -> sa.Select[Any]:
    """Ratings with the queue and channel of their contact ("" when it is not known)."""
    columns: list[Column] = []
    for one in labels:
        known = ratings.c.source if one == "source" else sa.func.coalesce(contacts.c[one], "")
        columns.append(known)
    same = sa.and_(contacts.c.source == ratings.c.source,
                   contacts.c.contact_id == ratings.c.contact_id)  # fmt: skip
    joined = ratings.outerjoin(contacts, same) if labels != ["source"] else ratings
    return sa.select(*columns, at, value).select_from(joined).where(ratings.c.kind == kind)


def _csat(_kpi: Kpi, labels: list[str], window: tuple[int, int]) -> sa.Select[Any]:
    at = raw(ratings.c.rated_at)
    good = sa.case((ratings.c.score >= ratings.c.scale * 0.8, 1.0), else_=0.0)
    return _rating(labels, at, good, "csat").where(
        _between(at, window), ratings.c.score.is_not(None)
    )


def _csat_response_rate(_kpi: Kpi, labels: list[str], window: tuple[int, int]) -> sa.Select[Any]:
    at = raw(ratings.c.asked_at)
    answered = sa.case((ratings.c.score.is_not(None), 1.0), else_=0.0)
    return _rating(labels, at, answered, "csat").where(_between(at, window))


def _review(kpi: Kpi, labels: list[str], window: tuple[int, int]) -> sa.Select[Any]:
    at = raw(ratings.c.rated_at)
    of_five = ratings.c.score * 5.0 / ratings.c.scale
    value = of_five if kpi.shape == "mean" else sa.case((of_five <= 2.0, 1.0), else_=0.0)
    return _rating(labels, at, value, "review").where(
        _between(at, window), ratings.c.score.is_not(None)
    )


def _order(column: str, value: Callable[[], Column], *more: Callable[[], Column]) -> Any:
    def select(_kpi: Kpi, labels: list[str], window: tuple[int, int]) -> sa.Select[Any]:
        at = raw(orders.c[column])
        return sa.select(*[orders.c[one] for one in labels], at, value()).where(
            _between(at, window), *[condition() for condition in more]
        )

    return select


def _case(column: str, value: Callable[[], Column], *more: Callable[[], Column]) -> Any:
    def select(_kpi: Kpi, labels: list[str], window: tuple[int, int]) -> sa.Select[Any]:
        at = raw(cases.c[column])
        names = [sa.func.coalesce(cases.c[one], "") for one in labels]
        return sa.select(*names, at, value()).where(
            _between(at, window), *[condition() for condition in more]
        )

    return select


def _one() -> Column:
    return sa.literal(1.0)


def _promise() -> Column:
    """Until when an order was to be shipped: as promised, else the usual 48 h after payment."""
    usual = raw(orders.c.paid_at) + SHIP_WITHIN // timedelta(microseconds=1)
    return sa.func.coalesce(raw(orders.c.promised_ship_at), usual)


def _late() -> Column:
    return sa.case((raw(orders.c.shipped_at) > _promise(), 1.0), else_=0.0)


_SELECTS: dict[str, Callable[[Kpi, list[str], tuple[int, int]], sa.Select[Any]]] = {
    "first_response": _first_response,
    "first_response_share": _first_response,
    "service_level": _removed,
    "abandonment": _removed,
    "reply_time": _reply_time,
    "resolution": _resolution,
    "volume": _volume,
    "csat": _csat,
    "csat_response_rate": _csat_response_rate,
    "review_score": _review,
    "negative_reviews": _review,
    "orders_placed": _order("placed_at", _one),
    "orders_paid": _order("paid_at", _one),
    "paid_amount": _order("paid_at", lambda: sa.func.coalesce(orders.c.amount, 0.0)),
    "pay_to_ship": _order(
        "shipped_at",
        lambda: seconds(raw(orders.c.shipped_at), raw(orders.c.paid_at)),
        lambda: raw(orders.c.paid_at) <= raw(orders.c.shipped_at),  # real shops have the reverse
    ),
    "shipped_late": _order("shipped_at", _late, lambda: _promise().is_not(None)),
    "cases_opened": _case("opened_at", _one),
    "refunded_amount": _case(
        "closed_at",
        lambda: sa.func.coalesce(cases.c.amount, 0.0),
        lambda: cases.c.status == "done",
    ),
}

_STATES: dict[str, Callable[[datetime], tuple[sa.Table, Column]]] = {
    "orders_awaiting_payment": lambda _: (orders, orders.c.status == "unpaid"),
    "orders_awaiting_shipment": lambda _: (orders, orders.c.status == "paid"),
    "overdue_shipments": lambda now: (
        orders,
        sa.and_(orders.c.status == "paid", _promise() < to_micros(now)),
    ),
    "cases_open": lambda _: (cases, cases.c.status.in_(["pending", "returning"])),
    "cases_overdue": lambda now: (
        cases,
        sa.and_(
            cases.c.status == "pending",
            raw(cases.c.opened_at) < to_micros(now - OVERDUE_CASE),
        ),
    ),
}
