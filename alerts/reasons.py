"""Whether a receiver is to be told of an alert now, and why. Pure: one small table.

Against what the receiver knows (the notification log), not against what just changed: so a crash, a
mute or a late look loses nothing, and nothing is told twice.
"""

from __future__ import annotations

from alerts.alert import Alert, Reason, Status
from alerts.telling.known import Knows

# What muting holds back. Ends, and that somebody is on it, are told to those who know all the same.
MUTED = frozenset({Reason.FIRST, Reason.REPEAT, Reason.ESCALATED, Reason.DIGEST})


def decide(
    knows: Knows | None, alert: Alert, *, again: bool = False, step: bool = False
) -> Reason | None:
    """`again`: its time to repeat has come. `step`: a step of the escalation names the receiver."""
    if knows is Knows.WAITING:
        return Reason.DIGEST
    if alert.status is Status.FIRING:
        return _firing(knows, again=again, step=step)
    if alert.status is Status.ACKNOWLEDGED:
        return Reason.ACKNOWLEDGED if knows is Knows.FIRING else None
    ended = not alert.up and knows in (Knows.FIRING, Knows.ACKNOWLEDGED)
    return Reason.RESOLVED if ended else None


def _firing(knows: Knows | None, *, again: bool, step: bool) -> Reason | None:
    if step:
        return Reason.ESCALATED
    if knows is None:
        return Reason.FIRST
    # One who heard that somebody is on it hears that nobody is any more.
    return Reason.REPEAT if again or knows is Knows.ACKNOWLEDGED else None
