"""The alert half of one tick: numbers in; state, history and messages out in one transaction.

The only file that knows the order of the steps. It sends nothing (delivery.py) and reads no source.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa

from alerts import outbox
from alerts.acknowledging import Outcome, apply, expire
from alerts.actions import Waiting, settle, waiting
from alerts.alert import Alert, Observation, Transition, fingerprint
from alerts.book import AlertBook, RuleBook
from alerts.freshness import SourceReading, observe_source, source_rule
from alerts.lifecycle import Step, advance, withdraw
from alerts.reasons import notifications
from alerts.rules import evaluate, index
from alerts.settings import SOURCE_DOWN
from alerts.store import add_transitions, delete_alerts, load_alerts, require_term, save_alerts
from connectors.store import Store
from metrics.measurement import Measurement, labels_of


@dataclass(frozen=True, slots=True)
class Reading:
    """What steps 1 to 5 of a tick found out."""

    now: datetime
    measurements: Sequence[Measurement]
    sources: Sequence[SourceReading]


@dataclass(frozen=True, slots=True)
class TickResult:
    """`queued` messages are new in the outbox: wake the delivery when there are any."""

    transitions: tuple[Transition, ...]
    queued: int
    pending: int
    firing: int  # acknowledged ones too
    wrote: bool


@dataclass(frozen=True, slots=True)
class _Step:
    """A change of status: the alert after it (None: not kept), and whom its rule tells."""

    after: Alert | None
    change: Transition
    receivers: tuple[str, ...]


@dataclass(slots=True)
class _Changes:
    alerts: dict[str, Alert | None] = field(default_factory=dict)
    steps: list[_Step] = field(default_factory=list)
    settled: list[tuple[int, Outcome]] = field(default_factory=list)

    def note(self, before: Alert | None, step: Step, receivers: tuple[str, ...] = ()) -> None:
        """Take up what became of one alert."""
        after, change = step
        key = before.fingerprint if before else after.fingerprint if after else ""
        if after is not before or change is not None:
            self.alerts[key] = after
        if change is not None:
            self.steps.append(_Step(after, change, receivers))


def evaluate_and_record(
    store: Store, book: AlertBook, rules: RuleBook, reading: Reading, *, term: int | None = None
) -> TickResult:
    """Steps 6 to 9 of a tick. One that changes nothing writes nothing.

    Raises LeadershipLost when another leader's term has begun and StoreError when the store can't
    be used. Either way this tick did not happen, and the next one starts from the store's word.
    """
    with store.read() as connection:
        if not book.clean:
            book.replace(load_alerts(connection))
        actions = waiting(connection)
    now = reading.now
    book.watching_since = book.watching_since or now
    changes = _decide(book, rules, reading, actions)
    queued = 0
    unsaved = book.unsaved | changes.alerts.keys()
    wrote = bool(changes.steps or changes.settled) or book.refresh_due(now)
    if wrote:
        book.clean = False  # until the commit is known to have happened
        with store.begin() as connection:
            if term is not None:
                require_term(connection, term)
            queued = _write(connection, book, changes, now)
        book.clean, book.saved_at, unsaved = True, now, set()
    for key, alert in changes.alerts.items():
        book.put(key, alert)
    book.unsaved = unsaved
    lively = book.lively()
    firing = sum(alert.up for alert in lively)
    transitions = tuple(step.change for step in changes.steps)
    return TickResult(transitions, queued, len(lively) - firing, firing, wrote)


def _decide(
    book: AlertBook, rules: RuleBook, reading: Reading, actions: Sequence[Waiting]
) -> _Changes:
    """What people and observations do to the alerts; touches neither book nor store."""
    changes, now = _Changes(), reading.now
    _answer(changes, book, rules, actions, now)
    withdrawn = set()
    for alert in _orphans(book, rules, reading.sources):
        known = changes.alerts.get(alert.fingerprint) or alert
        changes.note(known, withdraw(known, now=now))
        withdrawn.add(alert.fingerprint)
    seen = index(reading.measurements, reading.sources, now=now)
    found = evaluate(rules.plans.values(), seen, book.active)
    for one in (*found, *_observe_sources(book, rules, reading)):
        key = fingerprint(one.rule.name, one.labels)
        if key not in withdrawn:
            before = changes.alerts.get(key, book.alerts.get(key))
            changes.note(before, advance(before, one, now=now), one.rule.receivers)
    return changes


def _answer(
    changes: _Changes,
    book: AlertBook,
    rules: RuleBook,
    actions: Sequence[Waiting],
    now: datetime,
) -> None:
    """Acknowledgements first: those that ran out, then what people did, in its order."""
    for key in sorted(book.acknowledged):
        before = book.alerts[key]
        changes.note(before, expire(before, now=now), _receivers(rules, before))
    for one in actions:
        key = one.action.fingerprint
        alert = changes.alerts.get(key, book.alerts.get(key))
        step, outcome = apply(alert, one.action, now=now)
        changes.note(alert, step, _receivers(rules, alert))
        changes.settled.append((one.id, outcome))


def _receivers(rules: RuleBook, alert: Alert | None) -> tuple[str, ...]:
    if alert is None:
        return ()
    if alert.rule == SOURCE_DOWN:
        return rules.sources.receivers
    plan = rules.plans.get(alert.rule)
    return plan.rule.receivers if plan else ()


def _observe_sources(book: AlertBook, rules: RuleBook, reading: Reading) -> Iterator[Observation]:
    watch, now = rules.sources, reading.now
    if not watch.on:
        return
    for source in reading.sources:
        rule = source_rule(source, after=watch.after, receivers=watch.receivers)
        yield observe_source(source, rule, now=now, watching_since=book.watching_since or now)


def _orphans(book: AlertBook, rules: RuleBook, sources: Sequence[SourceReading]) -> list[Alert]:
    """Active alerts that the config no longer covers: their rule or source left it, or changed."""
    watched = {labels_of(source=one.name) for one in sources} if rules.sources.on else set()
    found = []
    for rule, all_labels in book.active.items():
        plan = rules.plans.get(rule)
        for labels in sorted(all_labels):
            covered = labels in watched if rule == SOURCE_DOWN else plan and plan.covers(labels)
            if not covered:
                found.append(book.alerts[fingerprint(rule, labels)])
    return found


def _write(connection: sa.Connection, book: AlertBook, changes: _Changes, now: datetime) -> int:
    """State, history and messages; returns how many messages."""
    current = {key: book.alerts[key] for key in book.unsaved if key in book.alerts}
    save = {**current, **changes.alerts}
    save_alerts(connection, [alert for alert in save.values() if alert is not None])
    delete_alerts(connection, [key for key, alert in save.items() if alert is None])
    settle(connection, changes.settled, now=now)
    kept = [step for step in changes.steps if step.change.is_history]
    add_transitions(connection, [step.change for step in kept])
    queued = 0
    for step in kept:
        if step.after is None or not (step.change.begins or step.change.ends):
            continue
        change = step.change
        told = outbox.told(connection, change.fingerprint, change.episode)
        notes = notifications(step.after, change, receivers=step.receivers, told=told)
        queued += outbox.enqueue(connection, notes, now=now)
    return queued
