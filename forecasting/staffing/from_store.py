"""Staffing from the store: the forecast's volumes per queue, how long a contact takes there, and
who is on the roster.

The arithmetic is needs.py's. Volumes are contacts handed to people; heads of the plan are heads on
the roster, and so are compared with `scheduled`, which has the shrinkage in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import pandas as pd
import sqlalchemy as sa

from connectors.columns import to_micros
from connectors.dirty import SLOT
from connectors.schema import contacts, shifts
from forecasting.published.overrides import adjusted, overrides
from forecasting.published.series import ALL, HANDED, Published
from forecasting.published.store import as_frame, current
from forecasting.settings import ASSUMED_AHT, StaffingSettings
from forecasting.staffing.cases import volume_of_case
from forecasting.staffing.gap import gap
from forecasting.staffing.needs import SCHEDULED, staff
from forecasting.staffing.rules import StaffingRules
from metrics.errors import MetricsError
from metrics.reading import Reader

MEASURED_OVER = timedelta(days=28)
FEWEST = 30  # handled contacts below which a queue's own handle time is no measure
LONGEST_SHIFT = timedelta(days=2)
SET, MEASURED, SHARED, ASSUMED = "set", "measured", "shared", "assumed"


@dataclass(frozen=True, slots=True)
class HandleTime:
    """Wall-clock seconds of a contact at its queue's concurrency, and where that is from: `set`,
    `measured` in the queue, `shared` (measured over all queues), `assumed`."""

    seconds: float
    origin: str
    n: int = 0


def handle_times(
    reader: Reader, settings: StaffingSettings, queues: Sequence[str], now: datetime
) -> dict[str, HandleTime]:
    """Of each queue, from the KPI `handle_time` (its median: contacts that nobody closes would
    stretch the mean). Where agents serve one at a time, its level is that of `aht`, which has the
    time beside other contacts taken out."""
    measured, alone = _measured(reader, now)
    total = sum(n for _, n in measured.values())
    mean = sum(value * n for value, n in measured.values()) / total if total else None
    found = {}
    for queue in queues:
        at_once = settings.concurrency_of(queue)
        given = settings.aht_of(queue)
        if given is not None:
            found[queue] = HandleTime(given.total_seconds(), SET)
        elif queue in measured:
            value, n = measured[queue]
            found[queue] = HandleTime(max(1.0, value * (alone if at_once == 1 else 1)), MEASURED, n)
        elif mean is not None:
            level = mean * (alone if at_once == 1 else 1)
            found[queue] = HandleTime(max(1.0, level), SHARED, total)
        else:
            found[queue] = HandleTime(ASSUMED_AHT.total_seconds(), ASSUMED)
    return found


def _measured(reader: Reader, now: datetime) -> tuple[dict[str, tuple[float, int]], float]:
    """Median handle time and contacts per queue; what it is to be multiplied by for agents who
    serve one contact at a time."""
    since = now - MEASURED_OVER
    try:
        found = {
            row.labels[0][1]: (row.p50, row.n)
            for row in reader.rows("handle_time", since, now, by="queue")
            if row.p50 is not None and row.n >= FEWEST
        }
        [whole] = reader.rows("aht", since, now)
    except (MetricsError, ValueError):
        return {}, 1.0  # no source tells when contacts were closed
    total = sum(n for _, n in found.values())
    if not total or whole.value is None:
        return found, 1.0
    mean = sum(value * n for value, n in found.values()) / total
    return found, min(1.0, whole.value / mean) if mean > 0 else 1.0


def volumes(
    connection: sa.Connection, *, now: datetime, since: datetime, until: datetime
) -> tuple[Published, ...]:
    """The forecasts of contacts handed to people in [since, until), one per queue, with planners'
    overrides; empty without a forecast."""
    found = current(connection, now=now, measure=HANDED)
    changes = overrides(connection, measure=HANDED, since=since, until=until)
    low, high = to_micros(since) // SLOT, to_micros(until) // SLOT
    seen = adjusted([one.between(low, high) for one in found], changes)
    return of_queues(seen)


def of_queues(found: Sequence[Published]) -> tuple[Published, ...]:
    """One series per queue: the queue's own, else its only channel's. Without any queue, the
    whole."""
    best: dict[str, Published] = {}
    for one in found:
        if one.model is None or not len(one.slots):
            continue
        known = best.get(one.key.queue)
        if known is None or one.key.channel == ALL:
            best[one.key.queue] = one
    if len(best) > 1:
        best.pop(ALL, None)
    return tuple(best[name] for name in sorted(best))


def volume_frame(found: Sequence[Published], *, case: float = 0.5) -> pd.DataFrame:
    """unique_id (queue), ds (µs since 1970 UTC), y: the volume not exceeded in `case` of cases."""
    frame = as_frame(found).rename(columns={"queue": "unique_id", "at": "ds"})
    if frame.empty:
        return pd.DataFrame({"unique_id": [], "ds": [], "y": []})
    y = frame["mean"] if case == 0.5 else volume_of_case(frame, case)
    return pd.DataFrame({"unique_id": frame["unique_id"], "ds": frame["ds"], "y": y.clip(lower=0)})


def rules_of(
    settings: StaffingSettings, times: Mapping[str, HandleTime]
) -> dict[str, StaffingRules]:
    return {queue: settings.rules_for(queue, one.seconds) for queue, one in times.items()}


def planned_heads(
    connection: sa.Connection, queues: Sequence[str], *, since: datetime, until: datetime,
    step: timedelta,
) -> pd.DataFrame | None:  # fmt: skip
    """unique_id, ds (µs), planned: heads on the roster per queue and step; None where no shift is
    known in the window, and no row behind the end of the last one: not planned yet.

    A shift without a queue counts for queues as its agent's contacts of the last weeks did.
    """
    window = (shifts.c.starts_at < until) & (shifts.c.ends_at > since)
    recent = shifts.c.starts_at >= since - LONGEST_SHIFT
    query = sa.select(shifts.c.agent_id, shifts.c.queue, shifts.c.starts_at, shifts.c.ends_at)
    rows = connection.execute(query.where(window, recent)).all()
    if not rows:
        return None
    shares = _shares(connection, since) if any(row.queue is None for row in rows) else {}
    width = step // timedelta(microseconds=1)
    first, end = to_micros(since), to_micros(until)
    end = min(end, max(to_micros(row.ends_at) for row in rows))
    steps = np.arange(first, end, width)
    place = {queue: at for at, queue in enumerate(queues)}
    heads = np.zeros((len(queues), len(steps)))
    for row in rows:
        there = np.clip((steps + width - to_micros(row.starts_at)) / width, 0, 1)
        there = np.minimum(there, np.clip((to_micros(row.ends_at) - steps) / width, 0, 1))
        own = {row.queue: 1.0} if row.queue is not None else shares.get(row.agent_id, {})
        for queue, share in own.items():
            if queue in place:
                heads[place[queue]] += share * there
    return pd.DataFrame({
        "unique_id": np.repeat(np.array(queues, dtype=object), len(steps)),
        "ds": np.tile(steps, len(queues)), "planned": heads.ravel().round(3),
    })  # fmt: skip


def _shares(connection: sa.Connection, before: datetime) -> dict[str, dict[str, float]]:
    """Of each agent's contacts, how many were of which queue."""
    table = contacts.c
    query = (
        sa.select(table.agent_id, table.queue, sa.func.count())
        .where(table.agent_id.is_not(None), table.opened_at >= before - MEASURED_OVER)
        .group_by(table.agent_id, table.queue)
    )
    counts: dict[str, dict[str, int]] = {}
    for agent, queue, n in connection.execute(query):
        counts.setdefault(agent, {})[queue] = n
    return {
        agent: {queue: n / sum(mine.values()) for queue, n in mine.items()}
        for agent, mine in counts.items()
    }


def staffing_gap(
    reader: Reader, settings: StaffingSettings, *, now: datetime, until: datetime
) -> pd.DataFrame:
    """unique_id, ds (µs), needed (heads with shrinkage), planned, gap per queue and step from now
    on; empty without a forecast or without any shift: then nobody can say."""
    connection = reader.connection
    found = volumes(connection, now=now, since=now, until=until)
    nothing = pd.DataFrame({"unique_id": [], "ds": [], "needed": [], "planned": [], "gap": []})
    if not found:
        return nothing
    step = timedelta(seconds=found[0].step_s)
    queues = [one.key.queue for one in found]
    since = now - (now - datetime.min.replace(tzinfo=now.tzinfo)) % step
    planned = planned_heads(connection, queues, since=since, until=until, step=step)
    if planned is None:
        return nothing
    times = handle_times(reader, settings, queues, now)
    volume = volume_frame(found, case=settings.case)
    needs = staff(volume, rules_of(settings, times), step_s=step.total_seconds())
    known = needs[needs["ds"] < planned["ds"].max() + step // timedelta(microseconds=1)]
    return gap(known, planned, needed=SCHEDULED)
