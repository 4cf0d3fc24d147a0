"""What the pages of complaint risk read from the store. Nothing here knows Streamlit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from connectors.risk_tables import risk_checks, risk_scores, worklist
from forecasting.risk import listing
from forecasting.risk.capacity import Capacity
from forecasting.risk.clusters import Cluster, clusters
from forecasting.risk.effect import Effect
from forecasting.risk.jobs import line_now
from forecasting.risk.outcomes import measured_effect
from forecasting.risk.settings import RiskSettings
from forecasting.risk.store import Card, Verdict, cards
from forecasting.risk.worklist import Item

CHECKS = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Worklist:
    """`items` are all listed ones; `held` counts open orders that are left alone and not shown;
    `scored_at` None: no order has been scored yet."""

    items: tuple[Item, ...]
    held: int
    scored: int
    scored_at: datetime | None
    card: Card | None
    line: float | None
    effect: Effect
    jumps: tuple[Cluster, ...]
    per_day: int | None = None  # listed at most; None: all above the line

    @property
    def capacity(self) -> Capacity | None:
        return self.card.model.capacity if self.card else None

    @property
    def by_rule(self) -> bool:
        """No model yet: the transparent rule speaks."""
        return self.card is not None and not self.card.kinds


@dataclass(frozen=True, slots=True)
class Check:
    """One look of the monitor at one moment."""

    at: datetime
    moment: str
    told: int
    expected: float | None
    seen: float | None
    off: bool
    drift_column: str | None
    drift_index: float | None


@dataclass(frozen=True, slots=True)
class ModelPage:
    """`cards`: all models, the newest first; `card`: the one in use."""

    cards: tuple[Card, ...]
    checks: tuple[Check, ...]
    effect: Effect
    now: datetime

    @property
    def card(self) -> Card | None:
        return next((one for one in self.cards if one.verdict is Verdict.PUBLISHED), None)


def load_worklist(connection: sa.Connection, settings: RiskSettings, now: datetime) -> Worklist:
    """Everything that the worklist shows, for all viewers."""
    card = _card(connection)
    scored, scored_at = connection.execute(
        sa.select(sa.func.count(), sa.func.max(risk_scores.c.scored_at)).where(risk_scores.c.open)
    ).one()
    mine = sa.and_(risk_scores.c.source == worklist.c.source,
                   risk_scores.c.order_ref == worklist.c.order_ref)  # fmt: skip
    held = connection.execute(
        sa.select(sa.func.count())
        .select_from(sa.join(worklist, risk_scores, mine))
        .where(worklist.c.held_out, risk_scores.c.open)
    ).scalar_one()
    return Worklist(
        items=tuple(listing.items(connection, open_only=False)),
        held=held,
        scored=scored,
        scored_at=scored_at,
        card=card,
        line=None if card is None else line_now(connection, card.model, settings, now),
        effect=_effect(connection, settings, card, now),
        jumps=tuple(one for one in clusters(connection, now=now) if one.jumps),
        per_day=settings.capacity if settings.line is None else None,
    )


def load_model_page(connection: sa.Connection, settings: RiskSettings, now: datetime) -> ModelPage:
    """Everything that the model page shows."""
    found = cards(connection)
    card = next((one for one in found if one.verdict is Verdict.PUBLISHED), None)
    rows = connection.execute(
        sa.select(risk_checks).where(risk_checks.c.at > now - CHECKS).order_by(risk_checks.c.at)
    )
    checks = tuple(
        Check(r.at, r.moment, r.told, r.expected, r.seen, r.off, r.drift_column, r.drift_index)
        for r in rows
    )
    return ModelPage(tuple(found), checks, _effect(connection, settings, card, now), now)


def _card(connection: sa.Connection) -> Card | None:
    found: Sequence[Card] = cards(connection)
    return next((one for one in found if one.verdict is Verdict.PUBLISHED), None)


def _effect(
    connection: sa.Connection, settings: RiskSettings, card: Card | None, now: datetime
) -> Effect:
    complaint = settings.complaint() if card is None else card.model.complaint
    return measured_effect(connection, complaint, after=settings.outcome_after, now=now)
