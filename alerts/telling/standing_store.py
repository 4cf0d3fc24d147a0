"""Silences and overrides in our own store: made, ended, and those that hold. Never deleted.

Pages and the command line write; the worker reads what holds in each of its ticks.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from alerts.errors import AlertsError
from alerts.telling.book import Standing
from alerts.telling.matchers import Matchers, parse_matcher
from alerts.telling.muting import Silence
from alerts.telling.rota import Override
from connectors import telling_tables

_silences, _overrides = telling_tables.silences, telling_tables.rota_overrides


def _holding(table: sa.Table) -> sa.Select[Any]:
    """What is not over at `now`, oldest first. Put together once: each tick asks it."""
    now = sa.bindparam("now", type_=table.c.until.type)
    return sa.select(table).where(table.c.until > now, table.c.ended_at.is_(None)).order_by("id")


_SILENCES, _OVERRIDES = _holding(_silences), _holding(_overrides)


def load_standing(connection: sa.Connection, now: datetime) -> Standing:
    """What holds now or later."""
    return Standing(tuple(silences(connection, now)), tuple(overrides(connection, since=now)))


def silences(connection: sa.Connection, now: datetime) -> list[Silence]:
    """Silences that hold or will, oldest first."""
    rows = connection.execute(_SILENCES, {"now": now}).mappings()
    return [_silence(dict(row)) for row in rows]


def past_silences(connection: sa.Connection, since: datetime) -> list[Silence]:
    """Every silence that held at some time from `since` on, for the record."""
    return _found(connection, _silences.c.until > since)


def silence_by_id(connection: sa.Connection, number: int) -> Silence | None:
    return next(iter(_found(connection, _silences.c.id == number)), None)


def add_silence(connection: sa.Connection, silence: Silence) -> int:
    insert = _silences.insert().values(
        matchers=json.dumps([str(one) for one in silence.matchers], ensure_ascii=False),
        since=silence.since,
        until=silence.until,
        by=silence.by,
        reason=silence.reason,
        made_at=silence.made_at,
    )
    return int(connection.execute(insert.returning(_silences.c.id)).scalar_one())


def end_silence(connection: sa.Connection, number: int, *, by: str, now: datetime) -> None:
    """Raises AlertsError when there is none, or it is over already."""
    _end(connection, _silences, number, by=by, now=now, what="silence")


def overrides(connection: sa.Connection, *, since: datetime) -> list[Override]:
    """Overrides that hold or will, oldest first; those ended early leave no trace here."""
    rows = connection.execute(_OVERRIDES, {"now": since}).mappings()
    return [Override(**dict(row)) for row in rows]


def past_overrides(connection: sa.Connection, since: datetime) -> list[Override]:
    """Every override that held at some time from `since` on, those ended early included."""
    query = sa.select(_overrides).where(_overrides.c.until > since).order_by(_overrides.c.id)
    return [Override(**dict(row)) for row in connection.execute(query).mappings()]


def add_override(connection: sa.Connection, override: Override) -> int:
    values = {
        name: getattr(override, name)
        for name in ("rota", "person", "since", "until", "by", "reason", "made_at")
    }
    insert = _overrides.insert().values(values).returning(_overrides.c.id)
    return int(connection.execute(insert).scalar_one())


def end_override(connection: sa.Connection, number: int, *, by: str, now: datetime) -> None:
    """Raises AlertsError when there is none, or it is over already."""
    _end(connection, _overrides, number, by=by, now=now, what="override")


def _end(
    connection: sa.Connection, table: sa.Table, number: int, *, by: str, now: datetime, what: str
) -> None:
    ended = connection.execute(
        table.update()
        .where(table.c.id == number, table.c.ended_at.is_(None), table.c.until > now)
        .values(ended_at=now, ended_by=by)
    )
    if ended.rowcount != 1:
        raise AlertsError(
            f"there is no {what} {number} that still holds; "
            "list what there is with `deskpulse alerts list`"
        )


def _found(connection: sa.Connection, *wanted: sa.ColumnElement[bool]) -> list[Silence]:
    rows = connection.execute(sa.select(_silences).where(*wanted).order_by(_silences.c.id))
    return [_silence(dict(row)) for row in rows.mappings()]


def _silence(values: dict[str, Any]) -> Silence:
    return Silence(**{**values, "matchers": _matchers(values["matchers"])})


def _matchers(text: str) -> Matchers:
    return tuple(parse_matcher(one) for one in json.loads(text))
