"""One series, from history to forecast: test, choose, combine, band, update today.

`forecast_history` is pure: the same history and options give the same forecast.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from forecasting.volume.backtest import Backtest, backtest, origins_of, window_of
from forecasting.volume.bands import Spread, doubtful_spread, learn_spread, nested
from forecasting.volume.beginning import first_day
from forecasting.volume.closures import lost_slots
from forecasting.volume.combination import Choice, choose, combined, hold, untested
from forecasting.volume.day_calendar import Event, make_calendar
from forecasting.volume.drift import PlainWindows, plain_windows
from forecasting.volume.grid import DayGrid, build_grid, raw_grid
from forecasting.volume.history import DS, ID, Floats, History
from forecasting.volume.intraday import Update, plans_then, update_rest
from forecasting.volume.models.forecaster import Forecaster
from forecasting.volume.models.registry import BASELINE, MEMBERS, MODELS, suited_models
from forecasting.volume.models.structural import learn_level
from forecasting.volume.rows import forecast_rows, skipped_times
from forecasting.volume.steps import Step
from forecasting.volume.table import ModelScore, naive_error, score_models

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Options:
    """What a forecast is asked for; `ahead` in steps."""

    step: Step
    ahead: int
    zone: ZoneInfo
    levels: tuple[int, ...] = (80, 95)
    country: str | None = None
    events: tuple[Event, ...] = ()
    fast: bool = False  # no Prophet, no LightGBM
    pinned: tuple[tuple[str, float], ...] = ()  # weights of an earlier choice that still holds


@dataclass(frozen=True, slots=True)
class VolumeForecast:
    """`frame` has unique_id, ds, mean, lo-NN, hi-NN, baseline, model; ds naive local."""

    frame: pd.DataFrame
    choice: Choice
    tested: Backtest | None
    naive_error: float  # the scale of MASE
    days: int  # of history
    notes: tuple[str, ...] = field(default=())

    def scores(self) -> list[ModelScore]:
        """The back-test per model, best first; empty without one."""
        if self.tested is None:
            return []
        return score_models(self.tested, self.choice, self.naive_error)


def forecast_history(history: History, options: Options) -> VolumeForecast:
    """Forecast one series from the step after its last stamp on."""
    scene = _scene(history, options)
    grid = scene.grid
    choice, tested = _choose(grid, options)
    mean, choice = _point(grid, choice, tested)
    spread = _spread(grid, tested, choice)
    open_ahead = grid.opening.ahead(grid.calendar)
    unsettled = grid.unsettled()[grid.days :]
    bands = nested([spread.band(mean, level, unsettled=unsettled) for level in options.levels])
    if scene.today is not None:
        update = _update(grid, scene.today, mean[0], cut=scene.cut)
        mean[0] *= update.factor
        narrow = [
            spread.band(mean[:1], level, unsettled=unsettled[:1], narrowed=update.narrowed)
            for level in options.levels
        ]
        for (low, high), (low_now, high_now) in zip(bands, nested(narrow), strict=True):
            low[0], high[0] = low_now[0], high_now[0]
    tables = {"mean": np.where(open_ahead, mean, 0.0)}
    for level, (low, high) in zip(options.levels, bands, strict=True):
        tables[f"lo-{level}"] = np.where(open_ahead, low, 0.0)
        tables[f"hi-{level}"] = np.where(open_ahead, high, 0.0)
    tables["baseline"] = np.where(open_ahead, _plain(grid), 0.0)
    rows = forecast_rows(tables, grid, after=history.last, step=options.step)
    there = ~skipped_times(pd.DatetimeIndex(rows[DS]), grid.dates[0], scene.raw, options.zone)
    frame = rows.head(options.ahead)[there[: options.ahead]].reset_index(drop=True)
    frame.insert(0, ID, history.unique_id)
    frame["model"] = choice.name
    few = "1 day is" if grid.days == 1 else f"{grid.days} days are"
    short = () if tested else (f"{few} too few to test models on; the band is wide",)
    stray = (f"{scene.stray} days with hardly a contact before it begins were left out",)
    notes = (*history.notes, *(stray if scene.stray else ()), *grid.notes, *short)
    return VolumeForecast(frame, choice, tested, naive_error(grid.counts), len(scene.raw), notes)


def update_today(history: History, plan: Floats, options: Options) -> Update | None:
    """How the rest of the last day differs from its plan (slots,), NaN where there was none; None
    where no open slot of it is left. `options.ahead`: the steps that are left."""
    scene = _scene(history, options)
    if scene.today is None:
        return None
    return _update(scene.grid, scene.today, plan, cut=scene.cut)


@dataclass(frozen=True, slots=True)
class _Scene:
    """The grid of whole days, and today's counts (slots,) before `cut` when today is not over.

    `stray`: days before the history begins, which are left out.
    """

    grid: DayGrid
    today: Floats | None
    cut: int
    raw: Floats
    stray: int


def _scene(history: History, options: Options) -> _Scene:
    step = options.step
    dates, raw = raw_grid(history, step)
    first = first_day(raw)
    dates, raw = dates[first:], raw[first:]
    cut = int((history.last - history.last.normalize()) // step.offset) + 1
    end = history.last + options.ahead * step.offset
    over = cut >= step.slots or len(dates) < 2
    if not over:
        whole = _grid(dates[:-1], raw[:-1], end, options)
        rest = whole.opening.week[whole.calendar.weekdays[len(dates) - 1], cut:]
        if rest.any():
            return _Scene(whole, raw[-1], cut, raw, first)
    return _Scene(_grid(dates, raw, end, options), None, cut, raw, first)


def _grid(dates: pd.DatetimeIndex, raw: Floats, end: pd.Timestamp, options: Options) -> DayGrid:
    days = pd.date_range(dates[0], max(end.normalize(), dates[-1] + pd.Timedelta(days=1)), freq="D")
    return build_grid(dates, raw, make_calendar(days, options.country, options.events))


def candidates(grid: DayGrid, options: Options) -> Mapping[str, Forecaster]:
    """The models whose history is long enough and that the options allow."""
    allowed = suited_models(grid, fast=options.fast)
    if options.pinned:
        allowed = tuple(dict.fromkeys((BASELINE, *(name for name, _ in options.pinned))))
    return {
        name: MODELS[name]
        for name in allowed
        if name in MODELS and MODELS[name].fewest_days <= grid.days
    }


def _choose(grid: DayGrid, options: Options) -> tuple[Choice, Backtest | None]:
    models = candidates(grid, options)
    members = [name for name in models if name in MEMBERS]
    window = window_of(grid, grid.ahead)
    origins = origins_of(grid, window=window)
    if not origins or not np.isfinite(grid.counts).any():
        return untested(members or [BASELINE]), None
    tested = backtest(grid, models, window=window, origins=origins)
    if not np.isfinite(tested.actual).any():
        return untested(members or [BASELINE]), None
    kept = hold(tested, options.pinned) if options.pinned else None
    return kept or choose(tested, members), tested


def _point(grid: DayGrid, choice: Choice, tested: Backtest | None) -> tuple[Floats, Choice]:
    """The chosen forecast (ahead, slots); the baseline when a member breaks at the last moment."""
    try:
        mean = np.zeros((grid.ahead, grid.slots))
        for name, weight in choice.weights:
            known = tested.learned_by(name) if tested else None
            mean += weight * (known or MODELS[name].learn(grid)).forecast(grid)
        if np.isfinite(mean).all():
            return np.clip(mean, 0, None), choice
        log.warning("event=forecast_not_finite choice=%s", choice.name)
    except Exception:
        log.warning("event=forecast_failed choice=%s", choice.name, exc_info=True)
    return _plain(grid), untested([BASELINE])


def _plain(grid: DayGrid) -> Floats:
    """The baseline (ahead, slots), finite whatever the past was like."""
    plain = MODELS[BASELINE].learn(grid).forecast(grid)
    seen = grid.counts[np.isfinite(grid.counts)]
    mean = np.where(np.isfinite(plain), plain, seen.mean() if len(seen) else 0.0)
    return np.clip(mean, 0, None)


def _spread(grid: DayGrid, tested: Backtest | None, choice: Choice) -> Spread:
    if tested is not None and all(name in tested.models for name, _ in choice.weights):
        found = learn_spread(
            combined(tested, choice.weights), tested.actual, tested.origins, grid.unsettled(),
            _plain_windows(grid, tested.actual.shape[1]) if grid.slots == 1 else None,
        )  # fmt: skip
        if found is not None:
            return found
    return doubtful_spread(grid.counts)


def _plain_windows(grid: DayGrid, window: int) -> PlainWindows:
    uplift = learn_level(grid, 28).level(grid).uplift[: grid.days]
    return plain_windows(grid.counts[:, 0], uplift, window)


def _update(grid: DayGrid, today: Floats, plan: Floats, *, cut: int) -> Update:
    if not grid.opening.closed_days.any():  # a series that never closes is silent in an outage
        today = np.where(lost_slots(today, plan), np.nan, today)
    if grid.days < 14:
        return update_rest(grid.counts, np.full_like(grid.counts, np.nan), today, plan, cut=cut)
    plans = plans_then(grid, learn_level(grid, 28).level(grid).uplift)
    return update_rest(grid.counts, plans, today, plan, cut=cut)
