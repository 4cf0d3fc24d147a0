"""The life cycle over a whole series: the same `advance` as in a live tick, called only at looks at
which it could do something. The result is that of calling it at every look (a test compares).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from alerts.alert import Alert, Observation, Rule, Status, Verdict
from alerts.backtest.series import BREACH, NO_DATA, OFF, Grid, Ints, Runs, Series, compressed
from alerts.conditions.hours import is_active
from alerts.conditions.judging import override_for
from alerts.lifecycle import LONGEST_PAUSE, advance
from alerts.rule import NO_TIME
from connectors.columns import MICROSECOND, from_micros
from metrics.measurement import Labels

_PAUSE = LONGEST_PAUSE // MICROSECOND
_VERDICTS = (Verdict.BREACH, Verdict.BETWEEN, Verdict.CLEAR, Verdict.NO_DATA, Verdict.OFF)


@dataclass(frozen=True, slots=True)
class Episode:
    """One time the rule would have fired. `began`: the breach, `ended` None: it still fires."""

    labels: Labels
    began: datetime
    fired: datetime
    ended: datetime | None
    peak: float | None

    def lasted(self, until: datetime) -> timedelta:
        return (self.ended or until) - self.fired


def episodes(rule: Rule, series: Series, grid: Grid) -> Iterator[Episode]:
    """What the rule would have done about one series."""
    yield from _Drive(rule, series, grid, runs_of(rule, series, grid), peaks=True).episodes()


def fired(rule: Rule, series: Series, grid: Grid, runs: Runs) -> int:
    """How often it would have fired, from its runs: cheaper than the episodes."""
    return len(_Drive(rule, series, grid, runs, peaks=False).episodes())


def runs_of(rule: Rule, series: Series, grid: Grid) -> Runs:
    """The verdicts of a rule on a series, with the limits that it has for it, in its hours."""
    own = override_for(rule, series.labels)
    when, clear = (own.when, own.clear) if own else (rule.when, rule.clear)
    runs = series.runs(when, clear)
    return _within_hours(rule, runs, grid) if rule.hours else runs


class _Drive:
    """One series from its first look to its last."""

    def __init__(self, rule: Rule, series: Series, grid: Grid, runs: Runs, *, peaks: bool) -> None:
        self._rule, self._series, self._grid = rule, series, grid
        self._looks = [*runs.looks.tolist(), grid.count]
        self._codes = runs.codes.tolist()
        self._peaks = peaks
        self._alert: Alert | None = None
        self._begun: tuple[datetime, datetime, int] | None = None  # breach, firing, its look
        self._found: list[Episode] = []
        self._worth = self._worth_a_look(runs)

    def episodes(self) -> list[Episode]:
        place, count = 0, len(self._codes)
        while place < count:
            if self._alert is None or not self._alert.active:
                skip = int(np.searchsorted(self._worth, place))
                if skip == len(self._worth):
                    break
                place = int(self._worth[skip])
            self._run(place)
            place += 1
        if self._begun is not None:
            self._end(None, self._grid.count - 1)
        return self._found

    def _worth_a_look(self, runs: Runs) -> Ints:
        """Runs that could make an idle alert fire: breaches that last for the wait, or may go on
        behind a gap without data."""
        edges = np.asarray(self._looks, np.int64)
        lasts = (edges[1:] - 1 - edges[:-1]) * self._grid.step >= self._rule.wait // MICROSECOND
        before_gap = np.append(runs.codes[1:] == NO_DATA, False)
        found: Ints = np.flatnonzero((runs.codes == BREACH) & (lasts | before_gap))
        return found

    def _run(self, place: int) -> None:
        """All looks of one run at which something may happen, in order: the first, that at which a
        wait is over (and the one before it, where else a pause would be seen), and the last of a
        breach that waits: a pause is counted from there."""
        first, last = self._looks[place], self._looks[place + 1] - 1
        verdict = _VERDICTS[self._codes[place]]
        self._look(first, verdict)
        due = self._due(verdict)
        if due is not None:
            if verdict is Verdict.BREACH and (due - first) * self._grid.step > _PAUSE:
                self._look_within(due - 1, verdict, first, last)
            self._look_within(due, verdict, first, last)
        if verdict is Verdict.BREACH and self._alert and self._alert.status is Status.PENDING:
            self._look_within(last, verdict, first, last)

    def _look_within(self, look: int, verdict: Verdict, first: int, last: int) -> None:
        if first < look <= last:
            self._look(look, verdict)

    def _due(self, verdict: Verdict) -> int | None:
        """The look at which a wait that runs now is over."""
        alert = self._alert
        if alert is None or not alert.active:
            return None
        if verdict is Verdict.BREACH and alert.status is Status.PENDING:
            return self._look_at(alert.pending_since + self._rule.wait)
        if verdict is Verdict.CLEAR and alert.clear_since is not None:
            return self._look_at(alert.clear_since + self._rule.keep_firing_for)
        return None

    def _look_at(self, moment: datetime) -> int:
        since = from_micros(self._grid.since)
        return -((since - moment) // timedelta(microseconds=self._grid.step))

    def _look(self, look: int, verdict: Verdict) -> None:
        now = from_micros(self._grid.since + look * self._grid.step)
        seen = Observation(self._rule, self._series.labels, verdict, None)
        self._alert, change = advance(self._alert, seen, now=now)
        if change is None:
            return
        if change.begins:
            self._begun = (change.since, now, look)
        elif change.ends:
            self._end(now, look)

    def _end(self, now: datetime | None, look: int) -> None:
        assert self._begun is not None  # noqa: S101 - only what began ends
        began, fired, first = self._begun
        peak = self._series.peak(first, look, self._rule.when.op) if self._peaks else None
        self._found.append(Episode(self._series.labels, began, fired, now, peak))
        self._begun = None


def _within_hours(rule: Rule, runs: Runs, grid: Grid) -> Runs:
    """With OFF outside the active hours, which begin and end on whole minutes."""
    minute = 60_000_000
    first = -(-grid.since // minute) * minute
    moments = np.concatenate(([grid.since], np.arange(first, grid.until, minute)))
    assert rule.zone is not None  # noqa: S101 - rules_of gives every rule one
    active = [is_active(rule.hours, rule.zone, from_micros(one)) for one in moments.tolist()]
    flags = np.asarray(active)
    turns = np.concatenate(([0], np.flatnonzero(flags[1:] != flags[:-1]) + 1))
    edges = grid.first_look(moments[turns])
    looks = np.unique(np.concatenate((runs.looks, edges)))
    looks = looks[looks < grid.count]
    codes = runs.codes[np.searchsorted(runs.looks, looks, side="right") - 1].copy()
    codes[~flags[turns][np.searchsorted(edges, looks, side="right") - 1]] = OFF
    return compressed(looks, codes)


def is_simple(rule: Rule) -> bool:
    """Whether its verdict on a series follows from that series alone, look by look."""
    return rule.kind == "threshold" and rule.times == 1 and rule.within == NO_TIME


def in_order(found: Sequence[Episode]) -> tuple[Episode, ...]:
    return tuple(sorted(found, key=lambda one: (one.fired, one.labels)))
