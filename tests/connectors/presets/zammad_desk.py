"""A ticket desk in plain Python: what happened when. No SQL; zammad_rows.py stores it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise

# A state's name is an administrator's choice; its type is what it means.
TYPES = ("new", "open", "pending reminder", "pending action", "closed", "merged", "removed")
STATES = {"neu": "new", "in Arbeit": "open", "wartet auf Lieferant": "open",
          "Wiedervorlage": "pending reminder", "schließt sich": "pending action",
          "erledigt": "closed", "verkauft": "closed", "zusammengelegt": "merged",
          "entfernt": "removed"}  # fmt: skip
KINDS = {"email": True, "phone": True, "web": True, "note": False}  # which reach the customer
NOBODY = 1


@dataclass(slots=True)
class Article:
    at: datetime
    by: str  # Customer, Agent or System
    kind: str = "email"
    internal: bool = False
    user: int = NOBODY
    id: int = 0

    @property
    def seen(self) -> bool:
        """Whether it passes between the customer and the shop."""
        return not self.internal and (KINDS[self.kind] or self.by == "Customer")

    @property
    def answers(self) -> bool:
        return self.by == "Agent" and KINDS[self.kind] and not self.internal


@dataclass(slots=True)
class Ticket:
    group: str
    opened_at: datetime
    state: str = "neu"
    owner: int = NOBODY
    priority: str = "2 normal"
    order_no: str | None = None
    id: int = 0
    articles: list[Article] = field(default_factory=list)
    states: list[tuple[datetime, str]] = field(default_factory=list)
    owners: list[tuple[datetime, int]] = field(default_factory=list)
    merged_at: datetime | None = None
    absorbed: list[Ticket] = field(default_factory=list)
    deleted_at: datetime | None = None

    def __post_init__(self) -> None:
        self.states.append((self.opened_at, self.state))
        self.owners.append((self.opened_at, self.owner))

    def write(self, at: datetime, by: str, kind: str = "email", **details: object) -> Article:
        article = Article(at, by, kind, **details)  # type: ignore[arg-type]
        self.articles.append(article)
        return article

    def becomes(self, at: datetime, state: str) -> None:
        self.states.append((at, state))
        self.state = state

    def assign(self, at: datetime, owner: int) -> None:
        self.owners.append((at, owner))
        self.owner = owner

    def merge(self, at: datetime, target: Ticket) -> None:
        self.merged_at = at
        target.absorbed.append(self)
        self.write(at, "Agent", "note", user=self.owner)
        self.becomes(at, "zusammengelegt")
        self.assign(at, NOBODY)

    def state_at(self, moment: datetime) -> str:
        return next(state for at, state in reversed(self.states) if at <= moment)

    def owner_at(self, moment: datetime) -> int:
        return next(owner for at, owner in reversed(self.owners) if at <= moment)


@dataclass(frozen=True, slots=True)
class Change:
    """A line of the history; what a ticket was created with leaves none."""

    id: int
    at: datetime
    ticket: Ticket
    what: str
    before: str | int
    after: str | int


@dataclass(slots=True)
class Desk:
    tickets: list[Ticket] = field(default_factory=list)
    users: dict[int, tuple[str, bool]] = field(default_factory=dict)  # id: (name, is an agent)

    def ticket(self, group: str, opened_at: datetime, **details: object) -> Ticket:
        ticket = Ticket(group, opened_at, **details)  # type: ignore[arg-type]
        self.tickets.append(ticket)
        return ticket

    def number(self) -> None:
        for number, ticket in enumerate(sorted(self.tickets, key=lambda t: t.opened_at), 1):
            ticket.id = number
        articles = (article for ticket in self.tickets for article in ticket.articles)
        for number, article in enumerate(sorted(articles, key=lambda a: a.at), 1):
            article.id = number

    def changes(self) -> list[Change]:
        """The history of all tickets in the order of time, ids included."""
        found: list[tuple[datetime, int, str, str | int, str | int, Ticket]] = []
        for ticket in self.tickets:
            for (_, before), (at, after) in pairwise(ticket.states):
                found.append((at, ticket.id, "state", before, after, ticket))
            for (_, one), (at, two) in pairwise(ticket.owners):
                found.append((at, ticket.id, "owner", one, two, ticket))
            # Another object's history under the same number.
            found.append((ticket.opened_at, ticket.id, "user", 7, 8, ticket))
        found.sort(key=lambda change: change[:3])
        return [
            Change(number, at, ticket, what, before, after)
            for number, (at, _, what, before, after, ticket) in enumerate(found, 1)
        ]

    def at(self, moment: datetime) -> Iterator[Ticket]:
        """Every ticket row that is there, merged shells too."""
        for ticket in self.tickets:
            if ticket.opened_at <= moment and not _past(ticket.deleted_at, moment):
                yield ticket

    def articles_at(self, ticket: Ticket, moment: datetime) -> list[Article]:
        """The articles that hang on a ticket: its own, and those of tickets merged into it."""
        if _past(ticket.merged_at, moment):
            return [a for a in ticket.articles if a.at == ticket.merged_at]
        found = [a for a in ticket.articles if a.at <= moment]
        for other in ticket.absorbed:
            if _past(other.merged_at, moment):
                found += [a for a in other.articles if a.at <= moment and a.at != other.merged_at]
        return sorted(found, key=lambda a: a.at)


def seconds(number: float) -> timedelta:
    return timedelta(seconds=number)


def _past(at: datetime | None, moment: datetime) -> bool:
    return at is not None and at <= moment
