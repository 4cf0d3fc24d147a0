"""The built-in rule about rules: one that can't be evaluated is told, not left out in silence.

Why is in the worker's log; the page of rules marks such a rule.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import timedelta

from alerts.alert import Observation, Rule, Severity, Threshold, Verdict
from alerts.rule_settings import RULE_ERROR
from metrics.measurement import Labels, labels_of

LASTING = timedelta(seconds=30)  # a single failure may be a hiccup


def observe_rules(
    failed: Mapping[str, str], active: Collection[Labels], receivers: tuple[str, ...]
) -> list[Observation]:
    """`failed`: rules that can't be evaluated; `active`: the labels of alerts about such rules."""
    if not failed and not active:
        return []
    rule = Rule(
        name=RULE_ERROR,
        metric="rule_error",
        by=("rule",),
        when=Threshold(">", 0),
        clear=Threshold("<=", 0),
        wait=LASTING,
        severity=Severity.WARNING,
        receivers=receivers,
    )
    found = [Observation(rule, labels_of(rule=one), Verdict.BREACH, 1.0) for one in sorted(failed)]
    fine = [labels for labels in sorted(active) if dict(labels)["rule"] not in failed]
    return found + [Observation(rule, labels, Verdict.CLEAR, 0.0) for labels in fine]
