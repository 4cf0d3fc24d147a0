"""How alerts stand as people see them: why muted, who knows, who is told next. Pure.

The same functions as the worker's, asked for a moment. The mute is that of the moment, so it is
there before a message was held back, and gone as soon as a silence ends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from alerts.alert import Alert, Severity
from alerts.telling.book import Standing
from alerts.telling.judge import World, next_step
from alerts.telling.known import Episode
from alerts.telling.muting import Mute, MuteKind, Muting, can_inhibit
from alerts.telling.plan import TellingPlan
from alerts.telling.routes import Desk, destinations

RANK = {Severity.CRITICAL: 0, Severity.WARNING: 1, Severity.INFO: 2}


@dataclass(frozen=True, slots=True)
class Seen:
    """An alert with what telling makes of it. `next_at`, `next_to`: the escalation's next step."""

    alert: Alert
    known: Episode
    mute: Mute | None
    next_at: datetime | None
    next_to: tuple[str, ...]


def look(
    alerts: Iterable[Alert],
    known: Mapping[str, Episode],
    *,
    plan: TellingPlan,
    standing: Standing,
    usual: Callable[[str], Sequence[str]],
    now: datetime,
) -> list[Seen]:
    """Pending and up alerts: what nobody is on first, then the most severe, then the oldest."""
    found = list(alerts)
    inhibitors = [one for one in found if one.up and can_inhibit(one, plan.inhibitions)]
    silences = (*plan.silences, *standing.silences)
    muting = Muting(plan.inhibitions, plan.windows, silences, inhibitors)
    world = World(plan, muting, Desk(plan.rotas, standing.overrides), usual)
    seen = [_seen(one, known.get(one.fingerprint), world, now) for one in found]
    return sorted(seen, key=_urgency)


def _seen(alert: Alert, known: Episode | None, world: World, now: datetime) -> Seen:
    if known is None or known.episode != alert.episode or not alert.up:
        known = Episode(fingerprint=alert.fingerprint, episode=alert.episode)
    mute = world.muting.judge(alert, now) or _quiet(alert, world, now)
    at, to = next_step(alert, known, world, now)
    return Seen(alert, known, mute, at, to)


def _quiet(alert: Alert, world: World, now: datetime) -> Mute | None:
    """Only where every receiver has quiet hours: else somebody hears of it."""
    usual = world.usual(alert.rule)
    found = destinations(world.plan.tree, alert, usual, world.desk, now)
    ends = [one.quiet.ends(alert.severity, now) if one.quiet else None for one in found]
    known = [end for end in ends if end is not None]
    if not known or len(known) < len(ends):
        return None
    return Mute(
        MuteKind.QUIET_HOURS, " › ".join(name for name in found[0].path if name), min(known)
    )


def _urgency(one: Seen) -> tuple[int, int, datetime, str]:
    stage = 2 if not one.alert.up else int(one.alert.acknowledgement is not None)
    return stage, RANK[one.alert.severity], one.alert.pending_since, one.alert.fingerprint
