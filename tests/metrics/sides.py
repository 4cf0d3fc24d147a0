"""A KPI summed up in every way there is, and whether two such sums are the same."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import numpy as np

from metrics.reading import EVERYTHING, Reader, Where
from metrics.rows import KpiRow, WeekHour
from metrics.values import slot_of
from tests.metrics.handmade import DAY
from tests.metrics.worlds import same

FILTERS = (EVERYTHING, Where(source=("src",)), Where(queue=("A",)),
           Where(queue=("B", "C"), agent=("x", "y")))  # fmt: skip
NUMBERS = ("n", "value", "p50", "p90", "p95", "mean")


def sides(reader: Reader, key: str, since: datetime, until: datetime) -> Iterator[list[Any]]:
    """A KPI summed up in every way there is."""
    labels = reader.registry.labels(reader.registry.find(key))
    for where in FILTERS:
        if not set(where.asked) <= set(labels):
            continue
        found = reader.values(key, since, until, where)
        yield [found.total()]
        yield found.every(7 * DAY)
        yield list(found.week())
        yield list(found.distribution((0.0, 4.5, 30.0, 600.0)))
        yield list(found.distribution((0.0, 5.0, 30.0, 600.0, 86_400.0)))  # round ones
        for label in labels:
            yield found.by(label)
            if where is EVERYTHING:  # these are many
                yield found.by_every(label, DAY)
        recent = found.columns.since(slot_of(until - 3 * DAY))
        data = np.ones(recent.n) if recent.data is None else recent.data
        yield sorted(zip(recent.slots.tolist(), recent.sets.tolist(), data.tolist(), strict=True))


def alike(one: Any, other: Any) -> bool:
    """Equal but for the order in which floats were added up."""
    if isinstance(one, KpiRow) and isinstance(other, KpiRow):
        heads = (one.start, one.end, one.labels) == (other.start, other.end, other.labels)
        return heads and all(same(getattr(one, name), getattr(other, name)) for name in NUMBERS)
    if isinstance(one, WeekHour) and isinstance(other, WeekHour):
        return one.n == other.n and same(one.value, other.value)
    return bool(one == other)
