"""KPIs over a trailing window, straight from facts: what rules compare.

Exact to the microsecond, unlike stored quarter hours; meant for hours, not for years.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import sqlalchemy as sa

from connectors.columns import to_micros
from connectors.delivered import delivered_columns
from connectors.schema import sources
from metrics import agent_time
from metrics.columns import Columns
from metrics.groups import last_of_each
from metrics.kpi import AGENT_TIME, Kpi, Registry
from metrics.label_sets import LabelSets
from metrics.measure import Measured, contacts_of, measure
from metrics.measurement import Measurement, labels_of
from metrics.needs import mute
from metrics.population import Floats, Ints, Rows, load, reach
from metrics.rows import KpiRow, ratio
from metrics.states import counted
from metrics.values import Values

Group = tuple[str, ...]


def trailing(  # noqa: PLR0913 - a window is two of them
    connection: sa.Connection,
    key: str,
    *,
    window: timedelta | None,
    by: Sequence[str],
    as_of: datetime,
    zone: ZoneInfo,
    registry: Registry,
) -> list[Measurement]:
    """The KPI over the window that ends at `as_of`, a measurement per label set of `by`.

    Without a window: since local midnight (or the state, for a KPI that is one). Sources that lack
    a column it needs are left out; where there are no others, the value is not known.
    """
    found = registry.find(key)
    names = connection.execute(sa.select(sources.c.source)).scalars().all()
    delivered = delivered_columns(connection)
    silent = {one: mute(one, names, delivered) for one in registry.parts(found)}
    if any(one and one.issuperset(names) for one in silent.values()):
        return [] if by else [Measurement(key, labels_of(), None, 0, as_of, None)]
    if found.is_state:
        return _state(connection, found, by, as_of)  # a source without such rows adds none
    since = datetime.combine(as_of.astimezone(zone).date(), time(), zone)
    if window is not None:
        since = as_of - window
    span = None if window is None else window.total_seconds()
    parts = [
        _groups(connection, one, by, (since, as_of), registry, silent[one])
        for one in registry.parts(found)
    ]
    made = []
    for group in sorted(set().union(*parts)):
        value, n = _value(found, registry.parts(found), [one.get(group) for one in parts], zone)
        labels = labels_of(**dict(zip(by, group, strict=True)))
        made.append(Measurement(key, labels, value, n, as_of, span))
    return made


def _groups(
    connection: sa.Connection,
    kpi: Kpi,
    by: Sequence[str],
    window: tuple[datetime, datetime],
    registry: Registry,
    silent: frozenset[str],
) -> dict[Group, Floats]:
    """The KPI's values by label set; without labels there is always one, if empty."""
    first, last = to_micros(window[0]), to_micros(window[1]) + 1
    if kpi.of_unit == AGENT_TIME:
        times = agent_time.load(connection, (first, last))
        some = times.numbers[kpi.number or ""] > 0
        sets, values = times.sets[some], times.numbers[kpi.number or ""][some]
        names, label_sets = times.label_names, times.label_sets
    else:
        rows = load(connection, [kpi], [reach(kpi, (first, last))])
        found = measure(kpi, rows, registry)
        inside = (found.at >= first) & (found.at < last)
        if kpi.matures is not None:
            inside &= found.at < last - kpi.matures / timedelta(microseconds=1)
        names, label_sets = rows.label_names, rows.label_sets
        index = np.flatnonzero(inside)
        if kpi.dedup == "contact_window":
            index = index[np.lexsort((found.values[index], found.at[index]))]
            index = index[_last(rows, found, index, by)]
        sets, values = found.sets[index], found.values[index]
    if silent:
        place = names.index("source")
        heard = np.asarray([one[place] not in silent for one in label_sets], np.bool_)
        sets, values = sets[heard[sets]], values[heard[sets]]
    picked = [tuple(one[names.index(label)] for label in by) for one in label_sets]
    groups: dict[Group, list[float]] = {} if by else {(): []}
    for number, value in zip(sets.tolist(), values.tolist(), strict=True):
        groups.setdefault(picked[number], []).append(value)
    return {group: np.asarray(found) for group, found in groups.items()}


def _last(rows: Rows, found: Measured, index: Ints, by: Sequence[str]) -> Ints:
    """Places of each contact's last value within each label set of `by`."""
    places = [rows.label_names.index(label) for label in by]
    groups = [tuple(one[at] for at in places) for one in rows.label_sets]
    number = {group: at for at, group in enumerate(dict.fromkeys(groups))}
    group_of = np.asarray([number[group] for group in groups], dtype=np.int64)
    return last_of_each(group_of[found.sets[index]], contacts_of(rows, found.index[index]))


def _value(
    kpi: Kpi, parts: Sequence[Kpi], values: Sequence[Floats | None], zone: ZoneInfo
) -> tuple[float | None, int]:
    rows = [_row(one, np.zeros(0) if found is None else found, zone)
            for one, found in zip(parts, values, strict=True)]  # fmt: skip
    if not kpi.is_ratio:
        return rows[0].value, rows[0].n
    [row] = ratio(kpi, *([one] for one in rows))
    return row.value, row.n


def _row(kpi: Kpi, data: Floats, zone: ZoneInfo) -> KpiRow:
    n = len(data)
    columns = Columns.of(np.zeros(n, np.int32), lambda: np.zeros(n, np.uint32), lambda: data, None)
    return Values(kpi, zone, _EPOCH, _EPOCH, _EPOCH, columns, LabelSets()).total()


def _state(
    connection: sa.Connection, kpi: Kpi, by: Sequence[str], as_of: datetime
) -> list[Measurement]:
    counts: dict[Group, int] = {} if by else {(): 0}
    for labels, number in counted(connection, kpi, as_of).items():
        group = tuple(dict(labels)[label] for label in by)
        counts[group] = counts.get(group, 0) + number
    return [
        Measurement(kpi.key, labels_of(**dict(zip(by, group, strict=True))), float(number),
                    number, as_of, None)
        for group, number in sorted(counts.items())
    ]  # fmt: skip


_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
