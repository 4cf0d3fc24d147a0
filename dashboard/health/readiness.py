"""Whether alerts can be relied on right now, and if not, why: for /readyz. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from alerts.ticking import BEAT_EVERY
from dashboard.health.gather import Health
from metrics.live import SourceState

MISSED_BEATS = 3


@dataclass(frozen=True, slots=True)
class Reason:
    """`what`: store, worker, ticks or source; `name` of which source or worker."""

    what: str
    name: str
    text: str


def reasons(health: Health, *, tick: timedelta) -> list[Reason]:
    """Empty when everything works."""
    found = [] if (reason := _worker(health, tick)) is None else [reason]
    return found + [one for source in health.sources if (one := _source(source)) is not None]


def _worker(health: Health, tick: timedelta) -> Reason | None:
    leader = health.leader
    if leader is None:
        return Reason("worker", "", "no worker leads; start `deskpulse worker`")
    age, limit = health.age_s(leader), (MISSED_BEATS * max(BEAT_EVERY, tick)).total_seconds()
    if age > limit:
        return Reason("worker", leader.worker_id, f"the leading worker was last seen {age:.0f} s "
                      "ago; look at its log and start it again")  # fmt: skip
    if leader.error:
        return Reason("ticks", leader.worker_id, f"ticks fail: {leader.error}")
    return None


def _source(source: SourceState) -> Reason | None:
    if source.status == "ok":
        return None
    last = "never read" if source.lag_s is None else f"last read {source.lag_s:.0f} s ago"
    why = f": {source.error}" if source.error else ""
    return Reason("source", source.name, f"source '{source.name}' is {source.status}, {last}{why}")
