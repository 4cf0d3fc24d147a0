"""The floor: one team on one day, serving its queue first come, first served.

Nothing about waiting is drawn: a contact is taken by the first free slot of an agent who is at the
desk, and leaves when its patience ends before that. A slot is busy as long as the conversation
lasts. What happens to a contact depends only on those that came before it.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import NamedTuple

from connectors.simulator import talk
from connectors.simulator.dice import Dice
from connectors.simulator.instants import MINUTE, SECOND
from connectors.simulator.people import Seat
from connectors.simulator.records import Contact

_NO_END = 1 << 60
_IMPATIENT = 0.48
_PATIENCE = 80 * SECOND
_LONG_PATIENCE = 45 * MINUTE
_CLOSED_FOR = 25 * MINUTE
_LEAVES_WHEN_CLOSED = 0.35


class Visit(NamedTuple):
    """A contact comes to the queue."""

    at: int
    number: int
    contact: Contact
    dice: Dice


@dataclass(frozen=True, slots=True)
class Day:
    """Where the service day of a team lies."""

    ends: int
    next_midnight: int
    slots: int
    always_open: bool


class _Slots:
    """Free places on agents' desks, the longest free first."""

    def __init__(self, seats: list[Seat], slots: int) -> None:
        self._heap = [
            (seat.spans[0][0] + slot, slot * len(seats) + number, seat)
            for slot in range(slots)
            for number, seat in enumerate(seats)
        ]
        for seat in seats:
            seat.ends = [0] * slots
        self._count = len(seats)
        heapq.heapify(self._heap)

    def first(self, at: int) -> int:
        """The first instant from `at` on at which someone is free; that slot is then on top."""
        heap = self._heap
        while True:
            free, number, seat = heap[0]
            wanted = free if free > at else at
            start = seat.from_(wanted)
            if start == wanted:
                return wanted
            if start is None:
                heapq.heappop(heap)
            else:
                heapq.heapreplace(heap, (start, number, seat))

    def top(self) -> Seat:
        return self._heap[0][2]

    def take(self, until: int) -> None:
        """The slot on top is taken until then."""
        _, number, seat = self._heap[0]
        seat.ends[number // self._count] = until
        if until > seat.last:
            seat.last = until
        heapq.heapreplace(self._heap, (until, number, seat))


def work(visits: list[Visit], seats: list[Seat], day: Day) -> None:
    """Serve everybody who comes within the day; contacts and seats are filled in place."""
    slots = _Slots(seats, day.slots)
    agents = [seat.agent for seat in seats]
    colleagues = dict(zip(agents, agents[1:] + agents[:1], strict=True))
    heapq.heapify(visits)
    while visits:
        at, number, contact, dice = heapq.heappop(visits)
        if contact.first_reply_at is not None:
            talk.reopen(contact, dice, at)
        start = slots.first(at)
        gives_up = at + _patience(contact, dice, start - at, always_open=day.always_open)
        if start > gives_up:
            talk.give_up(contact, gives_up)
            continue
        seat = slots.top()
        service = talk.Service(
            at=start,
            agent=seat.agent,
            in_hand=sum(end > start for end in seat.ends),
            colleague=colleagues[seat.agent],
            asked_at=at,
            next_day=day.next_midnight,
        )
        slots.take(talk.serve(contact, dice, service))
        back = talk.come_back(contact, dice)
        if back is not None and back < day.ends:
            heapq.heappush(visits, Visit(back, number, contact, dice))


def _patience(contact: Contact, dice: Dice, wait: int, *, always_open: bool) -> int:
    """How long the customer waits at most. Who comes back or writes by mail stays."""
    if contact.first_reply_at is not None or contact.forgotten or contact.outbound:
        return _NO_END
    if contact.queue.channel == "email" or wait == 0:
        return _NO_END
    if wait > _CLOSED_FOR and not always_open:  # the shop says when somebody will be there
        return dice.span(_LONG_PATIENCE) if dice.chance(_LEAVES_WHEN_CLOSED) else _NO_END
    return dice.span(_PATIENCE if dice.chance(_IMPATIENT) else _LONG_PATIENCE)
