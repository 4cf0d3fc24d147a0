"""An alert as it stands, in the form that the words of messages need."""

from __future__ import annotations

from datetime import datetime

from alerts.alert import Alert, Cause, Notification, Reason


def present(alert: Alert, now: datetime) -> Notification:
    """A message about the alert, sent at this moment: nothing in it is late."""
    ended = alert.resolved_at is not None and not alert.up
    return Notification(
        key="", receiver="", reason=Reason.RESOLVED if ended else Reason.FIRST,
        cause=Cause.CLEAR if ended else Cause.BREACH,
        at=now,
        alerts=(alert,),
    )  # fmt: skip
