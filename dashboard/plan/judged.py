"""What the Accuracy page shows, loaded and derived: published forecasts against what came. No
Streamlit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import sqlalchemy as sa

from connectors.columns import to_micros
from connectors.dirty import SLOT
from connectors.forecast_tables import forecast_runs
from dashboard.plan.asked import PlanAsked, shown_keys
from dashboard.plan.outlook import DAY, as_seen, counted
from dashboard.settings import Settings
from forecasting.published import accuracy, store
from forecasting.published.accuracy import LEADS, Accuracy
from forecasting.published.events import planned
from forecasting.published.overrides import Override, overrides
from forecasting.published.runs import PUBLISHED, WHOLE
from forecasting.published.series import ALL, Published, SeriesKey, Slots
from forecasting.refresh.plan import ForecastPlan, midnight
from forecasting.refresh.task import step_slots
from forecasting.volume.day_calendar import make_calendar
from forecasting.volume.promotions import promotions
from forecasting.volume.series_from_store import Tally, local_steps, tallies

MOST_QUEUES = 12
ORDINARY = "ordinary"


@dataclass(frozen=True, slots=True)
class OverrideResult:
    """An override that met its day: WAPE of its span with it and without it."""

    override: Override
    n: int
    with_it: float | None
    without: float | None


@dataclass(frozen=True, slots=True)
class Judged:
    """Of the last `days` days; groups as accuracy.Accuracy, their `group` being a lead's name, a
    queue, an hour, a kind of event."""

    keys: tuple[SeriesKey, ...]
    days: int
    whole: Accuracy
    leads: tuple[Accuracy, ...]
    queues: tuple[Accuracy, ...]
    hours: tuple[Accuracy, ...]
    kinds: tuple[Accuracy, ...]
    overrides: tuple[OverrideResult, ...]
    first_made: datetime | None


def load_judged(
    connection: sa.Connection, settings: Settings, asked: PlanAsked, now: datetime, *, days: int
) -> Judged:
    plan, zone = settings.forecast_plan(), settings.app.timezone
    since = (midnight(now.astimezone(zone)) - days * DAY).astimezone(UTC)
    measure = asked.key.measure
    made = store.versions(connection, since=since, until=now, measure=measure,
                          made_since=since - 15 * DAY)  # fmt: skip
    changes = overrides(connection, measure=measure, since=since, until=now)
    found = {t.key: t for t in tallies(connection, measure, since=since, until=now,
                                       names=plan.sources)}  # fmt: skip
    keys = tuple(sorted({one.key for one in made}))
    low, high = to_micros(since) // SLOT, to_micros(now) // SLOT
    steps = step_slots(low, high, plan.settings.volume_step, zone)
    look = _Look(plan, made, changes, found, low, high, steps)
    rows = look.rows(asked.key)
    leads = tuple(
        accuracy.measured(look.rows(asked.key, lead), name) for name, lead in LEADS.items()
    )
    local = local_steps(rows["slot"].to_numpy(dtype=np.int64), plan.settings.volume_step, zone)
    kinds = _kinds(connection, plan, since, now)
    shown = [key for key in shown_keys(keys, asked.key) if key.queue != ALL]
    queues = [accuracy.measured(look.rows(key), key.queue) for key in shown if not key.channel]
    return Judged(
        keys, days, accuracy.measured(rows, ""), leads,
        tuple(sorted(queues, key=lambda one: -one.contacts)[:MOST_QUEUES]),
        accuracy.by(rows, lambda r: pd.Series([f"{at:%H}" for at in local], index=r.index)),
        accuracy.by(rows, lambda r: pd.Series([kinds.get(at.date(), ORDINARY) for at in local],
                                              index=r.index)),
        _overrides(look, changes, now), _first_made(connection),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Look:
    """Versions and counts of a window, joined per series and lead."""

    plan: ForecastPlan
    made: Sequence[Published]
    changes: Sequence[Override]
    found: dict[SeriesKey, Tally]
    first: int
    end: int
    steps: Slots

    def rows(self, key: SeriesKey, lead: timedelta = timedelta(0)) -> pd.DataFrame:
        mine = self.made if self.changes else [one for one in self.made if one.key == key]
        seen = as_seen(mine, key, self.changes, lead)
        forecast = accuracy.seen(seen, first=self.first, end=self.end, lead=lead)
        counts = counted(self.found.get(key), self.steps, self.plan.settings.step)
        return accuracy.with_actual(forecast, self.steps, counts)


def _kinds(
    connection: sa.Connection, plan: ForecastPlan, since: datetime, now: datetime
) -> dict[object, str]:
    """What kind of day each local day was, where it wasn't an ordinary one."""
    zone = plan.zone
    first, last = since.astimezone(zone).date(), now.astimezone(zone).date()
    days = pd.date_range(first, last, freq="D")
    country = plan.settings.country_for(zone)
    found: dict[object, str] = {}
    if country == "CN":
        for kind, start, end in promotions(range(first.year, last.year + 1)):
            found |= {day.date(): kind for day in days if start <= day.date() <= end}
    for one in planned(connection, since=since, until=now):
        event = one.days(zone)
        found |= {d.date(): one.kind for d in days if event.first <= d.date() <= event.last}
    names = make_calendar(days, country).names
    found |= {day.date(): "holiday" for day, name in zip(days, names, strict=True) if name}
    return found


def _overrides(
    look: _Look, changes: Sequence[Override], now: datetime
) -> tuple[OverrideResult, ...]:
    found = []
    for one in changes:
        if one.acts_from() >= min(now, one.acts_until()):
            continue
        rows = look.rows(one.key)
        low, high = (to_micros(at) // SLOT for at in (one.acts_from(), one.acts_until()))
        told = accuracy.measured(rows[(rows["slot"] >= low) & (rows["slot"] < high)], "", fewest=1)
        found.append(OverrideResult(one, told.n, told.wape, told.plain))
    return tuple(found)


def _first_made(connection: sa.Connection) -> datetime | None:
    table = forecast_runs.c
    query = sa.select(sa.func.min(table.finished_at, type_=table.finished_at.type))
    found: datetime | None = connection.execute(
        query.where(table.state == PUBLISHED, table.kind.in_(WHOLE))
    ).scalar()
    return found
