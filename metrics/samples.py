"""The live queue minute by minute: who waited, and for how long. The worker takes the samples.

What is asked of the past is answered from them: replaying a day from facts takes a hundred times as
long as reading it. Minutes that the worker missed are replayed once (replay.py), for all queues
together; those rows do not know their queues.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import sqlalchemy as sa

from connectors.columns import to_micros
from connectors.live_tables import live_samples
from connectors.schema import contacts
from metrics.live import LiveState
from metrics.replay import FOREVER, waits_between
from metrics.vocabulary import raw

MINUTE_US = 60_000_000
KEPT = timedelta(days=761)  # 25 months: two years can be compared
REPLAYED = timedelta(days=1)  # what a sparkline shows; older gaps stay
Key = tuple[str, str, str]  # source, queue, channel, as in live.py


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many waited, and the longest wait in seconds: None while nobody did."""

    waiting: int
    longest_wait_s: float | None


@dataclass(frozen=True, slots=True)
class Sample:
    """The queue at the start of a minute. `whole` is None where some source could not tell.

    `queues`: those somebody waited in, of the sources that could tell; None where it was replayed,
    and only the whole is known.
    """

    at: datetime
    whole: Waiting | None
    queues: Mapping[Key, Waiting] | None
    silent: frozenset[str] = frozenset()  # sources that could not tell


def sample(connection: sa.Connection, live: LiveState, now: datetime) -> int:
    """Keep the live state as this minute's sample, if there is none yet, and fill the minutes since
    the last one; returns how many minutes are new."""
    minute = minute_of(now)
    last = connection.execute(sa.select(sa.func.max(live_samples.c.minute))).scalar()
    if last is not None and last >= minute:
        return 0
    missed = _missed(connection, last, minute, live)
    rows = [{"minute": minute, "queues": _packed(live)} | _whole(live)]
    connection.execute(live_samples.insert(), [*missed, *rows])
    connection.execute(live_samples.delete().where(live_samples.c.minute < minute_of(now - KEPT)))
    return len(missed) + 1


def read_samples(connection: sa.Connection, since: datetime, until: datetime) -> list[Sample]:
    """Those in [since, until), in order; a minute that nobody sampled is not there."""
    table = live_samples
    query = sa.select(table).where(_within(since, until)).order_by(table.c.minute)
    return [
        Sample(
            datetime.fromtimestamp(row.minute * 60, UTC),
            None if row.waiting is None else Waiting(row.waiting, row.longest_wait_s),
            *_unpacked(row.queues),
        )
        for row in connection.execute(query)
    ]


def highest(
    connection: sa.Connection, edges: Sequence[datetime]
) -> tuple[tuple[float | None, ...], tuple[float | None, ...]]:
    """Per interval between the edges the most that waited and the longest wait, in seconds; None
    where no minute is known."""
    table = live_samples.c
    query = sa.select(table.minute, table.waiting, table.longest_wait_s).where(
        _within(edges[0], edges[-1]), table.waiting.is_not(None)
    )
    rows = np.asarray(
        [
            (minute, waiting, longest or 0.0)
            for minute, waiting, longest in connection.execute(query)
        ]
    ).reshape(-1, 3)
    starts = [-(-to_micros(edge) // MINUTE_US) for edge in edges]
    places = np.searchsorted(starts, rows[:, 0], side="right") - 1
    found: list[tuple[float | None, ...]] = []
    for column in (1, 2):
        most = np.full(len(edges) - 1, -1.0)
        np.maximum.at(most, places, rows[:, column])
        found.append(tuple(None if one < 0 else float(one) for one in most))
    return found[0], found[1]


def replayed(
    connection: sa.Connection, first: int, last: int, cut_s: float | None = None
) -> dict[int, Waiting]:
    """The queue at the start of each minute from `first` up to and without `last`, from facts.
    Waits longer than the cut are counted, but not the longest, as in the live state."""
    waits = waits_between(connection, first * MINUTE_US, last * MINUTE_US)
    minutes = np.arange(first, last, dtype=np.int64)
    counts = waits.at(minutes * MINUTE_US)
    earliest = np.full(len(minutes), FOREVER)
    cut = FOREVER if cut_s is None else round(cut_s * 1e6)
    for start, end in waits.spans[::-1].tolist():  # what began earlier is written over the rest
        low = max(0, -(-start // MINUTE_US) - first)
        until = min(end, start + cut + 1, last * MINUTE_US)
        earliest[low : max(low, -(-until // MINUTE_US) - first)] = start
    longest = np.where(earliest == FOREVER, -1.0, (minutes * MINUTE_US - earliest) / 1e6)
    return {
        minute: Waiting(count, wait if wait >= 0 else None)
        for minute, count, wait in zip(
            minutes.tolist(), counts.tolist(), longest.tolist(), strict=True
        )
    }


def minute_of(moment: datetime) -> int:
    """The minute that a moment lies in, since 1970 UTC."""
    return to_micros(moment) // MINUTE_US


def _within(since: datetime, until: datetime) -> sa.ColumnElement[bool]:
    """Minutes that start in [since, until)."""
    first, last = (-(-to_micros(one) // MINUTE_US) for one in (since, until))
    return sa.and_(live_samples.c.minute >= first, live_samples.c.minute < last)


def _missed(
    connection: sa.Connection, last: int | None, minute: int, live: LiveState
) -> list[dict[str, object]]:
    """Minutes that nobody sampled, of the last day, as far as there were contacts and all sources
    had been read."""
    begun = connection.execute(sa.select(sa.func.min(raw(contacts.c.opened_at)))).scalar()
    if begun is None:
        return []
    first = max(
        minute - REPLAYED // timedelta(minutes=1),
        -(-begun // MINUTE_US),
        0 if last is None else last + 1,
    )
    end = min(minute, minute_of(live.as_of) + 1)
    if first >= end:
        return []
    return [
        {"minute": at, "waiting": one.waiting, "longest_wait_s": one.longest_wait_s, "queues": None}
        for at, one in replayed(connection, first, end, live.total.longest_wait_cut_s).items()
    ]


def _whole(live: LiveState) -> dict[str, object]:
    told = not _silent(live)
    return {
        "waiting": live.total.waiting if told else None,
        "longest_wait_s": live.total.longest_wait_s if told else None,
    }


def _packed(live: LiveState) -> str:
    silent = _silent(live)
    found = [
        [one.source, one.queue, one.channel, one.waiting, one.longest_wait_s]
        for one in live.queues
        if one.waiting and one.source not in silent
    ]
    return json.dumps({"waiting": found, "silent": sorted(silent)}, ensure_ascii=False)


def _silent(live: LiveState) -> set[str]:
    """The sources that cannot tell who waits now."""
    old = {one.name for one in live.sources if one.status != "ok"}
    return old | {one.source for one in live.queues if not one.waits_known}


def _unpacked(text: str | None) -> tuple[Mapping[Key, Waiting] | None, frozenset[str]]:
    if text is None:
        return None, frozenset()
    kept = json.loads(text)
    queues = {(source, queue, channel): Waiting(waiting, longest)
              for source, queue, channel, waiting, longest in kept["waiting"]}  # fmt: skip
    return queues, frozenset(kept["silent"])
