"""What a KPI's settings may name: the events, conditions, numbers and labels of each unit, in SQL.

A new word is added here once and every pack can use it. Which rows a KPI takes and what becomes of
them is measure.py's; the words of packs are checked in packs.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from connectors.schema import cases, contacts, events, orders, ratings, rounds

Column = sa.ColumnElement[Any]
SHIP_WITHIN = timedelta(hours=48)
GOOD, BAD = 0.8, 0.4  # of a rating's scale: 4 and 2 of 5 stars


@dataclass(frozen=True, slots=True)
class Term:
    """A word: its value in SQL (times in µs, conditions as booleans) and the fact columns it reads.

    dates: names of dirty slots that must be recomputed when the word dates a value; a word without
    any cannot date one.
    """

    sql: Column
    columns: tuple[str, ...] = ()
    dates: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Unit:
    """One kind of thing that is counted. `links`: dirty names besides those of the date."""

    rows: sa.FromClause
    labels: Mapping[str, Column]
    events: Mapping[str, Term]
    conditions: Mapping[str, Term] = field(default_factory=dict)
    numbers: Mapping[str, Term] = field(default_factory=dict)
    identity: Mapping[str, Column] = field(default_factory=dict)


def raw(column: Column) -> Column:
    """A time column as the µs it is stored in."""
    return sa.type_coerce(column, sa.BigInteger)


def _name(column: Any) -> str:
    return f"{column.table.name}.{column.name}"


def _time(*columns: Any, sql: Column | None = None) -> Term:
    names = tuple(_name(column) for column in columns)
    return Term(raw(columns[0]) if sql is None else sql, names, names)


def _when(condition: Column, *columns: Any) -> Term:
    return Term(condition, tuple(_name(column) for column in columns))


def _flag(column: Any) -> Column:
    return sa.func.coalesce(column, sa.false()).is_(sa.true())


def wait_start() -> Column:
    """When a contact began to wait for people: the hand-over, else the opening.

    A hand-over after the answer cannot have started that wait.
    """
    handed = sa.and_(
        contacts.c.queued_at.is_not(None),
        sa.or_(contacts.c.first_reply_at.is_(None),
               raw(contacts.c.queued_at) <= raw(contacts.c.first_reply_at)),
    )  # fmt: skip
    return sa.case((handed, raw(contacts.c.queued_at)), else_=raw(contacts.c.opened_at))


def _round_wait() -> Column:
    """A round waits for people from the question, or from a hand-over between it and the answer."""
    asked, queued = raw(rounds.c.asked_at), raw(contacts.c.queued_at)
    answered = sa.func.coalesce(raw(rounds.c.answered_at), queued)
    return sa.case((sa.and_(queued > asked, queued <= answered), queued), else_=asked)


def _abandoned() -> Column:
    """Given up before an answer of people who had it; what a bot had alone never was theirs."""
    lost = sa.and_(contacts.c.first_reply_at.is_(None), sa.not_(_flag(contacts.c.bot_only)))
    return sa.case((lost, raw(contacts.c.abandoned_at)))


def promise() -> Column:
    """Until when an order was to be shipped: as promised, else the usual 48 h after payment."""
    usual = raw(orders.c.paid_at) + SHIP_WITHIN // timedelta(microseconds=1)
    return sa.func.coalesce(raw(orders.c.promised_ship_at), usual)


def _next(table: sa.Table, opened: str, after: Column) -> Column:
    """When the same customer opened the next row, whichever source it is in; a campaign's is not
    the customer's."""
    later = table.alias()
    query = sa.select(sa.func.min(raw(later.c[opened]))).where(
        later.c.customer_key == table.c.customer_key, raw(later.c[opened]) > after
    )
    if "outbound_only" in later.c:
        query = query.where(sa.not_(_flag(later.c.outbound_only)))
    return query.correlate(table).scalar_subquery()


_OF_CONTACT: Mapping[str, Column] = {
    "agent": contacts.c.agent_id, "channel": contacts.c.channel, "queue": contacts.c.queue,
    "source": contacts.c.source, "team": contacts.c.team,
}  # fmt: skip
_INCOMING = _when(sa.not_(_flag(contacts.c.outbound_only)))
_HANDED = sa.and_(contacts.c.queued_at.is_not(None),
                  raw(contacts.c.queued_at) > raw(contacts.c.opened_at))  # fmt: skip

_CONTACT = Unit(
    rows=contacts,
    labels=_OF_CONTACT,
    identity={"customer": contacts.c.customer_key, "contact": contacts.c.contact_id,
              "ref": contacts.c.contact_id},
    events={
        "opened": _time(contacts.c.opened_at),
        "queued": _time(contacts.c.queued_at),
        "waiting": _time(contacts.c.queued_at, contacts.c.opened_at, sql=wait_start()),
        "assigned": _time(contacts.c.assigned_at),
        "handled_from": _time(
            contacts.c.assigned_at, contacts.c.first_reply_at,
            sql=sa.func.coalesce(raw(contacts.c.assigned_at), raw(contacts.c.first_reply_at))),
        "first_reply": _time(contacts.c.first_reply_at),
        "closed": _time(contacts.c.closed_at),
        "abandoned": _time(contacts.c.abandoned_at, sql=_abandoned()),
        "removed": _time(
            contacts.c.first_reply_at, contacts.c.abandoned_at,
            sql=sa.func.coalesce(raw(contacts.c.first_reply_at), _abandoned())),
        "next_contact": Term(
            _next(contacts, "opened_at", raw(contacts.c.closed_at)),
            ("contacts.customer_key",)),
    },
    conditions={
        "incoming": _INCOMING,
        "people": _when(sa.not_(_flag(contacts.c.bot_only))),
        "to_people": _when(sa.and_(
            sa.not_(_flag(contacts.c.bot_only)),
            sa.or_(contacts.c.queued_at.is_not(None), contacts.c.status != "bot"))),
        "closed": _when(contacts.c.status == "closed"),
        "unresolved": _when(contacts.c.status.in_(["open", "snoozed"])),
        "answered": _when(contacts.c.first_reply_at.is_not(None)),
        "abandoned": _when(_abandoned().is_not(None), contacts.c.abandoned_at),
        "reopened": _when(contacts.c.reopen_count > 0, contacts.c.reopen_count),
        "transferred": _when(contacts.c.transfer_count > 0, contacts.c.transfer_count),
        "bot_only": _when(_flag(contacts.c.bot_only)),
        "bot_first": _when(sa.or_(_flag(contacts.c.bot_only), _HANDED), contacts.c.queued_at),
        "handed_over": _when(_HANDED, contacts.c.queued_at),
        "with_agent": _when(contacts.c.agent_id.is_not(None), contacts.c.agent_id),
        "with_customer": _when(contacts.c.customer_key.is_not(None), contacts.c.customer_key),
    },
    numbers={
        "reopens": Term(sa.func.coalesce(contacts.c.reopen_count, 0), ("contacts.reopen_count",)),
        "transfers": Term(
            sa.func.coalesce(contacts.c.transfer_count, 0), ("contacts.transfer_count",)),
    },
)  # fmt: skip

_SAME_CONTACT = sa.and_(contacts.c.source == rounds.c.source,
                        contacts.c.contact_id == rounds.c.contact_id)  # fmt: skip
_ROUND = Unit(
    rows=rounds.join(contacts, _SAME_CONTACT),
    labels={**_OF_CONTACT, "agent": sa.func.coalesce(rounds.c.agent_id, contacts.c.agent_id)},
    identity={"customer": contacts.c.customer_key, "contact": rounds.c.contact_id,
              "ref": rounds.c.contact_id},
    events={
        "asked": _time(rounds.c.asked_at),
        "waiting": Term(_round_wait(), ("rounds.asked_at", "contacts.queued_at")),
        "answered": _time(rounds.c.answered_at),
        "person_answered": Term(raw(rounds.c.person_answered_at), ("rounds.person_answered_at",),
                                ("rounds.person_answered_at",)),
    },
    conditions={
        "incoming": _INCOMING,
        "answered": _when(rounds.c.answered_at.is_not(None)),
        "by_human": _when(sa.func.coalesce(rounds.c.answered_by, "") == "human"),
        "by_bot": _when(sa.func.coalesce(rounds.c.answered_by, "") == "bot"),
        "by_assisted": _when(sa.func.coalesce(rounds.c.answered_by, "") == "assisted"),
        "first": _when(rounds.c.round_no == 0),
        "later": _when(rounds.c.round_no > 0),
        "with_customer": _when(contacts.c.customer_key.is_not(None), contacts.c.customer_key),
    },
)  # fmt: skip

_EVENT = Unit(
    rows=events.outerjoin(contacts, sa.and_(contacts.c.source == events.c.source,
                                            contacts.c.contact_id == events.c.contact_id)),
    labels={
        **{name: sa.func.coalesce(contacts.c[name], "") for name in ("channel", "queue", "team")},
        "agent": sa.func.coalesce(events.c.agent_id, contacts.c.agent_id),
        "source": events.c.source,
    },
    identity={"customer": contacts.c.customer_key, "contact": events.c.contact_id,
              "ref": events.c.contact_id},
    events={"at": _time(events.c.at)},
    conditions={
        **{kind: _when(events.c.kind == kind, events.c.kind)
           for kind in ("closed", "first_response", "reply", "bot_closed", "handed_over",
                        "opened")},
        "still_closed": _when(sa.func.coalesce(contacts.c.status, "") == "closed"),
    },
    numbers={"value": Term(events.c.value_s, ("events.value_s",))},
)  # fmt: skip

_RATING = Unit(
    rows=ratings.outerjoin(contacts, sa.and_(contacts.c.source == ratings.c.source,
                                             contacts.c.contact_id == ratings.c.contact_id)),
    labels={
        **{name: sa.func.coalesce(contacts.c[name], "") for name in ("channel", "queue", "team")},
        "agent": contacts.c.agent_id,
        "source": ratings.c.source,
    },
    identity={"customer": contacts.c.customer_key, "contact": ratings.c.contact_id,
              "ref": sa.func.coalesce(ratings.c.contact_id, ratings.c.order_ref,
                                      ratings.c.rating_id)},
    events={
        "asked": _time(ratings.c.asked_at),
        "rated": _time(ratings.c.rated_at),
        "answered": Term(raw(ratings.c.answered_at), ("ratings.answered_at",)),
    },
    conditions={
        **{kind: _when(ratings.c.kind == kind, ratings.c.kind) for kind in ("csat", "nps",
                                                                            "review")},
        "rated": _when(ratings.c.score.is_not(None)),
        "good": _when(sa.func.coalesce(ratings.c.score, -1.0) >= ratings.c.scale * GOOD),
        "bad": _when(sa.and_(ratings.c.score.is_not(None),
                             ratings.c.score <= ratings.c.scale * BAD)),
    },
    numbers={
        "score5": Term(ratings.c.score * 5.0 / ratings.c.scale, ("ratings.score",)),
        "nps_points": Term(
            sa.case((ratings.c.score * 10.0 / ratings.c.scale >= 9.0, 100.0),
                    (ratings.c.score * 10.0 / ratings.c.scale <= 6.0, -100.0), else_=0.0),
            ("ratings.score",)),
    },
)  # fmt: skip

_ORDER = Unit(
    rows=orders,
    labels={"source": orders.c.source, "category": orders.c.category, "seller": orders.c.seller},
    identity={"customer": orders.c.customer_key, "contact": orders.c.order_id,
              "ref": sa.func.coalesce(orders.c.order_ref, orders.c.order_id)},
    events={
        "placed": _time(orders.c.placed_at),
        "paid": _time(orders.c.paid_at),
        "promise": Term(promise(), ("orders.promised_ship_at", "orders.paid_at")),
        "promised": Term(raw(orders.c.promised_at), ("orders.promised_at",)),
        "shipped": _time(orders.c.shipped_at),
        "delivered": _time(orders.c.delivered_at),
        "next_order": Term(_next(orders, "placed_at", raw(orders.c.placed_at)),
                           ("orders.customer_key",)),
    },
    conditions={
        "paid": _when(orders.c.paid_at.is_not(None), orders.c.paid_at),
        "shipped": _when(orders.c.shipped_at.is_not(None), orders.c.shipped_at),
        "delivered": _when(orders.c.delivered_at.is_not(None), orders.c.delivered_at),
        "promised": _when(promise().is_not(None)),
        "paid_before_shipped": _when(sa.func.coalesce(
            raw(orders.c.paid_at) <= raw(orders.c.shipped_at), sa.false())),
        "unpaid_now": _when(orders.c.status == "unpaid"),
        "paid_now": _when(orders.c.status == "paid"),
        "with_customer": _when(orders.c.customer_key.is_not(None), orders.c.customer_key),
    },
    numbers={"amount": Term(sa.func.coalesce(orders.c.amount, 0.0), ("orders.amount",))},
)  # fmt: skip

_CASE = Unit(
    rows=cases,
    labels={"source": cases.c.source, "kind": cases.c.kind, "reason": cases.c.reason},
    identity={"contact": cases.c.contact_id, "ref": cases.c.case_id},
    events={
        "opened": _time(cases.c.opened_at),
        "handled": Term(raw(cases.c.handled_at), ("cases.handled_at",)),
        "closed": _time(cases.c.closed_at),
    },
    conditions={
        "pending": _when(cases.c.status == "pending"),
        "open": _when(cases.c.status.in_(["pending", "returning"])),
        "done": _when(cases.c.status == "done"),
        "refused": _when(cases.c.status == "refused"),
        **{kind: _when(sa.func.coalesce(cases.c.kind, "") == kind, cases.c.kind)
           for kind in ("complaint", "refund", "return", "exchange")},
    },
    numbers={"amount": Term(sa.func.coalesce(cases.c.amount, 0.0), ("cases.amount",))},
)  # fmt: skip

UNITS: Mapping[str, Unit] = {
    "contact": _CONTACT, "round": _ROUND, "message": _ROUND, "event": _EVENT,
    "rating": _RATING, "order": _ORDER, "case": _CASE,
}  # fmt: skip

# Seconds per agent and quarter hour; agent_time.py computes them.
AGENT_TIME_NUMBERS = ("busy", "handling", "present", "busy_present")
AGENT_TIME_LABELS = ("agent", "source", "team")
# Events that hang on another row of the same customer: the dirty name that tells of it.
LINKED = {"next_contact": "contacts.repeat", "next_order": "orders.repeat"}
