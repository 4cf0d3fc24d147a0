"""What is wrong with rules in view of the metrics there are, one sentence each naming the rule."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from alerts.conditions.kinds import KINDS, Kind
from alerts.rule_settings import RuleSettings
from metrics.kpi import Registry
from metrics.live import LIVE_METRICS
from metrics.pacing import paced


def rule_problems(rules: Sequence[RuleSettings], kpis: Registry) -> list[str]:
    """Unknown names are settings.problems' to say; here is all else."""
    return [f"rule '{rule.name}': {text}" for rule in rules for text in _problems(rule, kpis)]


def _problems(rule: RuleSettings, kpis: Registry) -> Iterator[str]:
    kind = KINDS[rule.kind]
    if kind.metrics and rule.metric not in kind.metrics:
        yield f"kind '{rule.kind}' knows no '{rule.metric}'; use {', '.join(kind.metrics)}"
        return
    yield from _kpi_problems(rule, kind, kpis)
    for one in rule.conditions or (rule,):
        yield from _window_problems(one.metric, one.window is not None, kpis)
        for label in sorted({*rule.by, *rule.where, *one.where}):
            allowed = _labels(one.metric, kind, kpis)
            if allowed is not None and label not in allowed:
                yield f"{one.metric} has no label '{label}'; it has {', '.join(allowed) or 'none'}"
    labels = {*rule.by, *rule.where}
    for override in rule.overrides:
        for label in sorted(set(override.where) - labels):
            yield (
                f"an override is for the label '{label}', which the rule isn't split by; "
                f"add it to by"
            )


def _kpi_problems(rule: RuleSettings, kind: Kind, kpis: Registry) -> Iterator[str]:
    if kind.paced_only and rule.metric not in paced(kpis):
        known = ", ".join(paced(kpis)) or "none: [kpis] names no marketplace pack"
        yield f"'{rule.metric}' has no pace; the KPIs that have one are {known}"
    if kind.shares_only:
        kpi = kpis.get(rule.metric)
        if kpi is None or kpi.unit != "%" or kpi.better != "higher":
            yield (
                f"kind '{rule.kind}' needs a KPI in percent of which more is better, such as "
                f"csat or service_level; {rule.metric} is none"
            )


def _window_problems(metric: str, has_window: bool, kpis: Registry) -> Iterator[str]:
    state = metric in LIVE_METRICS or (metric in kpis and kpis[metric].is_state)
    if state and has_window:
        yield f"{metric} is a state and has no window; leave window out"


def _labels(metric: str, kind: Kind, kpis: Registry) -> tuple[str, ...] | None:
    """What it can be split by; None where the metric is unknown, which is said elsewhere."""
    if kind.labels is not None:
        return kind.labels
    return kpis.labels(kpis[metric]) if metric in kpis else LIVE_METRICS.get(metric)
