"""Rolling origins: what each candidate would have said on past days, without leakage.

Models learn on what lies before the first origin only; at every later origin they see the
history up to it, as they would have then.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from forecasting.volume.grid import DayGrid
from forecasting.volume.history import Floats
from forecasting.volume.models.forecaster import Forecaster, Learned
from forecasting.volume.scores import wape

log = logging.getLogger(__name__)

ORIGINS = 6
ORIGINS_OF_DAYS = 10  # a day is one error only: more origins make its bands surer
FEWEST_BEFORE = 28  # days of history in front of the first origin
LEAST_OF_DAYS = 7  # that each origin looks ahead at least: a day is one error only
LONG = 730  # days from which daily origins lie a month apart instead of a week


@dataclass(frozen=True, slots=True)
class Backtest:
    """`forecasts` (models, origins, window, slots) against `actual` (origins, window, slots).

    A slow model's forecasts are NaN at the origins it was spared.
    """

    models: tuple[str, ...]
    origins: tuple[int, ...]  # day index
    forecasts: Floats
    actual: Floats  # NaN where closed or unknown
    learned: tuple[Learned | None, ...]  # of models that learn once
    failed: tuple[str, ...]  # models that broke and were left out

    def of(self, model: str) -> Floats:
        return np.asarray(self.forecasts[self.models.index(model)])

    def learned_by(self, model: str) -> Learned | None:
        return self.learned[self.models.index(model)] if model in self.models else None

    def errors(self, baseline: str) -> Floats:
        """WAPE of each model; one tested on fewer origins is rated against the baseline there."""
        yardstick = self.of(baseline)
        whole = wape(self.actual, yardstick)
        found = []
        for forecast in self.forecasts:
            there = np.isfinite(forecast).all((1, 2))
            error = wape(self.actual[there], forecast[there])
            if not there.all():
                same = wape(self.actual[there], yardstick[there])
                error = error * whole / same if same > 0 else error
            found.append(error)
        return np.array(found)


def origins_of(grid: DayGrid, *, window: int) -> tuple[int, ...]:
    """Day indexes, oldest first; none when the history is too short to test on."""
    daily, long = grid.slots == 1, grid.days > LONG
    apart = 28 if daily and long else 7
    count = ORIGINS_OF_DAYS if daily and not long else ORIGINS
    found = [grid.days - window - k * apart for k in range(count)]
    return tuple(o for o in reversed(found) if o >= FEWEST_BEFORE)


def window_of(grid: DayGrid, ahead: int) -> int:
    """Days each origin looks ahead: the horizon, as far as the history can test it, and more for a
    short horizon of a daily series."""
    least = LEAST_OF_DAYS if grid.slots == 1 else 1
    return min(max(ahead, least), max(7, grid.days // 4))


def backtest(
    grid: DayGrid, models: Mapping[str, Forecaster], *, window: int, origins: tuple[int, ...]
) -> Backtest:
    """Forecast `window` days from each origin with every model; a model that breaks is left out."""
    actual = np.stack([grid.counts[o : o + window] for o in origins])
    names, found, learned, failed = [], [], [], []
    for name, model in models.items():
        try:
            forecasts, knows = _rolled(grid, model, window=window, origins=origins)
        except Exception:
            log.warning("event=candidate_failed model=%s", name, exc_info=True)
            failed.append(name)
            continue
        names.append(name)
        found.append(forecasts)
        learned.append(knows if model.learns_once else None)
    return Backtest(tuple(names), origins, np.stack(found), actual, tuple(learned), tuple(failed))


def _rolled(
    grid: DayGrid, model: Forecaster, *, window: int, origins: tuple[int, ...]
) -> tuple[Floats, Learned]:
    mine = origins[-model.origins :]
    learned = model.learn(grid.until(mine[0], window))
    found = np.full((len(origins), window, grid.slots), np.nan)
    for at, origin in enumerate(mine, len(origins) - len(mine)):
        found[at] = learned.forecast(grid.until(origin, window))
        if not np.isfinite(found[at]).all():
            raise ValueError("a forecast is not finite")
    return np.clip(found, 0, None), learned
