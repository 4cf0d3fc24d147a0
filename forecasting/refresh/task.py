"""Forecasting one series of the store: a task that any process can do, and what comes of it."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from connectors.dirty import SLOT
from forecasting.published.series import (
    BAND_COLUMNS,
    BASELINE,
    COLUMNS,
    FAILED,
    FILLING,
    MEAN,
    TOO_SHORT,
    Published,
    Slots,
)
from forecasting.volume.forecast import Options, forecast_history, update_today
from forecasting.volume.history import Floats
from forecasting.volume.intraday import Update
from forecasting.volume.series_from_store import Tally, history_of, local_steps
from forecasting.volume.steps import Step
from forecasting.volume.table import ModelScore

log = logging.getLogger(__name__)
FEWEST_DAYS = 2  # of history that a forecast needs at all
_QUANTILE = {80: 1.2816, 95: 1.96}
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class SeriesTask:
    """`until_slot`: where the horizon ends. `closed`: slots in which the desk is closed and nobody
    writes. `options.ahead` is worked out here."""

    tally: Tally
    options: Options
    until_slot: int
    closed: Slots


@dataclass(frozen=True, slots=True)
class Made:
    """A forecast that isn't published yet, and its back-test."""

    forecast: Published
    scores: tuple[ModelScore, ...] = ()


@dataclass(frozen=True, slots=True)
class TodayTask:
    """The rest of today. `plan`: what the whole forecasts said of its steps, with their bands."""

    tally: Tally
    options: Options
    plan: Published


def forecast_series(task: SeriesTask) -> Made:
    """Never raises: what went wrong is the forecast's `why`."""
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    try:
        with threadpool_limits(limits=1):  # small matrices: threads would only spin
            return _forecast(task)
    except Exception as error:
        log.warning("event=series_failed series=%s", task.tally.key, exc_info=True)
        note = f"{type(error).__name__}; see the log"
        return Made(_without(task.tally, task.options, FAILED, notes=(note,)))


def _forecast(task: SeriesTask) -> Made:
    tally, step, zone = task.tally, task.options.step, task.options.zone
    if tally.filling:
        return Made(_without(tally, task.options, FILLING))
    history = history_of(tally, step, zone)
    days = 0 if history is None else (history.last - history.stamps[0]).days + 1
    if history is None or days < FEWEST_DAYS:
        return Made(_without(tally, task.options, TOO_SHORT, days=days))
    slots = step_slots(tally.end, task.until_slot, step, zone)
    # Local steps and instants differ by the hour of a clock change: ask for two more.
    ahead = len(slots) + 2 * step.slots // 24 + 2
    made = forecast_history(history, replace(task.options, ahead=ahead))
    values = _at(made.frame, local_steps(slots, step, zone))
    shut = np.isin(slots, task.closed)
    for column in values.values():
        column[shut] = 0.0
    found = Published(
        0, tally.key, "", _NEVER, _NEVER, made.choice.name, None, _seconds(step), slots, values,
        weights=tuple((name, round(weight, 6)) for name, weight in made.choice.weights),
        origins=len(made.tested.origins) if made.tested else 0, days=made.days, notes=made.notes,
    )  # fmt: skip
    return Made(found, tuple(made.scores()))


def step_slots(first: int, end: int, step: Step, zone: ZoneInfo) -> Slots:
    """Where the local steps start, in UTC quarter hours: from the one that runs at `first` on, up
    to `end`."""
    quarters = step.offset // pd.Timedelta(minutes=15)
    around = np.arange(first - quarters + 1, end, dtype=np.int64)
    local = pd.DatetimeIndex((around * SLOT).view("datetime64[us]")).tz_localize(UTC)
    local = local.tz_convert(zone).tz_localize(None)
    starts = np.asarray(local == local.floor(step.offset))
    found: Slots = around[starts]
    return found


def _at(frame: pd.DataFrame, local: pd.DatetimeIndex) -> dict[str, Floats]:
    """The frame's columns at local steps; what it left out is closed."""
    rows = pd.DatetimeIndex(frame["ds"]).as_unit("s")
    where = rows.get_indexer(local.as_unit("s"))
    found = {}
    for name in COLUMNS:
        column = frame[name].to_numpy(dtype=np.float64)
        found[name] = np.where(where >= 0, column[where], 0.0)
    return found


def _without(
    tally: Tally, options: Options, why: str, *, days: int = 0, notes: tuple[str, ...] = ()
) -> Published:
    none = np.zeros(0, np.int64)
    empty = {name: np.zeros(0) for name in COLUMNS}
    return Published(0, tally.key, "", _NEVER, _NEVER, None, why, _seconds(options.step), none,
                     empty, days=days, notes=notes)  # fmt: skip


def _seconds(step: Step) -> int:
    return int(step.span.total_seconds())


def forecast_rest(task: TodayTask) -> Made | None:
    """The steps of the plan that are still to come, moved by what has come so far; None where
    there is nothing to say. Never raises."""
    from threadpoolctl import threadpool_limits

    try:
        with threadpool_limits(limits=1):
            return _rest(task)
    except Exception:
        log.warning("event=today_failed series=%s", task.tally.key, exc_info=True)
        return None


def _rest(task: TodayTask) -> Made | None:
    tally, step, zone = task.tally, task.options.step, task.options.zone
    history = history_of(tally, step, zone)
    left = task.plan.slots >= tally.end
    if not left.any():
        return None
    rest = task.plan.only(left)
    local = local_steps(task.plan.slots, step, zone)
    if history is None or history.last.normalize() != local[0].normalize():
        return Made(rest)  # nothing of today is known yet
    plan = np.full(step.slots, np.nan)
    at = np.asarray((local - local[0].normalize()) // step.offset)
    plan[at] = task.plan.values[MEAN]
    cut = int((history.last - history.last.normalize()) // step.offset) + 1
    update = update_today(history, plan, replace(task.options, ahead=max(1, step.slots - cut)))
    return Made(rest if update is None else replace(rest, values=moved(rest.values, update)))


def moved(values: Mapping[str, Floats], update: Update) -> dict[str, Floats]:
    """A forecast times the update's factor, in a band narrowed by it: what is uncertain about the
    day shrinks, the chance of single contacts stays."""
    mean = values[MEAN]
    after = mean * update.factor
    found = {MEAN: after, BASELINE: values[BASELINE].copy()}
    for name in BAND_COLUMNS:
        side, level = name.split("-")
        reach = np.abs(values[name] - mean) * update.factor**0.75
        chance = after * _QUANTILE[int(level)] ** 2
        reach = np.sqrt(
            update.narrowed**2 * np.maximum(reach**2 - chance, 0) + np.minimum(reach**2, chance)
        )
        found[name] = np.clip(after - reach, 0, None) if side == "lo" else after + reach
    return found
