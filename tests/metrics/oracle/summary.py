"""From what counts to the numbers of a window: by interval, by label, filtered."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from tests.metrics.oracle.facts import Counted, Definition

QUARTER = timedelta(minutes=15)


@dataclass(frozen=True)
class Numbers:
    """What a row must show; percentiles and mean of durations only."""

    n: int
    value: float | None
    p50: float | None = None
    p90: float | None = None
    p95: float | None = None
    mean: float | None = None


def percentile(values: Sequence[float], share: float) -> float:
    """Linear between the two nearest, as percentile_cont of SQL."""
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def known_until(definition: Definition, as_of: datetime, until: datetime) -> datetime:
    """Until when values are known, in whole quarter hours."""
    if definition.known_after is None:
        return until
    known = as_of - definition.known_after
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    return min(until, epoch + (known - epoch) // QUARTER * QUARTER)


def within(
    found: Iterable[Counted], since: datetime, until: datetime, where: Mapping[str, Sequence[str]]
) -> list[Counted]:
    return [one for one in found if since <= one.at < until
            and all(one.labels[name] in values for name, values in where.items())]  # fmt: skip


def numbers(definition: Definition, found: Sequence[Counted], *, known: bool = True) -> Numbers:
    """Of what lies in one window. `known`: whether the whole window is."""
    if definition.once_per_window:
        found = list(
            {one.who: one for one in sorted(found, key=lambda one: (one.at, one.value))}.values()
        )
    values, n = [one.value for one in found], len(found)
    if n == 0:
        counts = definition.kind in ("count", "hits", "sum")
        return Numbers(0, 0.0 if counts and known else None)
    mean = sum(values) / n
    if definition.kind in ("median", "mean time"):
        p50, p90, p95 = (percentile(values, share) for share in (0.5, 0.9, 0.95))
        return Numbers(n, mean if definition.kind == "mean time" else p50, p50, p90, p95, mean)
    if definition.kind == "share":
        return Numbers(n, 100 * mean)
    return Numbers(n, mean if definition.kind == "mean" else sum(values))


def half_hours(since: datetime, until: datetime) -> list[datetime]:
    """The borders of half-hours, in UTC."""
    edges = [since.astimezone(UTC)]
    while edges[-1] < until:
        edges.append(min(edges[-1] + timedelta(minutes=30), until.astimezone(UTC)))
    return edges


def local_days(since: datetime, until: datetime, zone: ZoneInfo) -> list[datetime]:
    """The borders of local days between two midnights."""
    first, last = since.astimezone(zone).date(), until.astimezone(zone).date()
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return [datetime.combine(day, time(), zone).astimezone(UTC) for day in days]


def by_interval(
    definition: Definition, found: Iterable[Counted], edges: Sequence[datetime], known: datetime
) -> list[Numbers]:
    """One per interval between the edges."""
    cells: list[list[Counted]] = [[] for _ in edges]
    for one in found:
        cells[bisect_right(edges, one.at) - 1].append(one)
    return [numbers(definition, cell, known=end <= known)
            for cell, end in zip(cells, edges[1:], strict=False)]  # fmt: skip


def by_label(definition: Definition, found: Iterable[Counted], label: str) -> dict[str, Numbers]:
    """One per value of the label."""
    groups: dict[str, list[Counted]] = {}
    for one in found:
        groups.setdefault(one.labels[label], []).append(one)
    return {name: numbers(definition, rows) for name, rows in groups.items()}
