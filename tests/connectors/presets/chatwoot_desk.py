"""A help desk in plain Python: what happened when. No SQL; chatwoot_rows.py stores it.

Everything has its time, so that the same desk can be looked at as of any moment.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

OPEN, RESOLVED, PENDING, SNOOZED = 0, 1, 2, 3
SECOND = timedelta(seconds=1)
# Who a message is from, in the words of this desk. Only "person" is an answer of a person.
VOICES = ("customer", "person", "bot", "captain", "automation", "campaign", "greeting",
          "note", "activity", "survey")  # fmt: skip
# Whose messages are outgoing ones of a user: notes too, though nobody outside sees them.
BY_USERS = ("person", "campaign", "note")


@dataclass(slots=True)
class Line:
    """One message. `stored` says how its content_attributes are kept: as text, object or null."""

    at: datetime
    by: str
    agent: int | None = None
    stored: str = "text"
    failed: bool = False
    deleted_at: datetime | None = None  # by an agent: the row stays
    gone_at: datetime | None = None  # the row goes
    id: int = 0


@dataclass(slots=True)
class Event:
    """A reporting event; a background job writes it some time after what it tells of."""

    name: str
    ended_at: datetime
    written_at: datetime
    user: int | None = None
    since: datetime | None = None  # None: the opening
    id: int = 0

    def value_s(self, talk: Talk) -> int:
        """Whole seconds, as the help desk counts them."""
        return int((self.ended_at - (self.since or talk.opened_at)).total_seconds())


@dataclass(slots=True)
class Rating:
    """A survey answer; a customer may change it."""

    line: Line
    scores: list[tuple[datetime, int]]

    @property
    def at(self) -> datetime:
        return self.scores[0][0]


@dataclass(slots=True)
class Inbox:
    id: int
    account: int
    name: str
    channel: str = "WebWidget"
    bot: bool = False


@dataclass(slots=True)
class Agent:
    id: int
    account: int
    name: str
    team: int | None = None
    left_at: datetime | None = None


@dataclass(slots=True)
class Talk:
    """One conversation."""

    inbox: Inbox
    opened_at: datetime
    status: int = OPEN
    customer: str | None = None  # contacts.identifier
    campaign: int | None = None
    campaign_deleted: bool = False
    first_reply_noted: bool = True  # not when too much was sent before the first answer
    team: int | None = None
    priority: int | None = None
    attributes: dict[str, str] | None = None
    labels: str | None = None
    deleted_at: datetime | None = None
    id: int = 0
    lines: list[Line] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    states: list[tuple[datetime, int]] = field(default_factory=list)
    assignees: list[tuple[datetime, int | None, bool]] = field(default_factory=list)
    participants: list[tuple[datetime, int]] = field(default_factory=list)
    ratings: list[Rating] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.states.append((self.opened_at, self.status))

    def says(self, at: datetime, by: str, agent: int | None = None, **details: object) -> Line:
        assert by in VOICES
        line = Line(at, by, agent, **details)  # type: ignore[arg-type]
        self.lines.append(line)
        return line

    def becomes(self, at: datetime, status: int) -> None:
        self.states.append((at, status))
        self.status = status

    def tells(
        self,
        name: str,
        at: datetime,
        user: int | None = None,
        delay: timedelta = SECOND,
        *,
        since: datetime | None = None,
    ) -> None:
        self.events.append(Event(name, at, at + delay, user, since))

    def assign(self, at: datetime, agent: int | None, *, silently: bool = False) -> None:
        self.assignees.append((at, agent, silently))
        if agent is not None and all(agent != known for _, known in self.participants):
            self.participants.append((at + SECOND, agent))

    def hand_over(self, at: datetime) -> None:
        """The bot gives the conversation to people; only the first time leaves an event."""
        self.becomes(at, OPEN)
        if all(event.name != "conversation_bot_handoff" for event in self.events):
            self.tells("conversation_bot_handoff", at)

    def resolve(self, at: datetime, *, delay: timedelta = SECOND) -> None:
        self.becomes(at, RESOLVED)
        user = next((agent for when, agent, _ in reversed(self.assignees) if when <= at), None)
        self.tells("conversation_resolved", at, user, delay)
        if self.inbox.bot and not any(line.by in BY_USERS for line in self.lines):
            self.tells("conversation_bot_resolved", at, user, delay)

    def survey(self, at: datetime) -> Line:
        return self.says(at, "survey")

    def rate(self, line: Line, at: datetime, score: int) -> Rating:
        self.ratings.append(Rating(line, [(at, score)]))
        return self.ratings[-1]

    def status_at(self, moment: datetime) -> int:
        return next(status for at, status in reversed(self.states) if at <= moment)

    def assignee_at(self, moment: datetime) -> int | None:
        return next((agent for at, agent, _ in reversed(self.assignees) if at <= moment), None)

    def lines_at(self, moment: datetime) -> list[Line]:
        """The messages whose rows are there, in order."""
        there = [x for x in self.lines if x.at <= moment and not _past(x.gone_at, moment)]
        return sorted(there, key=lambda line: line.at)

    def events_at(self, moment: datetime, name: str) -> list[Event]:
        return [e for e in self.events if e.name == name and e.written_at <= moment]


@dataclass(slots=True)
class Desk:
    """All of it. `number` gives ids in the order of time, as a database does."""

    inboxes: list[Inbox] = field(default_factory=list)
    agents: list[Agent] = field(default_factory=list)
    teams: dict[int, tuple[int, str]] = field(default_factory=dict)  # id: (account, name)
    talks: list[Talk] = field(default_factory=list)

    def inbox(self, name: str, *, account: int = 1, **details: object) -> Inbox:
        inbox = Inbox(len(self.inboxes) + 1, account, name, **details)  # type: ignore[arg-type]
        self.inboxes.append(inbox)
        return inbox

    def agent(self, name: str, *, account: int = 1, team: int | None = None) -> int:
        self.agents.append(Agent(len(self.agents) + 1, account, name, team))
        return self.agents[-1].id

    def talk(
        self, inbox: Inbox, opened_at: datetime, status: int = OPEN, **details: object
    ) -> Talk:
        talk = Talk(inbox, opened_at, status, **details)  # type: ignore[arg-type]
        self.talks.append(talk)
        return talk

    def number(self) -> None:
        """Give every conversation, message and event its id."""
        for number, talk in enumerate(sorted(self.talks, key=lambda talk: talk.opened_at), 1):
            talk.id = number
        lines = (line for talk in self.talks for line in talk.lines)
        for number, line in enumerate(sorted(lines, key=lambda line: line.at), 1):
            line.id = number
        events = (event for talk in self.talks for event in talk.events)
        for number, event in enumerate(sorted(events, key=lambda event: event.written_at), 1):
            event.id = number

    def remove_agent(self, agent: int, at: datetime) -> None:
        """Their conversations lose them, closed ones too, and nothing else shows it."""
        self.agents[agent - 1].left_at = at
        for talk in self.talks:
            if talk.opened_at <= at and talk.assignee_at(at) == agent:
                later = [one for one in talk.assignees if one[0] > at]
                talk.assignees = [one for one in talk.assignees if one[0] <= at]
                talk.assignees += [(at, None, True), *later]

    def at(self, moment: datetime, account: int | None = None) -> Iterator[Talk]:
        """The conversations that are there at a moment."""
        for talk in self.talks:
            there = talk.opened_at <= moment and not _past(talk.deleted_at, moment)
            if there and account in (None, talk.inbox.account):
                yield talk


def _past(at: datetime | None, moment: datetime) -> bool:
    return at is not None and at <= moment
