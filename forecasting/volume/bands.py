"""Prediction bands from back-test errors: conformal, by lead time and size of the forecast.

Errors are divided by a power of the forecast (between Poisson noise and proportional noise,
whichever fits), then by how errors grow with lead; the quantiles of what is left make the band
(split conformal prediction: Vovk et al. 2005; Lei et al. 2018, JASA 113). Their outer quantiles
rest on a handful of odd days and are drawn half-way to what the inner ones imply. A daily level
that is wrong is wrong for a whole window: `drift` tells how far levels go astray, and the band is
of the sum of that, with the quantiles of Student's t, and of the days' own errors. Days near
holidays and after closures err by more: they widen the bands of such days alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from scipy.special import stdtrit

from forecasting.volume.drift import Days, PlainWindows, learn_drift
from forecasting.volume.history import Bools, Floats

POWERS = (0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
LEADS = (0, 1, 3, 7, 14, 21, 28)  # first day of each lead group
CALM = 60.0  # errors that the growth of a lead group is weighed against
OPTIMISM = 1.03  # weights were chosen on the same back-test
FEWEST = 20  # errors below which the band comes from the counts alone
INNER = 80  # per cent: what the quantiles beyond are drawn to
TAILS = 6.0  # degrees of freedom of the t distribution whose tails errors usually have
EVEN = 0.8  # weight of the belief that a window's error could as well have had the other sign
NODES = (np.arange(19) + 0.5) / 19  # shares at which a drift's quantiles stand for all of them
ALIKE = 4.0  # days' worth of belief that unsettled days err like others
DOUBT = 0.35  # relative error assumed where nothing could be tested


@dataclass(frozen=True, slots=True)
class Spread:
    """How far counts lie from forecasts: a band is forecast + unit(forecast, lead) × quantile."""

    power: float
    growth: tuple[float, ...]  # by lead group
    scores: Floats  # sorted standardised errors
    days: float  # independent days behind them
    drift: tuple[float, ...] = ()  # by week ahead, of days: deviation of what a week has in common
    windows: float = 30.0  # independent ones behind the drift
    unsettled: float = 1.0  # times as large are errors on unsettled days

    def band(
        self, forecast: Floats, level: int, *, unsettled: Bools | None = None, narrowed: float = 1.0
    ) -> tuple[Floats, Floats]:
        """Low and high of the central `level` per cent, not below 0, around the forecast (days,
        slots) from the first day ahead on.

        `unsettled` (days,): those that are hard to tell. `narrowed` shrinks what is uncertain about
        the day; the chance of single contacts stays.
        """
        low, high = self._quantiles_of_days(level, len(forecast))
        unit = _unit(forecast, self.power, self.growth)
        if unsettled is not None:
            unit = unit * np.where(unsettled, self.unsettled, 1.0)[:, None]
        below, above = np.maximum(-unit * low, 0), np.maximum(unit * high, 0)
        if narrowed < 1:
            chance = forecast * NormalDist().inv_cdf(0.5 + level / 200) ** 2
            below, above = (
                np.sqrt(narrowed**2 * np.maximum(side**2 - chance, 0) + np.minimum(side**2, chance))
                for side in (below, above)
            )
        return np.clip(forecast - below, 0, None), forecast + above

    def _quantiles_of_days(self, level: int, days: int) -> tuple[Floats, Floats]:
        """Low and high quantile (days, 1) of the scores of each day ahead."""
        tail = (1 - level / 100) / 2
        if self.drift:  # it has the quantiles of few windows already
            common = stdtrit(self.windows, NODES)
            weeks = [
                _quantiles(np.add.outer(self.scores, common * week), tail) for week in self.drift
            ]
            found = np.array(weeks)[np.minimum(np.arange(days) // 7, len(weeks) - 1)]
        else:
            # A finite sample's outer order statistics lie too far in: step out by one rank.
            stepped = max(tail - tail / (1 + self.days * tail * 2), 0.0)
            found = np.tile(_quantiles(self.scores, tail, stepped), (days, 1)) * OPTIMISM
        return found[:, :1], found[:, 1:]


def _quantiles(scores: Floats, tail: float, stepped: float | None = None) -> tuple[float, float]:
    """Low and high quantile that leave `tail` on either side, taken at `stepped`."""
    at = tail if stepped is None else stepped
    low, high = np.quantile(scores, [at, 1 - at])
    inner = (1 - INNER / 100) / 2
    if tail < inner:
        heavier = float(stdtrit(TAILS, tail) / stdtrit(TAILS, inner))
        lower, upper = np.quantile(scores, [inner, 1 - inner]) * heavier
        low = -float(np.sqrt(low * lower)) if max(low, lower) < 0 else low
        high = float(np.sqrt(high * upper)) if min(high, upper) > 0 else high
    return float(low), float(high)


def _standardised(
    forecast: Floats, actual: Floats, power: float, growth: Sequence[float]
) -> Floats:
    """Errors (…, days, slots) in units of the forecast and lead; NaN where unknown or closed."""
    known = np.isfinite(actual) & (forecast > 0)
    return np.where(known, (actual - forecast) / _unit(forecast, power, growth), np.nan)


def _unit(forecast: Floats, power: float, growth: Sequence[float]) -> Floats:
    """What errors of forecasts (…, days, slots) are divided by."""
    lead = np.asarray(growth)[_group(forecast.shape[-2]), None]
    return np.asarray((forecast + 0.3) ** power * lead)


def _group(days: int) -> Days:
    """(days,): the lead group of each day ahead."""
    return np.searchsorted(LEADS, np.arange(days), side="right") - 1


def learn_spread(
    forecast: Floats, actual: Floats, origins: Sequence[int], unsettled: Bools | None = None,
    plain: PlainWindows | None = None,
) -> Spread | None:  # fmt: skip
    """From (origins, window, slots) of back-test; None with too few errors to learn from.

    `origins` are day indexes, oldest first; `unsettled` tells which days, by the same index, were
    hard to tell. `plain`, of a daily series: forecasts that tell how far its level drifts.
    """
    known = np.isfinite(actual) & (forecast > 0)
    if known.sum() < FEWEST:
        return None
    error, size = (actual - forecast)[known], forecast[known] + 0.3
    group = np.broadcast_to(_group(forecast.shape[1])[None, :, None], forecast.shape)[known]
    power = min(POWERS, key=lambda p: _misfit(error, size, p))
    growth = _growth(np.abs(error / size**power), group)
    scores = _standardised(forecast, actual, power, growth)
    larger = 1.0
    if unsettled is not None:
        scores, larger = _settled(scores, np.asarray(origins), unsettled)
    days = float(known.any(2).sum()) / 2
    if plain is None:
        return Spread(power, growth, _evened(scores), days, unsettled=larger)
    errors = _standardised(plain.forecast[..., None], plain.actual[..., None], power, growth)[
        ..., 0
    ]
    if unsettled is not None:
        errors[unsettled[plain.origins[:, None] + np.arange(errors.shape[1])]] = np.nan
    drift = learn_drift(scores[..., 0], np.asarray(origins), errors, plain.origins)
    own = _own(scores) * drift.unrest
    return Spread(power, growth, own, days, drift.deviations, drift.windows, larger)


def _settled(scores: Floats, origins: Days, unsettled: Bools) -> tuple[Floats, float]:
    """The scores of settled days, and how many times as large those of the others are."""
    day = origins[:, None] + np.arange(scores.shape[1])
    odd = unsettled[day][:, :, None] & np.isfinite(scores)
    calm = np.where(odd, np.nan, scores)
    usual = np.abs(calm[np.isfinite(calm)])
    if not odd.any() or len(usual) < FEWEST or usual.mean() <= 0:
        return scores, 1.0
    days = len(np.unique(day[odd.any(2)]))  # a day that several windows saw teaches once
    ratio = float(np.abs(scores[odd]).mean() / usual.mean())
    return calm, max(1.0, (days * ratio + ALIKE) / (days + ALIKE))


def _evened(scores: Floats) -> Floats:
    """Sorted scores, with what each window had in common drawn towards either sign alike."""
    known = np.isfinite(scores)
    count = np.maximum(known.sum((1, 2), keepdims=True), 1)
    common = np.where(known, scores, 0.0).sum((1, 2), keepdims=True) / count
    own = np.sort(scores[known])
    either = np.concatenate([own, (scores - 2 * common)[known]])
    shares = (np.arange(len(own)) + 0.5) / len(own)
    return np.asarray((1 - EVEN) * own + EVEN * np.quantile(either, shares))


def _own(scores: Floats) -> Floats:
    """Sorted scores without what each window had in common."""
    known = np.isfinite(scores)
    count = np.maximum(known.sum((1, 2), keepdims=True), 1)
    common = np.where(known, scores, 0.0).sum((1, 2), keepdims=True) / count
    return np.sort((scores - common)[known])


def _misfit(error: Floats, size: Floats, power: float) -> float:
    """Negative log-likelihood of Laplace errors whose scale is size**power."""
    unit = size**power
    return float(np.log(np.mean(np.abs(error) / unit) + 1e-12) + np.log(unit).mean())


def _growth(score: Floats, group: Days) -> tuple[float, ...]:
    whole = float(score.mean()) or 1.0
    found, last = [], 0.0
    for lead in range(len(LEADS)):
        mine = score[group == lead]
        calm = (mine.sum() + CALM * whole) / (len(mine) + CALM) / whole if len(mine) else last
        last = max(calm, last)
        found.append(last or 1.0)
    return tuple(found)


def doubtful_spread(counts: Floats) -> Spread:
    """A wide band from the counts alone, for histories that cannot be tested."""
    known = counts[np.isfinite(counts)]
    mean = float(known.mean()) if len(known) else 0.0
    unit = (mean + (DOUBT * mean) ** 2 + 0.25) ** 0.5 / (mean + 0.3) ** 0.75
    # Normal scores with a heavier upper side: volume doubles more easily than it vanishes.
    normal = NormalDist()
    scores = np.array([normal.inv_cdf(share) for share in np.linspace(0.005, 0.995, 199)])
    scores = np.where(scores > 0, scores * 1.3, scores)
    return Spread(0.75, (1.0,) * len(LEADS), scores * unit, 60.0)


def nested(bands: Sequence[tuple[Floats, Floats]]) -> list[tuple[Floats, Floats]]:
    """Bands of ascending level, each widened to hold the one before."""
    found: list[tuple[Floats, Floats]] = []
    for low, high in bands:
        if found:
            low, high = np.minimum(low, found[-1][0]), np.maximum(high, found[-1][1])
        found.append((low, high))
    return found
