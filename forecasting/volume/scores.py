"""Accuracy of forecasts: pure functions of actual counts and forecasts; NaN actuals don't count.

Formulas: Hyndman & Koehler 2006 (Int. J. Forecasting 22); interval score: Gneiting & Raftery
2007 (JASA 102), eq. 43.
"""

from __future__ import annotations

import numpy as np

from forecasting.volume.history import Floats


def wape(actual: Floats, forecast: Floats) -> float:
    """Sum of absolute errors over the sum of counts; infinite when nothing came but was due."""
    known = np.isfinite(actual)
    missed = float(np.abs(actual[known] - forecast[known]).sum())
    volume = float(actual[known].sum())
    return missed / volume if volume > 0 else (0.0 if missed == 0 else float("inf"))


def bias(actual: Floats, forecast: Floats) -> float:
    """(Forecast − actual) over actual; positive is too much."""
    known = np.isfinite(actual)
    volume = float(actual[known].sum())
    return float(forecast[known].sum() - volume) / volume if volume > 0 else 0.0


def mase(actual: Floats, forecast: Floats, naive_error: float) -> float:
    """Mean absolute error over that of the in-sample weekly naive forecast."""
    known = np.isfinite(actual)
    error = float(np.abs(actual[known] - forecast[known]).mean())
    return error / naive_error if naive_error > 0 else float("inf")


def pinball(actual: Floats, quantile: Floats, share: float) -> float:
    """Mean pinball loss of the `share` quantile."""
    known = np.isfinite(actual)
    over = actual[known] - quantile[known]
    return float(np.maximum(share * over, (share - 1) * over).mean())


def coverage(actual: Floats, low: Floats, high: Floats) -> float:
    """Share of known counts inside the band."""
    known = np.isfinite(actual)
    inside = (actual[known] >= low[known]) & (actual[known] <= high[known])
    return float(inside.mean())


def interval_score(actual: Floats, low: Floats, high: Floats, level: int) -> float:
    """Mean width plus 2/α times what lies outside; α = 1 − level/100. Lower is better."""
    known = np.isfinite(actual)
    y, lo, hi = actual[known], low[known], high[known]
    alpha = 1 - level / 100
    outside = np.maximum(lo - y, 0) + np.maximum(y - hi, 0)
    return float((hi - lo + 2 / alpha * outside).mean())
