"""Scores in our own store: the one that holds now for each order, and every one there ever was.

Every function takes an open connection. Which orders are scored when is jobs.py.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from connectors import schema
from connectors.columns import to_micros
from connectors.risk_tables import changed_orders, risk_history, risk_scores
from forecasting.risk.facts import Facts
from forecasting.risk.features.asof import DAY, NEVER, Flags
from forecasting.risk.labels import Verdicts
from forecasting.risk.score import Scores

LANGUAGES = ("zh", "en")  # of the reasons that are kept
OVER = ("cancelled", "invalid", "unpaid")  # nothing is on its way to the customer
PATIENCE = 30 * DAY  # after an order's end: a complaint comes later only rarely
PAGE = 2000
_SAME = 1e-9
_LABELS = (("seller", "seller"), ("product_ref", "product_ref"), ("seller_region", "warehouse"))


def still_open(facts: Facts, told: Verdicts, now: int) -> Flags:
    """Per order whether it may yet become a complaint: no verdict by `now` (µs), not called off,
    and not so long over that none will come."""
    promised, delivered = facts.instants("promised_at"), facts.instants("delivered_at")
    end = np.where(delivered < NEVER, delivered, promised)
    end = np.where(end < NEVER, end, facts.instants("placed_at") + PATIENCE)
    status = facts.orders["status"].cat
    over = np.append(status.categories.isin(OVER), False)[status.codes.to_numpy()]
    found: Flags = (told.at > now) & ~over & (end > now - PATIENCE)
    return found & (facts.instants("placed_at") <= now)


def save_scores(
    connection: sa.Connection, scores: Scores, facts: Facts, open_: Flags, *, now: int
) -> int:
    """Make these the scores that hold, and add to the history what is new; returns how many are.

    `open_` is per order of the facts, instants are in µs. Reasons must be in LANGUAGES.
    """
    new = 0
    for rows in _pages(scores, facts, open_, now):
        known = _known(connection, rows)
        fresh = [one for one in rows if _differs(one, known.get((one["source"], one["order_ref"])))]
        new += len(fresh)
        _upsert(connection, risk_scores, rows)
        kept = risk_history.c.keys()
        _upsert(connection, risk_history, [{name: one[name] for name in kept} for one in fresh])
    return new


def close_ended(connection: sa.Connection, open_orders: Collection[tuple[str, str]]) -> int:
    """Orders that no longer wait for anything, as those (source, reference) do: their last score
    stays as it was. Returns how many are new."""
    table = risk_scores.c
    held = connection.execute(sa.select(table.source, table.order_ref).where(table.open))
    rows = [{"s": source, "o": ref} for source, ref in held if (source, ref) not in open_orders]
    if rows:
        mine = sa.and_(table.source == sa.bindparam("s"), table.order_ref == sa.bindparam("o"))
        connection.execute(risk_scores.update().where(mine).values(open=False), rows)
    return len(rows)


def changed(connection: sa.Connection) -> dict[str, int]:
    """References of orders whose facts changed since they were scored, and how often they did."""
    rows = connection.execute(sa.select(changed_orders.c.order_ref, changed_orders.c.times))
    return {row.order_ref: row.times for row in rows}


def seen(connection: sa.Connection, orders: dict[str, int]) -> None:
    """Take out what has been scored; what changed again meanwhile stays."""
    rows = [{"o": ref, "t": times} for ref, times in orders.items()]
    if rows:
        mine = sa.and_(changed_orders.c.order_ref == sa.bindparam("o"),
                       changed_orders.c.times == sa.bindparam("t"))  # fmt: skip
        connection.execute(changed_orders.delete().where(mine), rows)


def remembered(connection: sa.Connection, name: str) -> dict[str, Any]:
    """What a job wrote down for its next run; empty when it never ran."""
    query = sa.select(schema.meta.c.value).where(schema.meta.c.name == name)
    found: dict[str, Any] = json.loads(connection.execute(query).scalar() or "{}")
    return found


def remember(connection: sa.Connection, name: str, values: dict[str, Any]) -> None:
    insert = _insert(connection, schema.meta).values(name=name, value=json.dumps(values))
    same = {"value": insert.excluded.value}
    connection.execute(insert.on_conflict_do_update(index_elements=["name"], set_=same))


def _pages(scores: Scores, facts: Facts, open_: Flags, now: int) -> Iterator[list[dict[str, Any]]]:
    frame, rows = scores.frame, scores.rows
    orders = facts.orders.iloc[rows]
    columns: dict[str, list[Any]] = {
        "source": _texts(orders["source"]),
        **{name: frame[name].tolist() for name in
           ("order_ref", "moment", "moment_at", "probability", "model", "reasons", "segment")},
        "placed_at": orders["placed_at"].tolist(),
        "amount": [None if value != value else value for value in orders["amount"].tolist()],
        **{name: _texts(orders[column]) for column, name in _LABELS},
        "open": open_[rows].tolist(),
    }  # fmt: skip
    names = list(columns)
    for at in range(0, len(rows), PAGE):
        page = zip(*(columns[name][at : at + PAGE] for name in names), strict=True)
        yield [{**dict(zip(names, row, strict=True)), "scored_at": now} for row in page]


def _texts(column: pd.Series[Any]) -> list[str | None]:
    return [one if isinstance(one, str) else None for one in column.astype(object).tolist()]


def _known(
    connection: sa.Connection, rows: Sequence[dict[str, Any]]
) -> dict[tuple[str, str], tuple[str, int, float]]:
    """Of these orders the moment, its instant and the probability that hold so far."""
    table = risk_scores.c
    query = sa.select(
        table.source, table.order_ref, table.moment, table.moment_at, table.probability
    ).where(table.order_ref.in_([one["order_ref"] for one in rows]))
    return {(r.source, r.order_ref): (r.moment, to_micros(r.moment_at), r.probability)
            for r in connection.execute(query)}  # fmt: skip


def _differs(row: dict[str, Any], known: tuple[str, int, float] | None) -> bool:
    if known is None:
        return True
    moment, at, p = known
    return (moment, at) != (row["moment"], row["moment_at"]) or abs(p - row["probability"]) > _SAME


def _upsert(connection: sa.Connection, table: sa.Table, rows: Sequence[dict[str, Any]]) -> None:
    if not rows:
        return
    insert = _insert(connection, table)
    keys = [column.name for column in table.primary_key]
    rest = {name: insert.excluded[name] for name in rows[0] if name not in keys}
    connection.execute(insert.on_conflict_do_update(index_elements=keys, set_=rest), rows)


def _insert(connection: sa.Connection, table: sa.Table) -> Any:
    kinds: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
    return kinds[connection.dialect.name](table)
