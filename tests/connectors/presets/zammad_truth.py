"""What is true about a ticket desk at a moment, by the definitions alone: no SQL, no table."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise
from typing import Any

from tests.connectors.presets.zammad_desk import NOBODY, STATES, Desk, Ticket

STATUS = {"new": "open", "open": "open", "pending reminder": "snoozed",
          "pending action": "snoozed", "closed": "closed"}  # fmt: skip
PRIORITY = {"1 low": "low", "2 normal": "normal", "3 high": "high"}
Fact = dict[str, Any]


def contacts(desk: Desk, moment: datetime) -> dict[int, Fact]:
    """Every ticket but merged and removed ones; every column but updated_at."""
    return {
        ticket.id: contact(desk, ticket, moment)
        for ticket in desk.at(moment)
        if STATES[ticket.state_at(moment)] in STATUS
    }


def contact(desk: Desk, ticket: Ticket, moment: datetime) -> Fact:
    status = STATUS[STATES[ticket.state_at(moment)]]
    owner = ticket.owner_at(moment)
    owned = [at for at, one in ticket.owners if one != NOBODY and at <= moment]
    closings = [at for at, state in ticket.states if STATES[state] == "closed" and at <= moment]
    opened_by = ticket.articles[0].by if ticket.articles else None
    return {
        "contact_id": ticket.id,
        "channel": ticket.articles[0].kind if ticket.articles else None,
        "queue": ticket.group,
        "team": ticket.group,
        "customer_key": f"zammad:{5000 + ticket.id}",
        "order_ref": ticket.order_no or None,
        "agent_id": None if owner == NOBODY else owner,
        "status": status,
        "priority": PRIORITY[ticket.priority],
        "opened_at": ticket.opened_at,
        "assigned_at": min(owned, default=None),
        "first_reply_at": None if opened_by == "Agent" else _first_reply(desk, ticket, moment),
        "waiting_since": _waiting_since(desk, ticket, moment) if status == "open" else None,
        "closed_at": max(closings) if status == "closed" else None,
        "reopen_count": _reopened(ticket, moment),
        "transfer_count": _transferred(ticket, moment),
        "bot_only": False,
        "outbound_only": False,
    }


def _first_reply(desk: Desk, ticket: Ticket, moment: datetime) -> datetime | None:
    """Answers from before the ticket came with a merged one."""
    there = desk.articles_at(ticket, moment)
    return next((a.at for a in there if a.answers and a.at >= ticket.opened_at), None)


def _waiting_since(desk: Desk, ticket: Ticket, moment: datetime) -> datetime | None:
    since: datetime | None = None
    for article in desk.articles_at(ticket, moment):
        if article.answers:
            since = None
        elif article.by == "Customer" and article.seen and since is None:
            since = article.at
    return since


def _reopened(ticket: Ticket, moment: datetime) -> int:
    kinds = [STATES[state] for at, state in ticket.states if at <= moment]
    gone = ("closed", "merged", "removed")
    return sum(one == "closed" and two not in gone for one, two in pairwise(kinds))


def _transferred(ticket: Ticket, moment: datetime) -> int:
    """How often another agent had it than the one before, nobody in between or not."""
    had = [one for at, one in ticket.owners if one != NOBODY and at <= moment]
    return sum(one != two for one, two in pairwise(had))


def events(desk: Desk, moment: datetime) -> dict[int, Fact]:
    """Every close and every reopening of the tickets that are there."""
    there = contacts(desk, moment)
    found: dict[int, Fact] = {}
    for change in desk.changes():
        if change.what != "state" or change.at > moment or change.ticket.id not in there:
            continue
        was, now = (STATES[str(one)] for one in (change.before, change.after))
        closed = now == "closed"
        if closed != (was == "closed") and now not in ("merged", "removed"):
            age = (change.at - change.ticket.opened_at).total_seconds()
            found[change.id] = {
                "event_id": change.id, "contact_id": change.ticket.id, "at": change.at,
                "kind": "closed" if closed else "opened", "value_s": age if closed else None,
                "agent_id": None,
            }  # fmt: skip
    return found


def messages(desk: Desk, moment: datetime) -> dict[int, tuple[int, str, int | None]]:
    """What passed between customer and shop: id -> (ticket, role, agent)."""
    roles = {"Customer": "customer", "Agent": "agent", "System": "system"}
    return {
        article.id: (ticket.id, roles[article.by], article.user if article.by == "Agent" else None)
        for ticket in desk.at(moment)
        for article in desk.articles_at(ticket, moment)
        if article.seen
    }
