"""What rules must remember between ticks, in our own store: for the leader that comes next.

When conditions began is written with the tick that saw it, earlier values every few of their steps.
What is remembered is conditions/memory.py.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from alerts.conditions.memory import Memory, Metric, Onsets, Past
from alerts.store import insert_for, require_term
from connectors.columns import from_micros, to_micros
from connectors.rule_tables import rule_memory
from connectors.store import Store
from metrics.measurement import Labels

ONSETS, PAST = "onsets", "past"  # kinds
KEEP = timedelta(days=31)  # nothing is looked back at for longer than that without being renewed
_table = rule_memory.c


def load_onsets(connection: sa.Connection) -> list[Onsets]:
    """When the conditions of rules that count times began."""
    found = []
    for row in _rows(connection, ONSETS):
        content = json.loads(row.content)
        at = tuple(from_micros(one) for one in content["at"])
        found.append(Onsets(row.name, _labels(row.labels), at, content["breaching"]))
    return found


def save_onsets(connection: sa.Connection, memory: Memory, now: datetime) -> None:
    """What the store doesn't know yet; tell the memory after the commit."""
    rows = [
        _row(ONSETS, one.rule, one.labels, now,
             {"at": [to_micros(at) for at in one.at], "breaching": one.breaching})
        for one in memory.news()
    ]  # fmt: skip
    _save(connection, rows)


def recall_pasts(connection: sa.Connection, memory: Memory, now: datetime) -> None:
    """Earlier values, as the leader before saw them. What is too old to be asked for is removed."""
    connection.execute(rule_memory.delete().where(_table.saved_at < now - KEEP))
    for row in _rows(connection, PAST):
        metric, window_s, span_s = json.loads(row.name)
        past = memory.past((metric, window_s), _labels(row.labels), timedelta(seconds=span_s))
        past.recall([(from_micros(at), value) for at, value in json.loads(row.content)])


def keep_pasts(store: Store, memory: Memory, now: datetime, *, term: int) -> None:
    """Write what the next leader would miss. Raises StoreError and LeadershipLost."""
    pasts = memory.due(now)
    if not pasts:
        return
    with store.begin() as connection:
        require_term(connection, term)
        _save_pasts(connection, pasts, now)
    for past in pasts.values():
        past.kept(now)


def _save_pasts(
    connection: sa.Connection,
    pasts: Mapping[tuple[Metric, Labels, timedelta], Past],
    now: datetime,
) -> None:
    rows = []
    for ((metric, window_s), labels, span), past in pasts.items():
        name = json.dumps([metric, window_s, span.total_seconds()])
        content = [[to_micros(at), value] for at, value in past.samples]
        rows.append(_row(PAST, name, labels, now, content))
    _save(connection, rows)


def _rows(connection: sa.Connection, kind: str) -> list[Any]:
    return list(connection.execute(sa.select(rule_memory).where(_table.kind == kind)).all())


def _row(kind: str, name: str, labels: Labels, now: datetime, content: Any) -> dict[str, Any]:
    return {
        "kind": kind, "name": name, "labels": json.dumps(labels, ensure_ascii=False),
        "content": json.dumps(content), "saved_at": now,
    }  # fmt: skip


def _labels(text: str) -> Labels:
    return tuple((name, value) for name, value in json.loads(text))


def _save(connection: sa.Connection, rows: list[dict[str, Any]]) -> None:
    if not rows:
        return
    insert = insert_for(connection, rule_memory)
    values = {name: insert.excluded[name] for name in ("content", "saved_at")}
    keys = ["kind", "name", "labels"]
    connection.execute(insert.on_conflict_do_update(index_elements=keys, set_=values), rows)
