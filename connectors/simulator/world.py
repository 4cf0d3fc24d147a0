"""The shop as it is, was and will be: days are simulated when they come near, once, in order.

A day is a function of settings and date alone, so a world opened anywhere tells the same story.
Only a surge changes it, and only from its own instant on.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from connectors.simulator import talk
from connectors.simulator.drafts import Draft, draft_day, draft_surge, forgotten_queue
from connectors.simulator.floor import Day, Visit, work
from connectors.simulator.instants import DAY, HOUR, LocalDays
from connectors.simulator.people import PUBLISHED_BEFORE, People, presences
from connectors.simulator.records import (
    Contact,
    Order,
    PlannedShift,
    Presence,
    Record,
    Wish,
)
from connectors.simulator.settings import QUEUES, TEAMS, SimulatorSettings
from connectors.simulator.shop import LAST_WISH, shop_day

Born = TypeVar("Born")
_WISH_DAYS = LAST_WISH // DAY + 1
# A team's day begins at most this long before midnight.
_EARLY = 3 * HOUR


@dataclass(slots=True)
class Release:
    """What begins within a span of time."""

    contacts: list[Contact] = field(default_factory=list)
    orders: list[Order] = field(default_factory=list)
    presences: list[Presence] = field(default_factory=list)
    shifts: list[PlannedShift] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Change:
    """A surge made another record of the same thing."""

    old: Record
    new: Record


@dataclass(slots=True)
class _TeamDay:
    contacts: list[Contact]
    presences: list[Presence]


class World:
    """One simulated shop."""

    def __init__(self, settings: SimulatorSettings) -> None:
        self.settings = settings
        self.days = LocalDays(ZoneInfo(settings.zone))
        self.people = People(settings, self.days)
        self._ahead = Release()
        self._wishes: dict[tuple[int, int], list[Wish]] = defaultdict(list)
        self._drafts: dict[tuple[int, int], list[Draft]] = {}
        self._surges: dict[tuple[int, int], list[int]] = defaultdict(list)
        self._team_days: dict[tuple[int, int], _TeamDay] = {}
        self._next_orders = self._next_work = self._next_plan = 0
        self._since = self._orders_since = self._released = 0

    def open(self, since: int, *, orders_since: int) -> None:
        """Begin with contacts from `since` on and orders from `orders_since` on."""
        self._since, self._orders_since = since, orders_since
        first = self.days.of(since) - 1
        self._next_work = first
        self._next_plan = first + 1
        self._next_orders = min(self.days.of(orders_since), first - _WISH_DAYS)

    def release(self, until: int) -> Release:
        """Everything that begins after the last release and not after `until`."""
        while self.days.start(self._next_work) - _EARLY <= until:
            self._load_work(self._next_work)
            self._next_work += 1
        while self.days.start(self._next_plan) - PUBLISHED_BEFORE <= until:
            for team in range(len(TEAMS)):
                self._ahead.shifts += self.people.shifts(team, self._next_plan)
            self._next_plan += 1
        ahead, self._released = self._ahead, max(until, self._released)
        return Release(
            _cut(ahead.contacts, until, attrgetter("opened_at")),
            _cut(ahead.orders, until, attrgetter("placed_at")),
            _cut(ahead.presences, until, attrgetter("since")),
            _cut(ahead.shifts, until, attrgetter("published_at")),
        )

    def forgotten(self, before: int) -> list[Contact]:
        """Contacts opened before an instant that still lie about then, or did for weeks."""
        found = []
        last = self.days.of(before)
        for day in range(last - talk.FORGOTTEN_FOR // DAY, last + 1):
            number = forgotten_queue(self.settings.seed, day)
            if number is not None:
                contacts = self._work(QUEUES[number].team, day).contacts
                found += [c for c in contacts if c.forgotten and c.opened_at < before <= c.last]
        self._drafts.clear()  # made without the orders of those days
        return found

    def surge(self, queue: str, *, contacts: int, since: int, until: int) -> list[Change]:
        """More contacts for a queue, spread evenly; what is after `since` changes accordingly."""
        number = next((n for n, q in enumerate(QUEUES) if q.name == queue), None)
        if number is None:
            known = ", ".join(q.name for q in QUEUES)
            raise ValueError(f"the simulated shop has no queue '{queue}'; it has {known}")
        step = (until - since) / max(1, contacts)
        instants = [since + int(step * (n + 0.5)) for n in range(contacts)]
        for day in sorted({self.days.of(at) for at in instants}):
            self._surges[number, day] += [at for at in instants if self.days.of(at) == day]
        team = QUEUES[number].team
        loaded = [d for t, d in self._team_days if t == team and self._window(team, d)[1] > since]
        return [change for d in loaded for change in self._rework(team, d, since)]

    def _load_work(self, day: int) -> None:
        while self._next_orders <= day + 1:
            self._load_orders(self._next_orders)
            self._next_orders += 1
        for team in range(len(TEAMS)):
            done = self._team_days[team, day] = self._work(team, day)
            self._ahead.contacts += [c for c in done.contacts if c.opened_at >= self._since]
            self._ahead.presences += [p for p in done.presences if p.since >= self._since]
        self._ahead.contacts.sort(key=attrgetter("opened_at"))
        self._ahead.presences.sort(key=attrgetter("since"))
        self._forget(day)

    def _load_orders(self, day: int) -> None:
        taken = shop_day(self.settings, self.days, day)
        self._ahead.orders += [o for o in taken.orders if o.placed_at >= self._orders_since]
        numbers = {queue.name: n for n, queue in enumerate(QUEUES)}
        for wish, queue in zip(taken.wishes, taken.queues, strict=True):
            self._wishes[numbers[queue], self.days.of(wish.at)].append(wish)

    def _forget(self, day: int) -> None:
        """Drop what no surge can change any more."""
        stores: tuple[dict[tuple[int, int], Any], ...] = (
            self._wishes, self._surges, self._drafts, self._team_days,
        )  # fmt: skip
        for store in stores:
            for key in [k for k in store if k[1] < day - 2]:
                del store[key]

    def _window(self, team: int, day: int) -> tuple[int, int]:
        return TEAMS[team].window(self.days.start(day), self.days.start(day + 1))

    def _work(self, team: int, day: int) -> _TeamDay:
        """Simulate one service day of a team."""
        begins, ends = self._window(team, day)
        drafts = [
            draft
            for number in _queues(team)
            for near in range(self.days.of(begins), self.days.of(ends) + 1)
            for draft in self._draft(number, near)
            if begins <= draft[0].opened_at < ends
        ]
        visits = []
        for number, (contact, dice) in enumerate(drafts):
            at = talk.begin(contact, dice)
            if at is not None:
                visits.append(Visit(at, number, contact, dice))
        seats, people = self.people.seats(team, day), TEAMS[team]
        work(visits, seats, Day(ends, self.days.start(day + 1), people.slots, people.always_open))
        return _TeamDay([contact for contact, _ in drafts], presences(seats))

    def _draft(self, number: int, day: int) -> list[Draft]:
        found = self._drafts.get((number, day))
        if found is None:
            midnight = self.days.start(day)
            wishes = self._wishes.get((number, day), ())
            found = draft_day(self.settings, wishes, number=number, day=day, midnight=midnight)
            instants = self._surges.get((number, day))
            if instants:
                found += draft_surge(self.settings, number=number, day=day, instants=instants)
            self._drafts[number, day] = found
        return found

    def _rework(self, team: int, day: int, since: int) -> list[Change]:
        """Simulate a service day again; nothing before `since` comes out differently."""
        for number in _queues(team):
            for near in (day - 1, day, day + 1):
                self._drafts.pop((number, near), None)
        before = self._team_days[team, day]
        after = self._team_days[team, day] = self._work(team, day)
        old_contacts = {c.key: c for c in before.contacts}
        old_presences = {(p.agent, p.since): p for p in before.presences}
        pairs: list[tuple[Record | None, Record, int]] = [
            *((old_contacts.get(c.key), c, c.opened_at) for c in after.contacts),
            *((old_presences.get((p.agent, p.since)), p, p.since) for p in after.presences),
        ]
        ahead = self._ahead
        stale = set(map(id, (*before.contacts, *before.presences)))
        fresh = [new for _, new, birth in pairs if birth > self._released]
        ahead.contacts = [c for c in ahead.contacts if id(c) not in stale]
        ahead.contacts += [c for c in fresh if isinstance(c, Contact)]
        ahead.contacts.sort(key=attrgetter("opened_at"))
        ahead.presences = [p for p in ahead.presences if id(p) not in stale]
        ahead.presences += [p for p in fresh if isinstance(p, Presence)]
        ahead.presences.sort(key=attrgetter("since"))
        return [
            Change(old, new)
            for old, new, birth in pairs
            if old is not None and birth <= self._released and old.moments()[-1] > since
        ]


def _queues(team: int) -> list[int]:
    return [number for number, queue in enumerate(QUEUES) if queue.team == team]


def _cut(things: list[Born], until: int, when: Callable[[Born], int]) -> list[Born]:
    """Take what begins up to an instant off the front of a sorted list."""
    place = bisect_right(things, until, key=when)
    head = things[:place]
    del things[:place]
    return head
