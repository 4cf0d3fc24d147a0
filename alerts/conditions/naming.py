"""What the number that a rule compares is called: in alerts, and between reading and judging."""

from __future__ import annotations

from datetime import timedelta

from alerts.rule import Rule

PLAIN = frozenset({"threshold", "source_stale"})  # compare a metric as it is
COMPOSITE = frozenset({"all", "any"})
SEPARATOR = ":"
_PERCENT = "change_percent"


def shown_metric(rule: Rule) -> str:
    """`queue_length`, or `kind:metric` where the rule compares something made of the metric."""
    if rule.kind in PLAIN:
        return rule.metric
    if rule.kind in COMPOSITE:
        return rule.parts[0].metric
    kind = _PERCENT if rule.kind == "change" and rule.signal.percent else rule.kind
    return f"{kind}{SEPARATOR}{rule.metric}"


def series_name(rule: Rule) -> str:
    """The name of the series it compares: the same for rules that ask for the same number."""
    if rule.kind in PLAIN:
        return rule.metric
    signal = rule.signal
    asked = (
        rule.window, signal.ago, signal.short_window, signal.target, signal.lead, signal.after,
        signal.level, signal.side,
    )  # fmt: skip
    words = [_word(one) for one in asked]
    return f"{shown_metric(rule)}?{'&'.join(words)}&{','.join(sorted(rule.by))}"


def _word(value: timedelta | float | str | None) -> str:
    return str(value.total_seconds()) if isinstance(value, timedelta) else str(value)
