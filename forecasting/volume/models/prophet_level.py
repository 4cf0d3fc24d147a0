"""Prophet on the daily level (square-root scale, holidays) × the usual shape of the day.

Prophet belongs on days: at half-hours it is the weakest serious choice. Imported when used.
"""

from __future__ import annotations

import logging
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from forecasting.volume.grid import DayGrid
from forecasting.volume.history import Floats
from forecasting.volume.models.regressors import YEAR_SEEN
from forecasting.volume.models.shapes import learn_shapes
from forecasting.volume.models.structural import Level

FLEXIBLE = (0.005, 0.05, 0.3)  # changepoint prior scales tried on one window


@dataclass(frozen=True, slots=True)
class ProphetTopDown:
    """Tuned Prophet: the changepoint prior is the best of three on the last window."""

    fewest_days: int = 35
    origins: int = 2
    learns_once: bool = True

    def learn(self, past: DayGrid) -> LearnedProphet:
        window = min(past.ahead, past.days // 4)
        before = past.until(past.days - window, window)
        actual = past.totals[past.days - window :]
        known = np.isfinite(actual)
        if not known.any():
            return LearnedProphet(FLEXIBLE[1])
        missed = [
            float(np.abs(_level(before, scale).ahead[known] - actual[known]).sum())
            for scale in FLEXIBLE
        ]
        return LearnedProphet(FLEXIBLE[int(np.argmin(missed))])


@dataclass(frozen=True, slots=True)
class LearnedProphet:
    flexible: float

    def forecast(self, past: DayGrid) -> Floats:
        level = _level(past, self.flexible)
        return level.ahead[:, None] * learn_shapes(past, level.fitted).ahead


def _level(past: DayGrid, flexible: float) -> Level:
    known = np.isfinite(past.totals)
    if known.sum() < 8:
        raise ValueError("Prophet needs at least eight days")
    dates = past.calendar.dates
    frame = pd.DataFrame({"ds": dates[: past.days][known], "y": np.sqrt(past.totals[known])})
    with warnings.catch_warnings():  # Prophet's own deprecations are no concern of a planner
        warnings.simplefilter("ignore")
        model = _prophet(past, flexible)
        model.fit(frame)
        found = model.predict(pd.DataFrame({"ds": dates}))["yhat"].to_numpy(dtype=float)
    totals = np.clip(found, 0, None) ** 2
    return Level(totals[: past.days], totals[past.days :], np.ones(len(totals)))


def _prophet(past: DayGrid, flexible: float) -> Any:
    quiet()
    from prophet import Prophet

    return Prophet(
        uncertainty_samples=0, daily_seasonality=False, weekly_seasonality=True,
        yearly_seasonality=past.days >= YEAR_SEEN, changepoint_prior_scale=flexible,
        holidays=_holidays(past),
    )  # fmt: skip


def _holidays(past: DayGrid) -> pd.DataFrame | None:
    calendar = past.calendar
    rows = [(d, n) for d, n in zip(calendar.dates, calendar.names, strict=True) if n]
    for kind, mask in calendar.events:
        rows += [(d, kind) for d in calendar.dates[mask]]
    return pd.DataFrame(rows, columns=["ds", "holiday"]) if rows else None


def quiet() -> None:
    """Keep Prophet and cmdstanpy from logging every fit."""
    for name in ("prophet", "prophet.plot", "cmdstanpy"):
        noisy = logging.getLogger(name)
        if not noisy.handlers:
            noisy.addHandler(logging.NullHandler())  # without one, cmdstanpy adds its own
        noisy.setLevel(logging.CRITICAL)
        noisy.propagate = False
