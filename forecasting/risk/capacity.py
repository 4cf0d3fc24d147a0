"""What acting on so many orders a day reaches: which line, how many of them would complain, and
which share of all complaints that is.

Measured on orders that the models were not fitted on. An order is listed once, by the highest of
the scores that it had before its verdict.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from forecasting.risk.features.asof import Flags, Floats, Ints

STEPS = (1, 2, 3, 5, 8, 10, 15, 20, 25, 30, 40, 50, 60, 80, 100, 125, 150, 200, 250, 300, 400, 500,
         750, 1000, 1500, 2000, 3000, 5000)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Point:
    """With `per_day` actions: orders from probability `line` on are listed, `precision` of them
    would complain, and they are `share` of all complaints."""

    per_day: int
    line: float
    precision: float
    share: float


@dataclass(frozen=True, slots=True)
class Capacity:
    """`points` by rising numbers of actions, over `days` with `orders` of which `complaints`."""

    days: float
    orders: int
    complaints: int
    points: tuple[Point, ...]

    def at(self, per_day: int) -> Point:
        """The point of the largest number of actions that is not above the wanted one."""
        return max((p for p in self.points if p.per_day <= per_day), default=self.points[0],
                   key=lambda p: p.per_day)  # fmt: skip


def capacity_of(bad: Flags, p: Floats, days: float) -> Capacity | None:
    """None without orders of both kinds."""
    if not len(bad) or bad.all() or not bad.any() or days <= 0:
        return None
    order = np.argsort(-p, kind="stable")
    caught, lines = np.cumsum(bad[order]), p[order]
    points = []
    for step in STEPS:
        n = round(step * days)
        if not 1 <= n <= len(bad):
            continue
        points.append(Point(step, float(lines[n - 1]), float(caught[n - 1] / n),
                            float(caught[n - 1] / caught[-1])))  # fmt: skip
    return Capacity(days, len(bad), int(bad.sum()), tuple(points)) if points else None


def highest(scored: Iterable[tuple[Ints, Floats]], size: int) -> Floats:
    """Per order the highest of its probabilities; NaN where it has none."""
    found = np.full(size, np.nan)
    for rows, p in scored:
        found[rows] = np.fmax(found[rows], p)
    return found
