"""The pace of a share that a platform looks at over a rolling window: where it ends, what it still
allows, what recovery takes. Pure, in whole rounds and exact fractions.

A round is whatever the KPI counts; it is good (answered in time) or slow. Reading days and
forecasting rounds is pacing.py's.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Tally:
    """So many rounds, and how many of them were good."""

    n: int
    good: int

    @property
    def slow(self) -> int:
        return self.n - self.good

    @property
    def share(self) -> Fraction | None:
        """0 to 1; None without any round."""
        return Fraction(self.good, self.n) if self.n else None

    def __add__(self, other: Tally) -> Tally:
        return Tally(self.n + other.n, self.good + other.good)


NOTHING = Tally(0, 0)


@dataclass(frozen=True, slots=True)
class Day:
    """A local day, over or expected."""

    day: date
    tally: Tally


@dataclass(frozen=True, slots=True)
class Point:
    """The window that ends with a day."""

    day: date
    share: Fraction | None


def line_of(target: float) -> Fraction:
    """A line in percent as an exact share: 90.5 → 181/200, not what a float makes of it."""
    return Fraction(str(target)) / 100


def meets(tally: Tally, line: Fraction) -> bool:
    """At the line or above; nothing at all breaks no rule."""
    return tally.good >= line * tally.n


def spare(window: Tally, rest: int, line: Fraction) -> int | None:
    """How many of the `rest` rounds still to come may be slow, the others being good, so that the
    window ends at the line. None: it ends below even if all of them are good."""
    most = math.floor(window.good + rest - line * (window.n + rest))
    return None if most < 0 else min(most, rest)


def in_a_row(window: Tally, line: Fraction) -> int | None:
    """How many slow rounds the window takes from now on, one after the other, before it falls below
    the line. None: it is below already, or the line is 0 and never reached."""
    if not meets(window, line) or line <= 0:
        return None
    return math.floor(window.good / line) - window.n


def to_recover(window: Tally, line: Fraction, rate: Fraction = Fraction(1)) -> int | None:
    """How many rounds at a share `rate` of good ones lift the window to the line, nothing leaving
    it. 0: it is there. None: they never do."""
    lack = line * window.n - window.good
    if lack <= 0:
        return 0
    return math.ceil(lack / (rate - line)) if rate > line else None


def project(
    days: Sequence[Day], ahead: Sequence[tuple[date, int]], rate: Fraction, length: int
) -> list[Point]:
    """The rolling window of `length` days at the end of each day ahead, whose rounds are expected
    to be good at `rate`. The first day ahead may be the last of `days`: what is left of it.

    Expected good rounds are no whole numbers: they are added as fractions.
    """
    good = {one.day: Fraction(one.tally.good) for one in days}
    rounds = {one.day: one.tally.n for one in days}
    points = []
    for day, n in ahead:
        good[day] = good.get(day, Fraction(0)) + rate * n
        rounds[day] = rounds.get(day, 0) + n
        window = [day - DAY * back for back in range(length)]
        total = sum(rounds.get(one, 0) for one in window)
        above = sum((good.get(one, Fraction(0)) for one in window), Fraction(0))
        points.append(Point(day, above / total if total else None))
    return points


def first_at(points: Sequence[Point], line: Fraction) -> date | None:
    """The first day whose window ends at the line or above; None: none of them does."""
    return next((one.day for one in points if one.share is not None and one.share >= line), None)


def worst(days: Sequence[Day], line: Fraction | None) -> Day | None:
    """The day that drags the window down most: furthest below the line in rounds, or without a line
    the one with the most slow rounds. None: no day does."""
    cut = Fraction(1) if line is None else line
    found = max(days, key=lambda one: cut * one.tally.n - one.tally.good, default=None)
    if found is None or meets(found.tally, cut):
        return None
    return found


def leaves_on(day: date, length: int) -> date:
    """The first day whose window no longer holds it."""
    return day + DAY * length


def cost(window: Tally, rest: int) -> Fraction | None:
    """What one more slow round takes off the share at the end of the day, compared with a good
    one."""
    total = window.n + rest
    return Fraction(1, total) if total else None
