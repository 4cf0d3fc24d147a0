"""What a viewer picked in a chart, as text for the URL, and which contacts lie behind it. Pure.

`?behind=first_response~hour~2.14`: the KPI, the kind of mark, and its value.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from dashboard.history.filters import only
from dashboard.history.period import DAY, Period
from metrics.reading import Where

_JOINT: Final = "~"
_HOURS, _WEEKDAYS = 24, 7
_LABEL: Final = re.compile("[a-z_]{1,30}")


@dataclass(frozen=True, slots=True)
class Pick:
    """A mark of a chart.

    kind: all (the whole period), at (an interval of the history), hour (a cell of the week), band
    (of the distribution, in seconds), or a label; value: what `at`, `hour`, `band` make, or the
    label's.
    """

    kpi: str
    kind: str
    value: str = ""

    def text(self) -> str:
        return _JOINT.join((self.kpi, self.kind, self.value))


def everything(kpi: str) -> Pick:
    return Pick(kpi, "all")


def at(kpi: str, since: datetime, until: datetime) -> Pick:
    return Pick(kpi, "at", f"{int(since.timestamp())}-{int(until.timestamp())}")


def hour(kpi: str, weekday: int, hour_of_day: int) -> Pick:
    """weekday 0 is Monday; both are local."""
    return Pick(kpi, "hour", f"{weekday}.{hour_of_day}")


def band(kpi: str, low: float, high: float | None) -> Pick:
    return Pick(kpi, "band", f"{low:g}-{'' if high is None else format(high, 'g')}")


def label(kpi: str, name: str, value: str) -> Pick:
    return Pick(kpi, name, value)


def read_pick(text: str) -> Pick | None:
    """None for what no chart would have written."""
    kpi, _, rest = text.partition(_JOINT)
    kind, mark, value = rest.partition(_JOINT)
    pick = Pick(kpi, kind, value)
    if not kpi or not mark:
        return None
    if kind not in _READERS:
        return pick if kind == "all" or _LABEL.fullmatch(kind) else None
    try:
        _READERS[kind](pick)
    except (ValueError, OverflowError, OSError):
        return None
    return pick


def window_of(pick: Pick) -> tuple[datetime, datetime]:
    since, until = (datetime.fromtimestamp(int(one), UTC) for one in pick.value.split("-"))
    if since >= until:
        raise ValueError("an empty window")
    return since, until


def hour_of(pick: Pick) -> tuple[int, int]:
    weekday, hour_of_day = (int(one) for one in pick.value.split("."))
    if not (0 <= weekday < _WEEKDAYS and 0 <= hour_of_day < _HOURS):
        raise ValueError("no such hour")
    return weekday, hour_of_day


def band_of(pick: Pick) -> tuple[float, float | None]:
    low, high = pick.value.split("-")
    edges = float(low), float(high) if high else None
    if not 0 <= edges[0] < (edges[1] or float("inf")):
        raise ValueError("an empty band")
    return edges


_READERS: Final = {"at": window_of, "hour": hour_of, "band": band_of}


def windows(pick: Pick, period: Period) -> list[tuple[datetime, datetime]]:
    """The spans of time that a pick covers within its period."""
    if pick.kind == "at":
        spans: Iterator[tuple[datetime, datetime]] = iter([window_of(pick)])
    elif pick.kind == "hour":
        spans = _hours(*hour_of(pick), period)
    else:
        return [(period.since, period.until)]
    first, last = period.since.astimezone(UTC), period.until.astimezone(UTC)
    cut = [(max(since, first), min(until, last)) for since, until in spans]
    return [(since, until) for since, until in cut if since < until]


def narrowed(pick: Pick, where: Where) -> Where:
    """The filters of the page and the label that was picked."""
    if pick.kind == "all" or pick.kind in _READERS:
        return where
    return only(where, pick.kind, (pick.value,))


def _hours(weekday: int, hour_of_day: int, period: Period) -> Iterator[tuple[datetime, datetime]]:
    """One local hour of a weekday, each week. Empty where the clock leaps over it, and two hours
    long where it is set back."""
    for offset in range(period.days):
        day: date = period.first + offset * DAY
        if day.weekday() == weekday:
            start = datetime.combine(day, time(hour_of_day), period.zone)
            wall_end = datetime.combine(day, time(hour_of_day)) + timedelta(hours=1)
            yield start.astimezone(UTC), wall_end.replace(tzinfo=period.zone).astimezone(UTC)
