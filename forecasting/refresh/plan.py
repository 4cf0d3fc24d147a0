"""What the jobs forecast and when: from the settings, the service hours and what planners entered.

Pure but for the reads that `tallies_of` makes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import sqlalchemy as sa

from connectors.columns import from_micros, to_micros
from connectors.dirty import SLOT
from forecasting.published.events import OUTAGE, PlannedEvent, day_events
from forecasting.published.runs import CHOICE, FULL, Run
from forecasting.published.series import ALL, SeriesKey, Slots
from forecasting.refresh.task import SeriesTask, step_slots
from forecasting.settings import ForecastSettings
from forecasting.volume.forecast import Options
from forecasting.volume.series_from_store import Tally, tallies, with_silences
from metrics.clock import Clocks, ServiceClock

FORGOTTEN = 60 * 96  # quarter hours without a contact after which a series is no longer forecast
STRAY = 0.01  # of the contacts: so few in closed hours make the desk's hours those of the series
RECENT = timedelta(days=6)
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True, slots=True)
class ForecastPlan:
    """All that a run needs from the configuration. `sources`: names of the configuration's."""

    settings: ForecastSettings
    zone: ZoneInfo
    clocks: Clocks
    sources: tuple[str, ...] = ()

    def options(self, events: Sequence[PlannedEvent], key: SeriesKey) -> Options:
        return Options(
            self.settings.volume_step, 0, self.zone,
            country=self.settings.country_for(self.zone),
            events=day_events(events, key.queue, self.zone),
        )  # fmt: skip

    def floor(self, moment: datetime) -> datetime:
        """The start of the step that a moment lies in."""
        slot = to_micros(moment) // SLOT
        return from_micros(int(step_slots(slot, slot + 1, self.settings.volume_step,
                                          self.zone)[-1]) * SLOT)  # fmt: skip


def kind_due(settings: ForecastSettings, last_choice: Run | None, now: datetime, zone: ZoneInfo,
             ) -> str:  # fmt: skip
    """Whether a whole run chooses models anew: in the first, in the night of the week for it, and
    when that was missed."""
    if last_choice is None or last_choice.finished_at is None:
        return CHOICE
    age = now - last_choice.finished_at
    tonight = _WEEKDAYS[now.astimezone(zone).weekday()] == settings.choice
    return CHOICE if age > timedelta(days=7) or (tonight and age > RECENT) else FULL


def tallies_of(
    connection: sa.Connection, plan: ForecastPlan, events: Sequence[PlannedEvent], *,
    until: datetime, since: datetime,
) -> tuple[Tally, ...]:  # fmt: skip
    """Every series of the measures that something came for lately."""
    outages = [(one.queue, one.starts_at, one.ends_at) for one in events if one.kind == OUTAGE]
    found: list[Tally] = []
    for measure in plan.settings.measures:
        mine = tallies(
            connection, measure, since=since, until=until, names=plan.sources, outages=outages
        )
        found += with_silences(mine, plan.settings.volume_step, plan.zone)
    last = to_micros(until) // SLOT - FORGOTTEN
    return tuple(one for one in found if len(one.slots) and one.slots[-1] >= last)


def whole_tasks(
    found: Sequence[Tally], plan: ForecastPlan, events: Sequence[PlannedEvent], cutoff: datetime,
    pinned: Mapping[SeriesKey, tuple[tuple[str, float], ...]],
) -> list[SeriesTask]:  # fmt: skip
    """The tasks of a whole run up to the end of the last day of the horizon."""
    end = midnight(cutoff.astimezone(plan.zone) + plan.settings.horizon + timedelta(days=1))
    until = to_micros(end.astimezone(UTC)) // SLOT
    tasks = []
    for tally in found:
        options = plan.options(events, tally.key)
        weights = pinned.get(tally.key, ())
        if weights:
            options = Options(options.step, 0, options.zone, options.levels, options.country,
                              options.events, pinned=weights)  # fmt: skip
        closed = closed_slots(tally, plan, until)
        tasks.append(SeriesTask(tally, options, until, closed))
    return tasks


def closed_slots(tally: Tally, plan: ForecastPlan, until: int) -> Slots:
    """Coming slots in which the desk is closed, for series that keep to its hours: customers of
    others write at night too, and that is demand."""
    clock = _clock(tally.key, plan.clocks)
    none = np.zeros(0, np.int64)
    if clock is None or clock.never_closes:
        return none
    inside = clock.is_open((tally.slots * SLOT).astype(np.float64))
    total = float(tally.counts.sum())
    if total <= 0 or float(tally.counts[~inside].sum()) > STRAY * total:
        return none
    ahead = step_slots(tally.end, until, plan.settings.volume_step, plan.zone)
    quarters = plan.settings.step // timedelta(minutes=15)
    shut = np.ones(len(ahead), bool)
    for part in range(quarters):  # a step that is open for a part of it is open
        shut &= ~clock.is_open(((ahead + part) * SLOT).astype(np.float64))
    return ahead[shut]


def _clock(key: SeriesKey, clocks: Clocks) -> ServiceClock | None:
    if key.queue != ALL:
        return clocks.of(key.queue)
    return None if clocks.by_queue else clocks.default


def midnight(local: datetime) -> datetime:
    return datetime.combine(local.date(), time(), local.tzinfo)
