"""From a forecast's bands to the volume of a case, and staff for several cases side by side."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
from scipy.special import ndtri

from forecasting.staffing.errors import BadVolume
from forecasting.staffing.needs import AGENTS, SCHEDULED, Rules, staff

BAND = re.compile(r"(lo|hi)-(\d+(?:\.\d+)?)")
CENTRES = ("median", "mean", "y")


def volume_of_case(forecast: pd.DataFrame, case: float) -> pd.Series:
    """The volume not exceeded in `case` (0…1) of cases, from the bands `lo-80, hi-80, …`.

    Between the bands' ends the quantile is linear in the normal standard score; beyond the widest
    band it is that band's end. The centre is `median`, else `mean`, else `y`.
    """
    if not 0 < case < 1:
        raise BadVolume(f"a case of {case:g} isn't a share of cases; give for example 0.8")
    centre = next((name for name in CENTRES if name in forecast), None)
    points = {} if centre is None else {0.5: centre}
    for name in forecast.columns:
        if match := BAND.fullmatch(str(name)):
            half = float(match[2]) / 200
            points[0.5 - half if match[1] == "lo" else 0.5 + half] = str(name)
    if len(points) < 2:
        raise BadVolume("the volume has no bands; a case needs columns like lo-80 and hi-80")
    levels = sorted(points)
    values = forecast[[points[level] for level in levels]].to_numpy(dtype=float)
    values = np.maximum.accumulate(values, axis=1)  # a mean may lie outside a skewed band
    right = int(np.clip(np.searchsorted(levels, case), 1, len(levels) - 1))
    low, high = ndtri(levels[right - 1]), ndtri(levels[right])
    share = float(np.clip((ndtri(case) - low) / (high - low), 0, 1))
    found = values[:, right - 1] * (1 - share) + values[:, right] * share
    return pd.Series(found, index=forecast.index, name="y")


def staff_cases(
    forecast: pd.DataFrame,
    rules: Rules,
    *,
    step_s: float,
    cases: tuple[float, ...] = (0.1, 0.5, 0.9),
) -> pd.DataFrame:
    """Agents for each case: `unique_id, ds`, then `agents-10, scheduled-10, agents-50, …` (%)."""
    needs = forecast[["unique_id", "ds"]].copy()
    for case in cases:
        volume = needs[["unique_id", "ds"]].assign(y=volume_of_case(forecast, case))
        found = staff(volume, rules, step_s=step_s)
        needs[f"{AGENTS}-{case * 100:g}"] = found[AGENTS]
        needs[f"{SCHEDULED}-{case * 100:g}"] = found[SCHEDULED]
    return needs
