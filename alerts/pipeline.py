"""The alert half of one tick: numbers in; state, history and messages out in one transaction.

The only file that knows the order of the steps. It sends nothing (delivery.py) and reads no source.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

import sqlalchemy as sa

from alerts import outbox
from alerts.acknowledging import Outcome, apply, expire
from alerts.actions import Waiting, settle, waiting
from alerts.alert import Alert, Observation, Transition, fingerprint
from alerts.book import AlertBook, RuleBook
from alerts.conditions.memory import Metric
from alerts.faulty_rules import observe_rules
from alerts.freshness import SourceReading, observe_source, source_rule
from alerts.lifecycle import Step, advance, withdraw
from alerts.memory_store import load_onsets, save_onsets
from alerts.rule_settings import BUILT_IN, RULE_ERROR, SOURCE_DOWN
from alerts.rules import evaluate, index
from alerts.store import add_transitions, delete_alerts, load_alerts, require_term, save_alerts
from alerts.telling.book import News, Standing
from alerts.telling.book import Outcome as Telling
from alerts.telling.log import load_open, load_recents, save_episodes
from alerts.telling.standing_store import load_standing
from alerts.telling.tick import Tick, tell
from connectors.store import Store
from metrics.measurement import Measurement, labels_of


@dataclass(frozen=True, slots=True)
class Reading:
    """What steps 1 to 5 of a tick found out. `failed`: the numbers that could not be read."""

    now: datetime
    measurements: Sequence[Measurement]
    sources: Sequence[SourceReading]
    failed: Mapping[Metric, str] = field(default_factory=dict)
    watch: Sequence[Observation] = ()  # how the watch itself goes (self_watch.py)


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
    """A change of status, and the alert after it (None: not kept)."""

    after: Alert | None
    change: Transition


@dataclass(slots=True)
class _Changes:
    alerts: dict[str, Alert | None] = field(default_factory=dict)
    steps: list[_Step] = field(default_factory=list)
    settled: list[tuple[int, Outcome]] = field(default_factory=list)

    def note(self, before: Alert | None, step: Step) -> None:
        """Take up what became of one alert."""
        after, change = step
        key = before.fingerprint if before else after.fingerprint if after else ""
        if after is not before or change is not None:
            self.alerts[key] = after
        if change is not None:
            self.steps.append(_Step(after, change))


def evaluate_and_record(
    store: Store, book: AlertBook, rules: RuleBook, reading: Reading, *, term: int | None = None
) -> TickResult:
    """Steps 6 to 9 of a tick. One that changes nothing writes nothing.

    Raises LeadershipLost when another leader's term has begun and StoreError when the store can't
    be used. Either way this tick did not happen, and the next one starts from the store's word.
    """
    now = reading.now
    with store.read() as connection:
        if not book.clean:
            _read(connection, book, now)
        actions = waiting(connection)
        standing = load_standing(connection, now)
    book.clean = False  # until this tick is known to have happened
    book.watching_since = book.watching_since or now
    changes = _decide(book, rules, reading, actions)
    telling = _tell(book, rules, changes, standing, now)
    queued = 0
    unsaved = book.unsaved | changes.alerts.keys()
    wrote = bool(changes.steps or changes.settled or telling.writes or book.memory.has_news)
    wrote = wrote or book.refresh_due(now)
    if wrote:
        with store.begin() as connection:
            if term is not None:
                require_term(connection, term)
            _write(connection, book, changes, now)
            save_onsets(connection, book.memory, now)
            save_episodes(connection, telling.episodes.values())
            queued = outbox.enqueue(connection, telling.notes, now=now)
        book.memory.kept()
        book.saved_at, unsaved = now, set()
    for key, alert in changes.alerts.items():
        book.put(key, alert)
    book.telling.take(telling)
    book.unsaved, book.clean = unsaved, True
    lively = book.lively()
    firing = sum(alert.up for alert in lively)
    transitions = tuple(step.change for step in changes.steps)
    return TickResult(transitions, queued, len(lively) - firing, firing, wrote)


def _read(connection: sa.Connection, book: AlertBook, now: datetime) -> None:
    """The store's word on alerts and on who was told of them."""
    book.replace(load_alerts(connection))
    if not book.memory.recalled:
        book.memory.recall(load_onsets(connection))
    recents = load_recents(connection, book.telling.plan.storm, now)
    up = [alert for alert in book.lively() if alert.up]
    book.telling.replace(load_open(connection), recents, up)


def _tell(
    book: AlertBook, rules: RuleBook, changes: _Changes, standing: Standing, now: datetime
) -> Telling:
    """Step 8: who is to be told of what changed, or of what has come due."""

    def after(key: str) -> Alert | None:
        return changes.alerts[key] if key in changes.alerts else book.alerts.get(key)

    def everything() -> list[Alert]:
        keys = {one.fingerprint for one in book.lively()}
        keys |= changes.alerts.keys() | book.telling.episodes.keys()
        found = (after(key) for key in keys)
        return [one for one in found if one and (one.up or one.fingerprint in told)]

    told = book.telling.episodes
    news = {
        step.after.fingerprint: News(alert, book.alerts.get(alert.fingerprint), step.change.cause)
        for step in changes.steps
        if step.after is not None and (alert := after(step.after.fingerprint)) is not None
    }
    due = [alert for key in book.telling.due(now) if (alert := after(key)) is not None]
    usual = partial(_usual, rules)
    return tell(book.telling, Tick(now, news, due, everything, usual, standing))


def _usual(rules: RuleBook, rule: str) -> tuple[str, ...]:
    """Whom a rule tells where no route says otherwise."""
    if rule in BUILT_IN:
        return rules.sources.receivers
    plan = rules.plans.get(rule)
    return plan.rule.receivers if plan else ()


def _decide(
    book: AlertBook, rules: RuleBook, reading: Reading, actions: Sequence[Waiting]
) -> _Changes:
    """What people and observations do to the alerts; touches neither book nor store."""
    changes, now = _Changes(), reading.now
    _answer(changes, book, actions, now)
    withdrawn = set()
    for alert in _orphans(book, rules, reading):
        known = changes.alerts.get(alert.fingerprint) or alert
        changes.note(known, withdraw(known, now=now))
        withdrawn.add(alert.fingerprint)
    seen = index(reading.measurements, reading.sources, now=now, failed=reading.failed)
    failed: dict[str, str] = {}
    found = evaluate(rules.plans.values(), seen, book.active, book.memory, failed)
    found += observe_rules(failed, book.active.get(RULE_ERROR, ()), rules.sources.receivers)
    for one in (*found, *_observe_sources(book, rules, reading), *reading.watch):
        key = fingerprint(one.rule.name, one.labels)
        if key not in withdrawn:
            before = changes.alerts.get(key, book.alerts.get(key))
            changes.note(before, advance(before, one, now=now))
    return changes


def _answer(changes: _Changes, book: AlertBook, actions: Sequence[Waiting], now: datetime) -> None:
    """Acknowledgements first: those that ran out, then what people did, in its order."""
    for key in sorted(book.acknowledged):
        before = book.alerts[key]
        changes.note(before, expire(before, now=now))
    for one in actions:
        key = one.action.fingerprint
        alert = changes.alerts.get(key, book.alerts.get(key))
        step, outcome = apply(alert, one.action, now=now)
        changes.note(alert, step)
        changes.settled.append((one.id, outcome))


def _observe_sources(book: AlertBook, rules: RuleBook, reading: Reading) -> Iterator[Observation]:
    watch, now = rules.sources, reading.now
    if not watch.on:
        return
    for source in reading.sources:
        rule = source_rule(source, after=watch.after, receivers=watch.receivers)
        yield observe_source(source, rule, now=now, watching_since=book.watching_since or now)


def _orphans(book: AlertBook, rules: RuleBook, reading: Reading) -> list[Alert]:
    """Active alerts that the config no longer covers: their rule or source left it, or changed."""
    sources = reading.sources if rules.sources.on else ()
    watched = {(SOURCE_DOWN, labels_of(source=one.name)) for one in sources}
    watched |= {(one.rule.name, one.labels) for one in reading.watch}
    found = []
    for rule, all_labels in book.active.items():
        plan = rules.plans.get(rule)
        for labels in sorted(all_labels):
            if rule == RULE_ERROR:
                covered = dict(labels)["rule"] in rules.plans
            elif rule in BUILT_IN:
                covered = (rule, labels) in watched
            else:
                covered = plan is not None and plan.covers(labels)
            if not covered:
                found.append(book.alerts[fingerprint(rule, labels)])
    return found


def _write(connection: sa.Connection, book: AlertBook, changes: _Changes, now: datetime) -> None:
    """State and history."""
    current = {key: book.alerts[key] for key in book.unsaved if key in book.alerts}
    save = {**current, **changes.alerts}
    save_alerts(connection, [alert for alert in save.values() if alert is not None])
    delete_alerts(connection, [key for key, alert in save.items() if alert is None])
    settle(connection, changes.settled, now=now)
    kept = [step for step in changes.steps if step.change.is_history]
    add_transitions(connection, [step.change for step in kept])
