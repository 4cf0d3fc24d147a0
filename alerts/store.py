"""Alerts and transitions in our own store: rows to values and back, and who may write them.

Every function takes an open connection, so that state, history and messages commit together
(pipeline.py). Messages are outbox.py.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from dataclasses import fields
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from alerts.alert import Acknowledgement, Alert, Cause, Severity, Status, Transition
from alerts.errors import LeadershipLost
from connectors import alert_tables, schema
from metrics.measurement import Labels

_SAID = ("by", "at", "until", "note")  # columns of an acknowledgement
# Columns that hold a field as it is; asdict() would copy every value, at every tick.
_PLAIN = tuple(one.name for one in fields(Alert) if one.name not in ("acknowledgement", "labels"))
_OF_CHANGE = tuple(one.name for one in fields(Transition) if one.name != "labels")
TERM = "alerts.term"  # in meta: how often a worker became leader


def load_alerts(connection: sa.Connection) -> dict[str, Alert]:
    """Every alert there ever was, by fingerprint: one that ended keeps its count of episodes."""
    rows = connection.execute(sa.select(alert_tables.alerts))
    return {row["fingerprint"]: _alert(row) for row in rows.mappings()}


def load_active(connection: sa.Connection) -> list[Alert]:
    """Alerts that are pending, firing or acknowledged now."""
    wanted = alert_tables.alerts.c.status.in_([Status.PENDING, Status.FIRING, Status.ACKNOWLEDGED])
    rows = connection.execute(sa.select(alert_tables.alerts).where(wanted))
    return [_alert(row) for row in rows.mappings()]


def load_some(connection: sa.Connection, fingerprints: Collection[str]) -> dict[str, Alert]:
    """These alerts as they are now, by fingerprint; those that aren't kept are left out."""
    wanted = alert_tables.alerts.c.fingerprint.in_(fingerprints)
    rows = connection.execute(sa.select(alert_tables.alerts).where(wanted))
    return {row["fingerprint"]: _alert(row) for row in rows.mappings()}


def save_alerts(connection: sa.Connection, alerts: Iterable[Alert]) -> None:
    rows = [_row(alert) for alert in alerts]
    if not rows:
        return
    insert = insert_for(connection, alert_tables.alerts)
    values = {name: insert.excluded[name] for name in rows[0] if name != "fingerprint"}
    connection.execute(
        insert.on_conflict_do_update(index_elements=["fingerprint"], set_=values), rows
    )


def delete_alerts(connection: sa.Connection, fingerprints: Iterable[str]) -> None:
    """For alerts that never fired; any other is kept for its count of episodes."""
    wanted = list(fingerprints)
    if wanted:
        delete = alert_tables.alerts.delete().where(
            alert_tables.alerts.c.fingerprint == sa.bindparam("gone"),
            alert_tables.alerts.c.episode == 0,
        )
        connection.execute(delete, [{"gone": one} for one in wanted])


def add_transitions(connection: sa.Connection, transitions: Iterable[Transition]) -> None:
    rows = [
        {name: getattr(one, name) for name in _OF_CHANGE} | {"labels": _labels_text(one.labels)}
        for one in transitions
    ]
    if rows:
        connection.execute(alert_tables.transitions.insert(), rows)


def load_transitions(connection: sa.Connection, *, since: datetime) -> list[Transition]:
    """The history from `since` on, oldest first."""
    table = alert_tables.transitions
    rows = connection.execute(sa.select(table).where(table.c.at >= since).order_by(table.c.id))
    return [_transition(row) for row in rows.mappings()]


def transitions_of(connection: sa.Connection, fingerprint: str, episode: int) -> list[Transition]:
    """The history of one episode, oldest first."""
    table = alert_tables.transitions
    query = sa.select(table).where(table.c.fingerprint == fingerprint, table.c.episode == episode)
    return [_transition(row) for row in connection.execute(query.order_by(table.c.id)).mappings()]


def begin_term(connection: sa.Connection) -> int:
    """A new leader's number, higher than any before. From now on no earlier leader can write."""
    term = _term(connection, lock=True) + 1
    insert = insert_for(connection, schema.meta).values(name=TERM, value=str(term))
    connection.execute(
        insert.on_conflict_do_update(index_elements=["name"], set_={"value": str(term)})
    )
    return term


def require_term(connection: sa.Connection, term: int) -> None:
    """Raises LeadershipLost when another leader has begun since; holds the next one off until
    this transaction ends."""
    newest = _term(connection, lock=True)
    if newest != term:
        raise LeadershipLost(
            f"another worker leads since (term {newest}, ours was {term}); nothing was written, "
            "this worker stands by"
        )


def _term(connection: sa.Connection, *, lock: bool) -> int:
    # SQLite has one writer at a time anyway and leaves FOR UPDATE out.
    query = sa.select(schema.meta.c.value).where(schema.meta.c.name == TERM)
    return int(connection.execute(query.with_for_update() if lock else query).scalar() or 0)


def insert_for(connection: sa.Connection, table: sa.Table) -> Any:
    """INSERT of the connection's dialect, which has ON CONFLICT on both."""
    kinds: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
    return kinds[connection.dialect.name](table)


def _labels_text(labels: Labels) -> str:
    return json.dumps(dict(labels), ensure_ascii=False, sort_keys=True)


def _row(alert: Alert) -> dict[str, Any]:
    said = alert.acknowledgement
    return {name: getattr(alert, name) for name in _PLAIN} | {
        "labels": _labels_text(alert.labels),
        "acknowledged_by": said.by if said else None,
        "acknowledged_at": said.at if said else None,
        "acknowledged_until": said.until if said else None,
        "acknowledged_note": said.note if said else None,
    }


def _alert(row: sa.RowMapping) -> Alert:
    values = dict(row)
    by, at, until, note = (values.pop(f"acknowledged_{one}") for one in _SAID)
    values["acknowledgement"] = Acknowledgement(by, at, until, note or "") if by else None
    values["labels"] = tuple(sorted(json.loads(row["labels"]).items()))
    values["severity"] = Severity(row["severity"])
    values["status"] = Status(row["status"])
    return Alert(**values)


def _transition(row: sa.RowMapping) -> Transition:
    values = {name: value for name, value in row.items() if name != "id"}
    values["labels"] = tuple(sorted(json.loads(row["labels"]).items()))
    values["severity"] = Severity(row["severity"])
    values["old"], values["new"] = Status(row["old"]), Status(row["new"])
    values["cause"] = Cause(row["cause"])
    return Transition(**values)
