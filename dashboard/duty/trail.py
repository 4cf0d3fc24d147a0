"""The time line of an episode: what it did, what people did, who was told. Store → entries.

Words are those of the catalogue; drawing is cards.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from alerts.acknowledging import Outcome
from alerts.actions import Done, actions_on
from alerts.alert import ActionKind, Alert, Transition
from alerts.store import transitions_of
from alerts.telling.known import Episode, Told
from alerts.telling.log import load_episodes
from dashboard.words import Words


@dataclass(frozen=True, slots=True)
class Entry:
    at: datetime
    said: str


def trail(connection: sa.Connection, alert: Alert, say: Words) -> list[Entry]:
    """Oldest first."""
    found = [
        Entry(one.at, _moved(one, say))
        for one in transitions_of(connection, alert.fingerprint, alert.episode)
    ]
    acted = actions_on(connection, alert.fingerprint, alert.episode)
    found += [Entry(one.action.at, said) for one in acted if (said := _acted(one, say))]
    known = load_episodes(connection, [alert]).get(alert.fingerprint)
    if known is not None:
        found += [Entry(one.at, _told(one, say)) for one in known.told]
        found += _held(known, say)
    return sorted(found, key=lambda one: one.at)


def _moved(one: Transition, say: Words) -> str:
    key = f"trail.{one.cause}_{one.new}"
    if not say.has(key):
        key = f"trail.{one.new}"
    return say(key, who=one.who or "")


def _acted(done: Done, say: Words) -> str:
    """Acknowledging and taking it back are told by the transition they cause, once it happened."""
    one = done.action
    if done.outcome is Outcome.TOO_LATE:
        return say("trail.too_late", who=one.who)
    if one.kind is ActionKind.COMMENT:
        return say("trail.comment", who=one.who, note=one.note)
    if one.kind is ActionKind.ASSIGN:
        return say("trail.assign" if one.assignee else "trail.unassign", who=one.who,
                   name=one.assignee or "")  # fmt: skip
    if one.kind is ActionKind.ACKNOWLEDGE and one.note:
        return say("trail.comment", who=one.who, note=one.note)
    return ""


def _told(one: Told, say: Words) -> str:
    if one.reason is None or not one.times:
        return say("trail.waits", receiver=one.receiver)
    reason = say(f"duty.reason.{one.reason}")
    return say("trail.told", receiver=one.receiver, reason=reason, n=one.times)


def _held(known: Episode, say: Words) -> list[Entry]:
    if known.mute is None or known.muted_since is None:
        return []
    why = say(f"duty.mute.{known.mute.kind}", by=known.mute.by)
    return [Entry(known.muted_since, say("trail.held", why=why))]
