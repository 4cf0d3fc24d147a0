"""Staffing from the store: the forecast's volumes per queue or pool of queues, and who is on the
roster.

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
from forecasting.settings import StaffingSettings
from forecasting.staffing.cases import volume_of_case
from forecasting.staffing.gap import gap
from forecasting.staffing.handle_times import MEASURED_OVER, HandleTime, handle_times
from forecasting.staffing.needs import SCHEDULED, staff
from forecasting.staffing.pools import pool_of, pooled_heads, pooled_times, pooled_volume
from forecasting.staffing.rules import StaffingRules
from metrics.reading import Reader

LONGEST_SHIFT = timedelta(days=2)


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


@dataclass(frozen=True)
class ToStaff:
    """What is to be staffed: queues, and pools of queues that the same agents answer. `pool` says
    of each queue of `found` as what it is staffed."""

    found: tuple[Published, ...]
    pool: Mapping[str, str]
    times: Mapping[str, HandleTime]
    rules: Mapping[str, StaffingRules]

    @property
    def step(self) -> timedelta:
        return timedelta(seconds=self.found[0].step_s)

    @property
    def pools(self) -> dict[str, tuple[str, ...]]:
        """The queues of each pool of several."""
        found: dict[str, tuple[str, ...]] = {}
        for queue, name in self.pool.items():
            found[name] = (*found.get(name, ()), queue)
        return {name: queues for name, queues in found.items() if queues != (name,)}

    def volume(self, case: float) -> pd.DataFrame:
        """unique_id, ds (µs since 1970 UTC), y: the volume not exceeded in `case` of cases."""
        return pooled_volume(volume_frame(self.found, case=case), volume_frame(self.found),
                             self.pool)  # fmt: skip

    def heads(
        self, connection: sa.Connection, *, since: datetime, until: datetime
    ) -> pd.DataFrame | None:
        """As `planned_heads`."""
        queues = list(self.pool)
        heads = planned_heads(connection, queues, since=since, until=until, step=self.step)
        return None if heads is None else pooled_heads(heads, self.pool)


def to_staff(
    reader: Reader, settings: StaffingSettings, *, now: datetime, since: datetime, until: datetime
) -> ToStaff | None:
    """None without a forecast."""
    found = volumes(reader.connection, now=now, since=since, until=until)
    if not found:
        return None
    queues = [one.key.queue for one in found]
    pool = pool_of(settings.pools, queues)
    volume = volume_frame(found).groupby("unique_id")["y"].sum()
    weights = {queue: float(volume[queue]) for queue in queues}
    times = pooled_times(handle_times(reader, settings, queues, now), weights, pool)
    return ToStaff(found, pool, times, rules_of(settings, times))


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
    """unique_id, ds (µs), needed (heads with shrinkage), planned, gap per queue or pool and step
    from now on; empty without a forecast or without any shift: then nobody can say."""
    found = to_staff(reader, settings, now=now, since=now, until=until)
    nothing = pd.DataFrame({"unique_id": [], "ds": [], "needed": [], "planned": [], "gap": []})
    if found is None:
        return nothing
    step = found.step
    since = now - (now - datetime.min.replace(tzinfo=now.tzinfo)) % step
    planned = found.heads(reader.connection, since=since, until=until)
    if planned is None:
        return nothing
    needs = staff(found.volume(settings.case), found.rules, step_s=step.total_seconds())
    known = needs[needs["ds"] < planned["ds"].max() + step // timedelta(microseconds=1)]
    return gap(known, planned, needed=SCHEDULED)
