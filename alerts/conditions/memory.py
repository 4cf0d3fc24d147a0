"""What rules must remember between ticks: earlier values, and when a condition began.

Kept by the leader, not in the store: after a restart a change isn't known until it is old enough,
and the count of times begins anew.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from datetime import datetime, timedelta

from alerts.alert import Verdict
from alerts.rule import Rule
from metrics.measurement import Labels

Metric = tuple[str, float | None]  # name and window in seconds
SHORTEST_GAP = timedelta(seconds=1)
SAMPLES = 120  # per span looked back: the values in between are not needed


class Past:
    """Values of one metric and label set, thin enough to look back `span`."""

    __slots__ = ("_at", "_gap", "_span", "_values")

    def __init__(self, span: timedelta) -> None:
        self._span = span
        self._gap = max(SHORTEST_GAP, span / SAMPLES)
        self._at: list[datetime] = []
        self._values: list[float | None] = []

    def add(self, at: datetime, value: float | None) -> None:
        if self._at and at < self._at[-1]:  # the clock was set back: what was known is of no use
            self._at.clear()
            self._values.clear()
        if self._at and at - self._at[-1] < self._gap:
            return
        self._at.append(at)
        self._values.append(value)
        if len(self._at) > 2 * SAMPLES + 10:
            keep = bisect_right(self._at, at - self._span - 3 * self._gap)
            del self._at[:keep], self._values[:keep]

    def before(self, moment: datetime) -> float | None:
        """The newest value at that moment; None where it wasn't looked at about then."""
        place = bisect_right(self._at, moment) - 1
        if place < 0 or moment - self._at[place] > 3 * self._gap:
            return None
        return self._values[place]


class Memory:
    """One leader's memory; a back-test has one of its own."""

    def __init__(self) -> None:
        self._pasts: dict[tuple[Metric, Labels, timedelta], Past] = {}
        self._onsets: dict[tuple[str, Labels], deque[datetime]] = {}
        self._breaching: set[tuple[str, Labels]] = set()

    def past(self, metric: Metric, labels: Labels, span: timedelta) -> Past:
        key = (metric, labels, span)
        found = self._pasts.get(key)
        if found is None:
            found = self._pasts[key] = Past(span)
        return found

    def counted(self, rule: Rule, labels: Labels, verdict: Verdict, now: datetime) -> Verdict:
        """The verdict of a rule that wants its condition to have begun several times."""
        key = (rule.name, labels)
        if verdict is Verdict.BREACH and key not in self._breaching:
            self._breaching.add(key)
            self._onsets.setdefault(key, deque()).append(now)
        elif verdict in (Verdict.CLEAR, Verdict.BETWEEN):
            self._breaching.discard(key)
        onsets = self._onsets.get(key)
        while onsets and not timedelta(0) <= now - onsets[0] <= rule.within:
            onsets.popleft()
        if onsets and len(onsets) >= rule.times:
            return Verdict.BREACH
        if not onsets:
            self._onsets.pop(key, None)
        return Verdict.BETWEEN if verdict is Verdict.BREACH else verdict
