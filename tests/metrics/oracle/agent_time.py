"""Agents' time: second for second between the moments at which something begins or ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import pairwise

from tests.metrics.oracle.facts import Counted, Definition, Facts

Span = tuple[datetime, datetime]
Who = tuple[str, str]  # source, agent
LONGEST = timedelta(hours=4)
AT_THE_DESK = ("online", "available", "busy")
QUARTER = timedelta(minutes=15)
# What a second is worth with so many contacts in hand, at the desk or not.
WORTH: dict[str, Callable[[int, bool], int]] = {
    "busy": lambda in_hand, there: int(in_hand > 0),
    "handling": lambda in_hand, there: in_hand,
    "present": lambda in_hand, there: int(there),
    "busy_present": lambda in_hand, there: int(in_hand > 0 and there),
}


def in_hand(facts: Facts) -> Iterator[tuple[Who, Span]]:
    """Of closed contacts, from the assignment or the first answer, four hours at most."""
    for c in facts.contacts:
        start = c.assigned_at or c.first_reply_at
        if c.agent_id and start and c.closed_at and c.closed_at > start:
            yield (c.source, c.agent_id), (start, min(c.closed_at, start + LONGEST))


def at_desk(facts: Facts) -> Iterator[tuple[Who, Span]]:
    for p in facts.presence:
        if p.state in AT_THE_DESK and p.until:
            yield (p.source, p.agent_id), (p.since, p.until)


def pieces(facts: Facts, kind: str) -> Iterator[tuple[Who, Span, int]]:
    """Spans within which nothing changes, and what a second of each is worth."""
    held, there = list(in_hand(facts)), list(at_desk(facts))
    for agent in sorted({who for who, _ in held + there}):
        mine = [span for who, span in held if who == agent]
        present = [span for who, span in there if who == agent]
        for start, end in pairwise(sorted({edge for span in mine + present for edge in span})):
            count = sum(a <= start and end <= b for a, b in mine)
            worth = WORTH[kind](count, any(a <= start and end <= b for a, b in present))
            if worth:
                yield agent, (start, end), worth


def quarter_of(moment: datetime) -> datetime:
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    return epoch + (moment - epoch) // QUARTER * QUARTER


def spent(facts: Facts, kind: str, *, window: Span | None = None) -> Iterator[Counted]:
    """Seconds per agent and quarter hour; with a window only what lies in it, exactly."""
    teams = {(a.source, a.agent_id): a.team or "" for a in facts.agents}
    found: dict[tuple[Who, datetime], float] = {}
    for who, (start, end), worth in pieces(facts, kind):
        at, end = (start, end) if window is None else (max(start, window[0]), min(end, window[1]))
        while at < end:
            following = min(quarter_of(at) + QUARTER, end)
            key = (who, quarter_of(at))
            found[key] = found.get(key, 0.0) + worth * ((following - at) / timedelta(seconds=1))
            at = following
    for (who, quarter), seconds in found.items():
        labels = {"source": who[0], "agent": who[1], "team": teams.get(who, "")}
        yield Counted(quarter, seconds, labels, who[1])


KINDS = {"busy_time": "busy", "handling_time": "handling", "presence_time": "present",
         "occupied_time": "busy_present"}  # fmt: skip
KPIS = {key: Definition(partial(spent, kind=kind), "sum") for key, kind in KINDS.items()}
