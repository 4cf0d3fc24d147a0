"""Randomness that belongs to one contact or order, dealt for a whole day at once.

Each contact has throws of its own, so what happens to one never shifts the luck of another: more
arrivals later in a day leave everything before them as it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

Thing = TypeVar("Thing")

_SPREAD = 0.6


class Dice:
    """The throws of one contact or order, in turn; they start over when used up."""

    __slots__ = ("_next_span", "_next_unit", "_spans", "_units")

    def __init__(self, units: list[float], spans: list[float]) -> None:
        self._units = units
        self._spans = spans
        self._next_unit = self._next_span = 0

    def unit(self) -> float:
        """Evenly between 0 and 1."""
        at = self._next_unit
        self._next_unit = at + 1
        return self._units[at] if at < len(self._units) else self._over_again()

    def aside(self, place: int) -> float:
        """A throw from the far end that moves no turn: for what a life did not hang on before."""
        return self._units[-1 - place]

    def chance(self, probability: float) -> bool:
        return self.unit() < probability

    def _over_again(self) -> float:
        self._next_unit = 1
        return self._units[0]

    def pick(self, things: Sequence[Thing]) -> Thing:
        return things[int(self.unit() * len(things))]

    def span(self, median_ms: float) -> int:
        """A span of time around a median, as people's are: often shorter, sometimes far longer."""
        at = self._next_span
        self._next_span = at + 1 if at + 1 < len(self._spans) else 0
        return int(median_ms * self._spans[at])

    def steady(self, median_ms: float) -> int:
        """The same with half the spread."""
        at = self._next_span
        self._next_span = at + 1 if at + 1 < len(self._spans) else 0
        return int(median_ms * self._spans[at] ** 0.5)


def deal(key: tuple[int, ...], count: int, *, units: int = 40, spans: int = 32) -> list[Dice]:
    """Dice for `count` things; those of the first n do not depend on how many follow."""
    even = np.random.default_rng((*key, 1)).random((count, units))
    bell = np.random.default_rng((*key, 2)).standard_normal((count, spans))
    return [Dice(u, s) for u, s in zip(even.tolist(), np.exp(_SPREAD * bell).tolist(), strict=True)]
