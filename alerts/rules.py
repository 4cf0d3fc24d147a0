"""What the numbers say about the rules: measurements in, observations out. Pure; remembers nothing.

Made for 10,000 rules a second: measurements are indexed once per tick, a rule costs a look-up or
two, and a series without a breach and without an alert makes no object at all.
"""

from __future__ import annotations

import math
import operator
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from alerts.alert import Observation, Rule, Verdict
from alerts.errors import RuleError
from alerts.freshness import SourceReading, Trust
from metrics.kpi import Kpi, Registry
from metrics.measurement import Labels, Measurement
from metrics.packs import default_registry

# Labels that come along with a series without dividing it: `by = ["queue"]` keeps them.
COMPANIONS = frozenset({"channel", "source"})

Judge = Callable[[float], Verdict]
Metric = tuple[str, float | None]  # name and window in seconds
_COMPARE: dict[str, Callable[[float, float], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}


def _threshold(rule: Rule) -> Judge:
    breaches, limit = _COMPARE[rule.when.op], rule.when.value
    clears, clear_limit = _COMPARE[rule.clear.op], rule.clear.value

    def judge(value: float) -> Verdict:
        if breaches(value, limit):
            return Verdict.BREACH
        return Verdict.CLEAR if clears(value, clear_limit) else Verdict.BETWEEN

    return judge


# A kind of rule is one function and one line here.
CONDITIONS: dict[str, Callable[[Rule], Judge]] = {"threshold": _threshold}


@dataclass(frozen=True, slots=True)
class Series:
    """One measurement as rules see it: `value` None when it isn't known."""

    labels: Labels
    names: frozenset[str]
    value: float | None


@dataclass(frozen=True, slots=True)
class Index:
    """One tick's series by metric, and within a metric by each single label."""

    series: Mapping[Metric, Sequence[Series]]
    labelled: Mapping[Metric, Mapping[tuple[str, str], Sequence[Series]]]
    trust: Trust


@dataclass(frozen=True, slots=True)
class Plan:
    """A rule made ready to run often."""

    rule: Rule
    judge: Judge
    metric: Metric
    by: frozenset[str]
    kpi: Kpi | None = None  # None: a metric of the live state
    fits: dict[frozenset[str], bool] = field(default_factory=dict)

    def fit(self, names: frozenset[str]) -> bool:
        """Whether a series with these labels is divided exactly as the rule asks."""
        known = self.fits.get(names)
        if known is None:
            known = self.fits[names] = self.by <= names and names - self.by <= COMPANIONS
        return known

    def covers(self, labels: Labels) -> bool:
        """Whether the rule can be about such a series at all."""
        names = {name for name, _ in labels}
        return self.by <= names and set(self.rule.where) <= set(labels)


def index(
    measurements: Sequence[Measurement], sources: Sequence[SourceReading], *, now: datetime
) -> Index:
    """Numbers of a source that isn't fresh become unknown here, once, for every rule."""
    trust = Trust(measurements, sources, now)
    series: dict[Metric, list[Series]] = defaultdict(list)
    labelled: dict[Metric, dict[tuple[str, str], list[Series]]] = {}
    for one in measurements:
        value = one.value
        if value is not None and (
            not math.isfinite(value) or not trust.knows(one.metric, one.labels)
        ):
            value = None
        row = Series(one.labels, frozenset(name for name, _ in one.labels), value)
        metric = (one.metric, one.window_s)
        series[metric].append(row)
        by_label = labelled.setdefault(metric, defaultdict(list))
        for pair in one.labels:
            by_label[pair].append(row)
    return Index(series, labelled, trust)


def prepare(rules: Iterable[Rule], kpis: Registry | None = None) -> tuple[Plan, ...]:
    """Plans for `evaluate`, made once for as long as the rules stay the same."""
    known = default_registry() if kpis is None else kpis
    return tuple(_plan(rule, known.get(rule.metric)) for rule in rules)


def _plan(rule: Rule, kpi: Kpi | None) -> Plan:
    condition = CONDITIONS.get(rule.kind)
    if condition is None:
        kinds = ", ".join(CONDITIONS)
        raise RuleError(f"rule {rule.name!r} is of unknown kind {rule.kind!r}; use one of: {kinds}")
    window = None if rule.window is None else rule.window.total_seconds()
    by = frozenset(rule.by) | {name for name, _ in rule.where}
    return Plan(rule, condition(rule), (rule.metric, window), by, kpi)


def evaluate(
    plans: Iterable[Plan], seen: Index, active: Mapping[str, Collection[Labels]]
) -> list[Observation]:
    """Every breach, and whatever is seen of alerts that are pending or firing.

    `active` holds their labels by rule name. A series that none of them and no breach concerns
    can't change anything, and is left out.
    """
    found: list[Observation] = []
    for plan in plans:
        rule, judge = plan.rule, plan.judge
        live = active.get(rule.name, ())
        rows = _covered(plan, seen)
        for row in rows:
            verdict = Verdict.NO_DATA if row.value is None else judge(row.value)
            if verdict is Verdict.BREACH or (live and row.labels in live):
                found.append(Observation(rule, row.labels, verdict, row.value))
        if live:
            found += _missing(plan, seen, rows, live)
    return found


def _covered(plan: Plan, seen: Index) -> Sequence[Series]:
    """The series a rule is about: divided as it asks, or finer where there is nothing like that."""
    where = plan.rule.where
    if not where:
        rows = seen.series.get(plan.metric, ())
    else:
        rows = seen.labelled.get(plan.metric, {}).get(where[0], ())
        if len(where) > 1:
            rows = [row for row in rows if set(where) <= set(row.labels)]
    exact = [row for row in rows if plan.fit(row.names)]
    return exact or [row for row in rows if plan.by <= row.names]


def _missing(
    plan: Plan, seen: Index, rows: Sequence[Series], live: Collection[Labels]
) -> list[Observation]:
    """What can be said of alerts whose series isn't among `rows`."""
    absent = set(live).difference(row.labels for row in rows)
    return [_absent(plan, seen, labels, divided=bool(rows)) for labels in sorted(absent)]


def _absent(plan: Plan, seen: Index, labels: Labels, *, divided: bool) -> Observation:
    """Nothing counted is 0 for a KPI that counts, and says nothing for any other.

    A live series is gone only with proof: its metric was measured and its source is fresh. So is
    one that the rule, since it was changed, divides otherwise.
    """
    metric, verdict, value = plan.rule.metric, Verdict.NO_DATA, None
    if divided and not plan.fit(frozenset(name for name, _ in labels)):
        verdict = Verdict.GONE
    elif seen.trust.knows(metric, labels):
        if plan.kpi is not None:
            value = plan.kpi.empty
            verdict = verdict if value is None else plan.judge(value)
        elif plan.metric in seen.series:
            verdict = Verdict.GONE
    return Observation(plan.rule, labels, verdict, value)
