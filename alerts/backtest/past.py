"""Reads what a rule would have seen over a past span: waits from contacts, KPIs from their values.

All of it by what the store knows today: an answer that came later counts where its KPI dates it.
Nothing is known of times when a source was down: the numbers of then are those read later.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import sqlalchemy as sa

from alerts.backtest.series import Floats, Grid, Ints, LongestWait, Series, Stepped, queue_length
from alerts.conditions.naming import COMPOSITE
from alerts.errors import NotReplayable
from alerts.rule import Rule
from alerts.rules import COMPANIONS
from connectors.columns import MICROSECOND, from_micros, to_micros
from metrics.kpi import AGENT_TIME, Kpi, Registry
from metrics.measure import measure
from metrics.measurement import Labels, labels_of
from metrics.past_waits import past_waits, pooled
from metrics.population import load, reach
from metrics.rows import value_of

WAITS = ("queue_length", "longest_wait", "oldest_wait")
KPI_LOOK = timedelta(minutes=1)
PER_WINDOW = 12  # looks at a median within its window: sorting costs
KINDS = ("threshold", "change", "burn_rate", *COMPOSITE)


@dataclass(frozen=True)
class Place:
    """Where history is read, and by which definitions. `cut`: longer waits don't count."""

    connection: sa.Connection
    zone: ZoneInfo
    registry: Registry
    cut: timedelta | None = None


class Past:
    """The series of one span, each metric read once."""

    def __init__(self, place: Place, grid: Grid) -> None:
        self._place = place
        self.grid = grid
        self._waits: dict[Labels, Ints] | None = None

    def of(self, rule: Rule) -> list[Series]:
        """The series that a rule is about; NotReplayable where history can't tell."""
        if rule.metric in WAITS:
            return [self._wait(rule, labels, spans) for labels, spans in self._spans(rule)]
        kpi = self._place.registry.get(rule.metric)
        if kpi is None:
            raise NotReplayable(
                f"the store keeps no history of {rule.metric}; rules on "
                f"{', '.join(WAITS)} and on KPIs over a window can be replayed"
            )
        if kpi.is_state or kpi.is_ratio or kpi.dedup == "contact_window" or (
            kpi.of_unit == AGENT_TIME
        ):  # fmt: skip
            raise NotReplayable(
                f"{rule.metric} is known only for the moment it is read, so a rule on it can't be "
                "replayed"
            )
        return list(self._kpi(rule, kpi))

    # --- waits --------------------------------------------------------------------------------

    def _wait(self, rule: Rule, labels: Labels, spans: Ints) -> Series:
        if rule.metric == "queue_length":
            return queue_length(labels, spans, self.grid)
        cut = None if rule.metric == "oldest_wait" else self._place.cut
        return LongestWait(labels, spans, self.grid, None if cut is None else cut // MICROSECOND)

    def _spans(self, rule: Rule) -> Iterator[tuple[Labels, Ints]]:
        """All waits together for a rule without labels, else those of each queue it is about."""
        if self._waits is None:
            grid = self.grid
            self._waits = past_waits(self._place.connection, grid.since, grid.until)
        if not rule.by:
            yield (), pooled(self._waits.values())
            return
        for labels, spans in sorted(self._waits.items()):
            if set(rule.where) <= set(labels):
                yield labels, spans

    # --- KPIs ---------------------------------------------------------------------------------

    def _kpi(self, rule: Rule, kpi: Kpi) -> Iterator[Series]:
        grid, by = self.grid, tuple(sorted(rule.by))
        every = KPI_LOOK
        if kpi.shape == "duration" and kpi.headline == "p50":
            every = max(every, (rule.window or timedelta(hours=2)) / PER_WINDOW)
        looks = np.arange(0, grid.count, max(1, (every // MICROSECOND) // grid.step))
        moments = grid.at(looks)
        starts = self._starts(rule, moments)
        first = int(starts[0]) if len(starts) else grid.since
        for group, at, values in self._groups(kpi, by, first):
            labels = labels_of(**dict(zip(by, group, strict=True)))
            if set(rule.where) <= set(labels):
                known = _over_windows(kpi, at, values, starts, moments)
                yield Stepped(labels, grid, looks, known)

    def _starts(self, rule: Rule, moments: Ints) -> Ints:
        """Where each look's window begins: its length ago, else at local midnight."""
        if rule.window is not None:
            found: Ints = moments - rule.window // MICROSECOND
            return found
        zone, days = self._place.zone, {}
        starts = np.empty_like(moments)
        for place, moment in enumerate(moments.tolist()):
            day = from_micros(moment).astimezone(zone).date()
            if day not in days:
                days[day] = to_micros(datetime.combine(day, time(), zone))
            starts[place] = days[day]
        return starts

    def _groups(
        self, kpi: Kpi, by: Sequence[str], first: int
    ) -> Iterator[tuple[tuple[str, ...], Ints, Floats]]:
        """Per label set when its values count (µs, ascending), and what they are worth."""
        place = self._place
        span = reach(kpi, (first, self.grid.until + 1))
        rows = load(place.connection, [kpi], [span])
        found = measure(kpi, rows, place.registry)
        inside = found.at >= first
        names = rows.label_names
        picked = [tuple(one[names.index(label)] for label in by) for one in rows.label_sets]
        number = {group: place for place, group in enumerate(dict.fromkeys(picked))}
        if not by:
            number = {(): 0}
        group_of = np.asarray([number[group] for group in picked], dtype=np.int64)
        at, values = found.at[inside].astype(np.int64), found.values[inside]
        groups = group_of[found.sets[inside]] if len(picked) else np.zeros(0, np.int64)
        order = np.argsort(at, kind="stable")
        at, values, groups = at[order], values[order], groups[order]
        for group, place_ in number.items():
            mine = groups == place_
            yield group, at[mine], values[mine]


def _over_windows(kpi: Kpi, at: Ints, values: Floats, starts: Ints, ends: Ints) -> Floats:
    """The KPI over each window [start, end], both ends included; NaN where it isn't known."""
    late = 0 if kpi.matures is None else kpi.matures // MICROSECOND
    low = np.searchsorted(at, starts, side="left")
    high = np.maximum(np.searchsorted(at, ends - late, side="right"), low)
    count = high - low
    if kpi.shape == "duration" and kpi.headline == "p50":
        return _medians(values, low, high)
    sums = np.concatenate(([0.0], np.cumsum(values)))
    total = sums[high] - sums[low]
    if kpi.shape == "duration":
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(np.where(count > 0, total / count, np.nan))
    found = [
        value_of(kpi, n, one, known=True)
        for n, one in zip(count.tolist(), total.tolist(), strict=True)
    ]
    return np.asarray([np.nan if one is None else one for one in found], dtype=np.float64)


def _medians(values: Floats, low: Ints, high: Ints) -> Floats:
    """Interpolated as rows.quantiles does it."""
    found = np.full(len(low), np.nan)
    before: tuple[int, int] | None = None
    for place, (start, end) in enumerate(zip(low.tolist(), high.tolist(), strict=True)):
        if (start, end) == before:
            found[place] = found[place - 1]
        elif end > start:
            ordered, middle = np.sort(values[start:end]), (end - start - 1) / 2
            lower = ordered[int(middle)]
            found[place] = lower + (ordered[int(middle + 0.5)] - lower) * (middle - int(middle))
        before = (start, end)
    return found


def covered(rule: Rule, series: Iterable[Series]) -> list[Series]:
    """Those that the rule divides by: exactly, else finer (as rules.py does it live)."""
    by = set(rule.by) | {name for name, _ in rule.where}
    found = list(series)
    exact = [
        one for one in found
        if by <= (names := {name for name, _ in one.labels}) and names - by <= COMPANIONS
    ]  # fmt: skip
    return exact or [one for one in found if by <= {name for name, _ in one.labels}]
