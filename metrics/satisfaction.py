"""How far a satisfaction figure can be trusted: 95 % intervals, and whether it surely moved.

Pure arithmetic on counts and sums. Which answers count is the KPIs' (packs), grouping them is
values.py's, wording a verdict the pages'.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Final, Literal

Z: Final = 1.959963984540054  # 95 % of a normal distribution lie within ± this many deviations
ENOUGH: Final = 30  # answers below which nothing is judged, whatever the interval
_WIDEST: Final = 0.05  # of the scale: a difference known no closer than this is not judged
_STEPS: Final = 60  # halvings of an interval; a double has 53 bits


@dataclass(frozen=True, slots=True)
class Scale:
    """The least and the greatest value that a figure can take."""

    low: float
    high: float

    @property
    def width(self) -> float:
        return self.high - self.low


PERCENT: Final = Scale(0.0, 100.0)
POINTS: Final = Scale(-100.0, 100.0)  # of the net promoter score
STARS: Final = Scale(1.0, 5.0)


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure of `n` answers and the 95 % interval around it, in the figure's unit."""

    value: float
    n: int
    low: float
    high: float

    @property
    def thin(self) -> bool:
        """Whether there are too few answers to judge it."""
        return self.n < ENOUGH


class Verdict(Enum):
    BETTER = "better"
    WORSE = "worse"
    SAME = "same"
    TOO_FEW = "too_few"


def share(hits: float, n: int) -> Estimate:
    """Percent of n, with Wilson's score interval (JASA 22, 1927). ValueError unless 0 ≤ hits ≤ n,
    n ≥ 1."""
    _require(0 <= hits <= n, n)
    low, high = _wilson(hits / n, n)
    return Estimate(100 * hits / n, n, 100 * low, 100 * high)


def net_promoter(promoters: float, detractors: float, n: int) -> Estimate:
    """100 × (promoters − detractors) ÷ n, with the score interval of a difference within one sample
    (Tango, Statistics in Medicine 17, 1998). It stays open where all answered alike, as Wilson's
    does. ValueError unless the two fit into n."""
    _require(min(promoters, detractors) >= 0 and promoters + detractors <= n, n)
    middle = (promoters - detractors) / n

    def score(delta: float) -> float:
        spread = math.sqrt(n * _variance(promoters, detractors, n, delta))
        gap = n * (middle - delta)
        return math.copysign(math.inf, gap) if spread <= 0 else gap / spread

    low = -1.0 if middle <= -1 else _root(lambda delta: score(delta) - Z, -1.0, middle)
    high = 1.0 if middle >= 1 else _root(lambda delta: score(delta) + Z, middle, 1.0)
    return Estimate(100 * middle, n, 100 * low, 100 * high)


def mean_score(total: float, square: float, n: int, scale: Scale = STARS) -> Estimate:
    """The mean of n scores, from their sum and the sum of their squares.

    The interval is Wilson's with the binomial variance (μ − low)(high − μ) scaled by how spread the
    scores are within it (quasi-likelihood: McCullagh and Nelder, Generalized Linear Models, 4.5).
    It keeps to the scale, and one answer's worth of full spread keeps a run of equal scores from
    being taken for certainty. ValueError for scores beyond the scale.
    """
    mean = total / n if n else math.nan
    slack = 1e-9 * scale.width
    _require(scale.low - slack <= mean <= scale.high + slack, n)
    mean = min(max(mean, scale.low), scale.high)
    full = (mean - scale.low) * (scale.high - mean)
    seen = max(0.0, square / n - mean * mean)
    prior = (scale.width / 2) ** 2
    spread = min(1.0, (n * seen + prior) / (n * full + prior))
    low, high = _wilson((mean - scale.low) / scale.width, n / spread)
    return Estimate(mean, n, scale.low + low * scale.width, scale.low + high * scale.width)


def difference(now: Estimate, before: Estimate) -> tuple[float, float]:
    """The 95 % interval of now − before, of two independent samples, from their own intervals
    (Newcombe's hybrid score method, Statistics in Medicine 17, 1998; for any pair of estimates
    Zou and Donner, Statistics in Medicine 27, 2008)."""
    gap = now.value - before.value
    down = math.hypot(now.value - now.low, before.high - before.value)
    up = math.hypot(now.high - now.value, before.value - before.low)
    return gap - down, gap + up


def verdict(
    now: Estimate | None,
    before: Estimate | None,
    *,
    better: Literal["higher", "lower"],
    scale: Scale,
) -> Verdict:
    """Whether a figure moved. Fewer than ENOUGH answers on either side are never judged, nor is
    "the same" said where a twentieth of the scale could hide in the interval."""
    if now is None or before is None or now.thin or before.thin:
        return Verdict.TOO_FEW
    low, high = difference(now, before)
    if low > 0 or high < 0:
        return Verdict.BETTER if (low > 0) == (better == "higher") else Verdict.WORSE
    return Verdict.TOO_FEW if (high - low) / 2 > _WIDEST * scale.width else Verdict.SAME


def _wilson(portion: float, n: float) -> tuple[float, float]:
    """Of a share between 0 and 1; n may be an effective one, not whole."""
    shrink = 1 + Z * Z / n
    middle = (portion + Z * Z / (2 * n)) / shrink
    spread = Z * math.sqrt(portion * (1 - portion) / n + Z * Z / (4 * n * n)) / shrink
    low = 0.0 if portion <= 0 else max(0.0, middle - spread)
    return low, 1.0 if portion >= 1 else min(1.0, middle + spread)


def _variance(promoters: float, detractors: float, n: int, delta: float) -> float:
    """Of one answer (1, 0 or −1), were the true difference delta: Tango's restricted maximum."""
    b = -promoters - detractors + (2 * n - promoters + detractors) * delta
    c = -detractors * delta * (1 - delta)
    root = math.sqrt(max(0.0, b * b - 8 * n * c))
    return 2 * (root - b) / (4 * n) + delta * (1 - delta)


def _root(falling: Callable[[float], float], low: float, high: float) -> float:
    """Where a falling function crosses zero between low and high."""
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if falling(middle) > 0:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _require(fits: bool, n: int) -> None:
    if n < 1 or not fits:
        raise ValueError(f"these sums cannot be of {n} answers")
