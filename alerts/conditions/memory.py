"""What rules must remember between ticks: earlier values, and when a condition began.

Kept by the leader; what a next one must know of it goes into the store (memory_store.py).
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from heapq import nsmallest

from alerts.alert import Verdict
from alerts.rule import Rule
from metrics.measurement import Labels

Metric = tuple[str, float | None]  # name and window in seconds
SHORTEST_GAP = timedelta(seconds=1)
SAMPLES = 120  # per span looked back: the values in between are not needed
KEPT_EVERY = timedelta(seconds=10)
MOST_KEPT = 40  # pasts written at once: a tick must not wait for thousands


@dataclass(frozen=True, slots=True)
class Onsets:
    """When the condition of a rule that counts times began, and whether it holds now."""

    rule: str
    labels: Labels
    at: tuple[datetime, ...]
    breaching: bool


_NEVER = datetime.min.replace(tzinfo=UTC)


class Past:
    """Values of one metric and label set, thin enough to look back `span`."""

    __slots__ = ("_at", "_gap", "_newest_kept", "_span", "_values", "kept_at")

    def __init__(self, span: timedelta) -> None:
        self._span = span
        self._gap = max(SHORTEST_GAP, span / SAMPLES)
        self._at: list[datetime] = []
        self._values: list[float | None] = []
        self.kept_at: datetime | None = None
        self._newest_kept: datetime | None = None

    @property
    def samples(self) -> list[tuple[datetime, float | None]]:
        return list(zip(self._at, self._values, strict=True))

    def recall(self, samples: Sequence[tuple[datetime, float | None]]) -> None:
        """What an earlier leader saw."""
        self._at = [at for at, _ in samples]
        self._values = [value for _, value in samples]
        self._newest_kept = self._at[-1] if self._at else None

    def is_due(self, now: datetime) -> bool:
        """Whether the next leader would miss something if this one ended now."""
        if not self._at or self._at[-1] == self._newest_kept:
            return False
        every = max(KEPT_EVERY, self._gap * 2)
        return self.kept_at is None or not timedelta(0) <= now - self.kept_at < every

    def kept(self, now: datetime) -> None:
        """The store has it."""
        self.kept_at, self._newest_kept = now, self._at[-1]

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
        self._news: set[tuple[str, Labels]] = set()
        self.recalled = False  # what an earlier leader knew of onsets

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
            self._news.add(key)
        elif verdict in (Verdict.CLEAR, Verdict.BETWEEN) and key in self._breaching:
            self._breaching.discard(key)
            self._news.add(key)
        onsets = self._onsets.get(key)
        while onsets and not timedelta(0) <= now - onsets[0] <= rule.within:
            onsets.popleft()
        if onsets and len(onsets) >= rule.times:
            return Verdict.BREACH
        if not onsets:
            self._onsets.pop(key, None)
        return Verdict.BETWEEN if verdict is Verdict.BREACH else verdict

    def recall(self, onsets: Iterable[Onsets]) -> None:
        """What an earlier leader knew; once, before anything is counted."""
        for one in onsets:
            key = (one.rule, one.labels)
            self._onsets[key] = deque(one.at)
            if one.breaching:
                self._breaching.add(key)
        self.recalled = True

    @property
    def has_news(self) -> bool:
        return bool(self._news)

    def news(self) -> list[Onsets]:
        """What the store doesn't know yet."""
        return [
            Onsets(rule, labels, tuple(self._onsets.get((rule, labels), ())),
                   (rule, labels) in self._breaching)
            for rule, labels in sorted(self._news)
        ]  # fmt: skip

    def kept(self) -> None:
        """All news are in the store."""
        self._news.clear()

    def due(self, now: datetime) -> dict[tuple[Metric, Labels, timedelta], Past]:
        """Some of the pasts that the store knows too little of, first those it knows least of."""
        due = (one for one in self._pasts.items() if one[1].is_due(now))
        return dict(nsmallest(MOST_KEPT, due, key=lambda one: one[1].kept_at or _NEVER))
