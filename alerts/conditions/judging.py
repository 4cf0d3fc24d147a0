"""From a number to a verdict: thresholds, limits of single segments, several conditions at once."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence

from alerts.alert import Verdict
from alerts.rule import Override, Rule, Threshold
from metrics.measurement import Labels

Judge = Callable[[float], Verdict]
COMPARE: dict[str, Callable[[float, float], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}


def judge_of(when: Threshold, clear: Threshold) -> Judge:
    """The verdict on a known number."""
    breaches, limit = COMPARE[when.op], when.value
    clears, clear_limit = COMPARE[clear.op], clear.value

    def judge(value: float) -> Verdict:
        if breaches(value, limit):
            return Verdict.BREACH
        return Verdict.CLEAR if clears(value, clear_limit) else Verdict.BETWEEN

    return judge


def override_for(rule: Rule, labels: Labels) -> Override | None:
    """The limits that a segment has for itself: the first whose labels it has."""
    for one in rule.overrides:
        if set(one.where) <= set(labels):
            return one
    return None


def together(kind: str, verdicts: Sequence[Verdict]) -> Verdict:
    """One verdict of several conditions, with three values of truth: `all` breach only if each
    does and clear as soon as one is clear, `any` the other way about. What isn't known decides
    only where the others leave it open."""
    first, last = Verdict.BREACH, Verdict.CLEAR
    if kind == "all":
        first, last = last, first
    if first in verdicts:
        return first
    if all(one is last for one in verdicts):
        return last
    for one in (Verdict.ERROR, Verdict.NO_DATA, Verdict.GONE):
        if one in verdicts:
            return Verdict.NO_DATA if one is Verdict.GONE else one
    return Verdict.BETWEEN
