"""How an alert moves: one observation at a time, from values to values. Pure; stores nothing.

    (none), resolved ──BREACH──▶ pending ──BREACH for `wait`──▶ firing
    pending ──BETWEEN, CLEAR──▶ what it was before
    firing ──a person, acknowledging.py──▶ acknowledged ──its end──▶ firing
    firing, acknowledged ──CLEAR──▶ (recovering) ──CLEAR for `keep_firing_for`──▶ resolved
    any of these ──OFF (outside the rule's hours), withdrawn──▶ what it was before, resolved

NO_DATA and ERROR hold everything where it is. A wait for firing goes on across them, a wait for
resolving starts anew: where nothing is known, warning early is the better mistake.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from alerts.alert import (
    NO_TIME,
    Alert,
    Cause,
    Observation,
    Rule,
    Status,
    Transition,
    Verdict,
    fingerprint,
)
from alerts.conditions.naming import shown_metric

# A series that its fresh source lacks for this long won't come back: the alert ends.
GONE_AFTER = timedelta(minutes=10)
# A pending alert not seen breaching for longer than this (or than its own wait) starts its wait
# anew: the worker was down, or the clock was set.
LONGEST_PAUSE = timedelta(minutes=1)

Step = tuple[Alert | None, Transition | None]


def advance(alert: Alert | None, seen: Observation, *, now: datetime) -> Step:
    """The alert after one observation, and its change of status if it had one."""
    if seen.verdict is Verdict.BREACH:
        return _breach(alert, seen, now)
    if alert is None or not alert.active:
        return alert, None
    if seen.verdict in (Verdict.NO_DATA, Verdict.ERROR):
        return _hold(alert, seen.verdict, now)
    if seen.verdict is Verdict.OFF:
        return _end(alert, Cause.OFF, now, old=alert.phase)
    if seen.verdict is Verdict.GONE:
        return _gone(alert, seen.rule, now)
    return _quiet(alert, seen, now)


def withdraw(alert: Alert, *, now: datetime) -> Step:
    """End an alert whose rule was removed, or no longer covers its series."""
    return _end(alert, Cause.WITHDRAWN, now, old=alert.phase)


def _breach(alert: Alert | None, seen: Observation, now: datetime) -> Step:
    if alert is None or not alert.active:
        started = _start(alert, seen, now)
        if seen.rule.wait <= NO_TIME:
            return _fire(started, Status.OK if alert is None else alert.status, now)
        old = Status.OK if alert is None else alert.status
        return started, transition(started, old, Cause.BREACH, now)
    met = _met(alert, seen, now)
    if alert.up:
        return _phased(alert, met, Cause.BREACH, now)
    pause = now - alert.last_breach_at
    if not NO_TIME <= pause <= max(seen.rule.wait, LONGEST_PAUSE):
        return replace(met, pending_since=now, peak=seen.value), None
    if now - met.pending_since >= seen.rule.wait:
        return _fire(met, Status.PENDING, now)
    return met, None


def _hold(alert: Alert, verdict: Verdict, now: datetime) -> Step:
    failed = verdict is Verdict.ERROR
    held = replace(
        alert,
        no_data_since=_earlier(alert.no_data_since, now),
        error_since=_earlier(alert.error_since, now) if failed else None,
        clear_since=None,
        updated_at=now,
    )
    return _phased(alert, held, Cause.ERROR if failed else Cause.NO_DATA, now)


def _quiet(alert: Alert, seen: Observation, now: datetime) -> Step:
    calm = replace(alert, value=seen.value, no_data_since=None, error_since=None, updated_at=now)
    if alert.status is Status.PENDING:
        return _end(calm, Cause.CLEAR, now, old=Status.PENDING)
    if seen.verdict is Verdict.BETWEEN:
        return _phased(alert, replace(calm, clear_since=None), Cause.CLEAR, now)
    since = _earlier(alert.clear_since, now)
    if now - since >= seen.rule.keep_firing_for:
        return _end(calm, Cause.CLEAR, now, old=alert.phase)
    return _phased(alert, replace(calm, clear_since=since), Cause.CLEAR, now)


def _gone(alert: Alert, rule: Rule, now: datetime) -> Step:
    since = _earlier(alert.clear_since, now)
    if now - since >= max(GONE_AFTER, rule.keep_firing_for):
        return _end(alert, Cause.GONE, now, old=alert.phase)
    missing = _earlier(alert.no_data_since, now)
    held = replace(
        alert, clear_since=since, no_data_since=missing, error_since=None, updated_at=now
    )
    return _phased(alert, held, Cause.GONE, now)


def _phased(before: Alert, after: Alert, cause: Cause, now: datetime) -> Step:
    """An alert of the same status, and the change of phase if it had one."""
    old = before.phase
    return after, None if after.phase is old else transition(after, old, cause, now)


def _start(before: Alert | None, seen: Observation, now: datetime) -> Alert:
    rule = seen.rule
    return Alert(
        fingerprint=fingerprint(rule.name, seen.labels),
        rule=rule.name,
        metric=shown_metric(rule),
        labels=seen.labels,
        severity=rule.severity,
        status=Status.PENDING,
        episode=before.episode if before else 0,
        pending_since=now,
        last_breach_at=now,
        fired_at=before.fired_at if before else None,
        resolved_at=before.resolved_at if before else None,
        acknowledgement=before.acknowledgement if before else None,
        assignee=before.assignee if before else None,
        value=seen.value,
        peak=seen.value,
        op=seen.threshold.op,
        threshold=seen.threshold.value,
        updated_at=now,
    )


def _met(alert: Alert, seen: Observation, now: datetime) -> Alert:
    """A breach seen once more. Severity and threshold follow the rule, which may have changed."""
    rule = seen.rule
    return replace(
        alert,
        severity=rule.severity,
        last_breach_at=now,
        clear_since=None,
        no_data_since=None,
        error_since=None,
        value=seen.value,
        peak=_worse(alert.peak, seen.value, seen.threshold.op),
        op=seen.threshold.op,
        threshold=seen.threshold.value,
        updated_at=now,
    )


def _fire(alert: Alert, old: Status, now: datetime) -> Step:
    fired = replace(
        alert,
        status=Status.FIRING,
        episode=alert.episode + 1,
        fired_at=now,
        resolved_at=None,
        acknowledgement=None,
        assignee=None,
    )
    return fired, transition(fired, old, Cause.BREACH, now)


def _end(alert: Alert, cause: Cause, now: datetime, *, old: Status) -> Step:
    if alert.status is Status.PENDING and alert.episode == 0:
        return None, transition(replace(alert, status=Status.OK), old, cause, now)
    ended = replace(
        alert,
        status=Status.RESOLVED,
        resolved_at=now if alert.up else alert.resolved_at,
        clear_since=None,
        no_data_since=None,
        error_since=None,
        updated_at=now,
    )
    return ended, transition(ended, old, cause, now)


def transition(
    alert: Alert, old: Status, cause: Cause, now: datetime, *, who: str | None = None
) -> Transition:
    """What the history keeps of `alert` having just left the phase `old`."""
    return Transition(
        fingerprint=alert.fingerprint,
        episode=alert.episode,
        rule=alert.rule,
        labels=alert.labels,
        severity=alert.severity,
        old=old,
        new=alert.phase,
        cause=cause,
        at=now,
        since=alert.pending_since,
        value=alert.value,
        threshold=alert.threshold,
        who=who,
    )


def _earlier(since: datetime | None, now: datetime) -> datetime:
    """Since when; now where it isn't known or lies ahead because the clock was set back."""
    return now if since is None or since > now else since


def _worse(peak: float | None, value: float | None, op: str) -> float | None:
    if peak is None or value is None:
        return value if peak is None else peak
    return max(peak, value) if op.startswith(">") else min(peak, value)
