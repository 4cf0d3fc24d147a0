"""The forecasts that ours is measured against, with their bands: those of the measured baselines.

They are run from ../shared/bench/volume_baselines.py itself, so that figures compare with the ones
published there: same-slot median and weekly naive, default and tuned Prophet, LightGBM alone.
"""

from __future__ import annotations

import importlib.util
import logging
import os
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd

from forecasting.volume.models.prophet_level import quiet

SHARED = Path(os.environ.get("DESKPULSE_SHARED") or Path(__file__).parents[2] / "shared")
MEDIAN, NAIVE, PROPHET, TUNED, BOOSTED = (
    "same-slot median", "weekly naive", "default Prophet", "tuned Prophet", "LightGBM",
)  # fmt: skip
RIVALS = {
    MEDIAN: "m_med8", NAIVE: "m_snaive", PROPHET: "m_prophet_default", TUNED: "m_prophet_tuned",
    BOOSTED: "m_lgbm",
}  # fmt: skip
QUICK = (MEDIAN, NAIVE)
LONGEST_PAST = pd.Timedelta(days=540)  # that the baselines were given within the day


@dataclass(frozen=True, slots=True)
class Rival:
    """Mean and bands at the steps asked for; bands by column name as in our own forecast."""

    mean: np.ndarray
    bands: dict[str, np.ndarray]


def rival(
    name: str, past: pd.Series[float], coming: pd.DatetimeIndex, *, days: int, country: str,
    daily: bool,
) -> Rival:  # fmt: skip
    """What one of RIVALS says of the coming steps."""
    module = _baselines()
    if not daily:
        past = past[past.index >= past.index.max() - LONGEST_PAST]
    context = {"kind": "daily" if daily else "intraday", "country": country}
    forecast = getattr(module, RIVALS[name])
    mean, quantiles = forecast(past, coming, pd.Timedelta(days=days), context)
    spread = np.sort(np.clip(np.asarray(quantiles, dtype=float), 0, None), axis=1)
    bands = {"lo-95": spread[:, 0], "lo-80": spread[:, 1], "hi-80": spread[:, 3],
             "hi-95": spread[:, 4]}  # fmt: skip
    return Rival(np.clip(np.asarray(mean, dtype=float), 0, None), bands)


_LOADED: list[ModuleType] = []


def _baselines() -> ModuleType:
    if not _LOADED:
        path = SHARED / "bench" / "volume_baselines.py"
        spec = importlib.util.spec_from_file_location("volume_baselines", path)
        if spec is None or spec.loader is None:
            raise SystemExit(f"{path} is not there; set DESKPULSE_SHARED")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        logging.disable(logging.NOTSET)  # the script turns logging off for itself
        quiet()
        _LOADED.append(module)
    return _LOADED[0]
