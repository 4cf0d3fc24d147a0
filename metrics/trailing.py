"""KPIs over a trailing window, straight from facts: what rules compare.

Exact to the microsecond, unlike stored intervals; meant for hours, not for years.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import sqlalchemy as sa

from connectors.schema import to_micros
from metrics.contributions import contributions, state
from metrics.kpi import Kpi, find
from metrics.measurement import Measurement, labels_of
from metrics.query import summary


def trailing(
    connection: sa.Connection,
    key: str,
    *,
    window: timedelta | None,
    by: Sequence[str],
    as_of: datetime,
    zone: ZoneInfo,
) -> list[Measurement]:
    """The KPI over the window that ends at `as_of`, a measurement per label set of `by`.

    Without a window: since local midnight (or the state, for a KPI that is one).
    """
    found = find(key)
    if found.is_state:
        return _state(connection, found, by, as_of)
    since = datetime.combine(as_of.astimezone(zone).date(), time(), zone)
    if window is not None:
        since = as_of - window
    query = contributions(found, to_micros(since), to_micros(as_of) + 1)
    groups: dict[tuple[str, ...], list[float]] = {} if by else {(): []}
    for *labels, _at, value in connection.execute(query):
        groups.setdefault(_pick(found, labels, by), []).append(float(value))
    span = None if window is None else window.total_seconds()
    return [
        Measurement(
            key,
            labels_of(**dict(zip(by, names, strict=True))),
            summary(found, np.asarray(values), since, as_of).value,
            len(values),
            as_of,
            span,
        )
        for names, values in sorted(groups.items())
    ]


def _state(
    connection: sa.Connection, found: Kpi, by: Sequence[str], as_of: datetime
) -> list[Measurement]:
    counts: dict[tuple[str, ...], int] = {} if by else {(): 0}
    for *labels, number in connection.execute(state(found, as_of)):
        names = _pick(found, labels, by)
        counts[names] = counts.get(names, 0) + number
    return [
        Measurement(found.key, labels_of(**dict(zip(by, names, strict=True))), float(number),
                    number, as_of, None)
        for names, number in sorted(counts.items())
    ]  # fmt: skip


def _pick(found: Kpi, labels: Sequence[Any], by: Sequence[str]) -> tuple[str, ...]:
    names = sorted(found.labels)
    return tuple(str(labels[names.index(one)] or "") for one in by)
