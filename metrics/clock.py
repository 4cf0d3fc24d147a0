"""Service time: how long a desk was open between two moments, and whether it was open at one.

A desk is open while the clock on its wall shows a time within its hours, so an hour that a change
of the zone's offset repeats counts twice and one that it skips not at all. The hours themselves
are in hours.py, the settings in settings.py.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from metrics.hours import Schedule

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
_SECOND_US = 1_000_000
_MINUTE_US = 60 * _SECOND_US
_DAY_US = 86_400 * _SECOND_US
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DAY = _EPOCH.toordinal()
# Desks are closed outside: one bad time in the data must not cost the hours of 8000 years.
_YEARS = (1900, 2199)


@dataclass(frozen=True, slots=True)
class _Edges:
    """`at`: openings and closings in turn, µs; `open_us`: time open up to each, µs.

    All are whole numbers below 2**53, which float64 holds exactly. `years`: first and last covered.
    """

    at: Floats
    open_us: Floats
    years: tuple[int, int] | None

    @classmethod
    def of(cls, spans: Floats, years: tuple[int, int] | None) -> _Edges:
        lengths = np.zeros_like(spans)
        lengths[:, 1] = spans[:, 1] - spans[:, 0]
        return cls(spans.ravel(), np.cumsum(lengths.ravel()), years)

    def open_until(self, at_us: Floats) -> Floats:
        if not len(self.at):
            return np.zeros_like(at_us)
        # Between two edges the time grows by exactly 0 or 1 a µs: interpolation is exact.
        return np.interp(at_us, self.at, self.open_us)

    def is_open(self, at_us: Floats) -> Bools:
        odd: Bools = np.searchsorted(self.at, at_us, side="right") % 2 == 1
        return odd


class ServiceClock:
    """The clock of one desk. `schedule` None: it never closes.

    Edges (opening, closing, opening, …) are made for the years of the data asked about and kept;
    threads may share a clock, at worst they make the same edges twice.
    """

    def __init__(self, schedule: Schedule | None) -> None:
        self._schedule = None if schedule is None or schedule.never_closes else schedule
        self._edges = _Edges.of(np.empty((0, 2)), years=None)

    @property
    def never_closes(self) -> bool:
        return self._schedule is None

    def seconds(self, start_us: Floats, end_us: Floats) -> Floats:
        """Open seconds from start to end, both µs since 1970 UTC; exact to the µs.

        0 where the end lies before the start, NaN where either is not finite.
        """
        known = np.isfinite(start_us) & np.isfinite(end_us)
        if self._schedule is None:
            start, end = np.where(known, start_us, np.nan), end_us
        else:
            edges = self._covering(self._schedule, start_us, end_us)
            start, end = edges.open_until(start_us), edges.open_until(end_us)
        return np.where(known, np.maximum(end - start, 0.0) / _SECOND_US, np.nan)

    def is_open(self, at_us: Floats) -> Bools:
        """Whether it is open at these moments, µs since 1970 UTC; never where not finite."""
        known: Bools = np.isfinite(at_us)
        if self._schedule is None:
            return known
        return known & self._covering(self._schedule, at_us).is_open(at_us)

    def fingerprint(self) -> str:
        """Text that changes when the hours or the holidays change."""
        if self._schedule is None:
            return "always"
        schedule = self._schedule
        return repr((schedule.zone.key, schedule.calendar.fingerprint(), schedule.weeks))

    def _covering(self, schedule: Schedule, *moments: Floats) -> _Edges:
        asked = [year for one in moments for year in _years(one)]
        years = (min(asked), max(asked)) if asked else (1970, 1970)
        edges = self._edges
        if edges.years is None or years[0] < edges.years[0] or years[1] > edges.years[1]:
            if edges.years is not None:
                years = (min(years[0], edges.years[0]), max(years[1], edges.years[1]))
            edges = self._edges = _Edges.of(_open_spans(schedule, *years), years)
        return edges


ALWAYS = ServiceClock(None)


@dataclass(frozen=True, slots=True)
class Clocks:
    """The clock of each queue: its own, else the default."""

    default: ServiceClock = ALWAYS
    by_queue: Mapping[str, ServiceClock] = field(default_factory=dict)

    def of(self, queue: str) -> ServiceClock:
        return self.by_queue.get(queue, self.default)

    def fingerprint(self) -> str:
        """40 hex digits that change when the hours or the holidays of any queue change."""
        queues = sorted((queue, clock.fingerprint()) for queue, clock in self.by_queue.items())
        text = repr((self.default.fingerprint(), queues))
        return hashlib.sha256(text.encode()).hexdigest()[:40]


def _years(moments: Floats) -> tuple[int, ...]:
    """The first and the last year (UTC) of the moments; none when no moment is known."""
    known = np.isfinite(moments)
    if not known.any():
        return ()
    first = float(np.min(moments, where=known, initial=np.inf))
    last = float(np.max(moments, where=known, initial=-np.inf))
    return _year(first), _year(last)


def _year(micros: float) -> int:
    low, high = (date(year, 1, 1).toordinal() for year in _YEARS)
    return date.fromordinal(int(min(max(micros // _DAY_US + _EPOCH_DAY, low), high))).year


def _open_spans(schedule: Schedule, first: int, last: int) -> Floats:
    """(n, 2) openings and closings in µs UTC: sorted, apart, from year `first` to `last` whole."""
    # Two days more to either side: one for the offset, one for a period that runs past midnight.
    start = date(first, 1, 1).toordinal() - 2
    end = date(last + 1, 1, 1).toordinal() + 2
    local = _merged(np.array(list(_local_spans(schedule, start, end)), float).reshape(-1, 2))
    changes = _offset_changes(schedule.zone, start, end)
    ends = [(end - _EPOCH_DAY) * _DAY_US]
    pieces = []
    for (since, offset), until in zip(changes, [at for at, _ in changes[1:]] + ends, strict=True):
        low, high = since + offset, until + offset
        inside = local[(local[:, 1] > low) & (local[:, 0] < high)]
        pieces.append(np.clip(inside, low, high) - offset)
    return _merged(np.concatenate(pieces))


def _local_spans(schedule: Schedule, start: int, end: int) -> Iterator[tuple[int, int]]:
    for ordinal in range(start, end):
        midnight = (ordinal - _EPOCH_DAY) * _DAY_US
        for period in schedule.on(date.fromordinal(ordinal)):
            yield midnight + period.start * _MINUTE_US, midnight + period.end * _MINUTE_US


def _merged(spans: Floats) -> Floats:
    """Spans that touch or overlap joined; sorted by their start."""
    if not len(spans):
        return spans
    ordered = spans[np.argsort(spans[:, 0], kind="stable")]
    reach = np.maximum.accumulate(ordered[:, 1])
    apart = np.flatnonzero(ordered[1:, 0] > reach[:-1])
    starts = ordered[np.concatenate([[0], apart + 1]), 0]
    return np.column_stack([starts, reach[np.concatenate([apart, [len(ordered) - 1]])]])


def _offset_changes(zone: ZoneInfo, start: int, end: int) -> list[tuple[int, int]]:
    """(since, offset), both µs: the offsets of a zone from one UTC day to another.

    No zone of the tz database changes twice within a day and back to what it was.
    """
    days = range(start, end)
    seconds = [(ordinal - _EPOCH_DAY) * 86_400 for ordinal in days]
    offsets = [_offset(zone, second) for second in seconds]
    found = [(seconds[0] * _SECOND_US, offsets[0] * _SECOND_US)]
    for (low, before), (high, after) in pairwise(zip(seconds, offsets, strict=True)):
        if before == after:
            continue
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if _offset(zone, middle) == before else (low, middle)
        found.append((high * _SECOND_US, after * _SECOND_US))
    return found


def _offset(zone: ZoneInfo, second: int) -> int:
    offset = (_EPOCH + timedelta(seconds=second)).astimezone(zone).utcoffset()
    if offset is None:
        raise ValueError(f"the zone {zone.key} has no offset")
    return offset // timedelta(seconds=1)
