"""Complaint risk as measurements: what rules compare, beside queues and KPIs.

One row per metric and labels; a rule with a limit on one of them is an alert.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

import sqlalchemy as sa

from connectors.risk_tables import risk_checks, risk_models
from forecasting.risk.clusters import clusters
from forecasting.risk.listing import overdue_items
from forecasting.risk.store import Verdict
from metrics.measurement import Measurement, labels_of

# Metric → labels. risk_untouched_overdue: listed orders nobody touched in time. risk_jump: recent
# risk of a seller, product or warehouse against its usual, times; only of those that stand out.
# risk_model_age: days. risk_model_off: moments whose level is wrong by more than chance explains.
# risk_drift: stability index of the column that moved most.
RISK_METRICS: Mapping[str, tuple[str, ...]] = {
    "risk_untouched_overdue": (),
    "risk_jump": ("by", "name"),
    "risk_model_age": (),
    "risk_model_off": (),
    "risk_drift": (),
}


def risk_measurements(connection: sa.Connection, now: datetime) -> list[Measurement]:
    """What is known at `now`; a metric that nothing is known of has no row or an unknown value."""
    return [one for measure in _MEASURES for one in measure(connection, now)]


def _overdue(connection: sa.Connection, now: datetime) -> list[Measurement]:
    if _published_at(connection) is None:
        return []
    n = len(overdue_items(connection, now))
    return [Measurement("risk_untouched_overdue", (), float(n), n, now, None)]


def _jumps(connection: sa.Connection, now: datetime) -> list[Measurement]:
    return [
        Measurement("risk_jump", labels_of(by=one.by, name=one.name), one.times, one.n, now, None)
        for one in clusters(connection, now=now)
        if one.jumps
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


_MEASURES: tuple[Callable[[sa.Connection, datetime], list[Measurement]], ...] = (
    _overdue, _jumps, _age, _checks,
)  # fmt: skip
