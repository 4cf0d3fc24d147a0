"""The life of one contact: bot, hand-over, waiting, conversation, closing, coming back.

Each stage appends to the contact what happens from an instant on and says when the next one may
begin. Who serves when is the floor's decision.
"""

from __future__ import annotations

from dataclasses import dataclass

from connectors.simulator.dice import Dice
from connectors.simulator.instants import HOUR, MINUTE, SECOND
from connectors.simulator.ratings import recommendation, survey
from connectors.simulator.records import Contact, Message, Step
from connectors.simulator.words import WORDS, Words

_FIRST_REPLY = 16 * SECOND
_REPLY = 52 * SECOND
_THINK = 42 * SECOND
_WRAP_UP = 8 * SECOND
_LOAD = 0.12  # each further contact an agent has in hand slows every answer by this share
_SAID_QUEUEING = 60 * SECOND
FORGOTTEN_FOR = 38 * 24 * HOUR


@dataclass(frozen=True, slots=True)
class Service:
    """An agent takes a contact."""

    at: int
    agent: int
    in_hand: int
    """Other contacts of the agent at that instant."""
    colleague: int
    """Who takes over when the contact is transferred."""
    asked_at: int
    """Since when the customer waits for this."""
    next_day: int
    """Local midnight after the service day: snoozed contacts come back on that day."""


def begin(contact: Contact, dice: Dice) -> int | None:
    """The opening, and the bot where one stands; when the contact enters the queue, or None."""
    words = WORDS[contact.queue.language]
    if contact.outbound:
        return _campaign(contact, dice, words)
    at = contact.opened_at
    contact.messages.append(Message(at, "customer", None, dice.pick(words.ask[contact.topic])))
    if contact.queue.contained is None or contact.forgotten:
        contact.steps.append(Step(at, "open", None))
        return at
    contact.steps.append(Step(at, "bot", None))
    return _bot(contact, dice, words)


def _campaign(contact: Contact, dice: Dice, words: Words) -> int | None:
    at = contact.opened_at
    contact.steps.append(Step(at, "open", None))
    contact.messages.append(Message(at, "campaign", None, dice.pick(words.campaign)))
    if not dice.chance(0.13):
        contact.steps.append(Step(at + dice.steady(30 * HOUR), "closed", None))
        return None
    at += min(dice.span(40 * MINUTE), 5 * HOUR)
    contact.messages.append(Message(at, "customer", None, dice.pick(words.ask[contact.topic])))
    return at


def _bot(contact: Contact, dice: Dice, words: Words) -> int | None:
    messages, at = contact.messages, contact.opened_at
    for number in range(1 + int(dice.unit() * 3)):
        if number:
            at += dice.span(20 * SECOND)
            messages.append(Message(at, "customer", None, dice.pick(words.more_bot)))
        at += dice.steady(1.3 * SECOND)
        messages.append(Message(at, "bot", None, words.bot[min(number, 3)]))
    if contact.wish is None and dice.chance(contact.queue.contained or 0):
        idle = 14 * HOUR if dice.chance(0.02) else 9 * MINUTE
        contact.steps.append(Step(at + min(dice.span(idle), 60 * HOUR), "closed", None))
        return None
    at += dice.span(11 * SECOND)
    messages.append(Message(at, "customer", None, dice.pick(words.human)))
    messages.append(Message(at + 700, "bot", None, dice.pick(words.handing_over)))
    contact.queued_at = at + 900
    contact.steps.append(Step(at + 900, "open", None))
    return at + 900


def give_up(contact: Contact, at: int) -> None:
    """The customer leaves before anybody answered."""
    contact.abandoned_at = at
    contact.steps.append(Step(at, "abandoned", None))


def serve(contact: Contact, dice: Dice, service: Service) -> int:
    """One visit to a person; returns the instant at which the agent's slot is free again."""
    words = WORDS[contact.queue.language]
    slowed = contact.queue.pace * (1 + _LOAD * service.in_hand)
    first_visit = contact.first_reply_at is None
    _while_waiting(contact, dice, words, service)
    if contact.assigned_at is None:
        contact.assigned_at = service.at
    contact.steps.append(Step(service.at, "open", service.agent))
    contact.messages.append(Message(service.at, "activity", service.agent, words.taken))
    at = service.at + dice.steady(_FIRST_REPLY * slowed)
    contact.messages.append(Message(at, "agent", service.agent, dice.pick(words.answer)))
    if first_visit:
        contact.first_reply_at = at
    agent = service.agent
    for number in range(_rounds(dice, first_visit=first_visit)):
        if number == 1 and first_visit and dice.chance(0.06):
            agent = service.colleague
            at = _transfer(contact, dice, at, agent)
        at = _round(contact, dice, agent, at, slowed)
    if contact.forgotten:
        return _forget(contact, dice, words, at)
    return _finish(contact, dice, words, service, agent)


def _while_waiting(contact: Contact, dice: Dice, words: Words, service: Service) -> None:
    waited = service.at - service.asked_at
    if waited > _SAID_QUEUEING:
        at = service.asked_at + _SAID_QUEUEING
        contact.messages.append(Message(at, "auto", None, dice.pick(words.queueing)))
        if dice.chance(0.35):
            at += int((waited - _SAID_QUEUEING) * dice.unit() * 0.9)
            contact.messages.append(Message(at, "customer", None, dice.pick(words.nudge)))


def _rounds(dice: Dice, *, first_visit: bool) -> int:
    most, going_on = (7, 0.66) if first_visit else (3, 0.4)
    rounds = 1
    while rounds < most and dice.chance(going_on):
        rounds += 1
    return rounds


def _round(contact: Contact, dice: Dice, agent: int, at: int, slowed: float) -> int:
    """The customer writes, the agent answers; returns when."""
    words = WORDS[contact.queue.language]
    at += dice.span(_THINK * contact.queue.pace)
    said = words.upset if contact.wish and contact.wish.upset and dice.chance(0.4) else words.follow
    contact.messages.append(Message(at, "customer", None, dice.pick(said)))
    answered = at + dice.span(_REPLY * slowed)
    if dice.chance(0.05):
        noted = at + (answered - at) // 2
        contact.messages.append(Message(noted, "note", agent, dice.pick(words.note)))
    contact.messages.append(Message(answered, "agent", agent, dice.pick(words.reply)))
    return answered


def _transfer(contact: Contact, dice: Dice, at: int, agent: int) -> int:
    at += dice.steady(20 * SECOND)
    contact.transfers.append(at)
    contact.steps.append(Step(at, "open", agent))
    words = WORDS[contact.queue.language]
    contact.messages.append(Message(at, "activity", agent, words.taken))
    return at


def _forget(contact: Contact, dice: Dice, words: Words, at: int) -> int:
    """The customer asks once more and nobody ever answers; someone tidies up weeks later."""
    asked = at + dice.span(2 * _THINK)
    contact.messages.append(Message(asked, "customer", None, dice.pick(words.follow)))
    agent = contact.steps[-1].agent
    contact.steps.append(Step(contact.opened_at + FORGOTTEN_FOR, "closed", agent))
    return at + _WRAP_UP


def _finish(contact: Contact, dice: Dice, words: Words, service: Service, agent: int) -> int:
    at = contact.messages[-1].at
    first_close = all(step.status != "closed" for step in contact.steps)
    if first_close and contact.queue.aftersales and dice.chance(0.025):
        return _snooze(contact, dice, words, service, agent)
    if dice.chance(0.55):
        at += dice.span(15 * SECOND)
        contact.messages.append(Message(at, "customer", None, dice.pick(words.thanks)))
        at += dice.steady(6 * SECOND * contact.queue.pace)
        contact.messages.append(Message(at, "agent", agent, dice.pick(words.bye)))
    free = at + _WRAP_UP
    _close(contact, dice, free + dice.span(70 * SECOND * contact.queue.pace), agent)
    return free


def _snooze(contact: Contact, dice: Dice, words: Words, service: Service, agent: int) -> int:
    """Parked until somebody else has answered; taken up again the next day."""
    at = contact.messages[-1].at + _WRAP_UP
    contact.steps.append(Step(at, "snoozed", agent))
    back = max(service.next_day + 10 * HOUR, at + HOUR) + int(dice.unit() * 6 * HOUR)
    contact.steps.append(Step(back, "open", agent))
    contact.messages.append(Message(back, "agent", agent, dice.pick(words.result)))
    _close(contact, dice, back + dice.span(3 * MINUTE), agent)
    return at


def _close(contact: Contact, dice: Dice, at: int, agent: int) -> None:
    contact.steps.append(Step(at, "closed", agent))
    contact.messages.append(Message(at, "activity", agent, WORDS[contact.queue.language].closed))
    if contact.rating is None:
        contact.rating = survey(contact, dice, at)
        contact.recommends = contact.recommends or recommendation(contact, dice, at)
        if contact.rating is not None:
            text = WORDS[contact.queue.language].survey
            contact.messages.append(Message(at, "survey", None, text))


def come_back(contact: Contact, dice: Dice) -> int | None:
    """When the customer writes again after the close, if at all; the contact is open from then."""
    step = contact.steps[-1]
    if step.status != "closed" or len(contact.transfers) or not dice.chance(0.06):
        return None
    return step.at + dice.span(35 * MINUTE)


def reopen(contact: Contact, dice: Dice, at: int) -> None:
    """The customer writes again; the contact waits for a person once more."""
    words = WORDS[contact.queue.language]
    contact.steps.append(Step(at, "open", contact.steps[-1].agent))
    contact.messages.append(Message(at, "customer", None, dice.pick(words.again)))
