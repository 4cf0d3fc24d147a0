"""LightGBM on same-slot lags; the package is imported when a model is trained."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from forecasting.volume.grid import DayGrid
from forecasting.volume.history import Floats
from forecasting.volume.models.regressors import YEAR_SEEN

LAGS = 6
FADES = (0.05, 0.2)
PARAMETERS = {
    "objective": "l1", "learning_rate": 0.06, "num_leaves": 15, "min_data_in_leaf": 40,
    "bagging_fraction": 0.8, "bagging_freq": 1, "feature_fraction": 0.8, "lambda_l2": 5.0,
    "num_threads": 1, "verbose": -1, "seed": 7, "deterministic": True, "force_row_wise": True,
    "max_bin": 127,
}  # fmt: skip
TREES = 120
MOST_DAYS = 400


@dataclass(frozen=True, slots=True)
class SlotBoosting:
    """Ratio of a count to the mean of its same-slot lags, learned from calendar and lag shape."""

    fewest_days: int = 70
    origins: int = 6
    learns_once: bool = False

    def learn(self, past: DayGrid) -> LearnedBoosting:
        import lightgbm

        weeks = -(-past.ahead // 7)
        features, base = _features(past, past.days, weeks)
        count = past.counts
        first = max(past.days - MOST_DAYS, 7 * (weeks + 1))
        keep = np.isfinite(count) & np.isfinite(base)
        keep[:first] = False
        ratio = np.clip(count[keep] / np.maximum(base[keep], 1.0), 0, 6)
        data = lightgbm.Dataset(
            features[keep], ratio, weight=np.maximum(base[keep], 1.0), free_raw_data=True
        )
        return LearnedBoosting(lightgbm.train(PARAMETERS, data, num_boost_round=TREES), weeks)


@dataclass(frozen=True, slots=True)
class LearnedBoosting:
    trees: Any
    weeks: int

    def forecast(self, past: DayGrid) -> Floats:
        features, base = _features(past, past.days + past.ahead, self.weeks)
        features, base = features[past.days :], base[past.days :]
        ratio = self.trees.predict(features.reshape(-1, features.shape[-1]), num_threads=1)
        found = ratio.reshape(base.shape) * np.maximum(np.nan_to_num(base), 0.0)
        return np.asarray(np.clip(found, 0, None))


def _features(past: DayGrid, days: int, weeks: int) -> tuple[Floats, Floats]:
    """(days, slots, features) known `weeks` weeks before each day, and the mean of the lags."""
    slots = past.slots
    counts = np.full((past.days + past.ahead, slots), np.nan)
    counts[: past.days] = past.counts
    lags = np.full((LAGS, days, slots), np.nan)
    for lag in range(LAGS):
        back = 7 * (weeks + lag)
        if back < days:
            lags[lag, back:] = counts[: days - back]
    known = np.isfinite(lags)
    number = known.sum(0)
    base = np.where(number > 0, np.where(known, lags, 0).sum(0) / np.maximum(number, 1), np.nan)
    safe = np.maximum(base, 1.0)
    level = _level(past.totals, days, weeks)
    calendar = past.calendar
    dates = calendar.dates[:days]
    public = calendar.public
    # With less than two years the season would only stand for growth.
    season = np.asarray(dates.day_of_year) if past.days >= YEAR_SEEN else np.zeros(days)
    daily = np.column_stack(
        [
            past.weekdays[:days],
            dates.day,
            dates.days_in_month - dates.day,
            season,
            public[:days],
            np.roll(public, 1)[:days],
            np.roll(public, -1)[:days],
        ]
    ).astype(float)
    whole = np.broadcast_to(daily[:, None, :], (days, slots, daily.shape[1]))
    slot = np.broadcast_to(np.arange(slots, dtype=float)[None, :, None], (days, slots, 1))
    own = np.stack([base, lags[0] / safe, lags[1] / safe, lags[2] / safe], axis=-1)
    base_day = np.where(np.isfinite(base), base, 0).sum(1)
    drift = np.divide(level, base_day, out=np.full(days, np.nan), where=base_day > 0)
    # How busy the fortnight was teaches that a level far out goes back.
    levels = np.broadcast_to(np.column_stack([drift, level])[:, None], (days, slots, 2))
    return np.concatenate([slot, whole, own, levels], axis=-1), base


def _level(totals: Floats, days: int, weeks: int) -> Floats:
    """(days,): mean of the two weeks of totals that were known `weeks` weeks before each day."""
    level = np.full(days, np.nan)
    for day in range(7 * weeks, days):
        recent = totals[max(0, day - 7 * weeks - 13) : day - 7 * weeks + 1]
        recent = recent[np.isfinite(recent)]
        level[day] = recent.mean() if len(recent) else np.nan
    return level
