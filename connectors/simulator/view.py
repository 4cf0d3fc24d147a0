"""What a contact looks like at an instant, by the definitions every page uses.

A customer waits for a person while the contact is open and the customer has written after the last
answer of a person; the wait runs from the first such message, or from the hand-over by the bot when
that is later.
"""

from __future__ import annotations

from bisect import bisect_right
from operator import itemgetter
from typing import NamedTuple

from connectors.simulator.records import Contact, Message

_AT = itemgetter(0)


class ContactView(NamedTuple):
    """The columns of a contact that move with time."""

    status: str
    agent: int | None
    queued_at: int | None
    assigned_at: int | None
    first_reply_at: int | None
    waiting_since: int | None
    closed_at: int | None
    abandoned_at: int | None
    reopen_count: int
    transfer_count: int
    bot_only: bool
    outbound_only: bool
    updated_at: int


def view(contact: Contact, now: int) -> ContactView:
    """The contact as the database must hold it at `now`, which is not before its opening."""
    steps, messages = contact.steps, contact.messages
    if steps[-1].at > now:
        steps = steps[: bisect_right(steps, now, key=_AT)]
    if messages and messages[-1].at > now:
        messages = messages[: bisect_right(messages, now, key=_AT)]
    step = steps[-1]
    status = step.status
    first_reply_at = _known(contact.first_reply_at, now)
    queued_at = _known(contact.queued_at, now)
    closes = sum(1 for s in steps if s.status == "closed")
    closed = status == "closed"
    bot_only = closed and first_reply_at is None and queued_at is None and steps[0].status == "bot"
    return ContactView(
        status,
        step.agent,
        queued_at,
        _known(contact.assigned_at, now),
        first_reply_at,
        _waiting_since(messages, queued_at) if status == "open" else None,
        step.at if closed else None,
        _known(contact.abandoned_at, now),
        closes - closed,
        sum(1 for at in contact.transfers if at <= now),
        bot_only,
        contact.outbound and not any(m.role == "customer" for m in messages),
        max(step.at, messages[-1].at if messages else 0),
    )


def _known(at: int | None, now: int) -> int | None:
    return at if at is not None and at <= now else None


def _waiting_since(messages: list[Message], queued_at: int | None) -> int | None:
    asked: int | None = None
    for message in reversed(messages):
        if message.role == "agent":
            break
        if message.role == "customer":
            asked = message.at
    if asked is not None and queued_at is not None and queued_at > asked:
        return queued_at
    return asked
