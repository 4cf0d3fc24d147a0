"""Complaint risk as measurements: what rules compare, beside queues and KPIs.

One row per metric and labels; a rule with a limit on one of them is an alert. Listed orders that
nobody touched in time are a list of their own (listing.overdue_items).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa

from connectors.risk_tables import risk_checks, risk_models
from forecasting.risk.clusters import clusters
from forecasting.risk.store import Verdict
from metrics.measurement import Measurement, labels_of

# risk_jump: risk of a cluster in the last day against its usual, times; only of those that stand
# out. risk_model_age: days. risk_model_off: moments whose level is wrong by more than chance
# explains. risk_drift: stability index of the column that moved most.
RISK_METRICS = ("risk_jump", "risk_model_age", "risk_model_off", "risk_drift")
CLUSTERS: Mapping[str, str] = {
    "seller": "seller", "product": "product_ref", "warehouse": "warehouse",
}  # fmt: skip


def risk_measurements(
    connection: sa.Connection, metric: str, now: datetime, *, by: Sequence[str] = ()
) -> list[Measurement]:
    """One of RISK_METRICS at `now`; `by` of CLUSTERS: which clusters a jump is looked for in (all,
    without a name, where it is empty). What nothing is known of has no row or an unknown value."""
    if metric == "risk_jump":
        return _jumps(connection, now, by)
    found = _age(connection, now) if metric == "risk_model_age" else _checks(connection, now)
    return [one for one in found if one.metric == metric]


def _jumps(connection: sa.Connection, now: datetime, by: Sequence[str]) -> list[Measurement]:
    named = [one for one in CLUSTERS if not by or one in by]
    found = [
        (label, one)
        for label in named
        for one in clusters(connection, now=now, by=(CLUSTERS[label],))
        if one.jumps
    ]
    if not by:
        worst = max((one.times for _, one in found), default=0.0)
        n = sum(one.n for _, one in found)
        return [Measurement("risk_jump", (), worst, n, now, None)]
    return [
        Measurement("risk_jump", labels_of(**{label: one.name}), one.times, one.n, now, None)
        for label, one in found
    ]


def _age(connection: sa.Connection, now: datetime) -> list[Measurement]:
    trained = _published_at(connection)
    if trained is None:
        return []
    days = (now - trained).total_seconds() / 86_400
    return [Measurement("risk_model_age", (), days, 1, now, None)]


def _checks(connection: sa.Connection, now: datetime) -> list[Measurement]:
    last = sa.select(sa.func.max(risk_checks.c.at)).scalar_subquery()
    rows = connection.execute(sa.select(risk_checks).where(risk_checks.c.at == last)).all()
    if not rows:
        return []
    judged = [row for row in rows if row.expected is not None]
    off = float(sum(row.off for row in judged)) if judged else None
    moved = [row.drift_index for row in rows if row.drift_index is not None]
    told, at = sum(row.told for row in rows), min(now, rows[0].at)
    return [
        Measurement("risk_model_off", (), off, told, at, None),
        Measurement("risk_drift", (), max(moved, default=None), told, at, None),
    ]


def _published_at(connection: sa.Connection) -> datetime | None:
    query = sa.select(risk_models.c.trained_at).where(risk_models.c.verdict == Verdict.PUBLISHED)
    return connection.execute(query.order_by(risk_models.c.id.desc()).limit(1)).scalar()
