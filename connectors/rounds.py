"""Messages -> rounds: a run of customer questions and the answer that ends it. Pure.

A bot's answer ends a round too, so that a bot's and a person's answers can be told apart; when a
person answered at last is kept beside it, because until then the customer waited for a person.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

ANSWERERS = {"agent": "human", "bot": "bot"}


@dataclass(frozen=True, slots=True)
class Message:
    """One message that the customer sees; times in µs since 1970 UTC."""

    contact_id: str
    message_id: str
    sent_at: int
    sender_role: str
    agent_id: str | None


@dataclass(frozen=True, slots=True)
class Round:
    """One round of a contact; open while `answered_at` is None."""

    asked_at: int
    answered_at: int | None = None
    answered_by: str | None = None
    agent_id: str | None = None
    person_answered_at: int | None = None


def rounds_of(messages: Iterable[Message]) -> list[Round]:
    """The rounds of one contact, from its messages in any order."""
    done: list[Round] = []
    unseen = 0  # rounds before this one have met a person's answer
    asked: int | None = None
    for message in sorted(messages, key=_in_order):
        if message.sender_role == "customer":
            asked = message.sent_at if asked is None else asked
            continue
        by = ANSWERERS.get(message.sender_role)
        if by is None:
            continue
        if asked is not None:
            done.append(Round(asked, message.sent_at, by, message.agent_id))
            asked = None
        if by == "human":
            done[unseen:] = [_met_person(one, message.sent_at) for one in done[unseen:]]
            unseen = len(done)
    if asked is not None:
        done.append(Round(asked))
    return done


def _met_person(one: Round, at: int) -> Round:
    return Round(one.asked_at, one.answered_at, one.answered_by, one.agent_id, at)


def _in_order(message: Message) -> tuple[int, int, str]:
    """By time; numeric ids by their number, so that 9 comes before 10 within a second."""
    return (message.sent_at, len(message.message_id), message.message_id)
