"""What summed-up values look like, and the arithmetic of one row: value, percentiles, ratios.

Pure. How values are grouped is values.py's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from metrics.kpi import Kpi
from metrics.population import Floats, Ints

Labels = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class KpiRow:
    """One value. Percentiles and mean only for durations; None: not known."""

    start: datetime | None
    end: datetime | None
    labels: Labels
    n: int
    value: float | None
    p50: float | None = None
    p90: float | None = None
    p95: float | None = None
    mean: float | None = None


@dataclass(frozen=True, slots=True)
class WeekHour:
    """An hour of the week, Monday 0, local time."""

    weekday: int
    hour: int
    n: int
    value: float | None


@dataclass(frozen=True, slots=True)
class Band:
    """How many values lie from `low` up to and without `high` (None: no end)."""

    low: float
    high: float | None
    n: int


def value_of(kpi: Kpi, n: int, total: float, known: bool) -> float | None:
    if n == 0:
        return kpi.empty if known else None
    if kpi.shape == "percent":
        return 100.0 * total / n
    return total / n if kpi.shape == "mean" else total


def ratio(kpi: Kpi, of: Sequence[KpiRow], per: Sequence[KpiRow]) -> list[KpiRow]:
    """A ratio's rows from those of its two KPIs, matched by interval and labels."""
    above = {(_instant(row), row.labels): row for row in of}
    rows = []
    for row in per:
        top = above.get((_instant(row), row.labels))
        below = _weight(row)
        value = None
        if below > 0 and (top is None or top.value is not None):
            value = kpi.factor * (_weight(top) if top else 0.0) / below
        rows.append(KpiRow(row.start, row.end, row.labels, row.n, value))
    return rows


def _instant(row: KpiRow) -> datetime | None:
    """Its start in UTC: the two hours when clocks turn back have equal local times."""
    return None if row.start is None else row.start.astimezone(UTC)


def _weight(row: KpiRow) -> float:
    return row.value if row.value is not None else 0.0


def quantiles(ordered: Floats, starts: Ints, counts: Sequence[int], share: float) -> Floats:
    """Linear interpolation between the two nearest, as SQL's percentile_cont does."""
    n = np.asarray(counts)
    place = share * np.maximum(n - 1, 0)
    low = np.floor(place).astype(np.int64)
    if not len(ordered):
        return np.zeros(len(counts))
    top = len(ordered) - 1
    first = ordered[np.minimum(starts + low, top)]
    second = ordered[np.minimum(starts + np.minimum(low + 1, np.maximum(n - 1, 0)), top)]
    found: Floats = first + (second - first) * (place - low)
    return found
