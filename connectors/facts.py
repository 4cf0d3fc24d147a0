"""What a source may deliver for each fact: columns, their kinds, and what makes a row unusable.

Values come out in the column order of schema.py, times as microseconds. Rows that cannot be used
become `Rejected` with a reason for people; they are never dropped in silence.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import sqlalchemy as sa

from connectors import schema
from connectors.columns import UtcDateTime

Row = tuple[Any, ...]
SECOND = 1_000_000
FUTURE_SLACK = 3600 * SECOND  # a source's clock may run ahead; a wrong zone is hours off

CONTACT_LIVE = ("open", "bot", "snoozed")
CONTACT_FINAL = ("closed", "abandoned")
ROLES = ("customer", "agent", "bot", "system")
STATUSES = {
    "contacts": (*CONTACT_LIVE, *CONTACT_FINAL),
    "orders": ("unpaid", "paid", "shipped", "received", "cancelled", "invalid"),
    "cases": ("pending", "returning", "done", "refused"),
}
# Rows in these states can still change without leaving a trace in a mark.
LIVE_STATUSES = {
    "contacts": CONTACT_LIVE,
    "orders": ("unpaid", "paid", "shipped"),
    "cases": ("pending", "returning"),
}
REQUIRED = {
    "contacts": ("contact_id", "queue", "status", "opened_at"),
    "messages": ("message_id", "contact_id", "sent_at", "sender_role"),
    "events": ("event_id", "contact_id", "kind", "at"),
    "ratings": ("rating_id", "kind", "scale"),
    "orders": ("order_id", "status", "placed_at"),
    "cases": ("case_id", "status", "opened_at"),
    "agents": ("agent_id",),
    "presence": ("presence_id", "agent_id", "state", "since"),
    "shifts": ("shift_id", "agent_id", "starts_at", "ends_at"),
}
DEFAULTS: dict[str, dict[str, Any]] = {
    "contacts": {"channel": "chat"},
    "ratings": {"kind": "csat", "scale": 5.0},
}
# No end may lie before its start: (reason, earlier column, later column).
ORDERED = {
    "contacts": (
        ("closed before opened", "opened_at", "closed_at"),
        ("abandoned before opened", "opened_at", "abandoned_at"),
        ("answered before opened", "opened_at", "first_reply_at"),
        ("handed to people before opened", "opened_at", "queued_at"),
    ),
    "ratings": (),
    "orders": (),  # real shops ship before they sell; a KPI that needs both times drops such rows
    "cases": (("closed before opened", "opened_at", "closed_at"),),
    "presence": (("ended before it began", "since", "until"),),
    "shifts": (("ended before it began", "starts_at", "ends_at"),),
}
STARTS = {"contacts": "opened_at", "events": "at", "orders": "placed_at", "cases": "opened_at"}
DUPLICATE = "duplicate id"
EVENT_KINDS = ("closed", "first_response", "reply", "bot_closed", "handed_over", "opened")
RATING_KINDS = ("csat", "nps", "review")


@dataclass(frozen=True, slots=True)
class Rejected:
    """A source row that cannot be used, and why."""

    fact: str
    row_id: str
    reason: str
    detail: str = ""
    times: int = 1


def id_column(fact: str) -> str:
    """The column that identifies a row of this fact within its source."""
    return REQUIRED[fact][0]


@cache
def columns(fact: str) -> tuple[str, ...]:
    """The columns a source may deliver for a fact, in store order without `source`."""
    if fact == "messages":
        return ("message_id", "contact_id", "sent_at", "sender_role", "agent_id")
    return tuple(column.name for column in schema.FACTS[fact].columns if column.name != "source")


def kind(fact: str, column: str) -> str:
    """What a column holds: time, text, integer, number, flag or customer."""
    if fact == "messages":
        return "time" if column == "sent_at" else "text"
    if column == "customer_key":
        return "customer"
    kinds: tuple[tuple[type[sa.types.TypeEngine[Any]], str], ...] = (
        (UtcDateTime, "time"), (sa.Boolean, "flag"), (sa.Integer, "integer"), (sa.Float, "number"),
    )  # fmt: skip
    declared = schema.FACTS[fact].c[column].type
    return next((name for type_, name in kinds if isinstance(declared, type_)), "text")


def judge(fact: str) -> Callable[[Sequence[Any], int], str | None]:
    """A function (values in column order, now in µs) -> reason why the row is unusable, or None."""
    names = columns(fact)
    at = {name: index for index, name in enumerate(names)}
    required = [(at[name], name) for name in REQUIRED[fact]]
    ordered = [(reason, at[a], at[b]) for reason, a, b in ORDERED.get(fact, ())]
    status_at = at.get("status", -1)
    statuses = STATUSES.get(fact)
    start_at = at[STARTS[fact]] if fact in STARTS else -1

    def reason_against(values: Sequence[Any], now: int) -> str | None:
        for index, name in required:
            if values[index] is None or values[index] == "":
                return f"{name} is missing"
        if statuses and values[status_at] not in statuses:
            return f"unknown status '{values[status_at]}'"
        for reason, earlier, later in ordered:
            first, second = values[earlier], values[later]
            # Whole-second columns beside exact ones: up to a second apart is rounding.
            if first is not None and second is not None and second < first - SECOND:
                return reason
        if start_at >= 0 and values[start_at] > now + FUTURE_SLACK:
            return f"{names[start_at]} lies in the future (is the source's timezone right?)"
        if fact == "messages" and values[at["sender_role"]] not in ROLES:
            return f"unknown sender_role '{values[at['sender_role']]}'"
        if fact == "events" and values[at["kind"]] not in EVENT_KINDS:
            return f"unknown kind of event '{values[at['kind']]}'"
        return _judge_rating(values, at) if fact == "ratings" else None

    return reason_against


def _judge_rating(values: Sequence[Any], at: dict[str, int]) -> str | None:
    if values[at["kind"]] not in RATING_KINDS:
        return f"unknown kind of rating '{values[at['kind']]}'"
    score, scale = values[at["score"]], values[at["scale"]]
    if score is not None and not 0 <= score <= scale:
        return "score outside its scale"
    if score is not None and values[at["rated_at"]] is None:
        return "score without rated_at"
    return None
