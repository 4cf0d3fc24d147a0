"""How far a number swings by itself, and whether a change goes beyond that. Pure.

Each span has the sampling error that its n implies; how much the days really scatter around their
weekday's median widens it (quasi-likelihood dispersion, McCullagh & Nelder 1989, section 4.5; by
medians, so that one promotion day doesn't hide four weeks of changes).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist, median

FEWEST = 20  # values below which nothing is judged
FEWEST_EVENTS = 2.0  # n·p·(1−p) below which a share says nothing
FEWEST_SPANS = 2
FEWEST_FREEDOM = 8
MAD_EFFICIENCY = 0.37  # of a scale taken from medians (Huber 1981, chapter 5)
MEDIAN_OF_NORMAL = 0.6745  # the median of |z|
MEDIAN_COST = 1.2533  # standard error of a median, in that of a mean: √(π/2)
P90 = NormalDist().inv_cdf(0.9)
SIGMA_WITHOUT_P90 = 1.0  # of ln seconds, a usual spread of response times
SHARES = ("percent", "hits")
PER_VALUE = ("mean", "ratio")


@dataclass(frozen=True, slots=True)
class Span:
    """A KPI over one span of time: value None is not known. Durations carry their p90."""

    n: int
    value: float | None
    p90: float | None = None


@dataclass(frozen=True, slots=True)
class Past:
    """What came before: comparable spans, and single days with their weekday (0 = Monday)."""

    usual: tuple[Span, ...]
    days: tuple[tuple[int, Span], ...]


@dataclass(frozen=True, slots=True)
class Test:
    """`usual` and `half` (half the width of the 95 % range) on the scale of `level`."""

    usual: float
    half: float
    p: float


def level(shape: str, span: Span) -> float | None:
    """The value on the scale it is compared on: shares as 0–1, durations as logarithms."""
    if span.value is None or (shape != "count" and span.n == 0):
        return None
    if shape == "percent":
        return span.value / 100
    if shape == "hits":
        return span.value / span.n
    if shape == "duration":
        return math.log(max(span.value, 1.0))
    return span.value


def value_at(shape: str, at: float, n: int) -> float:
    """Back from the scale of `level`; `n` is the size of the span that it is told for."""
    if shape == "percent":
        return 100 * min(max(at, 0.0), 1.0)
    if shape == "hits":
        return n * min(max(at, 0.0), 1.0)
    if shape == "duration":
        return math.exp(at)
    return max(at, 0.0) if shape in ("count", "sum") else at


def is_thin(shape: str, now: Span, usual: Sequence[Span]) -> bool:
    """Whether there is too little to judge. A count that falls to nothing is not thin: it fell."""
    usual_n = median(span.n for span in usual) if usual else 0
    if shape in ("count", "sum"):
        return max(now.n, usual_n) < FEWEST
    if now.n < FEWEST or usual_n < FEWEST / 2:
        return True
    if shape not in SHARES:
        return False
    levels = [one for span in (now, *usual) if (one := level(shape, span)) is not None]
    return now.n * max(one * (1 - one) for one in levels) < FEWEST_EVENTS


def compare(shape: str, now: Span, past: Past) -> Test | None:
    """The span against the median of the comparable ones; None where too little is known."""
    at = level(shape, now)
    spans = [(one, span) for span in past.usual if (one := level(shape, span)) is not None]
    if at is None or len(spans) < FEWEST_SPANS:
        return None
    scatter = _scatter(shape, past)
    if scatter is None:
        return None
    usual = median(one for one, _ in spans)
    if shape == "count" and not usual > 0:
        return None
    shares = (usual * _size([s for _, s in spans]) + 1) / (_size([s for _, s in spans]) + 2)
    centre = shares if shape in SHARES else usual
    base = median(_variance(shape, centre, span, scatter) for _, span in spans)
    mine = _variance(shape, centre, now, scatter)
    # The median of a few is a little less sure than their mean (its variance, normal: about 1.2).
    spread = math.sqrt(scatter.factor * (mine + 1.2 * base / len(spans)))
    if spread == 0:
        return None
    freedom = scatter.freedom
    return Test(usual, _t(0.975, freedom) * spread, _two_sided((at - usual) / spread, freedom))


def holm(ps: Sequence[float], *, alpha: float = 0.05) -> tuple[bool, ...]:
    """Which of several tests hold when one false alarm among all is allowed with chance alpha.

    Holm, Scandinavian Journal of Statistics 6 (1979).
    """
    kept = [False] * len(ps)
    for rank, index in enumerate(sorted(range(len(ps)), key=ps.__getitem__)):
        if ps[index] > alpha / (len(ps) - rank):
            break
        kept[index] = True
    return tuple(kept)


@dataclass(frozen=True, slots=True)
class _Scatter:
    """`unit`: variance of one value (means) or one day (sums); `factor` widens sampling errors."""

    factor: float
    unit: float
    sigma: float
    freedom: float


def _scatter(shape: str, past: Past) -> _Scatter | None:
    days = [(day, one, span) for day, span in past.days if (one := level(shape, span)) is not None]
    left = len(days) - len({day for day, _, _ in days})
    if left < FEWEST_FREEDOM:
        return None
    freedom = MAD_EFFICIENCY * left
    by_day: dict[int, list[float]] = {}
    for day, one, _ in days:
        by_day.setdefault(day, []).append(one)
    centre = {day: median(levels) for day, levels in by_day.items()}
    widen = len(days) / left  # residuals around medians of the same days are too small
    residuals = [(one - centre[day], centre[day], span) for day, one, span in days]
    sigma = _sigma([span for _, _, span in days])
    unit = 1.0
    if shape in PER_VALUE:
        unit = widen * _robust([abs(r) * math.sqrt(max(s.n, 1)) for r, _, s in residuals])
    elif shape == "sum":
        unit = widen * _robust([abs(r) for r, _, _ in residuals])
    plain = _Scatter(1.0, unit, sigma, freedom)
    if shape in (*PER_VALUE, "sum"):
        return plain
    total = _size([span for _, _, span in days])
    scaled = []
    for residual, middle, span in residuals:
        c = (middle * total + 1) / (total + 2) if shape in SHARES else middle
        variance = _variance(shape, c, span, plain)
        if variance > 0:
            scaled.append(abs(residual) / math.sqrt(variance))
    factor = max(1.0, widen * _robust(scaled)) if scaled else 1.0
    return _Scatter(factor, unit, sigma, freedom)


def _variance(shape: str, centre: float, span: Span, scatter: _Scatter) -> float:
    n = max(span.n, 1)
    if shape in SHARES:
        return centre * (1 - centre) / n
    if shape == "duration":
        return (MEDIAN_COST * scatter.sigma) ** 2 / n
    if shape == "count":
        return max(centre, 1.0)
    if shape in PER_VALUE:
        return scatter.unit / n
    return scatter.unit


def _robust(distances: Sequence[float]) -> float:
    """A variance from distances to a centre, blind to a few that are far off."""
    return (median(distances) / MEDIAN_OF_NORMAL) ** 2


def _sigma(spans: Sequence[Span]) -> float:
    """Spread of the logarithms of durations, from p50 and p90, as if they were log-normal."""
    found = [
        math.log(max(span.p90, 1.0) / max(span.value, 1.0)) / P90
        for span in spans
        if span.p90 and span.value and span.n >= FEWEST / 2
    ]
    return max(median(found), 0.1) if found else SIGMA_WITHOUT_P90


def _size(spans: Sequence[Span]) -> int:
    return sum(span.n for span in spans)


def _two_sided(t: float, freedom: float) -> float:
    """The p-value of Student's t (Abramowitz & Stegun 26.7.8; fine from freedom 3 on)."""
    z = t * (1 - 1 / (4 * freedom)) / math.sqrt(1 + t * t / (2 * freedom))
    return 2 * (1 - NormalDist().cdf(abs(z)))


def _t(share: float, freedom: float) -> float:
    """A quantile of Student's t: Cornish and Fisher's first two terms (A & S 26.7.5)."""
    z = NormalDist().inv_cdf(share)
    first = (z**3 + z) / 4
    second = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    return z + first / freedom + second / freedom**2
