"""The notification log as values: what each receiver knows of an episode. No behaviour but reading.

How it is kept is log.py.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from alerts.alert import Alert, Reason, Status
from alerts.telling.muting import Mute


class Knows(StrEnum):
    WAITING = "waiting"  # to be told with the next digest
    FIRING = "firing"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """`lane`: messages of one lane keep their order. `times` counts messages."""

    receiver: str
    lane: str
    knows: Knows
    reason: Reason | None
    at: datetime
    times: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """What was told of one episode of an alert, and what was not and why.

    `mute` is why a message was last held back, since `muted_since`; None when nothing is. `since`
    is where the escalation counts from, `steps` how many of its steps were told.
    """

    fingerprint: str
    episode: int
    told: tuple[Told, ...] = ()  # by receiver
    mute: Mute | None = None
    muted_since: datetime | None = None
    since: datetime | None = None
    steps: int = 0

    def of(self, receiver: str) -> Told | None:
        return next((one for one in self.told if one.receiver == receiver), None)

    @property
    def over(self) -> bool:
        """Everybody who knew of it knows that it ended."""
        return all(one.knows is Knows.RESOLVED for one in self.told)

    def with_told(self, *news: Told) -> Episode:
        kept = {one.receiver: one for one in self.told} | {one.receiver: one for one in news}
        return replace(self, told=tuple(kept[name] for name in sorted(kept)))


def known_after(alert: Alert) -> Knows:
    """What a message about the alert as it is makes known."""
    if not alert.up:
        return Knows.RESOLVED
    return Knows.ACKNOWLEDGED if alert.status is Status.ACKNOWLEDGED else Knows.FIRING
