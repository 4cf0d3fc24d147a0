"""Fair comparison of agents: each against what everybody together makes of the same mix of work.

The expected value is indirect standardisation: the average of each queue and channel, weighted by
how many of them the agent had (Breslow and Day, IARC Scientific Publications 82, 1987, 2.3). A
figure differs clearly only when its interval leaves the expected value out. Intervals are widened
twice: contacts of one agent and day are alike (Rao and Scott, Biometrics 48, 1992), and many
figures are looked at at once (Šidák, JASA 62, 1967).

Pure arithmetic on counts: agents are rows, kinds of work columns. Which values count is the KPIs',
counting them and wording a verdict the pages'.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum
from statistics import NormalDist
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from metrics.histogram import MIDDLES

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Better = Literal["higher", "lower"]

ENOUGH: Final = 30  # values below which nobody is judged; as many must be others' in the same work
SURE: Final = 0.95  # that none of all marks is chance, were there no differences at all
POINTS: Final = 1.0  # percent points that are worth a mark at least
SHARE: Final = 0.05  # of the expected time that is worth a mark at least


class Standing(Enum):
    BETTER = "better"
    WORSE = "worse"
    CHANCE = "chance"  # the difference, if any, may be chance
    ALONE = "alone"  # hardly anybody else does the same work
    TOO_FEW = "too_few"


@dataclass(frozen=True, slots=True)
class Fair:
    """An agent's value beside the expected one, in the KPI's unit. `high` is None where the values
    don't bound it."""

    value: float
    n: int
    low: float
    high: float | None
    expected: float
    standing: Standing


@dataclass(frozen=True, slots=True)
class Width:
    """How wide intervals are: `looks` figures are judged together, `effect` values count as one."""

    looks: int
    effect: float = 1.0

    @property
    def z(self) -> float:
        """Standard deviations to each side, such that all intervals hold at once (Šidák)."""
        return NormalDist().inv_cdf((1 + SURE ** (1 / max(1, self.looks))) / 2)


def expected_shares(n: Ints, hits: Floats) -> Floats:
    """Σ of n × everybody's share, over each agent's kinds of work, ÷ Σ n. Shapes (agents, kinds);
    NaN for agents without values."""
    everybody: Floats = hits.sum(axis=0) / np.maximum(n.sum(axis=0), 1)
    found: Floats = _per(n @ everybody, n.sum(axis=1))
    return found


def expected_medians(n: Ints, histograms: Ints) -> Floats:
    """The median of everybody's values, mixed in each agent's proportions, within 1 %.

    histograms: bucket counts per kind of work (metrics.histogram), shape (kinds, CODES); their sums
    are those of n. NaN for agents without values.
    """
    totals = np.maximum(histograms.sum(axis=1), 1)
    some = np.flatnonzero(histograms.any(axis=0))  # a third of the buckets, as a rule
    # Not @: threads of the linear algebra would only get into each other's way.
    mixed = np.einsum("ak,kc->ac", n / totals, histograms[:, some].astype(np.float64))
    mixed = mixed.cumsum(axis=1)
    half = mixed[:, -1:] * (0.5 - 1e-12)  # sums of fractions: a half may come out a hair above
    found: Floats = MIDDLES[some][(mixed < half).sum(axis=1)]
    found[n.sum(axis=1) == 0] = np.nan
    return found


def others(n: Ints) -> Ints:
    """How many values of other agents each is measured against, in each kind of work at most as
    many as their own."""
    found: Ints = np.minimum(n, n.sum(axis=0) - n).sum(axis=1)
    return found


def judged(n: Ints) -> npt.NDArray[np.bool_]:
    """Which agents have values enough, and company enough, to be judged."""
    found: npt.NDArray[np.bool_] = (n.sum(axis=1) >= ENOUGH) & (others(n) >= ENOUGH)
    return found


def design_effect(n: Ints, hits: Floats) -> float:
    """How many values are worth one independent value, from counts by agent and day (agents, days).

    Values of one day are alike (a rush makes everybody slow), so that they tell less than as many
    from different days. Rao and Scott's ratio of the variance between days to the binomial one,
    around each agent's own share, pooled over agents. At least 1, also where it cannot be known.
    """
    totals = n.sum(axis=1, keepdims=True)
    shares = hits.sum(axis=1, keepdims=True) / np.maximum(totals, 1)
    days = (n > 0).sum(axis=1)
    known = days > 1
    binomial = (totals * shares * (1 - shares))[known, 0].sum()
    if binomial <= 0:
        return 1.0
    between = ((hits - shares * n) ** 2).sum(axis=1)[known]
    found = (between * days[known] / (days[known] - 1)).sum() / binomial
    return max(1.0, float(found))


def compare_shares(n: Ints, hits: Floats, *, better: Better, width: Width) -> list[Fair | None]:
    """One per agent, in percent, with Wilson's interval; None without values."""
    counts, own = n.sum(axis=1), hits.sum(axis=1)
    low, high = wilson(_per(own, counts), counts / width.effect, width.z)
    columns = (100 * _per(own, counts), 100 * low, 100 * high, 100 * expected_shares(n, hits))
    least = np.full(len(n), POINTS)
    return _judge(n, columns, least, better)


def compare_medians(
    n: Ints, of_work: Ints, of_agents: Ints, values: Floats, *, better: Better, width: Width
) -> list[Fair | None]:
    """One per agent, with the interval between two of their own ordered values; None without any.

    of_work, of_agents: bucket counts by kind of work and by agent. values: the agents' medians.
    """
    counts = n.sum(axis=1)
    low, high = ordered_around(of_agents, counts, counts / width.effect, width.z)
    expected = expected_medians(n, of_work)
    # Buckets are 2 % wide: a median may lie beside the one that its own order statistics fall in.
    columns = (values, np.minimum(low, values), np.maximum(high, values), expected)
    return _judge(n, columns, SHARE * expected, better)


def wilson(share: Floats, n: Floats, z: float) -> tuple[Floats, Floats]:
    """Wilson's score interval (JASA 22, 1927) of shares 0–1; n may be effective, not whole."""
    n = np.maximum(n, 1e-9)
    shrink = 1 + z * z / n
    middle = (share + z * z / (2 * n)) / shrink
    spread = z * np.sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / shrink
    return np.maximum(0.0, middle - spread), np.minimum(1.0, middle + spread)


def ordered_around(
    histograms: Ints, counts: Ints, effective: Floats, z: float
) -> tuple[Floats, Floats]:
    """The distribution-free interval of medians: the two values so many places from the middle that
    a fair coin would seldom stray further (Conover, Practical Nonparametric Statistics, 3.2).

    Its end is open, 0 or infinity, where there are too few values.
    """
    wide = np.maximum(effective, 1e-9)
    place = np.floor(counts * (0.5 - z / (2 * np.sqrt(wide)))).astype(np.int64)  # 1 is the first
    below = histograms.cumsum(axis=1)
    last = len(MIDDLES) - 1
    at_low = np.minimum((below < place[:, None]).sum(axis=1), last)
    at_high = np.minimum((below < (counts + 1 - place)[:, None]).sum(axis=1), last)
    known = place >= 1
    return np.where(known, MIDDLES[at_low], 0.0), np.where(known, MIDDLES[at_high], math.inf)


def _judge(
    n: Ints, columns: tuple[Floats, Floats, Floats, Floats], least: Floats, better: Better
) -> list[Fair | None]:
    """`columns`: value, low, high, expected."""
    counts, company = n.sum(axis=1).tolist(), others(n).tolist()
    rows = zip(*(column.tolist() for column in columns), strict=True)
    found: list[Fair | None] = []
    for number, (value, low, high, expected) in enumerate(rows):
        count = counts[number]
        if not count:
            found.append(None)
            continue
        gap = 0.0 if low <= expected <= high else value - expected
        standing = Standing.CHANCE
        if count < ENOUGH:
            standing = Standing.TOO_FEW
        elif company[number] < ENOUGH:
            standing = Standing.ALONE
        elif abs(gap) >= least[number] and gap:
            standing = Standing.BETTER if (gap > 0) == (better == "higher") else Standing.WORSE
        end = high if math.isfinite(high) else None
        found.append(Fair(value, count, low, end, expected, standing))
    return found


def _per(sums: Floats, counts: Ints) -> Floats:
    with np.errstate(invalid="ignore", divide="ignore"):
        found: Floats = np.where(counts > 0, sums / counts, np.nan)
    return found
