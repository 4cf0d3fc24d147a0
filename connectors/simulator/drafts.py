"""Who writes to a queue on a day, and about what: contacts before anybody has served them."""

from __future__ import annotations

from collections.abc import Sequence

from connectors.simulator.demand import arrivals, weekday
from connectors.simulator.dice import Dice, deal
from connectors.simulator.instants import HOUR, MINUTE
from connectors.simulator.promos import promo
from connectors.simulator.records import Contact, Wish
from connectors.simulator.settings import QUEUES, TEAMS, Queue, SimulatorSettings
from connectors.simulator.shop import customers
from connectors.simulator.words import WORDS

Draft = tuple[Contact, Dice]

_PRESALE = ("product", "product", "size", "size", "promotion", "promotion", "stock", "shipping")
_PROMO = ("promotion", "promotion", "promotion", "product", "size", "stock", "shipping")
_AFTERSALES = ("track", "track", "refund", "exchange", "quality", "invoice", "usage", "hurry",
               "address", "product")  # fmt: skip
_PRIORITIES = {"complaint": "urgent", "hurry": "high", "quality": "high"}
_CAMPAIGN_QUEUES = ("天猫售前", "微信小程序")
_CAMPAIGN_WEEKDAY = 2
_CAMPAIGN_SHARE = 0.006
_FORGOTTEN_EVERY = 16
SURGE_NUMBERS = 10_000_000


def forgotten_queue(seed: int, day: int) -> int | None:
    """Every so many days one contact of some queue is forgotten for weeks."""
    turn, rest = divmod(day + seed, _FORGOTTEN_EVERY)
    return turn % len(QUEUES) if rest == 0 else None


def draft_day(
    settings: SimulatorSettings, wishes: Sequence[Wish], *, number: int, day: int, midnight: int
) -> list[Draft]:
    """Everybody who writes to queue `number` on a local day, in no order."""
    queue = QUEUES[number]
    opened = arrivals(settings, queue, number=number, day=day, midnight=midnight).tolist()
    sent = _campaign(settings, queue, day=day, midnight=midnight)
    all_dice = deal((settings.seed, 5, number, day), len(opened) + len(wishes) + len(sent))
    forgotten = forgotten_queue(settings.seed, day) == number and len(opened) // 2
    found: list[Draft] = []
    for at in opened:
        dice = all_dice[len(found)]
        contact = _stranger(settings, (number, day, len(found)), at=at, dice=dice, day=day)
        contact.forgotten = bool(forgotten) and len(found) == forgotten
        found.append((contact, dice))
    for wish in wishes:
        found.append((_prompted((number, day, len(found)), wish), all_dice[len(found)]))
    for at in sent:
        dice = all_dice[len(found)]
        contact = _stranger(settings, (number, day, len(found)), at=at, dice=dice, day=day)
        contact.outbound = True
        found.append((contact, dice))
    return found


def draft_surge(
    settings: SimulatorSettings, *, number: int, day: int, instants: Sequence[int]
) -> list[Draft]:
    """Contacts that nobody expected, at given instants of a day."""
    all_dice = deal((settings.seed, 6, number, instants[0]), len(instants))
    return [
        (_stranger(settings, (number, day, SURGE_NUMBERS + n), at=at, dice=dice, day=day), dice)
        for n, (at, dice) in enumerate(zip(instants, all_dice, strict=True))
    ]


def _contact(key: tuple[int, int, int], *, at: int, customer: int, topic: str) -> Contact:
    queue = QUEUES[key[0]]
    label = WORDS[queue.language].topic[topic]
    contact = Contact(key, queue, TEAMS[queue.team].name, at, customer, topic)
    contact.label = label
    contact.priority = _PRIORITIES.get(topic)
    return contact


def _stranger(
    settings: SimulatorSettings, key: tuple[int, int, int], *, at: int, dice: Dice, day: int
) -> Contact:
    presale = _PROMO if promo(day).presale > 1.5 else _PRESALE
    topic = dice.pick(_AFTERSALES if QUEUES[key[0]].aftersales else presale)
    customer = int(dice.unit() ** 1.4 * customers(settings))
    return _contact(key, at=at, customer=customer, topic=topic)


def _prompted(key: tuple[int, int, int], wish: Wish) -> Contact:
    contact = _contact(key, at=wish.at, customer=wish.customer, topic=wish.topic)
    contact.wish = wish
    contact.order_ref = wish.order_ref
    return contact


def _campaign(settings: SimulatorSettings, queue: Queue, *, day: int, midnight: int) -> list[int]:
    """When the shop itself starts conversations: one campaign a week, at half past ten."""
    if weekday(day) != _CAMPAIGN_WEEKDAY or queue.name not in _CAMPAIGN_QUEUES:
        return []
    count = int(settings.contacts_per_day * _CAMPAIGN_SHARE) + 1
    start = midnight + 10 * HOUR + 30 * MINUTE
    return [start + n * 10 * MINUTE // count for n in range(count)]
