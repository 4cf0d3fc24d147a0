"""The rows behind a number: which contacts, ratings, orders or cases a KPI counted in a window.

They come from facts by the same measure that made the number, so the list and the number agree.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import numpy as np

from connectors.columns import from_micros
from connectors.dirty import SLOT
from metrics.groups import last_of_each
from metrics.kpi import AGENT_TIME, Kpi
from metrics.measure import Mask, contacts_of, measure
from metrics.needs import mute
from metrics.population import Floats, Ints, Span, load, reach, spans_of
from metrics.reading import EVERYTHING, Reader, Where
from metrics.values import Values, slot_of

Order = Literal["worst", "newest"]


@dataclass(frozen=True, slots=True)
class Behind:
    """One row that counted. `value` in the KPI's unit for spans of time and amounts, `hit` for
    shares; what a unit doesn't have is None."""

    source: str
    ref: str
    queue: str | None
    channel: str | None
    agent: str | None
    at: datetime
    value: float | None
    hit: bool | None


@dataclass(frozen=True, slots=True)
class Listing:
    """Some of the rows behind a number, and how many there are in all."""

    rows: tuple[Behind, ...]
    total: int


def contacts_behind(  # noqa: PLR0913 - a window is two of them
    reader: Reader,
    key: str,
    since: datetime,
    until: datetime,
    where: Where = EVERYTHING,
    *,
    order: Order = "worst",
    between: tuple[float, float] | None = None,
    limit: int = 200,
) -> Listing:
    """What counted in [since, until), the worst (or newest) first; `between` leaves only values
    from the first up to and without the second.

    Of a ratio what its first KPI counted. Empty for agents' time and for states. Facts are read of
    the quarter hours only that hold the rows shown: a year's list is as fast as a day's.
    """
    kpi = reader.registry.parts(reader.registry.find(key))[0]
    if kpi.of_unit == AGENT_TIME or kpi.is_state or kpi.date is None:
        return Listing((), 0)
    window = (slot_of(since) * SLOT, slot_of(until) * SLOT)
    spans, total = [window], None
    if kpi.is_stored and not kpi.is_late:
        values = reader.values(kpi.key, since, until, where)
        spans, total = _spans_of(kpi, values, between, order, limit)
        if not spans:
            return Listing((), 0)
    rows = load(reader.connection, [kpi], [reach(kpi, one) for one in spans], identity=True)
    found = measure(kpi, rows, reader.registry)
    keep = (found.at >= window[0]) & (found.at < window[1]) & _within(found.values, between)
    silent = mute(kpi, reader.sources, reader.delivered)
    sets = [_allowed(rows.label_names, one, where, silent) for one in rows.label_sets]
    keep &= np.asarray(sets, np.bool_)[found.sets]
    index = np.flatnonzero(keep)
    if kpi.dedup == "contact_window":
        index = index[np.lexsort((found.values[index], found.at[index]))]
        everything = np.zeros(len(index), np.int64)
        index = index[last_of_each(everything, contacts_of(rows, found.index[index]))]
    chosen = _ordered(kpi, found.values[index], found.at[index], order)[:limit]
    return Listing(
        tuple(
            _behind(kpi, dict(zip(rows.label_names, rows.label_sets[found.sets[one]], strict=True)),
                    str(rows.keys["ref"][found.index[one]] or ""), float(found.at[one]),
                    float(found.values[one]))
            for one in index[chosen].tolist()
        ),
        len(index) if total is None else total,
    )  # fmt: skip


def _spans_of(
    kpi: Kpi, values: Values, between: tuple[float, float] | None, order: Order, limit: int
) -> tuple[list[Span], int]:
    """The quarter hours that hold the first rows of a list, and how long it is in all."""
    data = values.columns.data
    if data is None:
        data = np.ones(values.n)
    inside = np.flatnonzero(_within(data, between))
    at = values.columns.slots[inside].astype(np.float64)
    first = inside[_ordered(kpi, data[inside], at, order)[:limit]]
    return spans_of(np.unique(values.columns.slots[first]).tolist()), len(inside)


def _within(values: Floats, between: tuple[float, float] | None) -> Mask:
    if between is None:
        return np.ones(len(values), np.bool_)
    inside: Mask = (values >= between[0]) & (values < between[1])
    return inside


def _allowed(
    names: tuple[str, ...], labels: tuple[str, ...], where: Where, silent: Container[str]
) -> bool:
    known = dict(zip(names, labels, strict=True))
    return known["source"] not in silent and all(
        known.get(name, "") in values for name, values in where.asked.items()
    )


def _ordered(kpi: Kpi, values: Floats, at: Floats, order: Order) -> Ints:
    """Places in the order asked; the newest first among equals."""
    if order == "newest" or kpi.shape == "count":
        return np.argsort(-at, kind="stable")
    worst_is_high = kpi.better == "lower"
    return np.lexsort((-at, -values if worst_is_high else values))


def _behind(kpi: Kpi, labels: dict[str, str], ref: str, at: float, value: float) -> Behind:
    share = kpi.shape in ("percent", "hits")
    return Behind(
        labels["source"], ref, labels.get("queue"), labels.get("channel"), labels.get("agent"),
        from_micros(int(at)), None if share or kpi.shape == "count" else value,
        bool(value) if share else None,
    )  # fmt: skip
