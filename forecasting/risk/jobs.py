"""What the jobs about risks share: their part of the configuration, the line of the worklist, and
fitting. Scoring is rescoring.py, keeping the model right is tending.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from connectors.risk_tables import risk_scores
from forecasting.risk.facts import Facts
from forecasting.risk.model import RiskModel
from forecasting.risk.settings import RiskSettings
from forecasting.risk.training import train

RULE_LINE = 0.3  # from where on orders are listed while nothing is known of how many that are
WEEK = timedelta(days=7)
LEAST_TIMES = 1.5  # the usual risk: what is not above it is never worth an action
FILLING = "the history is still being read; the first model follows when it is there"


@dataclass(frozen=True, slots=True)
class RiskPlan:
    """What the jobs need of the configuration. `threads` for fitting; 0: all processors."""

    settings: RiskSettings
    zone: ZoneInfo
    threads: int = 1


def line_of(model: RiskModel, settings: RiskSettings) -> float:
    """From which probability on orders are listed: as configured, or so that about `capacity` a
    day are."""
    if settings.line is not None:
        return settings.line
    return RULE_LINE if model.capacity is None else model.capacity.at(settings.capacity).line


def line_now(
    connection: sa.Connection, model: RiskModel, settings: RiskSettings, now: datetime
) -> float:
    """The line of today: lower than `line_of` where, in calmer times than those that the model was
    proven on, fewer of a week's orders than `capacity` a day would reach it."""
    line, capacity = line_of(model, settings), model.capacity
    if settings.line is not None or capacity is None:
        return line
    table, rank = risk_scores.c, WEEK.days * settings.capacity
    query = sa.select(table.probability).where(table.placed_at > now - WEEK)
    query = query.order_by(table.probability.desc()).offset(rank - 1).limit(1)
    reached: float | None = connection.execute(query).scalar()
    if reached is None:
        return line
    least = LEAST_TIMES * capacity.complaints / capacity.orders
    return min(line, max(reached, least))


def fitted(facts: Facts, plan: RiskPlan, as_of: datetime) -> RiskModel:
    """The model of this shop, on what was known at an instant."""
    return train(
        facts, as_of, zone=plan.zone, complaint=plan.settings.complaint(), threads=plan.threads
    )
