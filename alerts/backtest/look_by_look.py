"""Rules whose verdict needs several numbers or a memory, replayed minute by minute: measurements
are made for each look and go through the same evaluation as in a live tick.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from alerts.alert import Alert, Rule, fingerprint
from alerts.backtest.driving import Episode
from alerts.backtest.past import Past
from alerts.backtest.series import Floats, Grid
from alerts.conditions.kinds import KINDS
from alerts.conditions.memory import Memory, Metric
from alerts.freshness import SourceReading, source_of
from alerts.lifecycle import advance
from alerts.rules import evaluate, index, prepare
from connectors.columns import from_micros
from metrics.kpi import Registry
from metrics.measurement import Labels, Measurement

LOOK = timedelta(minutes=1)
_POLL = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class _Column:
    """A metric of one label set at every look."""

    metric: Metric
    labels: Labels
    values: Floats


def grid_of(grid: Grid) -> Grid:
    """The same span, looked at once a minute."""
    return Grid(grid.since, grid.until, max(grid.step, 60_000_000))


def episodes(rule: Rule, past: Past, kpis: Registry) -> Iterator[Episode]:
    """`past` must be on the grid of `grid_of`."""
    columns = list(_columns(rule, past))
    names = {source for one in columns if (source := source_of(one.labels))}
    plans, memory = prepare([rule], kpis), Memory()
    derive = KINDS[rule.kind].derive
    alerts: dict[str, Alert] = {}
    begun: dict[str, tuple[datetime, datetime]] = {}
    for look in range(past.grid.count):
        now = from_micros(past.grid.since + look * past.grid.step)
        found = [_measured(one, look, now) for one in columns]
        if derive is not None:
            found = list(derive(rule, _by_metric(found), memory, now))
        sources = [SourceReading(name, True, now, _POLL) for name in names]
        active = {rule.name: {one.labels for one in alerts.values() if one.active}}
        for seen in evaluate(plans, index(found, sources, now=now), active, memory):
            key = fingerprint(rule.name, seen.labels)
            after, change = advance(alerts.get(key), seen, now=now)
            if after is None:
                alerts.pop(key, None)
            else:
                alerts[key] = after
            if change is not None and change.begins:
                begun[key] = (change.since, now)
            elif change is not None and change.ends and after is not None:
                yield Episode(seen.labels, *begun.pop(key), now, after.peak)
    for key, (since, fired) in begun.items():
        yield Episode(alerts[key].labels, since, fired, None, alerts[key].peak)


def _columns(rule: Rule, past: Past) -> Iterator[_Column]:
    looks = np.arange(past.grid.count)
    for metric, asked in _asked(rule).items():
        for series in past.of(asked):
            yield _Column(metric, series.labels, series.values(looks))


def _asked(rule: Rule) -> dict[Metric, Rule]:
    """The metrics behind a rule, each as a rule that asks for it alone."""
    asked: dict[Metric, Rule] = {}
    for one in rule.parts or (rule,):
        spans = [one.window]
        if one.signal.short_window is not None:
            spans.append(one.signal.short_window)
        for span in spans:
            seconds = None if span is None else span.total_seconds()
            asked[one.metric, seconds] = Rule(
                name=rule.name, metric=one.metric, when=one.when, clear=one.clear, by=one.by,
                window=span,
            )  # fmt: skip
    return asked


def _measured(column: _Column, look: int, now: datetime) -> Measurement:
    value = float(column.values[look])
    known = None if np.isnan(value) else value
    return Measurement(column.metric[0], column.labels, known, 1, now, column.metric[1])


def _by_metric(found: list[Measurement]) -> Mapping[Metric, list[Measurement]]:
    by_metric: dict[Metric, list[Measurement]] = {}
    for one in found:
        by_metric.setdefault((one.metric, one.window_s), []).append(one)
    return by_metric
