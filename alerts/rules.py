"""What the numbers say about the rules: measurements in, observations out. Pure; remembers nothing.

Made for 10,000 rules a second: measurements are indexed once per tick, a rule costs a look-up or
two, and a series without a breach and without an alert makes no object at all.
"""

from __future__ import annotations

import logging
import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from alerts.alert import Observation, Rule, Threshold, Verdict
from alerts.conditions.hours import is_active
from alerts.conditions.judging import Judge, judge_of, override_for, together
from alerts.conditions.kinds import KINDS
from alerts.conditions.memory import Memory, Metric
from alerts.conditions.naming import COMPOSITE, PLAIN, series_name
from alerts.errors import RuleError
from alerts.freshness import SourceReading, Trust
from metrics.kpi import Registry
from metrics.measurement import Labels, Measurement
from metrics.packs import default_registry

# Labels that come along with a series without dividing it: `by = ["queue"]` keeps them.
COMPANIONS = frozenset({"channel", "source"})

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Series:
    """One measurement as rules see it: `value` None when it isn't known."""

    labels: Labels
    names: frozenset[str]
    value: float | None


Selection = tuple[Metric, frozenset[str], Labels]  # metric, by, where


@dataclass(frozen=True, slots=True)
class Index:
    """One tick's series by metric, and within a metric by each single label.

    `failed`: the metrics that could not be read or computed, with why.
    """

    now: datetime
    series: Mapping[Metric, Sequence[Series]]
    labelled: Mapping[Metric, Mapping[tuple[str, str], Sequence[Series]]]
    trust: Trust
    failed: Mapping[Metric, str]
    covered: dict[Selection, Sequence[Series]] = field(default_factory=dict)  # so far this tick


@dataclass(frozen=True, slots=True)
class Plan:
    """A rule made ready to run often. `empty`: the value of a label set that nothing counted, for
    a metric that `counts`. `parts`: the conditions of a composite rule."""

    rule: Rule
    judge: Judge
    metric: Metric
    by: frozenset[str]
    selection: Selection
    counts: bool = False
    empty: float | None = None
    parts: tuple[Plan, ...] = ()
    fits: dict[frozenset[str], bool] = field(default_factory=dict)
    own: dict[Labels, tuple[Judge, Threshold | None]] = field(default_factory=dict)

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

    def judged(self, labels: Labels, value: float | None) -> tuple[Verdict, Threshold | None]:
        """The verdict on one series, and the limit it was held against if it has one of its own."""
        judge, limit = self.judge, None
        if self.rule.overrides:
            known = self.own.get(labels)
            if known is None:
                one = override_for(self.rule, labels)
                known = (judge, None) if one is None else (judge_of(one.when, one.clear), one.when)
                self.own[labels] = known
            judge, limit = known
        return (Verdict.NO_DATA if value is None else judge(value)), limit


def index(
    measurements: Sequence[Measurement],
    sources: Sequence[SourceReading],
    *,
    now: datetime,
    failed: Mapping[Metric, str] | None = None,
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
    return Index(now, series, labelled, trust, failed or {})


def prepare(rules: Iterable[Rule], kpis: Registry | None = None) -> tuple[Plan, ...]:
    """Plans for `evaluate`, made once for as long as the rules stay the same."""
    known = default_registry() if kpis is None else kpis
    selections: dict[Selection, Selection] = {}
    return tuple(_plan(rule, known, selections) for rule in rules)


def _plan(rule: Rule, kpis: Registry, known: dict[Selection, Selection]) -> Plan:
    kind = KINDS.get(rule.kind)
    if kind is None:
        kinds = ", ".join(KINDS)
        raise RuleError(f"rule {rule.name!r} is of unknown kind {rule.kind!r}; use one of: {kinds}")
    window = None
    if rule.kind in PLAIN and rule.window is not None:
        window = rule.window.total_seconds()
    kpi = kpis.get(rule.metric) if rule.kind in PLAIN else None
    metric = (series_name(rule) if rule.kind not in COMPOSITE else rule.metric, window)
    by = frozenset(rule.by) | {name for name, _ in rule.where}
    selection = (metric, by, rule.where)
    return Plan(
        rule,
        judge_of(rule.when, rule.clear),
        metric,
        by,
        known.setdefault(selection, selection),
        counts=kpi is not None or kind.empty,
        empty=0.0 if kind.empty else kpi.empty if kpi else None,
        parts=tuple(_plan(part, kpis, known) for part in rule.parts),
    )


def evaluate(
    plans: Iterable[Plan],
    seen: Index,
    active: Mapping[str, Collection[Labels]],
    memory: Memory | None = None,
    failed: dict[str, str] | None = None,
) -> list[Observation]:
    """Every breach, and whatever is seen of alerts that are pending or firing.

    `active` holds their labels by rule name. A series that none of them and no breach concerns
    can't change anything, and is left out. `memory` is needed by rules that count times; `failed`
    is told which rules could not be evaluated, and why.
    """
    found: list[Observation] = []
    for plan in plans:
        rule = plan.rule
        live = active.get(rule.name, ())
        if rule.hours and rule.zone and not is_active(rule.hours, rule.zone, seen.now):
            found += [Observation(rule, labels, Verdict.OFF, None) for labels in sorted(live)]
            continue
        if seen.failed and (why := _unread(plan, seen)):
            _note(failed, rule, why)
            found += [Observation(rule, labels, Verdict.ERROR, None) for labels in sorted(live)]
            continue
        try:
            if plan.parts or rule.times > 1:
                found += _remembered(plan, seen, live, memory or Memory())
            else:
                _plain(plan, seen, live, found)
        except Exception as error:  # one rule's mistake must not end the watch of all others
            log.exception("event=rule_failed rule=%s", rule.name)
            _note(failed, rule, f"{type(error).__name__}: {error}")
            found += [Observation(rule, labels, Verdict.ERROR, None) for labels in sorted(live)]
    return found


def _note(failed: dict[str, str] | None, rule: Rule, why: str) -> None:
    if failed is not None:
        failed[rule.name] = why


def _unread(plan: Plan, seen: Index) -> str | None:
    whole = (plan.metric, *(part.metric for part in plan.parts))
    return next((seen.failed[one] for one in whole if one in seen.failed), None)


def _plain(plan: Plan, seen: Index, live: Collection[Labels], found: list[Observation]) -> None:
    rule = plan.rule
    rows = seen.covered.get(plan.selection)
    if rows is None:
        rows = _covered(plan, seen)
    judge, own = plan.judge, rule.overrides
    for row in rows:
        value, limit = row.value, None
        if own:
            verdict, limit = plan.judged(row.labels, value)
        else:
            verdict = Verdict.NO_DATA if value is None else judge(value)
        if verdict is Verdict.BREACH or (live and row.labels in live):
            found.append(Observation(rule, row.labels, verdict, value, limit))
    if live:
        found += _missing(plan, seen, rows, live)


def _remembered(
    plan: Plan, seen: Index, live: Collection[Labels], memory: Memory
) -> Iterator[Observation]:
    """Rules of several conditions, and those that count how often."""
    rule = plan.rule
    told = set()
    rows = _composed(plan, seen) if plan.parts else _judged(plan, seen)
    for labels, verdict, value, limit in rows:
        told.add(labels)
        if rule.times > 1:
            verdict = memory.counted(rule, labels, verdict, seen.now)
        if verdict is Verdict.BREACH or labels in live:
            yield Observation(rule, labels, verdict, value, limit)
    for labels in sorted(set(live) - told):
        if plan.parts:
            yield Observation(rule, labels, Verdict.NO_DATA, None)
        else:
            yield _absent(plan, seen, labels, divided=bool(told))


Judged = tuple[Labels, Verdict, float | None, Threshold | None]


def _judged(plan: Plan, seen: Index) -> Iterator[Judged]:
    for row in _covered(plan, seen):
        verdict, limit = plan.judged(row.labels, row.value)
        yield row.labels, verdict, row.value, limit


def _composed(plan: Plan, seen: Index) -> Iterator[Judged]:
    """Each label set of the rule's own labels, with the verdicts of all conditions on it. The
    value shown is that of the first condition."""
    parts = [_by_label(plan, part, seen) for part in plan.parts]
    for labels in sorted(set().union(*parts)):
        if not set(plan.rule.where) <= set(labels):
            continue
        both = [part.get(labels, part.get((), _UNKNOWN)) for part in parts]
        verdict = together(plan.rule.kind, [one for one, _ in both])
        yield labels, verdict, both[0][1], None


def _by_label(plan: Plan, part: Plan, seen: Index) -> dict[Labels, tuple[Verdict, float | None]]:
    """A condition's verdict per label set of the composite rule; the worst where there are some."""
    found: dict[Labels, tuple[Verdict, float | None]] = {}
    for row in _covered(part, seen):
        labels = tuple(pair for pair in row.labels if pair[0] in plan.by)
        verdict = Verdict.NO_DATA if row.value is None else part.judge(row.value)
        if labels not in found or _RANK[verdict] > _RANK[found[labels][0]]:
            found[labels] = (verdict, row.value)
    return found


_UNKNOWN: tuple[Verdict, float | None] = (Verdict.NO_DATA, None)
_RANK = {one: at for at, one in enumerate(
    (Verdict.CLEAR, Verdict.BETWEEN, Verdict.NO_DATA, Verdict.BREACH)
)}  # fmt: skip


def _covered(plan: Plan, seen: Index) -> Sequence[Series]:
    """The series a rule is about: divided as it asks, or finer where there is nothing like that.
    Many rules are about the same ones: each selection is made once in a tick."""
    found = seen.covered.get(plan.selection)
    if found is None:
        found = seen.covered[plan.selection] = _selected(plan, seen)
    return found


def _selected(plan: Plan, seen: Index) -> Sequence[Series]:
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
    metric, verdict = plan.metric[0], Verdict.NO_DATA
    value: float | None = None
    limit: Threshold | None = None
    if divided and not plan.fit(frozenset(name for name, _ in labels)):
        verdict = Verdict.GONE
    elif seen.trust.knows(metric, labels):
        if plan.counts:
            value = plan.empty
            verdict, limit = plan.judged(labels, value)
        elif plan.metric in seen.series:
            verdict = Verdict.GONE
    return Observation(plan.rule, labels, verdict, value, limit)
