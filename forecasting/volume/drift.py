"""How far the level of a daily series drifts away from its forecast, told by the whole history.

What a window of days gets wrong together is known from a back-test no better than from its few
windows. A plain forecast costs nothing and is made from every week of the history: how far levels
moved away from it, by weeks ahead, is how far they move. How much less the models lose is known
from the windows that both forecast. The own error of each day lives in `bands`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from forecasting.volume.history import Floats

Days = npt.NDArray[np.int64]

WEEKS = 4  # that the plain forecast is the mean of
APART = 7  # days between its origins
FEWEST = 3  # known days below which a window says nothing
DEVIATION = (np.pi / 2) ** 0.5  # standard over mean absolute deviation of normal errors
OVERLAP = 1.5  # windows of four weeks, a week apart, tell this many times what every fourth tells
KIN = 3.0  # windows' worth of belief that models lose the level as the plain forecast does


@dataclass(frozen=True, slots=True)
class PlainWindows:
    """`forecast` and `actual` (origins, window) of daily counts; `origins` are day indexes."""

    origins: Days
    forecast: Floats
    actual: Floats


@dataclass(frozen=True, slots=True)
class Drift:
    """`deviations`: standard deviation of what the days of each week ahead have in common.

    `windows` are the independent ones behind it. `unrest`: times as large as in the back-test are
    the days' own errors by the rest of the history as well.
    """

    deviations: tuple[float, ...]
    windows: float
    unrest: float


def plain_windows(counts: Floats, uplift: Floats, window: int) -> PlainWindows:
    """From every week of `counts` (days,) the mean of the last weeks at each weekday.

    `uplift` (days,) is what month, season and events made of each day: it is no drift.
    """
    plain, seen = counts / uplift, WEEKS * 7
    origins = np.arange(len(counts) - window, seen - 1, -APART)[::-1]
    past = plain[origins[:, None] + np.arange(-seen, 0)].reshape(-1, WEEKS, 7)
    known = np.isfinite(past)
    number = known.sum(1)
    usual = np.divide(
        np.where(known, past, 0.0).sum(1), number,
        out=np.full(number.shape, np.nan), where=number > 0,
    )  # fmt: skip
    coming = origins[:, None] + np.arange(window)
    return PlainWindows(origins, usual[:, np.arange(window) % 7] * uplift[coming], counts[coming])


def learn_drift(errors: Floats, origins: Days, plain_errors: Floats, plain_origins: Days) -> Drift:
    """From standardised errors (origins, window) of the models' back-test and of plain windows."""
    window = errors.shape[1]
    told = np.isfinite(errors).sum(1) >= min(FEWEST, window)
    few = _independent(origins[told], window)
    ours = _mean_square(_common(errors[told]))
    weeks = max(1, window // 7)
    there = np.isfinite(plain_errors).sum(1) >= min(FEWEST, window)
    plain, when = plain_errors[there], plain_origins[there]
    shared = when >= origins[0]
    common = _common(plain)
    whole = _size(common) ** 2
    if not shared.any() or not whole > 0:
        return Drift((ours**0.5,) * weeks, max(few, 1.0), 1.0)
    many = max(_independent(when, window), few)
    lost = (few * ours + KIN * whole) / (few * _mean_square(common[shared]) + KIN * whole)
    share = (few * ours / whole + (many - few) * lost) / many
    own = plain - common[:, None]
    usual, recent = _size(own), _size(own[shared])
    deviations = (share * _weekly(plain, usual, weeks)) ** 0.5
    # The recent days and all days know as much of the days' own errors: the mean of both.
    unrest = (usual / recent) ** 0.5 if recent > 0 else 1.0
    return Drift(tuple(deviations.tolist()), max(many, 1.0), unrest)


def _weekly(errors: Floats, own: float, weeks: int) -> Floats:
    """(weeks,): variance of what the days of each week ahead have in common, never falling.

    `own` is the standard deviation of single days, whose mean over a week is no drift.
    """
    found = np.zeros(weeks)
    for week in range(weeks):
        days = errors[:, 7 * week : 7 * week + 7 if week < weeks - 1 else None]
        known = np.isfinite(days)
        chance = own**2 / max(float(known.sum(1).mean()), 1.0)
        found[week] = max(_size(_common(days[known.any(1)])) ** 2 - chance, 0.0)
    return np.maximum.accumulate(found)


def _independent(origins: Days, window: int) -> float:
    """How many windows that do not overlap tell as much."""
    if not len(origins):
        return 0.0
    span = float(origins[-1] + window - origins[0])
    return min(float(len(origins)), OVERLAP * span / window)


def _common(errors: Floats) -> Floats:
    """(origins,): mean of the known errors of each window; every window has one."""
    known = np.isfinite(errors)
    return np.asarray(np.where(known, errors, 0.0).sum(1) / np.maximum(known.sum(1), 1))


def _mean_square(values: Floats) -> float:
    return float(np.square(values).mean()) if len(values) else 0.0


def _size(values: Floats) -> float:
    """Standard deviation around 0 by absolute values: one sale must not make every window wide."""
    known = np.abs(values[np.isfinite(values)])
    return float(known.mean()) * DEVIATION if len(known) else 0.0
