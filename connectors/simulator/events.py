"""What a help desk's own statistics note about a contact, with its durations.

The rules are Chatwoot's: a first response runs from the hand-over to people, else from the opening.
A reply runs from the question that it ends, and the first response is no reply. A close runs from
the opening, each time. How exact the seconds are that a table holds is its layout's matter.
"""

from __future__ import annotations

from typing import NamedTuple

from connectors.simulator.records import Contact


class Event(NamedTuple):
    """One line of it; the time it tells of runs from `start` to `at`."""

    at: int
    kind: str
    """closed, first_response, reply, bot_closed, handed_over, opened (again)"""
    start: int
    agent: int | None


def events(contact: Contact, *, ends: tuple[str, ...] = ("closed",)) -> list[Event]:
    """All that is noted about a contact, in order of time; `ends` are the states that close it."""
    found = _answers(contact)
    if contact.queued_at is not None:
        found.append(Event(contact.queued_at, "handed_over", contact.opened_at, None))
    closed_at: int | None = None
    for step in contact.steps:
        if step.status in ends:
            found += _closes(contact, step.at, step.agent)
            closed_at = step.at
        elif closed_at is not None:
            found.append(Event(step.at, "opened", closed_at, None))
            closed_at = None
    return sorted(found, key=lambda event: event.at)


def _closes(contact: Contact, at: int, agent: int | None) -> list[Event]:
    """The close, and once more as the bot's where one stands and no person wrote anything."""
    found = [Event(at, "closed", contact.opened_at, agent)]
    answered = contact.first_reply_at is not None and contact.first_reply_at <= at
    if contact.queue.contained is not None and not answered and not contact.outbound:
        found.append(Event(at, "bot_closed", contact.opened_at, agent))
    return found


def _answers(contact: Contact) -> list[Event]:
    found: list[Event] = []
    since: int | None = contact.opened_at
    for message in contact.messages:
        if message.role == "customer" and since is None:
            since = message.at
        elif message.role == "agent":
            if message.at == contact.first_reply_at:
                start = contact.queued_at or contact.opened_at
                found.append(Event(message.at, "first_response", start, message.agent))
            elif since is not None:
                found.append(Event(message.at, "reply", since, message.agent))
            since = None
    return found
