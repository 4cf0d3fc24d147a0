"""What one leader remembers of telling between ticks. Stores nothing and decides nothing (tick.py).

Everything here can be read anew from the store (log.py), so a crash costs nothing.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from alerts.alert import Alert, Cause, Notification
from alerts.telling.batches import Recent
from alerts.telling.known import Episode
from alerts.telling.muting import Muting, Silence, can_inhibit
from alerts.telling.plan import PLAIN, TellingPlan
from alerts.telling.rota import Override


@dataclass(frozen=True, slots=True)
class Standing:
    """What people set by page and command line that bears on telling now."""

    silences: tuple[Silence, ...] = ()
    overrides: tuple[Override, ...] = ()


NOTHING = Standing()


@dataclass(frozen=True, slots=True)
class News:
    """An alert after this tick. `before`: as it was, where it changed; `cause`: why."""

    after: Alert
    before: Alert | None = None
    cause: Cause = Cause.CLEAR


@dataclass(slots=True)
class Outcome:
    """What a tick's telling comes to. `episodes` changed and must be kept; `gone` need no more
    thought: everybody knows that they ended."""

    notes: list[Notification] = field(default_factory=list)
    episodes: dict[tuple[str, int], Episode] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    dues: dict[str, datetime | None] = field(default_factory=dict)
    recents: dict[str, Recent] = field(default_factory=dict)
    opened: dict[tuple[str, str], datetime] = field(default_factory=dict)
    inhibitors: dict[str, Alert | None] = field(default_factory=dict)
    standing: Standing = NOTHING
    at: datetime | None = None

    @property
    def writes(self) -> bool:
        return bool(self.notes or self.episodes)


@dataclass(slots=True)
class TellingBook:
    """`look_at_all`: everything is judged anew in the next tick. `opened`: until when a receiver's
    group collects its first alerts."""

    plan: TellingPlan = PLAIN
    episodes: dict[str, Episode] = field(default_factory=dict)  # by fingerprint: the latest
    recents: dict[str, Recent] = field(default_factory=dict)
    opened: dict[tuple[str, str], datetime] = field(default_factory=dict)
    standing: Standing = NOTHING
    look_at_all: bool = True
    told_at: datetime | None = None
    _inhibitors: dict[str, Alert] = field(default_factory=dict)
    _dues: dict[str, datetime] = field(default_factory=dict)
    _heap: list[tuple[datetime, str]] = field(default_factory=list)

    def replace(
        self, episodes: Mapping[str, Episode], recents: Mapping[str, Recent], up: Iterable[Alert]
    ) -> None:
        """Take the store's word."""
        self.episodes, self.recents = dict(episodes), dict(recents)
        self._dues, self._heap, self.opened, self.look_at_all = {}, [], {}, True
        self._inhibitors = {
            one.fingerprint: one for one in up if can_inhibit(one, self.plan.inhibitions)
        }

    def due(self, now: datetime) -> list[str]:
        """Fingerprints whose time has come; asked for once per tick."""
        if self.told_at is not None and now < self.told_at:
            self.look_at_all = True  # the clock was set back: no waiting time can be trusted
        found = []
        while self._heap and self._heap[0][0] <= now:
            at, key = heapq.heappop(self._heap)
            if self._dues.get(key) == at:
                found.append(key)
        return found

    def take(self, outcome: Outcome) -> None:
        """After the commit, or when there was nothing to commit."""
        for (key, _), episode in sorted(outcome.episodes.items()):
            self.episodes[key] = episode
        for key, due in outcome.dues.items():
            self._dues.pop(key, None)
            if due is not None:
                self._dues[key] = due
                heapq.heappush(self._heap, (due, key))
        for key in outcome.gone:
            self.episodes.pop(key, None)
        self.recents |= outcome.recents
        self.opened = outcome.opened
        self.standing, self.look_at_all = outcome.standing, False
        self.told_at = outcome.at
        for key, alert in outcome.inhibitors.items():
            if alert is None:
                self._inhibitors.pop(key, None)
            else:
                self._inhibitors[key] = alert

    def inhibitors_after(self, news: Iterable[News]) -> dict[str, Alert | None]:
        """Which of the changed alerts inhibit others from now on, or do so no longer."""
        found: dict[str, Alert | None] = {}
        for one in news:
            key = one.after.fingerprint
            if one.after.up and can_inhibit(one.after, self.plan.inhibitions):
                found[key] = one.after
            elif key in self._inhibitors:
                found[key] = None
        return found

    def muting(self, standing: Standing, changed: Mapping[str, Alert | None]) -> Muting:
        up = {**self._inhibitors, **changed}
        return Muting(
            self.plan.inhibitions,
            self.plan.windows,
            (*self.plan.silences, *standing.silences),
            [one for one in up.values() if one is not None],
        )
