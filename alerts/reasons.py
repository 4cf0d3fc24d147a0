"""Whether a change of an alert is worth a message, to whom, and why. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from alerts.alert import Alert, Notification, Reason, Transition, notification_key


def decide(change: Transition, *, told: bool) -> Reason | None:
    """`told`: this receiver was given the first message of this episode.

    An alert that fires is told. One that ends is told to those who know that it fired, and to
    nobody else; waiting and giving up waiting are nobody's business.
    """
    if change.begins:
        return None if told else Reason.FIRST
    if change.ends and told:
        return Reason.RESOLVED
    return None


def notifications(
    alert: Alert, change: Transition, *, receivers: Iterable[str], told: Collection[str]
) -> list[Notification]:
    """The messages that follow from one transition. `receivers` are those of the rule now."""
    notes = []
    for receiver in sorted({*receivers, *told}):
        reason = decide(change, told=receiver in told)
        if reason is not None:
            notes.append(
                Notification(
                    key=notification_key(alert, reason, receiver),
                    receiver=receiver,
                    reason=reason,
                    cause=change.cause,
                    at=change.at,
                    alerts=(alert,),
                )
            )
    return notes
