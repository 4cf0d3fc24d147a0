"""Alerts as they stand now, with what telling makes of them, read from the store."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

import sqlalchemy as sa

from alerts.rule_settings import BUILT_IN
from alerts.settings import rules_of
from alerts.store import load_active
from alerts.telling.log import load_episodes
from alerts.telling.looking import Seen, look
from alerts.telling.standing_store import load_standing
from dashboard.settings import Settings


def seen_now(connection: sa.Connection, settings: Settings, now: datetime) -> list[Seen]:
    """Pending and up alerts as they stand."""
    active = load_active(connection)
    return look(
        active,
        load_episodes(connection, active),
        plan=settings.telling_plan,
        standing=load_standing(connection, now),
        usual=usual_of(settings),
        now=now,
    )


def usual_of(settings: Settings) -> Callable[[str], Sequence[str]]:
    """The receivers of a rule by its name, as without routes."""
    names = tuple(one.name for one in settings.receivers)
    by_rule = {one.name: one.receivers for one in rules_of(settings.rules, receivers=names)}
    return lambda rule: names if rule in BUILT_IN else by_rule.get(rule, ())
