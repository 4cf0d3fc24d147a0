"""The contacts and reviews themselves: the lowest scores, and negative reviews nobody answered.

Stored values say in which quarter hours they lie; only those are read from the facts, by the same
measure that made the numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

import numpy as np
import numpy.typing as npt

from connectors.columns import from_micros
from metrics.kpi import Kpi
from metrics.measure import measure
from metrics.needs import mute
from metrics.population import SPANS_AT_ONCE, load, spans_of
from metrics.reading import Reader, Where
from metrics.values import Values, slot_of

SHOWN: Final = 20
_GOOD: Final = {"score": 4.0, "points": 0.0}  # where what is not low begins, by unit
_FURTHEST: Final = 4  # queries for unanswered reviews; what is older is beyond help


@dataclass(frozen=True, slots=True)
class Ticket:
    """A rating and its contact (or order). `score` is of five, whatever the scale was."""

    source: str
    ref: str
    queue: str
    channel: str
    agent: str
    at: datetime  # when it was rated
    score: float | None


@dataclass(frozen=True, slots=True)
class Lowest:
    """The lowest scores, the newest first among equals; `total` of all that are not good."""

    kpi: Kpi
    rows: tuple[Ticket, ...]
    total: int


@dataclass(frozen=True, slots=True)
class Unanswered:
    """Negative reviews without an answer, the newest first. `more`: there are older ones."""

    kpi: Kpi
    rows: tuple[Ticket, ...]
    more: bool

    @property
    def promise(self) -> timedelta:
        return self.kpi.threshold or timedelta(0)


def lowest(reader: Reader, values: Values, where: Where) -> Lowest:
    """Of what is not good: below 4 of 5, detractors, or of a share what missed. `where` is what
    the values were read with."""
    kpi, data = values.kpi, values.columns.data
    if not values.n or data is None:
        return Lowest(kpi, (), 0)
    limit = _GOOD.get(kpi.unit, 1.0)
    low = np.flatnonzero(data < limit)
    slots = values.columns.slots
    worst = low[np.lexsort((-slots[low], data[low]))[:SHOWN]]
    found = [one for one in _read(reader, kpi, slots[worst], where) if one.value < limit]
    found.sort(key=lambda one: (one.value, -one.ticket.at.timestamp(), one.ticket.ref))
    return Lowest(kpi, tuple(one.ticket for one in found[:SHOWN]), len(low))


def unanswered(
    reader: Reader, values: Values | None, where: Where, until: datetime
) -> Unanswered | None:
    """None where no source tells when a review was answered."""
    if values is None or set(reader.sources) <= mute(values.kpi, reader.sources, reader.delivered):
        return None
    # What is younger than the promise has no value yet.
    first, last = slot_of(min(values.known_until, until)), slot_of(min(until, reader.as_of)) + 1
    data, slots = values.columns.data, values.columns.slots
    missed = np.unique(slots if data is None else slots[data == 0])
    newest = np.concatenate((np.arange(first, last), missed[missed < first][::-1]))
    found: list[Ticket] = []
    for at in range(0, len(newest), SPANS_AT_ONCE):
        if len(found) > SHOWN or at >= _FURTHEST * SPANS_AT_ONCE:
            break
        read = _read(reader, values.kpi, newest[at : at + SPANS_AT_ONCE], where)
        found += [one.ticket for one in read if not one.answered]
    found.sort(key=lambda one: (one.at, one.ref), reverse=True)
    more = len(found) > SHOWN or len(newest) > _FURTHEST * SPANS_AT_ONCE
    return Unanswered(values.kpi, tuple(found[:SHOWN]), more)


def overdue(found: Unanswered, now: datetime) -> int:
    """How many of those shown wait longer than promised."""
    return sum(now - one.at > found.promise for one in found.rows)


@dataclass(frozen=True, slots=True)
class _Read:
    ticket: Ticket
    value: float  # as the KPI measures it
    answered: bool


def _read(reader: Reader, kpi: Kpi, slots: npt.ArrayLike, where: Where) -> list[_Read]:
    """What the KPI counts in some quarter hours."""
    spans = spans_of(np.unique(np.asarray(slots)).tolist())
    if not spans:
        return []
    rows = load(reader.connection, [kpi, replace(kpi, number="score5")], spans, identity=True)
    found = measure(kpi, rows, reader.registry)
    silent = mute(kpi, reader.sources, reader.delivered)
    names = rows.label_names
    read = []
    for at, value, of, index in zip(
        found.at.tolist(), found.values.tolist(), found.sets.tolist(), found.index.tolist(),
        strict=True,
    ):  # fmt: skip
        labels = dict(zip(names, rows.label_sets[of], strict=True))
        if labels["source"] in silent or not _allowed(labels, where):
            continue
        score = float(rows["n.score5"][index])
        ticket = Ticket(
            labels["source"], str(rows.keys["ref"][index] or ""), labels["queue"],
            labels["channel"], labels["agent"], from_micros(int(at)),
            None if np.isnan(score) else score,
        )  # fmt: skip
        answered = "at.answered" in rows.columns and not np.isnan(rows["at.answered"][index])
        read.append(_Read(ticket, value, bool(answered)))
    return read


def _allowed(labels: Mapping[str, str], where: Where) -> bool:
    return all(labels.get(name, "") in values for name, values in where.asked.items())
