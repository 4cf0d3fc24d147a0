"""How long ticks take, as a histogram that fits into a column of the store."""

from __future__ import annotations

import json
from bisect import bisect_left
from dataclasses import dataclass, field

BOUNDS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


@dataclass(slots=True)
class TickTimes:
    """`counts` by bound, the last for what took longer than all; `total_s` of all ticks."""

    counts: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS_S) + 1))
    total_s: float = 0.0

    def add(self, seconds: float) -> None:
        self.counts[bisect_left(BOUNDS_S, seconds)] += 1
        self.total_s += seconds

    def cumulated(self) -> list[tuple[str, float]]:
        """(bound, how many took that long at most), as Prometheus counts."""
        found, so_far = [], 0
        for bound, count in zip((*map(str, BOUNDS_S), "+Inf"), self.counts, strict=True):
            so_far += count
            found.append((bound, float(so_far)))
        return found

    def text(self) -> str:
        return json.dumps([self.counts, round(self.total_s, 6)])

    @classmethod
    def read(cls, text: str | None) -> TickTimes:
        """What another release wrote with other bounds counts for nothing."""
        if not text:
            return cls()
        counts, total_s = json.loads(text)
        return cls(counts, total_s) if len(counts) == len(BOUNDS_S) + 1 else cls()
