"""Made-up series whose truth is known: Poisson counts around a day shape, weekday and level."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from forecasting.volume.forecast import Options
from forecasting.volume.history import read_frame
from forecasting.volume.run import Forecasts, forecast_all
from forecasting.volume.steps import parse_horizon, parse_step

SHANGHAI = ZoneInfo("Asia/Shanghai")


def series(
    days: int, *, slots: int = 48, level: float = 20.0, start: str = "2025-03-03",
    name: str = "chat", seed: int = 1,
) -> pd.DataFrame:  # fmt: skip
    """`unique_id, ds, y`: busy from 06:00 to 18:00, silent at night; ds as text."""
    stamps = pd.date_range(start, periods=days * slots, freq=f"{1440 // slots}min")
    return pd.DataFrame({
        "unique_id": name,
        "ds": stamps.strftime("%Y-%m-%d %H:%M:%S"),
        "y": np.random.default_rng(seed).poisson(level * np.tile(day_shape(slots), days)),
    })  # fmt: skip


def day_shape(slots: int) -> np.ndarray:
    if slots == 1:
        return np.ones(1)
    hours = (np.arange(slots) + 0.5) / slots
    shape = np.clip(np.sin((hours - 0.25) * 2 * np.pi), 0, None)
    return np.asarray(shape / shape.mean())


def options(
    every: str = "30min", horizon: str = "14d", *, zone: ZoneInfo = SHANGHAI,
    country: str | None = None, fast: bool = True,
) -> Options:  # fmt: skip
    step = parse_step(every)
    return Options(step, parse_horizon(horizon, step), zone, country=country, fast=fast)


def forecasts(frame: pd.DataFrame, asked: Options) -> Forecasts:
    return forecast_all(read_frame(frame, step=asked.step, zone=asked.zone), asked)


def ahead(frame: pd.DataFrame, asked: Options) -> pd.DataFrame:
    """The forecast of one series, indexed by time."""
    return forecasts(frame, asked).frame.set_index("ds")


def weekday(frame: pd.DataFrame) -> pd.Series:
    return pd.to_datetime(frame["ds"]).dt.day_of_week


def day_sum(found: pd.DataFrame, day: str) -> float:
    """The mean forecast of one day, of a frame indexed by time."""
    that = pd.DatetimeIndex(found.index).strftime("%Y-%m-%d") == day
    return float(found["mean"].to_numpy()[that].sum())
