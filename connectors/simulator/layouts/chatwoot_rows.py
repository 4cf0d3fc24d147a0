"""How the help desk's own code records a contact: its rows as values, without a database.

It stores no hand-over, close or wait where one would look: events tell of the first two, and
waiting_since is set at creation, cleared by a person's answer and by nothing else.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from connectors.simulator.events import Event, events
from connectors.simulator.instants import HOUR, SECOND, LocalDays, naive_utc
from connectors.simulator.records import Contact, Message
from connectors.simulator.settings import QUEUES
from connectors.simulator.view import view

ACCOUNT = 1
BOT = 1
CAMPAIGN = 1
RULE = 7
INBOXES = {queue.name: number + 1 for number, queue in enumerate(QUEUES)}
OFFICE_INBOX = INBOXES["微信小程序"]
OFFICE_HOURS = (9, 22)
_STATUSES = {"open": 0, "closed": 1, "abandoned": 1, "bot": 2, "snoozed": 3}
_PRIORITIES = {"high": 2, "urgent": 3}
_NAMES = {"closed": "conversation_resolved", "first_response": "first_response",
          "reply": "reply_time", "bot_closed": "conversation_bot_resolved",
          "handed_over": "conversation_bot_handoff"}  # fmt: skip
Values = tuple[Any, ...]

CONVERSATION = (
    "status", "assignee_id", "updated_at", "last_activity_at", "snoozed_until",
    "first_reply_created_at", "waiting_since",
)  # fmt: skip
BIRTH = (
    "account_id", "inbox_id", "created_at", "contact_id", "contact_inbox_id", "display_id",
    "team_id", "campaign_id", "custom_attributes", "priority", "cached_label_list",
)  # fmt: skip
MESSAGE = (
    "content", "account_id", "inbox_id", "conversation_id", "message_type", "created_at",
    "updated_at", "private", "status", "content_type", "content_attributes", "sender_type",
    "sender_id", "additional_attributes",
)  # fmt: skip
EVENT = (
    "name", "value", "account_id", "inbox_id", "user_id", "conversation_id", "created_at",
    "updated_at", "value_in_business_hours", "event_start_time", "event_end_time",
)  # fmt: skip


def conversation_birth(contact: Contact, person: int, person_inbox: int) -> Values:
    """The values of BIRTH but display_id, which is last to be known, in its place as None."""
    order = {"order_no": contact.order_ref} if contact.order_ref else {}
    return (
        ACCOUNT, INBOXES[contact.queue.name], naive_utc(contact.opened_at), person, person_inbox,
        contact.id, contact.queue.team + 1, CAMPAIGN if contact.outbound else None,
        json.dumps(order), _PRIORITIES.get(contact.priority or ""), contact.label,
    )  # fmt: skip


def conversation_state(contact: Contact, now: int) -> Values:
    """The values of CONVERSATION at an instant."""
    seen = view(contact, now)
    steps = [step.at for step in contact.steps if step.at <= now]
    said = [m.at for m in contact.messages if m.at <= now and m.role != "activity"]
    ahead = next((step.at for step in contact.steps if step.at > now), None)
    return (
        _STATUSES[seen.status], seen.agent, naive_utc(max(steps)),
        naive_utc(said[-1] if said else contact.opened_at),
        naive_utc(ahead) if seen.status == "snoozed" else None,
        naive_utc(seen.first_reply_at), naive_utc(_waiting_since(contact, now)),
    )  # fmt: skip


def _waiting_since(contact: Contact, now: int) -> int | None:
    since: int | None = contact.opened_at
    for message in contact.messages:
        if message.at > now:
            break
        if message.role == "agent":
            since = None
        elif message.role == "customer" and since is None:
            since = message.at
    return since


class _Kind(NamedTuple):
    """How a role is stored."""

    message_type: int
    sender_type: str | None
    private: bool = False
    content_type: int = 0


_KINDS = {
    "customer": _Kind(0, "Contact"),
    "agent": _Kind(1, "User"),
    "bot": _Kind(1, "AgentBot"),
    "auto": _Kind(1, None),
    "campaign": _Kind(1, "User"),
    "note": _Kind(1, "User", private=True),
    "activity": _Kind(2, None),
    "survey": _Kind(3, None, content_type=9),
}
_NO_ATTRIBUTES = json.dumps("{}")
_BY_RULE = {"automation_rule_id": RULE}
_EMAIL = 8


def message_row(contact: Contact, message: Message, person: int) -> Values:
    """The values of MESSAGE."""
    kind, role = _KINDS[message.role], message.role
    sender = {"customer": person, "bot": BOT, "campaign": 1}.get(role, message.agent)
    content_type = kind.content_type
    if role == "customer" and contact.queue.channel == "email":
        content_type = _EMAIL
    # Older rows hold an object, newer ones a string with JSON in it.
    attributes = json.dumps(_BY_RULE) if message.at % 5 == 0 else json.dumps(json.dumps(_BY_RULE))
    at = naive_utc(message.at)
    return (
        message.text, ACCOUNT, INBOXES[contact.queue.name], contact.id, kind.message_type, at, at,
        kind.private, 3 if message.at % 499 == 0 else 0, content_type,
        attributes if role == "auto" else _NO_ATTRIBUTES, kind.sender_type,
        sender if kind.sender_type else None,
        json.dumps({"campaign_id": CAMPAIGN}) if role == "campaign" else "{}",
    )  # fmt: skip


def noted(contact: Contact) -> list[Event]:
    """What it notes about a contact: given up is closed here, opened again is not noted yet."""
    return [e for e in events(contact, ends=("closed", "abandoned")) if e.kind in _NAMES]


def event_row(contact: Contact, event: Event, days: LocalDays) -> Values:
    """The values of EVENT; whole seconds, as there."""
    inbox = INBOXES[contact.queue.name]
    value = event.at // SECOND - event.start // SECOND
    at = naive_utc(event.at)
    in_office = _office_seconds(event.start, event.at, days) if inbox == OFFICE_INBOX else 0
    return (
        _NAMES[event.kind], float(value), ACCOUNT, inbox, event.agent, contact.id, at, at,
        float(in_office), naive_utc(event.start), at,
    )  # fmt: skip


def _office_seconds(start: int, end: int, days: LocalDays) -> int:
    opens, closes = OFFICE_HOURS
    total = 0
    for day in range(days.of(start), days.of(end) + 1):
        midnight = days.start(day)
        since, until = max(start, midnight + opens * HOUR), min(end, midnight + closes * HOUR)
        total += max(0, until - since)
    return total // SECOND
