"""What the Forecast page shows, loaded and derived: what came, what was forecast for it then, and
what comes next. No Streamlit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import sqlalchemy as sa

from connectors.columns import to_micros
from connectors.dirty import SLOT
from dashboard.plan.asked import PlanAsked
from dashboard.settings import Settings
from forecasting.published import accuracy, runs, store
from forecasting.published.accuracy import Accuracy
from forecasting.published.events import PlannedEvent, planned
from forecasting.published.overrides import Override, adjusted, overrides
from forecasting.published.series import COLUMNS, MEAN, PLAIN, Published, SeriesKey, Slots
from forecasting.refresh.plan import ForecastPlan, midnight
from forecasting.refresh.task import step_slots
from forecasting.volume.day_calendar import make_calendar
from forecasting.volume.history import Floats
from forecasting.volume.promotions import promotions
from forecasting.volume.series_from_store import Tally, reaches, tallies
from forecasting.volume.table import ModelScore

DAY = timedelta(days=1)
STALE = timedelta(hours=36)  # a nightly forecast older than this was missed


@dataclass(frozen=True, slots=True)
class Mark:
    """A labelled day of the chart: a holiday, a sales event, a campaign, an outage. `name` is its
    own words or, where `kind` has a word in the catalogue, empty."""

    first: datetime  # local
    kind: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Outlook:
    """Everything about one series. `points`: one row per step with slot, actual, COLUMNS, PLAIN;
    forecasts of past steps are the version planners saw before their day."""

    key: SeriesKey
    keys: tuple[SeriesKey, ...]
    now: datetime
    zone: ZoneInfo
    step: timedelta
    as_of: datetime | None
    points: pd.DataFrame
    current: Published | None
    scores: tuple[ModelScore, ...]
    overrides: tuple[Override, ...]
    events: tuple[PlannedEvent, ...]
    marks: tuple[Mark, ...]
    past: Accuracy | None
    last_run: runs.Run | None
    filling: bool = False

    @property
    def stale(self) -> bool:
        return self.current is not None and self.now - self.current.made_at > STALE

    def day(self, day: date) -> pd.DataFrame:
        """The rows of a local day."""
        return self.points[self.points["day"] == day]


def load_outlook(
    connection: sa.Connection, settings: Settings, asked: PlanAsked, now: datetime
) -> Outlook:
    """For a window of `asked.span` local days to either side."""
    plan = settings.forecast_plan()
    zone = settings.app.timezone
    today = midnight(now.astimezone(zone))
    since = (today - asked.span * DAY).astimezone(UTC)
    until = (today + (asked.span + 1) * DAY).astimezone(UTC)
    found = store.current(connection, now=now, measure=asked.key.measure)
    changes = overrides(connection, measure=asked.key.measure, since=since, until=until)
    seen = {one.key: one for one in adjusted(found, changes)}
    mine = seen.get(asked.key)
    tally = _tally(connection, plan, asked.key, since, now)
    low, high = to_micros(since) // SLOT, to_micros(until) // SLOT
    slots = step_slots(low, high, plan.settings.volume_step, zone)
    slots = slots[slots >= low]
    points = pd.DataFrame({"slot": slots, "actual": counted(tally, slots, plan.settings.step)})
    past = _past(connection, asked.key, changes, since, now)
    points = _joined(points, past, mine, to_micros(now) // SLOT)
    stamps = pd.DatetimeIndex((slots * SLOT).view("datetime64[us]")).tz_localize(UTC)
    local = stamps.tz_convert(zone)
    points = points.assign(day=local.date, wall=local.tz_localize(None))
    events = planned(connection, since=since, until=until)
    read = reaches(connection, plan.sources)
    judged = accuracy.with_actual(past, slots, points["actual"].to_numpy())
    return Outlook(
        key=asked.key, keys=tuple(sorted(seen)), now=now.astimezone(zone), zone=zone,
        step=plan.settings.step,
        as_of=min((one.as_of for one in read.values() if one.as_of), default=None),
        points=points, current=mine, scores=_scores(connection, mine), overrides=changes,
        events=events, marks=marks_of(events, plan, since, until),
        past=accuracy.measured(judged, "") if len(past) else None,
        last_run=_last_run(connection), filling=any(one.filling for one in read.values()),
    )  # fmt: skip


def _tally(
    connection: sa.Connection, plan: ForecastPlan, key: SeriesKey, since: datetime, now: datetime
) -> Tally | None:
    found = tallies(connection, key.measure, since=since, until=now, names=plan.sources)
    return next((one for one in found if one.key == key), None)


def counted(tally: Tally | None, slots: Slots, step: timedelta) -> Floats:
    """What came in each step that is over, NaN where that isn't known."""
    if tally is None:
        return np.full(len(slots), np.nan)
    width = step // timedelta(minutes=15)
    edges = np.concatenate([[0.0], np.cumsum(tally.counts)])
    low, high = (np.searchsorted(tally.slots, at) for at in (slots, slots + width))
    counts = edges[high] - edges[low]
    unknown = slots + width > tally.end
    for start, stop in tally.unknown:
        unknown |= (slots < stop) & (slots + width > start)
    return np.where(unknown, np.nan, counts)


def _past(
    connection: sa.Connection, key: SeriesKey, changes: Sequence[Override], since: datetime,
    now: datetime,
) -> pd.DataFrame:  # fmt: skip
    """Per past step the version in force before its day, with overrides as they stood then."""
    made = store.versions(
        connection, since=since, until=now, measure=key.measure, made_since=since - 3 * DAY,
        keys=None if changes else [key],
    )  # fmt: skip
    first, end = to_micros(since) // SLOT, to_micros(now) // SLOT
    return accuracy.seen(as_seen(made, key, changes), first=first, end=end, lead=timedelta(0))


def as_seen(
    made: Sequence[Published], key: SeriesKey, changes: Sequence[Override],
    lead: timedelta = timedelta(0),
) -> list[Published]:  # fmt: skip
    """The series' versions with overrides as they stood `lead` before each step, oldest first.
    `made` are all series where there are overrides: those of its parts count too."""
    if not changes:
        return [one for one in made if one.key == key]
    together: dict[datetime, list[Published]] = {}
    for one in made:
        together.setdefault(one.made_at, []).append(one)
    return [
        one
        for _, run in sorted(together.items())
        for one in adjusted(run, changes, lead=lead)
        if one.key == key
    ]


def _joined(
    points: pd.DataFrame, past: pd.DataFrame, mine: Published | None, now_slot: int
) -> pd.DataFrame:
    for name in (*COLUMNS, PLAIN):
        column = np.full(len(points), np.nan)
        slots = points["slot"].to_numpy()
        for known, values in ((past["slot"], past.get(name)), _ahead(mine, name, now_slot)):
            if values is None or not len(known):
                continue
            where = np.searchsorted(slots, known.to_numpy(dtype=np.int64))
            inside = where < len(slots)
            column[where[inside]] = np.asarray(values, dtype=np.float64)[inside]
        points[name] = column
    return points


def _ahead(mine: Published | None, name: str, now_slot: int) -> tuple[pd.Series, Floats | None]:
    if mine is None or mine.model is None:
        return pd.Series(dtype=np.int64), None
    rest = mine.only(mine.slots >= now_slot - 1)
    return pd.Series(rest.slots), rest.values.get(name, rest.values[MEAN])


def _scores(connection: sa.Connection, mine: Published | None) -> tuple[ModelScore, ...]:
    return () if mine is None else store.scores_of(connection, mine.id)


def _last_run(connection: sa.Connection) -> runs.Run | None:
    found = [run for kind in runs.WHOLE if (run := runs.last_of(connection, kind)) is not None]
    return max(found, key=lambda one: one.started_at, default=None)


def marks_of(
    events: Sequence[PlannedEvent], plan: ForecastPlan, since: datetime, until: datetime
) -> tuple[Mark, ...]:
    """Public holidays, sales events and what planners entered, in the window."""
    first, last = since.astimezone(plan.zone), until.astimezone(plan.zone) - DAY
    country = plan.settings.country_for(plan.zone)
    days = pd.date_range(first.date(), last.date(), freq="D")
    names = make_calendar(days, country).names
    found = [
        Mark(midnight(first) + timedelta(days=at), "holiday", name)
        for at, name in enumerate(names)
        if name and (at == 0 or names[at - 1] != name)
    ]
    if country == "CN":
        found += [
            Mark(datetime.combine(max(start, first.date()), datetime.min.time(), plan.zone), kind)
            for kind, start, end in promotions(range(first.year, last.year + 1))
            if start <= last.date() and end >= first.date()
        ]
    found += [
        Mark(max(one.starts_at.astimezone(plan.zone), first), one.kind, one.name) for one in events
    ]
    return tuple(sorted(found, key=lambda one: one.first))
