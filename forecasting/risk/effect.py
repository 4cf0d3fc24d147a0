"""The effect of acting: complaints of listed orders against those held out, by intention to treat.

Everybody listed counts with the arm that chance gave, touched or not: leaving out the untouched
would compare easy orders with hard ones. Silence until the outcome is due counts as no complaint
in both arms, for acting may change who speaks at all. Pure; outcomes come from outcomes.py.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

Z_90 = 1.6448536269514722
FEWEST_HELD = 30  # held-out orders below which nothing is said
FEWEST_BAD = 5  # complaints of both arms together


@dataclass(frozen=True, slots=True)
class Arms:
    """Orders and complaints of those to be acted on and of those held out, listed while the chance
    of being held out was the same; `touched` of the former were acted on."""

    acted: int
    acted_bad: int
    held: int
    held_bad: int
    touched: int = 0


@dataclass(frozen=True, slots=True)
class Effect:
    """By how much acting lowers the share of complaints (0.1: ten of a hundred fewer) with its 90 %
    interval. `enough` False: too thin, and the figures are not to be shown."""

    arms: Arms  # all together
    held_rate: float | None
    acted_rate: float | None
    difference: float | None
    low: float | None
    high: float | None
    enough: bool

    @property
    def prevented(self) -> float | None:
        """Complaints that acting has prevented so far."""
        return None if self.difference is None else self.difference * self.arms.acted

    @property
    def works(self) -> bool:
        """Whether chance alone is ruled out."""
        return self.enough and self.low is not None and self.low > 0


def effect_of(strata: Iterable[Arms], *, z: float = Z_90) -> Effect:
    """The difference held − acted over all strata, weighted by their orders.

    Each arm's share has Wilson's interval, their difference Newcombe's (1998, method 10), and the
    weighted sum of differences is put together by the same squares (MOVER, Zou and Donner 2008).
    """
    both = [one for one in strata if one.acted and one.held]
    total = _sum(both)
    if not both:
        return Effect(total, None, None, None, None, None, enough=False)
    n = sum(one.acted + one.held for one in both)
    value, low, high = 0.0, 0.0, 0.0
    for one in both:
        share = (one.acted + one.held) / n
        d, below, above = _newcombe(one, z)
        value += share * d
        low += (share * (d - below)) ** 2
        high += (share * (above - d)) ** 2
    enough = total.held >= FEWEST_HELD and total.held_bad + total.acted_bad >= FEWEST_BAD
    return Effect(
        total, total.held_bad / total.held, total.acted_bad / total.acted, value,
        max(-1.0, value - math.sqrt(low)), min(1.0, value + math.sqrt(high)), enough,
    )  # fmt: skip


def wilson(bad: int, n: int, z: float = Z_90) -> tuple[float, float]:
    """Wilson's score interval of a share (1927)."""
    p, square = bad / n, z * z
    middle = (p + square / (2 * n)) / (1 + square / n)
    half = z / (1 + square / n) * math.sqrt(p * (1 - p) / n + square / (4 * n * n))
    return max(0.0, middle - half), min(1.0, middle + half)


def more_needed(effect: Effect) -> tuple[int, int]:
    """How many more held-out orders, and complaints, it takes until something is said."""
    arms = effect.arms
    return max(0, FEWEST_HELD - arms.held), max(0, FEWEST_BAD - arms.held_bad - arms.acted_bad)


def _newcombe(one: Arms, z: float) -> tuple[float, float, float]:
    held, acted = one.held_bad / one.held, one.acted_bad / one.acted
    (l1, u1), (l2, u2) = wilson(one.held_bad, one.held, z), wilson(one.acted_bad, one.acted, z)
    difference = held - acted
    low = difference - math.sqrt((held - l1) ** 2 + (u2 - acted) ** 2)
    high = difference + math.sqrt((u1 - held) ** 2 + (acted - l2) ** 2)
    return difference, low, high


def _sum(strata: Iterable[Arms]) -> Arms:
    parts = list(strata)
    return Arms(*(sum(getattr(one, name) for one in parts) for name in Arms.__slots__))
