"""A worker's ticks of telling without a store: alerts go up and down, messages come out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from alerts.alert import (
    Acknowledgement,
    Alert,
    Cause,
    Notification,
    Reason,
    Severity,
    Status,
    fingerprint,
)
from alerts.telling.book import NOTHING, News, Standing, TellingBook
from alerts.telling.plan import PLAIN, TellingPlan
from alerts.telling.tick import Tick, tell
from metrics.measurement import labels_of
from tests.alerts.factories import START, alert, rule


class Teller:
    """`usual` are the receivers of every rule. Alerts are named by their queue."""

    def __init__(self, plan: TellingPlan = PLAIN, usual: Sequence[str] = ("leads",)) -> None:
        self.book = TellingBook(plan)
        self.usual = usual
        self.alerts: dict[str, Alert] = {}
        self.standing: Standing = NOTHING
        self.sent: list[Notification] = []
        self._news: dict[str, News] = {}

    # --- what happens -------------------------------------------------------------------------

    def fire(self, queue: str, now: datetime = START, **changes: Any) -> str:
        of = rule(name=changes.pop("rule", "queue-too-long"))
        severity = changes.pop("severity", Severity.CRITICAL)
        labels = changes.pop("labels", labels_of(queue=queue, source="helpdesk"))
        key = fingerprint(of.name, labels)
        before = self.alerts.get(key)
        number = before.episode + 1 if before else 1
        after = alert(of=of, labels=labels, severity=severity, episode=number,
                      pending_since=now, fired_at=now, updated_at=now)  # fmt: skip
        self._note(before, after, Cause.BREACH)
        return key

    def resolve(self, key: str, now: datetime) -> None:
        before = self.alerts[key]
        after = replace(before, status=Status.RESOLVED, resolved_at=now, updated_at=now)
        self._note(before, after, Cause.CLEAR)

    def acknowledge(self, key: str, now: datetime, by: str = "Li") -> None:
        before = self.alerts[key]
        said = Acknowledgement(by, now)
        after = replace(before, status=Status.ACKNOWLEDGED, acknowledgement=said)
        self._note(before, after, Cause.ACKNOWLEDGED)

    def expire(self, key: str) -> None:
        before = self.alerts[key]
        after = replace(before, status=Status.FIRING, acknowledgement=None)
        self._note(before, after, Cause.EXPIRED)

    def tick(self, now: datetime) -> list[Notification]:
        """Tell, and believe it was committed."""
        due = [self.alerts[key] for key in self.book.due(now)]
        tick = Tick(now, self._news, due, self._everything, lambda _rule: self.usual, self.standing)
        outcome = tell(self.book, tick)
        self.book.take(outcome)
        self._news = {}
        self.sent += outcome.notes
        return outcome.notes

    def restart(self) -> None:
        """Another leader, who knows what was kept and nothing else."""
        book = TellingBook(self.book.plan)
        up = [one for one in self.alerts.values() if one.up]
        book.replace(self.book.episodes, self.book.recents, up)
        self.book = book

    def _note(self, before: Alert | None, after: Alert, cause: Cause) -> None:
        self.alerts[after.fingerprint] = after
        first = self._news.get(after.fingerprint)
        self._news[after.fingerprint] = News(after, first.before if first else before, cause)

    def _everything(self) -> Iterable[Alert]:
        return [
            one for one in self.alerts.values() if one.up or one.fingerprint in self.book.episodes
        ]

    # --- what came of it ----------------------------------------------------------------------

    def said(self) -> list[tuple[str, Reason, tuple[str, ...]]]:
        """(receiver, reason, queues) of all messages."""
        return [
            (one.receiver, one.reason, tuple(queue_of(alert) for alert in one.alerts))
            for one in self.sent
        ]


def queue_of(about: Alert) -> str:
    return dict(about.labels).get("queue", about.rule)
