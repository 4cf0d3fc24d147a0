"""Rules that people made in the page or applied from a file: kept, changed with an audit trail, and
followed by a running worker.

Rules of the configuration file are not here: they are read-only, and go before stored ones of the
same name.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from pydantic import ValidationError

from alerts.errors import RuleError
from alerts.rule_checks import rule_problems
from alerts.rule_settings import RuleSettings
from alerts.store import insert_for
from connectors.rule_tables import rule_changes, rules
from connectors.store import Store
from metrics.kpi import Registry
from metrics.live import LIVE_METRICS

log = logging.getLogger(__name__)
NAME_MOST = 60  # signs of who changed it
_VERSION = sa.select(sa.func.max(rule_changes.c.id))  # asked at every tick


@dataclass(frozen=True, slots=True)
class StoredRule:
    """`given`: the keys of [[rules]]. `settings` None: it can't be used, and `why` says so."""

    name: str
    given: Mapping[str, Any]
    settings: RuleSettings | None
    why: str | None
    changed_by: str
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class RuleChange:
    """One line of the audit trail. `old` None: it was made; `new` None: it was removed."""

    name: str
    at: datetime
    who: str
    old: Mapping[str, Any] | None
    new: Mapping[str, Any] | None


def checked(given: Mapping[str, Any], kpis: Registry, receivers: Collection[str]) -> RuleSettings:
    """The settings of a rule as somebody wrote it; RuleError says all that is wrong with it."""
    try:
        made = RuleSettings.model_validate(dict(given))
    except ValidationError as error:
        raise RuleError("; ".join(_sentence(one) for one in error.errors())) from None
    found = [text.partition(": ")[2] for text in rule_problems([made], kpis)]
    known = {*LIVE_METRICS, *kpis}
    found += [f"there is no metric {name!r}" for name in made.metrics if name not in known]
    found += [
        f"there is no receiver {name!r}; known: {', '.join(sorted(receivers)) or '-'}"
        for name in made.receivers or ()
        if name not in receivers
    ]
    if found:
        raise RuleError("; ".join(found))
    return made


def stored_rules(
    connection: sa.Connection, kpis: Registry, receivers: Collection[str]
) -> tuple[StoredRule, ...]:
    """All of them by name, also those that can't be used."""
    found = []
    for row in connection.execute(sa.select(rules).order_by(rules.c.name)):
        given = json.loads(row.settings)
        settings, why = None, None
        try:
            settings = checked(given, kpis, receivers)
        except RuleError as error:
            why = str(error)
        found.append(StoredRule(row.name, given, settings, why, row.changed_by, row.changed_at))
    return tuple(found)


def save_rule(
    connection: sa.Connection, given: Mapping[str, Any], *, who: str, now: datetime
) -> bool:
    """Keep a checked rule; False where nothing is new in it."""
    name, new = str(given["name"]), _text(given)
    old = connection.execute(sa.select(rules.c.settings).where(rules.c.name == name)).scalar()
    if old == new:
        return False
    row = {"name": name, "settings": new, "changed_by": who, "changed_at": now}
    insert = insert_for(connection, rules).values(row)
    connection.execute(insert.on_conflict_do_update(index_elements=["name"], set_=row))
    _log(connection, name, who, now, old, new)
    return True


def remove_rule(connection: sa.Connection, name: str, *, who: str, now: datetime) -> bool:
    """Its alerts end as withdrawn; False where there is no such rule."""
    old = connection.execute(sa.select(rules.c.settings).where(rules.c.name == name)).scalar()
    if old is None:
        return False
    connection.execute(rules.delete().where(rules.c.name == name))
    _log(connection, name, who, now, old, None)
    return True


def changes_of(connection: sa.Connection, name: str | None = None) -> list[RuleChange]:
    """The audit trail, newest first."""
    query = sa.select(rule_changes).order_by(rule_changes.c.id.desc())
    if name is not None:
        query = query.where(rule_changes.c.name == name)
    return [
        RuleChange(row.name, row.at, row.who, row.old and json.loads(row.old),
                   row.new and json.loads(row.new))
        for row in connection.execute(query)
    ]  # fmt: skip


class StoredRules:
    """The stored rules as a running worker follows them: read again when their version changes."""

    def __init__(
        self, provisioned: Sequence[RuleSettings], kpis: Registry, receivers: Collection[str]
    ) -> None:
        self._provisioned = tuple(provisioned)
        self._kpis = kpis
        self._receivers = receivers
        self._version: int | None = 0

    def news(self, store: Store) -> tuple[RuleSettings, ...] | None:
        """All rules to run, if they changed since they were last asked for. Raises StoreError."""
        with store.read() as connection:
            version = connection.execute(_VERSION).scalar() or 0
            if version == self._version:
                return None
            found = stored_rules(connection, self._kpis, self._receivers)
        self._version = version
        for one in found:
            if one.why is not None:
                log.error("event=rule_unusable rule=%s error=%s", one.name, one.why)
        log.info("event=rules_changed version=%d stored=%d", version, len(found))
        return with_stored(self._provisioned, found)


def with_stored(
    provisioned: Sequence[RuleSettings], stored: Sequence[StoredRule]
) -> tuple[RuleSettings, ...]:
    """The rules to run: those of the file, and the usable stored ones of other names."""
    taken = {one.name for one in provisioned}
    more = [one.settings for one in stored if one.settings and one.name not in taken]
    return (*provisioned, *more)


def _log(
    connection: sa.Connection, name: str, who: str, now: datetime, old: str | None, new: str | None
) -> None:
    row = {"name": name, "at": now, "who": who[:NAME_MOST], "old": old, "new": new}
    connection.execute(rule_changes.insert().values(row))


def _text(given: Mapping[str, Any]) -> str:
    return json.dumps(dict(given), ensure_ascii=False, sort_keys=True)


def _sentence(detail: Any) -> str:
    key = ".".join(str(part) for part in detail["loc"])
    text = str(detail["msg"]).removeprefix("Value error, ")
    if detail["type"] == "extra_forbidden":
        return f"there is no setting {key!r}"
    if detail["type"] == "missing":
        return f"{key!r} is missing"
    return f"{key}: {text}" if key else text
