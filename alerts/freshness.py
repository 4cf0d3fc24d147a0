"""Whether a source's numbers can be trusted, and the built-in rule that tells when not. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from alerts.alert import Observation, Rule, Severity, Threshold, Verdict
from alerts.settings import SOURCE_DOWN
from metrics.measurement import Labels, Measurement, labels_of

# Metrics about a source itself: they stay known when it is down.
ABOUT_SOURCES = frozenset({"source_lag"})
# Numbers about the future: made from history, they hold whether a source is read now or not.
AHEAD = ("forecast:", "staffing_gap:")
MISSED_POLLS = 3
SLACK = timedelta(seconds=2)
SHORTEST_LIMIT = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class SourceReading:
    """How reading a source goes: `ok` False when the latest try failed, `as_of` the last good one.

    `filling`: its first back-fill still runs, so that it has no numbers yet and isn't down either.
    """

    name: str
    ok: bool
    as_of: datetime | None
    poll: timedelta
    filling: bool = False

    @property
    def limit(self) -> timedelta:
        """The longest time without a good read that isn't worth a message."""
        return max(MISSED_POLLS * self.poll + SLACK, SHORTEST_LIMIT)

    def fresh(self, now: datetime) -> bool:
        if not self.ok or self.filling or self.as_of is None:
            return False
        return now - self.as_of <= self.limit


def fresh_sources(sources: Iterable[SourceReading], *, now: datetime) -> frozenset[str]:
    return frozenset(source.name for source in sources if source.fresh(now))


def source_of(labels: Labels) -> str | None:
    for name, value in labels:
        if name == "source":
            return value
    return None


class Trust:
    """Which measurements are known this tick.

    A number with a source label needs that source. One without (a total) needs every source that
    feeds its metric; a metric that no labelled series names may come from any source.
    """

    def __init__(
        self, measurements: Iterable[Measurement], sources: Sequence[SourceReading], now: datetime
    ) -> None:
        self.fresh = fresh_sources(sources, now=now)
        self._all = frozenset(source.name for source in sources)
        self._feeds: dict[str, set[str]] = {}
        if len(self.fresh) < len(self._all):
            for one in measurements:
                if source := source_of(one.labels):
                    self._feeds.setdefault(one.metric, set()).add(source)

    def knows(self, metric: str, labels: Labels) -> bool:
        if metric in ABOUT_SOURCES or metric.startswith(AHEAD):
            return True
        if source := source_of(labels):
            return source in self.fresh
        return len(self.fresh) == len(self._all) or self._feeds.get(metric, self._all) <= self.fresh


def source_rule(
    source: SourceReading, *, after: timedelta | None, receivers: tuple[str, ...]
) -> Rule:
    """The built-in rule for one source: each polls at its own pace, so each has its own limit."""
    limit = (after or source.limit).total_seconds()
    return Rule(
        name=SOURCE_DOWN,
        metric="source_lag",
        by=("source",),
        when=Threshold(">", limit),
        clear=Threshold("<=", limit),
        severity=Severity.CRITICAL,
        receivers=receivers,
    )


def observe_source(
    source: SourceReading, rule: Rule, *, now: datetime, watching_since: datetime
) -> Observation:
    """Ends only on a good read; a source never read counts from when the worker began to watch."""
    labels = labels_of(source=source.name)
    if source.ok and source.filling:
        return Observation(rule, labels, Verdict.NO_DATA, None)
    lag = (now - (source.as_of or watching_since)).total_seconds()
    if lag > rule.when.value:
        return Observation(rule, labels, Verdict.BREACH, lag)
    good = source.ok and source.as_of is not None
    return Observation(rule, labels, Verdict.CLEAR if good else Verdict.BETWEEN, lag)
