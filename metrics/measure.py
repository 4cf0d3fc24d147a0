"""The nine settings at work: rows of a unit -> the values of one KPI. Pure, and vectorised.

The only place that says which rows count and what each is worth. Loading rows is population.py's,
keeping and merging values intervals.py's and values.py's.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from connectors.columns import to_micros
from metrics.kpi import Kpi, Registry, local_zone
from metrics.population import Floats, Ints, Rows

if TYPE_CHECKING:
    import pandas as pd

Mask = npt.NDArray[np.bool_]
_BY = {"human": "is.by_human", "bot": "is.by_bot", "assisted": "is.by_assisted"}
_DAY_MINUTES = 24 * 60
ASKED = ("round", "message")  # units that somebody answers, and it matters who


@dataclass(frozen=True, slots=True)
class Measured:
    """Values of one KPI: when each counts (µs), which label set and row of `Rows` it is of."""

    at: Floats
    values: Floats
    sets: Ints
    index: Ints


def measure(kpi: Kpi, rows: Rows, registry: Registry) -> Measured:
    """Which rows count, and what each is worth: seconds, 0 or 1, or a number."""
    at = rows[f"at.{kpi.date}"]
    start = rows[f"at.{kpi.start}"] if kpi.start else np.full(rows.n, np.nan)
    end = _end(kpi, rows)
    keep = ~np.isnan(at) & _conditions(kpi, rows) & _calendar(kpi, rows, at, registry)
    if kpi.only:
        keep &= _scope(kpi, rows)
    wait = _wait(kpi, rows, start, end, registry) if kpi.start and kpi.end else None
    if wait is not None:
        keep &= ~np.isnan(start)  # what never began is neither in time nor late
    keep &= _denominator(kpi, rows, start, end)
    values = _values(kpi, rows, wait)
    keep &= ~np.isnan(values)
    index = np.flatnonzero(keep)
    if kpi.dedup == "customer_day":
        index = _first_of_day(rows, at, index, local_zone(kpi, registry))
    if kpi.dedup == "contact":
        index = _first_of_contact(rows, at, index)
    return Measured(at[index], values[index], rows.sets[index], index)


def _end(kpi: Kpi, rows: Rows) -> Floats:
    """The end, unknown where somebody who doesn't count brought it about."""
    if kpi.end is None:
        return np.full(rows.n, np.nan)
    end = rows[f"at.{kpi.end}"]
    if kpi.of_unit in ASKED and kpi.end == "answered":
        return np.where(_by_those_who_count(kpi, rows), end, np.nan)
    return end


def _by_those_who_count(kpi: Kpi, rows: Rows) -> Mask:
    counted = np.zeros(rows.n, np.bool_)
    for who in kpi.counts:
        counted |= rows[_BY[who]] > 0
    return counted


def _conditions(kpi: Kpi, rows: Rows) -> Mask:
    keep = np.ones(rows.n, np.bool_)
    for word in kpi.where:
        holds = rows[f"is.{word.removeprefix('!')}"] > 0
        keep &= ~holds if word.startswith("!") else holds
    if kpi.of_unit in ASKED and kpi.end == "answered":
        # Answered by somebody who doesn't count: it never was theirs to answer.
        keep &= ~((rows["is.answered"] > 0) & ~_by_those_who_count(kpi, rows))
    return keep


def _scope(kpi: Kpi, rows: Rows) -> Mask:
    """Rows of the queues (channels, …) that the shop has on that platform."""
    allowed = [
        all(dict(zip(rows.label_names, one, strict=True)).get(name) in values
            for name, values in kpi.only)
        for one in rows.label_sets
    ]  # fmt: skip
    inside: Mask = np.asarray(allowed, np.bool_)[rows.sets]
    return inside


def _calendar(kpi: Kpi, rows: Rows, at: Floats, registry: Registry) -> Mask:
    """Effective from, hours of the day and suspended days, in the KPI's zone."""
    keep = np.ones(rows.n, np.bool_)
    zone = ZoneInfo(local_zone(kpi, registry))
    if kpi.effective_from is not None:
        keep &= at >= _midnight(kpi.effective_from, zone)
    asked = rows[f"at.{kpi.start}"] if kpi.start else at
    for first, last in kpi.suspended:
        keep &= ~((asked >= _midnight(first, zone)) & (asked < _midnight(last, zone)))
    if kpi.hours is not None:
        local = _local(asked, zone.key)
        minute = (local.hour * 60 + local.minute).to_numpy(dtype=np.float64, na_value=np.nan)
        low, high = kpi.hours
        keep &= (minute >= low) & (minute < min(high, _DAY_MINUTES))
    return keep


def _wait(kpi: Kpi, rows: Rows, start: Floats, end: Floats, registry: Registry) -> Floats:
    """Seconds from start to end; never negative, NaN where either is unknown."""
    if kpi.clock == "wall":
        return np.maximum((end - start) / 1e6, 0.0)
    found = np.full(rows.n, np.nan)
    place = rows.label_names.index("queue") if "queue" in rows.label_names else None
    queues = ["" if place is None else one[place] for one in rows.label_sets]
    for queue in set(queues):
        among = np.asarray([one == queue for one in queues])[rows.sets]
        clock = registry.clocks.of(queue)
        found[among] = clock.seconds(start[among], end[among])
    return found


def _denominator(kpi: Kpi, rows: Rows, start: Floats, end: Floats) -> Mask:
    if kpi.denominator == "answered":
        return ~np.isnan(end)
    if kpi.denominator == "offered":
        return ~np.isnan(start)
    if kpi.denominator == "removed":
        abandoned = rows["at.abandoned"]
        lost = np.isnan(end) & ~np.isnan(abandoned)
        if kpi.short_abandon is not None:
            lost &= (abandoned - start) / 1e6 >= kpi.short_abandon.total_seconds()
        return ~np.isnan(end) | lost
    return np.ones(rows.n, np.bool_)


def _values(kpi: Kpi, rows: Rows, wait: Floats | None) -> Floats:
    if kpi.number is not None:
        return rows[f"n.{kpi.number}"]
    if kpi.shape == "duration" and wait is not None:
        return wait
    if kpi.shape == "count":
        return np.ones(rows.n)
    if kpi.hit in (None, "in_time", "late") and wait is not None and kpi.threshold is not None:
        in_time = wait <= kpi.threshold.total_seconds()  # False where there was no end
        return (~in_time if kpi.hit == "late" else in_time).astype(np.float64)
    return (rows[f"is.{kpi.hit}"] > 0).astype(np.float64)


def contacts_of(rows: Rows, index: Ints) -> Ints:
    """Which contact each row is of, as numbers in the order of source and id."""
    place = rows.label_names.index("source")
    sources = [rows.label_sets[number][place] for number in rows.sets[index].tolist()]
    pairs = list(zip(sources, map(str, rows.keys["contact"][index]), strict=True))
    number = {pair: at for at, pair in enumerate(sorted(set(pairs)))}
    return np.asarray([number[pair] for pair in pairs], dtype=np.int64)


def _first_of_contact(rows: Rows, at: Floats, index: Ints) -> Ints:
    contacts = contacts_of(rows, index)
    order = np.lexsort((at[index], contacts))
    _, first = np.unique(contacts[order], return_index=True)
    return np.sort(index[order[first]])


def _first_of_day(rows: Rows, at: Floats, index: Ints, zone: str) -> Ints:
    """The first of each customer and local day; who isn't known counts each time."""
    import pandas as pd  # see _local

    days = _local(at[index], zone).normalize().asi8
    who, contact = rows.keys["customer"][index], contacts_of(rows, index)
    frame = pd.DataFrame(
        {"who": who, "day": days, "at": at[index], "contact": contact, "index": index}
    )
    known = frame["who"].notna()
    first = frame[known].sort_values(["at", "contact"]).drop_duplicates(["who", "day"])
    return np.sort(np.concatenate([first["index"].to_numpy(), frame[~known]["index"].to_numpy()]))


def _local(at: Floats, zone: str) -> pd.DatetimeIndex:
    import pandas as pd  # takes most of a second, and most commands measure nothing

    known = np.where(np.isnan(at), np.iinfo(np.int64).min, at)
    stamps = pd.DatetimeIndex(known.astype(np.int64).view("datetime64[us]"))
    return stamps.tz_localize(UTC).tz_convert(zone)


def _midnight(day: date, zone: ZoneInfo) -> int:
    return to_micros(datetime.combine(day, time(), zone))
