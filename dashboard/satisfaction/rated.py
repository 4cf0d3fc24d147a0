"""Sums → figures with their intervals, and how now compares with before. Pure.

Which interval a figure has hangs on what its KPI counts: a share, the net promoter score, a mean of
scores. The arithmetic is metrics/satisfaction.py's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Final, Literal

from dashboard.history.tiles import Headline
from dashboard.satisfaction.sums import Day, Sums, Tally, added
from metrics import satisfaction
from metrics.kpi import Kpi
from metrics.rows import KpiRow
from metrics.satisfaction import ENOUGH, PERCENT, POINTS, STARS, Estimate, Scale, Verdict

Grain = Literal["day", "week", "month"]
GRAINS: Final[tuple[Grain, ...]] = ("day", "week", "month")
_DAYS_MOST, _WEEKS_MOST = 45, 200  # days of a period whose course is drawn by day, by week
_SHORT = 14  # days of a period too short to be put together


@dataclass(frozen=True, slots=True)
class Stretch:
    """An interval of the course. `whole`: False where the period has a part of it only."""

    start: datetime
    end: datetime
    estimate: Estimate | None
    whole: bool


@dataclass(frozen=True, slots=True)
class Part:
    """One value of a label, now and before. None: no answers."""

    name: str
    now: Estimate | None
    before: Estimate | None


@dataclass(frozen=True, slots=True)
class Split:
    label: str
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Rated:
    """A headline figure with its interval; `head` says why there is none."""

    head: Headline
    now: Estimate | None
    before: Estimate | None
    verdict: Verdict


def estimate(kpi: Kpi, sums: Sums, least: float | None = None) -> Estimate | None:
    """None without answers. `least`: the smallest score there was, which may undercut 1 of 5."""
    if not sums.n:
        return None
    if kpi.shape == "percent":
        return satisfaction.share(sums.total, sums.n)
    if kpi.unit == "points":
        # Points are 100, 0 and −100: their squares count who is not passive.
        moved, net = sums.square / 1e4, sums.total / 100
        return satisfaction.net_promoter((moved + net) / 2, (moved - net) / 2, sums.n)
    return satisfaction.mean_score(sums.total, sums.square, sums.n, scale_of(kpi, least))


def scale_of(kpi: Kpi, least: float | None = None) -> Scale:
    """Scores of ten or of a hundred reach below one star of five."""
    if kpi.unit == "%":
        return PERCENT
    if kpi.unit == "points":
        return POINTS
    return Scale(0.0, STARS.high) if least is not None and least < STARS.low else STARS


def rated(head: Headline, now: Tally | None, before: Tally | None) -> Rated:
    kpi = head.kpi
    shown = estimate(kpi, now.sums, now.least) if now else None
    earlier = estimate(kpi, before.sums, before.least) if before else None
    better: Literal["higher", "lower"] = "lower" if kpi.better == "lower" else "higher"
    least = now.least if now else None
    judged = satisfaction.verdict(shown, earlier, better=better, scale=scale_of(kpi, least))
    return Rated(head, shown, earlier, judged)


def row_of(start: datetime, end: datetime, found: Estimate | None) -> KpiRow:
    """As the frame of the history pages has it."""
    return KpiRow(start, end, (), found.n if found else 0, found.value if found else None)


def grain_of(days: int) -> Grain:
    if days <= _DAYS_MOST:
        return "day"
    return "week" if days <= _WEEKS_MOST else "month"


def grain_for(tallied: Tally | None, days: int) -> Grain:
    """As fine as the length of the period asks for, and as coarse as leaves most of the course with
    enough answers to be judged."""
    grains = GRAINS[GRAINS.index(grain_of(days)) :]
    if tallied is None or not tallied.sums.n or days <= _SHORT:
        return grains[0]
    for grain in grains:
        sizes = [sum(day.sums.n for day in days) for _, days in _grouped(tallied, grain)]
        asked = [n for n in sizes if n]
        if sum(n >= ENOUGH for n in asked) * 2 > len(asked):
            return grain
    return grains[-1]


def course(kpi: Kpi, tallied: Tally, grain: Grain, *, running: bool) -> tuple[Stretch, ...]:
    """Days put together to weeks from Monday or calendar months. `running`: the last day is not
    over."""
    found = []
    for first, days in _grouped(tallied, grain):
        sums = added(day.sums for day in days)
        whole = days[0].start.date() == first and _ends(days, first, grain)
        last = days[-1] is tallied.days[-1]
        found.append(
            Stretch(
                days[0].start,
                days[-1].end,
                estimate(kpi, sums, tallied.least),
                whole and not (running and last),
            )
        )
    return tuple(found)


def _grouped(tallied: Tally, grain: Grain) -> list[tuple[date, list[Day]]]:
    """The days of each week or month, with the day on which it begins."""
    groups = groupby(tallied.days, key=lambda day: _first_of(day.start.date(), grain))
    return [(first, list(days)) for first, days in groups]


def split(kpi: Kpi, label: str, now: Tally, before: Tally | None) -> Split:
    earlier = before.by(label) if before else {}
    least = now.least
    return Split(
        label,
        tuple(
            Part(name, estimate(kpi, sums, least),
                 estimate(kpi, earlier.get(name, Sums()), before.least if before else None))
            for name, sums in sorted(now.by(label).items())
        ),
    )  # fmt: skip


def ranked(kpi: Kpi, parts: Sequence[Part]) -> list[Part]:
    """The worst first; thin samples after those that can be judged, the larger first."""

    def place(part: Part) -> tuple[bool, float]:
        if part.now is None or part.now.thin:
            return True, -(part.now.n if part.now else 0)
        return False, part.now.value if kpi.better == "higher" else -part.now.value

    return sorted((one for one in parts if one.now), key=place)


def surely_worse(kpi: Kpi, part: Part, whole: Estimate) -> bool:
    """Whether its whole interval lies on the worse side of the value of all together."""
    if part.now is None or part.now.thin:
        return False
    if kpi.better == "lower":
        return part.now.low > whole.value
    return part.now.high < whole.value


def _first_of(day: date, grain: Grain) -> date:
    if grain == "month":
        return day.replace(day=1)
    return day - timedelta(days=day.weekday()) if grain == "week" else day


def _ends(days: Sequence[Day], first: date, grain: Grain) -> bool:
    """Whether the last day there is ends the week or month."""
    after = days[-1].start.date() + timedelta(days=1)
    return _first_of(after, grain) != first
