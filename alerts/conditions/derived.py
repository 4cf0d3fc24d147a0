"""Numbers made of this tick's numbers: change against some time ago, and the burn rate. Pure.

Burn rates over two windows: Beyer et al., The Site Reliability Workbook (2018), chapter 5.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from alerts.conditions.memory import Memory, Metric
from alerts.conditions.naming import series_name
from alerts.rule import Rule
from metrics.measurement import Labels, Measurement

ByMetric = Mapping[Metric, Sequence[Measurement]]


def seconds(span: timedelta | None) -> float | None:
    return None if span is None else span.total_seconds()


def change(rule: Rule, found: ByMetric, memory: Memory, now: datetime) -> Iterator[Measurement]:
    """Now against `ago`: the difference, or percent of the earlier value. From nothing to
    something is no percentage, so it isn't known; from nothing to nothing is no change."""
    metric = (rule.metric, seconds(rule.window))
    ago = rule.signal.ago or timedelta(0)
    for one in found.get(metric, ()):
        past = memory.past(metric, one.labels, ago)
        before = past.before(now - ago)
        past.add(now, one.value)
        value = _change(before, one.value, percent=rule.signal.percent)
        yield replace(one, metric=series_name(rule), value=value, window_s=None)


def _change(before: float | None, value: float | None, *, percent: bool) -> float | None:
    if before is None or value is None:
        return None
    if not percent:
        return value - before
    if before == 0:
        return 0.0 if value == 0 else None
    return 100 * (value - before) / abs(before)


def burn_rate(rule: Rule, found: ByMetric, memory: Memory, now: datetime) -> Iterator[Measurement]:  # noqa: ARG001 - the signature of all
    """How many times faster than allowed the error budget of a share is spent: the lesser of a
    long and a short window, so that it is both much and still going on."""
    target = rule.signal.target or 0.0
    short: dict[Labels, float | None] = {
        one.labels: one.value
        for one in found.get((rule.metric, seconds(rule.signal.short_window)), ())
    }
    for one in found.get((rule.metric, seconds(rule.window)), ()):
        rates = [
            None if share is None else burn(share, target)
            for share in (one.value, short.get(one.labels))
        ]
        known = [rate for rate in rates if rate is not None]
        value = min(known) if len(known) == len(rates) else None
        yield replace(one, metric=series_name(rule), value=value, window_s=None)


def burn(share: float, target: float) -> float:
    """`share` and `target` in percent of what went well; 1 spends the budget exactly."""
    return (100 - share) / (100 - target)
