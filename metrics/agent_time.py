"""Agents' time by quarter hour: with contacts in hand, at their desks. What AHT and occupancy need.

A contact is in hand from its assignment (else the first reply) to its close, four hours at most:
an e-mail ticket that sits open for days is not days of work. Two contacts in hand at once are one
busy minute per minute (`busy`) and two of handling (`handling`), so that concurrency is taken out
of the average handle time. Contacts that are still open, and presence that still lasts, come later.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sqlalchemy as sa

from connectors.dirty import SLOT
from connectors.schema import agents, contacts, presence
from metrics.population import Floats, Ints, Span
from metrics.vocabulary import AGENT_TIME_LABELS, raw

LONGEST = 4 * 3600 * 1_000_000  # µs
PRESENT = ("online", "available", "busy")


@dataclass(frozen=True, slots=True)
class AgentTime:
    """Seconds per agent and quarter hour: `at` is its start (µs), `sets` which label set."""

    at: Floats
    sets: Ints
    label_names: tuple[str, ...]
    label_sets: tuple[tuple[str, ...], ...]
    numbers: Mapping[str, Floats]


@dataclass(frozen=True, slots=True)
class _Spans:
    """Sorted spans of all agents on one line, one agent's window after the other's (µs)."""

    starts: Ints
    ends: Ints


def load(connection: sa.Connection, asked: Span) -> AgentTime:
    """All agents' time within a span."""
    window = (asked[0] // SLOT * SLOT, -(-asked[1] // SLOT) * SLOT)
    who: dict[tuple[str, str], int] = {}
    handling = _spans(_handled(connection, asked), who, (window, asked))
    there = _disjoint(_spans(_present(connection, asked), who, (window, asked)))
    busy = _disjoint(handling)
    parts = {
        "handling": _by_slot(handling),
        "busy": _by_slot(busy),
        "present": _by_slot(there),
        "busy_present": _by_slot(_common(busy, there)),
    }
    keys = np.unique(np.concatenate([key for key, _ in parts.values()]))
    numbers: dict[str, Floats] = {}
    for name, (key, seconds) in parts.items():
        sums = np.bincount(np.searchsorted(keys, key), seconds, minlength=len(keys))
        numbers[name] = sums / 1e6  # whole µs until here: no rounding that hangs on their order
    slots_each = _gap(window) // SLOT
    at = (window[0] + keys % slots_each * SLOT).astype(np.float64)
    return AgentTime(at, keys // slots_each, AGENT_TIME_LABELS, _labels(connection, who),
                     numbers)  # fmt: skip


def _gap(window: Span) -> int:
    return window[1] - window[0] + SLOT


def _labels(
    connection: sa.Connection, known: Mapping[tuple[str, str], int]
) -> tuple[tuple[str, ...], ...]:
    query = sa.select(agents.c.source, agents.c.agent_id, agents.c.team)
    teams = {(source, agent): team or "" for source, agent, team in connection.execute(query)}
    return tuple((agent, source, teams.get((source, agent), "")) for source, agent in known)


def _handled(connection: sa.Connection, window: Span) -> list[tuple[Any, ...]]:
    """(source, agent, from, to) of contacts that were in hand within the window."""
    assigned, replied = raw(contacts.c.assigned_at), raw(contacts.c.first_reply_at)
    low, high = window[0] - LONGEST, window[1]
    start = sa.func.coalesce(assigned, replied)
    query = sa.select(
        contacts.c.source, contacts.c.agent_id, start, raw(contacts.c.closed_at)
    ).where(
        contacts.c.agent_id.is_not(None), contacts.c.closed_at.is_not(None),
        sa.or_(sa.and_(assigned >= low, assigned < high),
               sa.and_(contacts.c.assigned_at.is_(None), replied >= low, replied < high)),
    )  # fmt: skip
    return [
        (source, agent, first, min(last, first + LONGEST))
        for source, agent, first, last in connection.execute(query)
    ]


def _present(connection: sa.Connection, window: Span) -> list[tuple[Any, ...]]:
    """(source, agent, from, to) of the time at the desk."""
    p = presence.c
    query = sa.select(p.source, p.agent_id, raw(p.since), raw(p.until)).where(
        p.state.in_(PRESENT), p.until.is_not(None), raw(p.until) > window[0],
        raw(p.since) < window[1],
    )  # fmt: skip
    return [tuple(row) for row in connection.execute(query)]


def _spans(
    rows: Sequence[tuple[Any, ...]], known: dict[tuple[str, str], int], within: tuple[Span, Span]
) -> _Spans:
    """Spans clipped to what is asked, on lines of whole quarter hours (the window, then what is
    asked); agents numbered by `known`, which grows."""
    window, asked = within
    who = [known.setdefault((row[0], row[1]), len(known)) for row in rows]
    starts = np.maximum(np.asarray([row[2] for row in rows], dtype=np.int64), asked[0])
    ends = np.minimum(np.asarray([row[3] for row in rows], dtype=np.int64), asked[1])
    line = np.asarray(who, dtype=np.int64) * _gap(window) - window[0]
    some = ends > starts
    starts, ends = (starts + line)[some], (ends + line)[some]
    order = np.lexsort((ends, starts))
    return _Spans(starts[order], ends[order])


def _disjoint(spans: _Spans) -> _Spans:
    """Their union: each span without what those before it covered already."""
    if not len(spans.starts):
        return spans
    covered = np.maximum.accumulate(spans.ends)
    starts = np.maximum(spans.starts, np.concatenate(([0], covered[:-1])))
    some = spans.ends > starts
    return _Spans(starts[some], spans.ends[some])


def _common(one: _Spans, other: _Spans) -> _Spans:
    """Where both are; each of them disjoint and sorted."""
    first = np.searchsorted(other.ends, one.starts, side="right")
    last = np.searchsorted(other.starts, one.ends, side="left")
    count = np.maximum(last - first, 0)
    mine = np.repeat(np.arange(len(one.starts)), count)
    theirs = np.arange(len(mine)) - np.repeat(np.cumsum(count) - count, count) + first[mine]
    starts = np.maximum(one.starts[mine], other.starts[theirs])
    return _Spans(starts, np.minimum(one.ends[mine], other.ends[theirs]))


def _by_slot(spans: _Spans) -> tuple[Ints, Floats]:
    """(quarter hour on the agent's line, µs) of every piece of a span."""
    first, last = spans.starts // SLOT, (spans.ends - 1) // SLOT
    count = last - first + 1
    mine = np.repeat(np.arange(len(first)), count)
    slot = np.arange(len(mine)) - np.repeat(np.cumsum(count) - count, count) + first[mine]
    starts = np.maximum(spans.starts[mine], slot * SLOT)
    ends = np.minimum(spans.ends[mine], (slot + 1) * SLOT)
    return slot, (ends - starts).astype(np.float64)
