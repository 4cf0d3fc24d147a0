"""What one leader keeps in memory between ticks: the rules made ready, and the alerts as stored."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from alerts.alert import Alert, Rule, Status, fingerprint
from alerts.conditions.memory import Memory
from alerts.rules import Plan, prepare
from alerts.telling.book import TellingBook
from metrics.kpi import Registry
from metrics.measurement import Labels

# How often values of alerts that didn't change their status are written, for the pages to show.
REFRESH = timedelta(seconds=3)


@dataclass(frozen=True, slots=True)
class SourceWatch:
    """The built-in rule about sources: whether and whom it tells, and its limit if set by hand."""

    on: bool = True
    after: timedelta | None = None
    receivers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RuleBook:
    """All rules, for as long as the config stays the same."""

    plans: Mapping[str, Plan]  # by rule name
    sources: SourceWatch


def rule_book(
    rules: Iterable[Rule], sources: SourceWatch, kpis: Registry | None = None
) -> RuleBook:
    return RuleBook({plan.rule.name: plan for plan in prepare(rules, kpis)}, sources)


@dataclass(slots=True)
class AlertBook:
    """The alerts. `unsaved` holds those with newer values than the store; status never differs.

    `clean` False = the store may know better: a fresh start, a new term, or a write whose outcome
    nobody knows. The next tick then reads it again.
    """

    alerts: dict[str, Alert] = field(default_factory=dict)
    active: dict[str, set[Labels]] = field(default_factory=dict)  # by rule: pending and up
    acknowledged: set[str] = field(default_factory=set)
    unsaved: set[str] = field(default_factory=set)
    clean: bool = False
    saved_at: datetime | None = None
    watching_since: datetime | None = None
    telling: TellingBook = field(default_factory=TellingBook)
    memory: Memory = field(default_factory=Memory)

    def replace(self, alerts: Mapping[str, Alert]) -> None:
        """Take the store's word."""
        self.alerts, self.active, self.acknowledged, self.unsaved = {}, {}, set(), set()
        for key, alert in alerts.items():
            self.put(key, alert)
        self.clean = True

    def put(self, key: str, alert: Alert | None) -> None:
        before = self.alerts.pop(key, None)
        self.acknowledged.discard(key)
        if before is not None and before.active:
            self.active[before.rule].discard(before.labels)
            if not self.active[before.rule]:
                del self.active[before.rule]
        if alert is None:
            return
        self.alerts[key] = alert
        if alert.active:
            self.active.setdefault(alert.rule, set()).add(alert.labels)
        if alert.status is Status.ACKNOWLEDGED:
            self.acknowledged.add(key)

    def lively(self) -> list[Alert]:
        """Alerts that are pending or up."""
        return [
            self.alerts[fingerprint(rule, labels)]
            for rule, all_labels in self.active.items()
            for labels in all_labels
        ]

    def refresh_due(self, now: datetime) -> bool:
        if not self.unsaved:
            return False
        if self.saved_at is None:
            return True
        return not timedelta(0) <= now - self.saved_at < REFRESH
