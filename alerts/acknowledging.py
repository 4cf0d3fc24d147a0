"""What people do about an alert, done to the alert: values in, values out. Pure; stores nothing.

Writing it down for the leader to find is actions.py. Nothing here can raise or end an alert.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from enum import StrEnum

from alerts.alert import Acknowledgement, Action, ActionKind, Alert, Cause, Status
from alerts.lifecycle import Step, transition


class Outcome(StrEnum):
    """What became of an action."""

    DONE = "done"
    TOO_LATE = "too late"  # the alert had ended, or fires anew: another episode


def apply(alert: Alert | None, action: Action, *, now: datetime) -> tuple[Step, Outcome]:
    """The alert after one action, its change of status if it had one, and what became of it.

    An action on an episode that is over changes nothing, except that a comment is always welcome.
    """
    if action.kind is ActionKind.COMMENT:
        return (alert, None), Outcome.DONE
    if alert is None or not alert.up or alert.episode != action.episode:
        return (alert, None), Outcome.TOO_LATE
    if action.kind is ActionKind.ASSIGN:
        return (replace(alert, assignee=action.assignee, updated_at=now), None), Outcome.DONE
    if action.kind is ActionKind.ACKNOWLEDGE:
        return _acknowledge(alert, action, now)
    return _unacknowledge(alert, action, now), Outcome.DONE


def expire(alert: Alert, *, now: datetime) -> Step:
    """An acknowledgement that ran out puts its alert back to firing."""
    if not _is_over(alert.acknowledgement, now) or alert.status is not Status.ACKNOWLEDGED:
        return alert, None
    return _back(alert, Cause.EXPIRED, now)


def _acknowledge(alert: Alert, action: Action, now: datetime) -> tuple[Step, Outcome]:
    said = Acknowledgement(action.who, action.at, action.until, action.note)
    if _is_over(said, now):
        return (alert, None), Outcome.TOO_LATE
    taken = replace(alert, status=Status.ACKNOWLEDGED, acknowledgement=said, updated_at=now)
    # Its phase may be another (no data, say): that somebody took it is what the history is for.
    change = transition(taken, alert.status, Cause.ACKNOWLEDGED, now, who=action.who)
    return (taken, replace(change, new=Status.ACKNOWLEDGED)), Outcome.DONE


def _unacknowledge(alert: Alert, action: Action, now: datetime) -> Step:
    if alert.status is not Status.ACKNOWLEDGED:
        return alert, None
    return _back(alert, Cause.UNACKNOWLEDGED, now, who=action.who)


def _back(alert: Alert, cause: Cause, now: datetime, *, who: str | None = None) -> Step:
    back = replace(alert, status=Status.FIRING, acknowledgement=None, updated_at=now)
    change = transition(back, Status.ACKNOWLEDGED, cause, now, who=who)
    return back, replace(change, new=Status.FIRING)


def _is_over(said: Acknowledgement | None, now: datetime) -> bool:
    return said is not None and said.until is not None and said.until <= now
