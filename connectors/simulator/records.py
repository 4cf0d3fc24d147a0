"""What is simulated: contacts, ratings, orders, cases, presence, shifts, each with its whole life.

A record knows its past and its future; a database holds what it looked like at an instant. The
layouts ask for that with `view`, the ledger asks `moments` when to write again. Filling in the
lives happens in talk, floor, shop and people.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from connectors.simulator.settings import Queue

FINAL = ("closed", "abandoned")


class Record(Protocol):
    """Something that is written to the database, perhaps several times."""

    id: int
    """Of its row; 0 until it is written."""
    written: int
    """The instant up to which the database knows it."""
    gone: bool
    """Replaced by another record of the same thing; to be forgotten."""

    def moments(self) -> list[int]:
        """The instants at which its row changes, sorted; the first is its birth."""


class Message(NamedTuple):
    """One line of a conversation, or beside it."""

    at: int
    role: str
    """customer, agent, bot, auto, campaign; beside it: note, activity, survey"""
    agent: int | None
    text: str


class Step(NamedTuple):
    """A contact enters a state, or changes hands within it."""

    at: int
    status: str
    agent: int | None


@dataclass(slots=True, eq=False)
class Row:
    """What every record carries; see Record."""

    id: int = field(default=0, init=False)
    written: int = field(default=0, init=False)
    gone: bool = field(default=False, init=False)


@dataclass(slots=True, eq=False)
class Rating(Row):
    """A survey that was sent (csat, nps), or a review of an order."""

    kind: str
    score: int | None
    asked_at: int | None
    rated_at: int | None
    text: str = ""
    scale: int = 5
    order_ref: str | None = None
    product_ref: str | None = None
    answered_at: int | None = None
    revised_at: int | None = None
    revised: int | None = None
    customer: int = 0
    agent: int | None = None
    """Who served the contact that the survey asks about."""
    contact_id: int = 0
    """Of that contact, once it is written. Not the contact itself: a ring of references would keep
    a year of contacts in memory while garbage collection rests."""

    def moments(self) -> list[int]:
        found = (self.asked_at, self.rated_at, self.answered_at, self.revised_at)
        return sorted(at for at in found if at is not None)

    def score_at(self, now: int) -> int | None:
        if self.revised_at is not None and self.revised_at <= now:
            return self.revised
        return self.score if self.rated_at is not None and self.rated_at <= now else None


@dataclass(slots=True, eq=False)
class Wish:
    """A reason to write that an order gave its customer."""

    at: int
    topic: str
    order_ref: str
    customer: int
    upset: bool
    contact_id: int = 0
    """Of the contact it became, once that is written."""


@dataclass(slots=True, eq=False)
class Contact(Row):
    """One conversation, from the first message to the last close."""

    key: tuple[int, int, int]
    """Queue number, local day, number within both: the same in every run."""
    queue: Queue
    team: str
    opened_at: int
    customer: int
    topic: str
    label: str = ""
    """The topic in the words of the shop."""
    wish: Wish | None = None
    order_ref: str | None = None
    priority: str | None = None
    outbound: bool = False
    forgotten: bool = False
    queued_at: int | None = None
    assigned_at: int | None = None
    first_reply_at: int | None = None
    abandoned_at: int | None = None
    steps: list[Step] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    transfers: list[int] = field(default_factory=list)
    rating: Rating | None = None
    recommends: Rating | None = None
    """The question of the day after: would you recommend us?"""

    @property
    def surveys(self) -> list[Rating]:
        return [one for one in (self.rating, self.recommends) if one is not None]

    @property
    def last(self) -> int:
        """The instant after which nothing happens to it any more."""
        return max(self.steps[-1].at, self.messages[-1].at if self.messages else 0)

    def moments(self) -> list[int]:
        return sorted({s.at for s in self.steps} | {m.at for m in self.messages})


@dataclass(slots=True, eq=False)
class Order(Row):
    """One order of the shop."""

    ref: str
    customer: int
    placed_at: int
    paid_at: int | None
    cancelled_at: int | None
    promised_ship_at: int | None
    promised_at: int | None
    shipped_at: int | None
    delivered_at: int | None
    amount: float
    discount: float
    freight: float
    items: int
    category: str
    seller: str
    region: str
    payment: str | None
    promo: str | None
    cases: list[Case] = field(default_factory=list)
    review: Rating | None = None

    def moments(self) -> list[int]:
        found = (
            self.placed_at, self.paid_at, self.cancelled_at, self.shipped_at, self.delivered_at,
        )  # fmt: skip
        return sorted(at for at in found if at is not None)

    def status_at(self, now: int) -> str:
        for name, at in (
            ("cancelled", self.cancelled_at), ("received", self.delivered_at),
            ("shipped", self.shipped_at), ("paid", self.paid_at),
        ):  # fmt: skip
            if at is not None and at <= now:
                return name
        return "unpaid"


@dataclass(slots=True, eq=False)
class Case(Row):
    """An after-sales case: return, refund, exchange, complaint."""

    order_ref: str
    wish: Wish | None
    kind: str
    reason: str
    opened_at: int
    handled_at: int
    closed_at: int
    amount: float
    refused: bool

    def moments(self) -> list[int]:
        return sorted({self.opened_at, self.handled_at, self.closed_at})

    def status_at(self, now: int) -> str:
        if now < self.handled_at:
            return "pending"
        if self.refused:
            return "refused"
        return "done" if now >= self.closed_at else "returning"


@dataclass(slots=True, eq=False)
class Presence(Row):
    """An agent is online or away for a while."""

    agent: int
    state: str
    since: int
    until: int

    def moments(self) -> list[int]:
        return [self.since, self.until]


@dataclass(slots=True, eq=False)
class PlannedShift(Row):
    """Who is to work when; known some time before."""

    agent: int
    queue: str
    published_at: int
    starts_at: int
    ends_at: int

    def moments(self) -> list[int]:
        return [self.published_at]
