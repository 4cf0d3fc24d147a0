"""Messages -> rounds: a run of customer questions and the answer that ends it. Pure.

A bot's answer ends a round too, so that a bot's and a person's answers can be told apart; when a
person answered at last is kept beside it, because until then the customer waited for a person.
Every customer message is in exactly one round: as its first question, or as asked again.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

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
    """One round of a contact; open while `answered_at` is None.

    `asked_again` are the times of the customer's further messages before the answer, ascending.
    """

    asked_at: int
    answered_at: int | None = None
    answered_by: str | None = None
    agent_id: str | None = None
    person_answered_at: int | None = None
    asked_again: tuple[int, ...] = ()


def rounds_of(messages: Iterable[Message]) -> list[Round]:
    """The rounds of one contact, from its messages in any order."""
    done: list[Round] = []
    unseen = 0  # rounds before this one have met a person's answer
    asked: list[int] = []
    for message in sorted(messages, key=_in_order):
        if message.sender_role == "customer":
            asked.append(message.sent_at)
            continue
        by = ANSWERERS.get(message.sender_role)
        if by is None:
            continue
        if by == "human":
            for number in range(unseen, len(done)):
                done[number] = replace(done[number], person_answered_at=message.sent_at)
            unseen = len(done) + bool(asked)
        if asked:
            person = message.sent_at if by == "human" else None
            first, *again = asked
            done.append(Round(first, message.sent_at, by, message.agent_id, person, tuple(again)))
            asked = []
    if asked:
        done.append(Round(asked[0], asked_again=tuple(asked[1:])))
    return done


def packed(times: Sequence[int]) -> bytes | None:
    """Times in µs as the store keeps them: little-endian int64 after another; None for none."""
    return struct.pack(f"<{len(times)}q", *times) if times else None


def unpacked(times: bytes | None) -> tuple[int, ...]:
    """What `packed` made, as µs again."""
    return tuple(at for (at,) in struct.iter_unpack("<q", times)) if times else ()


def _in_order(message: Message) -> tuple[int, int, str]:
    """By time; numeric ids by their number, so that 9 comes before 10 within a second."""
    return (message.sent_at, len(message.message_id), message.message_id)
