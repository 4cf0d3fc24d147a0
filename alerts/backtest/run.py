"""A back-test of one rule: its episodes over a span, what another threshold would have done, and
which thresholds would have kept it to a few alerts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np
import sqlalchemy as sa

from alerts.alert import Rule
from alerts.backtest import look_by_look
from alerts.backtest.driving import Episode, episodes, fired, in_order, is_simple, runs_of
from alerts.backtest.past import KINDS, Past, Place, covered
from alerts.backtest.series import BREACH, Grid, Series
from alerts.errors import NotReplayable
from alerts.rule import Threshold
from connectors.columns import MICROSECOND, to_micros
from connectors.schema import contacts

WEEK = timedelta(days=7)
STEP = timedelta(seconds=2)
POINTS = 24  # thresholds of the curve
MOST = 600  # breaches of a threshold that is worth replaying: beyond, nobody would want it
HEAVY = 10.0  # times the threshold: from there on thresholds are taken by ratio
WAITS_S = ("longest_wait", "oldest_wait")
DAILY, WEEKLY = 7.0, 1.0  # alerts per week that are suggested


@dataclass(frozen=True, slots=True)
class Point:
    """What another threshold would have done."""

    threshold: float
    alerts: int
    per_week: float


@dataclass(frozen=True, slots=True)
class Backtest:
    """`curve` rises in how much it takes to alert; empty where the kind has no single threshold.
    `daily` and `weekly`: the mildest thresholds with about an alert a day, and a week."""

    rule: Rule
    since: datetime
    until: datetime
    episodes: tuple[Episode, ...]
    curve: tuple[Point, ...]

    @property
    def per_week(self) -> float:
        return len(self.episodes) / ((self.until - self.since) / WEEK)

    @property
    def daily(self) -> Point | None:
        return self._mildest(DAILY)

    @property
    def weekly(self) -> Point | None:
        return self._mildest(WEEKLY)

    def _mildest(self, most: float) -> Point | None:
        return next((one for one in self.curve if one.per_week <= most), None)


def backtest(
    place: Place, rule: Rule, since: datetime, until: datetime, *, step: timedelta = STEP
) -> Backtest:
    """Replay a rule over [since, until), looked at every `step`; from the first contact on where
    history begins later. Raises NotReplayable."""
    if rule.kind not in KINDS:
        raise NotReplayable(
            f"rule {rule.name!r}: kind {rule.kind!r} can't be replayed, because what it compared "
            f"at the time isn't kept; the kinds that can are {', '.join(KINDS)}"
        )
    since = min(max(since, _first(place) or since), until - step)
    grid = Grid(to_micros(since), to_micros(until), step // MICROSECOND)
    if not is_simple(rule):
        past = Past(place, look_by_look.grid_of(grid))
        found = in_order(list(look_by_look.episodes(rule, past, place.registry)))
        return Backtest(rule, since, until, found, ())
    series = covered(rule, Past(place, grid).of(rule))
    found = _replayed(rule, series, grid)
    return Backtest(rule, since, until, found, _curve(rule, series, grid, until - since))


def _first(place: Place) -> datetime | None:
    """When history begins: a week that isn't there has no alerts, and is no calm one."""
    found: datetime | None = place.connection.execute(
        sa.select(sa.func.min(contacts.c.opened_at))
    ).scalar()
    return found


def _replayed(rule: Rule, series: Sequence[Series], grid: Grid) -> tuple[Episode, ...]:
    return in_order([found for one in series for found in episodes(rule, one, grid)])


def _curve(rule: Rule, series: Sequence[Series], grid: Grid, span: timedelta) -> tuple[Point, ...]:
    if rule.overrides:
        return ()  # there is no single threshold to move
    points = []
    for threshold in _thresholds(rule, series, grid):
        other = moved(rule, threshold)
        runs = [runs_of(other, one, grid) for one in series]
        breaches = sum(int((one.codes == BREACH).sum()) for one in runs)
        if threshold != rule.when.value and breaches > MOST:
            continue
        both = zip(series, runs, strict=True)
        alerts = sum(fired(other, one, grid, its) for one, its in both)
        points.append(Point(threshold, alerts, alerts / (span / WEEK)))
    mild_first = rule.when.op.startswith("<")
    return tuple(sorted(points, key=lambda one: one.threshold, reverse=mild_first))


def moved(rule: Rule, threshold: float) -> Rule:
    """The rule at another threshold, its clear value as far from it as before, in proportion."""
    when, clear = rule.when, rule.clear
    scale = threshold / when.value if when.value else 1.0
    value = threshold + (clear.value - when.value) * scale
    return replace(rule, when=Threshold(when.op, threshold), clear=Threshold(clear.op, value))


def _thresholds(rule: Rule, series: Sequence[Series], grid: Grid) -> list[float]:
    """Round numbers between what is usual and the worst there was, and the rule's own."""
    upward = rule.when.op.startswith(">")
    looks = np.linspace(0, grid.count - 1, min(grid.count, 4_000)).astype(np.int64)
    values = np.concatenate([one.values(looks) for one in series] or [np.zeros(0)])
    values = values[~np.isnan(values)]
    worst = [one.peak(0, grid.count - 1, rule.when.op) for one in series]
    known = [one for one in worst if one is not None]
    own = rule.when.value
    if not len(values) or not known:
        return [own]
    usual = float(np.quantile(values, 0.5))
    edge = max(known) if upward else min(known)
    inner = np.linspace(usual, edge, POINTS + 1)[1:]
    if upward and edge > HEAVY * max(own, usual) > 0:  # a few are far worse than all others
        inner = np.geomspace(max(min(own / 4, edge), 1e-3), edge, POINTS)
    if own:  # as far again beyond the rule's own, so that it is never at the rim
        inner = np.append(inner, own * np.asarray([0.5, 0.75, 1.25, 1.5]))
    whole = bool((values == np.round(values)).all()) and rule.metric not in WAITS_S
    return sorted({_round(float(one), whole=whole) for one in inner} | {own})


def _round(value: float, *, whole: bool) -> float:
    """Two figures that count; counts are whole."""
    if whole:
        return float(round(value))
    return float(f"{value:.2g}")
