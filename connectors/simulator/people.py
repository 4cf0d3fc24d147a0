"""The people of the shop: agents, the plan of their shifts, who is at the desk when.

Teams are sized once from an ordinary week; each day's plan follows what the shop expects of it,
promotions included as far as a shop foresees them. Too few people on a busy day is the point.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import date

import numpy as np

from connectors.simulator.demand import BINS, expected, weekday
from connectors.simulator.instants import DAY, HOUR, MINUTE, LocalDays
from connectors.simulator.promos import promo
from connectors.simulator.records import PlannedShift, Presence
from connectors.simulator.settings import QUEUES, TEAMS, SimulatorSettings

_ORDINARY_MONDAY = date(2026, 3, 9).toordinal()
_FORESEEN = 0.8
_CUSHION = 0.55  # square-root staffing: how far above the bare load the shop plans
_AT_DESK = 0.90  # breaks and late starts
_SICK = 0.03
_ALL_HANDS, _ALL_HANDS_AFTER = 1.9, 1.15
PUBLISHED_BEFORE = 14 * DAY
_OVERTIME = 10 * DAY
# days after an order, and the share of its trouble that comes then
_AFTERMATH = ((2, 0.3), (3, 0.2), (4, 0.12), (5, 0.1), (6, 0.1), (7, 0.08), (8, 0.05))
_AFTERMATH_SIZE = 0.5
_PER_HOUR = BINS // 24
_GIVEN = "雅晴阿哲小北可欣若溪子墨一诺安然思远雨桐佳怡浩然梓萱书瑶天佑静怡晨曦梦琪嘉懿煜城"
_ENGLISH = ("Amy", "Ben", "Cara", "Dan", "Eva", "Finn", "Gina", "Hugo", "Iris", "Jack")


@dataclass(frozen=True, slots=True)
class Agent:
    """One person; ids run through all teams."""

    id: int
    name: str
    team: int


@dataclass(slots=True, eq=False)
class Seat:
    """An agent on one day: when contacts may be given to them, and how it went."""

    agent: int
    spans: list[tuple[int, int]]
    away: list[tuple[int, int]]
    ends: list[int] = field(default_factory=list)
    """Until when each slot is taken."""
    last: int = 0
    """When the last contact was done."""

    def from_(self, at: int) -> int | None:
        """The first instant from `at` on at which the agent takes contacts."""
        for start, end in self.spans:
            if at < end:
                return max(at, start)
        return None


class People:
    """Everybody who works for the shop, by the settings' size and seed."""

    def __init__(self, settings: SimulatorSettings, days: LocalDays) -> None:
        self._settings = settings
        self._days = days
        sizes = [self._size(team) for team in range(len(TEAMS))]
        self.agents = tuple(
            Agent(sum(sizes[:team]) + n + 1, _name(team, n), team)
            for team, size in enumerate(sizes)
            for n in range(size)
        )
        self._teams = [[a.id for a in self.agents if a.team == t] for t in range(len(TEAMS))]

    def _size(self, team: int) -> int:
        week = sum(sum(self._wanted(team, _ORDINARY_MONDAY + n)) for n in range(7))
        return math.ceil(week / 5 * 1.04) + 1

    def _wanted(self, team: int, day: int) -> list[int]:
        """Agents wanted on each shift pattern, earliest first; the latest pattern fills a gap."""
        needed = self._needed(team, day)
        shifts = TEAMS[team].shifts
        counts = [0] * len(shifts)
        for half, agents in enumerate(needed):
            hour = half / 2
            on = [n for n, s in enumerate(shifts) if s.starts <= hour < s.ends]
            missing = max(1, agents) - sum(counts[n] for n in on)
            if on and missing > 0:
                counts[on[-1]] += missing
        return counts

    def _needed(self, team: int, day: int) -> list[int]:
        """Agents needed in each half-hour from midnight to the next day's noon."""
        people = TEAMS[team]
        load = np.zeros(2 * BINS)
        for queue in QUEUES:
            if queue.team == team:
                human = 1 - 0.9 * (queue.contained or 0)
                human *= aftermath(day) if queue.aftersales else 1
                two_days = [
                    expected(self._settings, queue, d, foreseen=_FORESEEN) for d in (day, day + 1)
                ]
                load += np.concatenate(two_days) * human
        slots = load.reshape(-1, _PER_HOUR // 2).sum(axis=1)[:72] * 2 * people.handle_s / 3600
        agents = (slots + _CUSHION * np.sqrt(slots)) / people.slots / _AT_DESK
        return [math.ceil(n) for n in (agents * self._settings.staffing).tolist()]

    def _working(self, team: int, day: int) -> list[int]:
        """Who works on a day, in the order in which shifts are given out."""
        members = self._teams[team]
        if promo(day).presale < _ALL_HANDS and aftermath(day) < _ALL_HANDS_AFTER:
            off = [(n + weekday(day)) % 7 in (0, 1) for n in range(len(members))]
            members = [m for m, is_off in zip(members, off, strict=True) if not is_off]
        turn = (day // 7 * 3) % max(1, len(members))
        return members[turn:] + members[:turn]

    def shifts(self, team: int, day: int) -> list[PlannedShift]:
        """The plan of a team for a day."""
        members = self._working(team, day)
        counts = self._wanted(team, day)
        while sum(counts) > len(members) and max(counts) > 1:
            counts[counts.index(max(counts))] -= 1
        midnight = self._days.start(day)
        patterns = [s for s, count in zip(TEAMS[team].shifts, counts, strict=True)
                    for _ in range(count)]  # fmt: skip
        homes = [home for count in counts for home in _homes(team, count)]
        return [
            PlannedShift(
                agent,
                homes[n],
                midnight - PUBLISHED_BEFORE,
                midnight + int(pattern.starts * HOUR),
                midnight + int(pattern.ends * HOUR),
            )
            for n, (agent, pattern) in enumerate(zip(members, patterns, strict=False))
        ]

    def seats(self, team: int, day: int) -> list[Seat]:
        """Who is really there, with breaks; the last to leave stay until the queue is empty."""
        shifts = self.shifts(team, day)
        rng = np.random.default_rng((self._settings.seed, 3, team, day))
        luck = rng.random((len(shifts), 2)).tolist()
        last_end = max(s.ends_at for s in shifts)
        found, manned = [], set()
        for number, (shift, (sick, delay)) in enumerate(zip(shifts, luck, strict=True)):
            if sick < _SICK and shift.starts_at in manned:
                continue
            manned.add(shift.starts_at)
            found.append(_seat(shift, number, delay, stays=shift.ends_at == last_end))
        return found


def aftermath(day: int) -> float:
    """How much more after-sales work a shop expects from the orders of the days before."""
    extra = sum(w * (promo(day - ago).orders - 1) for ago, w in _AFTERMATH)
    return max(1.0, 1 + _AFTERMATH_SIZE * extra)


def presences(seats: list[Seat]) -> list[Presence]:
    """When each agent was online or away; they log out after their last contact."""
    found = []
    for seat in seats:
        logout = max(seat.away[-1][0], seat.last + 40_000)
        at = seat.spans[0][0]
        for since, until in seat.away[:-1]:
            found.append(Presence(seat.agent, "online", at, since))
            found.append(Presence(seat.agent, "away", since, until))
            at = until
        found.append(Presence(seat.agent, "online", at, logout))
    return found


def _seat(shift: PlannedShift, number: int, delay: float, *, stays: bool) -> Seat:
    length = shift.ends_at - shift.starts_at
    stagger = (number * 17 % 60 - 30) * MINUTE
    login = shift.starts_at + int((delay * 6 - 2) * MINUTE)
    away = [
        (shift.starts_at + int(length * share) + stagger // part, minutes * MINUTE)
        for share, minutes, part in ((0.2, 8, 2), (0.47, 30, 1), (0.77, 8, 2))
    ]
    breaks = [(since, since + span) for since, span in away]
    edges = [login, *(edge for pause in breaks for edge in pause)]
    edges.append(shift.ends_at + _OVERTIME if stays else shift.ends_at)
    spans = list(zip(edges[::2], edges[1::2], strict=True))
    return Seat(shift.agent, spans, [*breaks, (shift.ends_at, shift.ends_at)])


def _homes(team: int, count: int) -> list[str]:
    """The queue each seat of a shift counts for in the plan, by the queues' shares of the work."""
    queues = [q for q in QUEUES if q.team == team]
    total = sum(q.share for q in queues)
    given = [0.0] * len(queues)
    found = []
    for n in range(1, count + 1):
        behind = [q.share / total * n - g for q, g in zip(queues, given, strict=True)]
        best = behind.index(max(behind))
        given[best] += 1
        found.append(queues[best].name)
    return found


def _name(team: int, number: int) -> str:
    if TEAMS[team].name == "海外组":
        turn, place = divmod(number, len(_ENGLISH))
        return _ENGLISH[place] + (f" {turn + 1}" if turn else "")
    turn, place = divmod(number + team * 5, len(_GIVEN) // 2)
    return _GIVEN[place * 2 : place * 2 + 2] + (str(turn + 1) if turn else "")
