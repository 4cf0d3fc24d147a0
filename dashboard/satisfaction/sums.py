"""KPI values → counts and sums in all, by local day, by label and by score: Values → Tally. Pure.

One pass over the values serves all splits; sums add up, so weeks and months are made of days. What
a sum means (share, points, stars) is rated.py's.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from metrics.population import Floats, Ints
from metrics.values import DAY, Values, slot_of


@dataclass(frozen=True, slots=True)
class Sums:
    """n values, their sum and the sum of their squares."""

    n: int = 0
    total: float = 0.0
    square: float = 0.0


@dataclass(frozen=True, slots=True)
class Day:
    """A local day, or what the window has of it: [start, end), aware."""

    start: datetime
    end: datetime
    sums: Sums


@dataclass(frozen=True, slots=True)
class Tally:
    """All values of a window, counted. `labels`: label sets and their sums; `least`: the smallest
    value."""

    sums: Sums
    days: tuple[Day, ...]
    labels: tuple[tuple[dict[str, str], Sums], ...] = ()
    least: float | None = None

    def by(self, label: str) -> dict[str, Sums]:
        """Sums by the values of a label; "" for none."""
        found: dict[str, list[Sums]] = {}
        for labels, sums in self.labels:
            found.setdefault(labels.get(label, ""), []).append(sums)
        return {name: added(parts) for name, parts in found.items()}


def added(parts: Iterable[Sums]) -> Sums:
    n, total, square = 0, 0.0, 0.0
    for one in parts:
        n, total, square = n + one.n, total + one.total, square + one.square
    return Sums(n, total, square)


def tally(values: Values, *, labelled: bool) -> Tally:
    """Counts of the window; its label sets only when somebody looks at them."""
    worth = _worth(values)
    borders, _ = midnights(values.since, values.until, values.zone)
    days = tuple(
        Day(start, end, sums)
        for (start, end), sums in zip(pairwise(borders), _by_day(values, worth), strict=True)
    )
    return Tally(
        added(day.sums for day in days),
        days,
        _by_labels(values, worth) if labelled else (),
        float(worth.min()) if values.n else None,
    )


def counted(values: Values, edges: Sequence[float]) -> tuple[int, ...]:
    """How many values lie in each band [edge, next edge); the last has no end."""
    return tuple(band.n for band in values.distribution(edges))


@lru_cache(maxsize=16)
def midnights(
    since: datetime, until: datetime, zone: ZoneInfo
) -> tuple[tuple[datetime, ...], Ints]:
    """Borders of the local days in [since, until), the first and last cut off, and the quarter
    hours that begin at them. Every KPI of a page asks for the same."""
    edges, last = [since.astimezone(zone)], until.astimezone(UTC)
    # Compared in UTC: within one zone Python compares wall clocks, which turn back in autumn.
    while edges[-1].astimezone(UTC) < last:
        after = datetime.combine(edges[-1].date() + DAY, time(), zone)
        edges.append(min(after, until.astimezone(zone), key=lambda one: one.astimezone(UTC)))
    return tuple(edges), np.asarray([slot_of(one) for one in edges], dtype=np.int64)


def _by_day(values: Values, worth: Floats) -> list[Sums]:
    """Values lie in order of time, so each day is a slice of them."""
    _, slots = midnights(values.since, values.until, values.zone)
    cuts = np.searchsorted(values.columns.slots, slots)
    totals = np.concatenate(([0.0], np.cumsum(worth)))
    # A share's values are 0 and 1: their squares are themselves.
    shares = values.kpi.shape == "percent"
    squares = totals if shares else np.concatenate(([0.0], np.cumsum(worth * worth)))
    return [
        Sums(int(b - a), float(totals[b] - totals[a]), float(squares[b] - squares[a]))
        for a, b in pairwise(cuts.tolist())
    ]


def _by_labels(values: Values, worth: Floats) -> tuple[tuple[dict[str, str], Sums], ...]:
    if not values.n:
        return ()
    sets: npt.NDArray[np.uint32] = values.columns.sets
    counts: Ints = np.bincount(sets)
    totals, squares = np.bincount(sets, worth), np.bincount(sets, worth * worth)
    return tuple(
        (values.labels[at], Sums(int(counts[at]), float(totals[at]), float(squares[at])))
        for at in np.flatnonzero(counts).tolist()
    )


def _worth(values: Values) -> Floats:
    data = values.columns.data
    return np.ones(values.n) if data is None else data
