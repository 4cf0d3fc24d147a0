"""Where risk jumps: sellers, products and warehouses whose orders are scored far above their usual.

Scores of the last day are compared with those of the weeks before, moment by moment, for a score at
the promised time is another thing than one at the purchase.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from connectors.risk_tables import risk_history, risk_scores

BY = ("seller", "product_ref", "warehouse")
RECENT, BEFORE = timedelta(days=1), timedelta(days=28)
FEWEST = 10  # recent scores of a cluster
WEIGHT = 20  # scores of the whole shop that a usual level is drawn toward
TIMES = 1.5  # how far above its usual a cluster lies, at least
Moments = dict[str, tuple[int, float]]  # by moment: number and sum of scores
ERRORS = 4.0  # and by so many standard errors: there are many sellers to be unlucky


@dataclass(frozen=True, slots=True)
class Cluster:
    """`by` names it: seller, product_ref, warehouse. `n` recent scores; `expected` and `seen` are
    complaints among them, by what was usual and by their scores."""

    by: str
    name: str
    n: int
    expected: float
    seen: float

    @property
    def times(self) -> float:
        return self.seen / self.expected if self.expected > 0 else math.inf

    @property
    def jumps(self) -> bool:
        """More than chance explains among many clusters."""
        if self.n < FEWEST or self.times < TIMES:
            return False
        usual = min(max(self.expected / self.n, 1e-6), 1 - 1e-6)
        return self.seen - self.expected > ERRORS * math.sqrt(self.n * usual * (1 - usual))


def clusters(connection: sa.Connection, *, now: datetime, by: Sequence[str] = BY) -> list[Cluster]:
    """All with enough recent scores, the furthest above its usual first; see `jumps`."""
    found = [one for name in by for one in _clusters(connection, name, now)]
    return sorted(found, key=lambda one: -(one.seen - one.expected))


def _clusters(connection: sa.Connection, by: str, now: datetime) -> list[Cluster]:
    new = _sums(connection, by, now - RECENT, now)
    old = _sums(connection, by, now - RECENT - BEFORE, now - RECENT)
    shop: Moments = {}
    for moments in old.values():
        for moment, (n, total) in moments.items():
            before_n, before = shop.get(moment, (0, 0.0))
            shop[moment] = (before_n + n, before + total)
    return [
        _cluster(by, name, moments, old.get(name, {}), shop)
        for name, moments in new.items()
        if name is not None
        and sum(n for n, _ in moments.values()) >= FEWEST
        and any(moment in shop for moment in moments)
    ]


def _sums(
    connection: sa.Connection, by: str, since: datetime, until: datetime
) -> dict[str | None, Moments]:
    """By name and moment, of the scores in (since, until]: how many, and the sum of them."""
    history, scores = risk_history.c, risk_scores.c
    mine = sa.and_(scores.source == history.source, scores.order_ref == history.order_ref)
    name, total = risk_scores.c[by], sa.func.sum(history.probability)
    query = (
        sa.select(name, history.moment, sa.func.count(), total)
        .join_from(risk_history, risk_scores, mine)
        .where(history.moment_at > since, history.moment_at <= until)
        .group_by(name, history.moment)
    )
    found: dict[str | None, Moments] = {}
    for who, moment, n, summed in connection.execute(query):
        found.setdefault(who, {})[moment] = (n, summed)
    return found


def _cluster(by: str, name: str, recent: Moments, before: Moments, shop: Moments) -> Cluster:
    n, seen, expected = 0, 0.0, 0.0
    for moment, (count, total) in recent.items():
        if moment not in shop:
            continue  # nothing to compare with
        all_n, all_total = shop[moment]
        own_n, own_total = before.get(moment, (0, 0.0))
        usual = (own_total + WEIGHT * all_total / all_n) / (own_n + WEIGHT)
        n, seen, expected = n + count, seen + total, expected + count * usual
    return Cluster(by, name, n, expected, seen)
