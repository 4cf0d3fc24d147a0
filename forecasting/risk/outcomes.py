"""How listed orders ended: the arms of the effect, read from facts and the worklist.

A listed order counts once its outcome is due: `after` its listing. A complaint told within that
time is bad, whatever else was said first; what was told before the listing could not be prevented.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import sqlalchemy as sa

from connectors import schema
from connectors.risk_tables import worklist
from forecasting.risk.complaint import Complaint
from forecasting.risk.effect import Arms, Effect, effect_of
from forecasting.risk.worklist import Status


def measured_effect(
    connection: sa.Connection, complaint: Complaint, *, after: timedelta, now: datetime
) -> Effect:
    """The effect of acting on the orders whose outcome is due by `now`."""
    return effect_of(arms(connection, complaint, after=after, now=now))


def arms(
    connection: sa.Connection, complaint: Complaint, *, after: timedelta, now: datetime
) -> list[Arms]:
    """Both arms by the chance of being held out that held when the orders were listed."""
    due = worklist.c.listed_at <= now - after
    rows = connection.execute(sa.select(
        worklist.c.source, worklist.c.order_ref, worklist.c.listed_at, worklist.c.held_out,
        worklist.c.holdout_share, worklist.c.status,
    ).where(due, worklist.c.holdout_share > 0)).all()  # fmt: skip
    if not rows:
        return []
    bad = _complained(connection, complaint, [(r.order_ref, r.listed_at) for r in rows], after)
    found = []
    for share in sorted({row.holdout_share for row in rows}):
        mine = np.array([row.holdout_share == share for row in rows])
        held = np.array([row.held_out for row in rows]) & mine
        acted = mine & ~held
        touched = np.array([row.status != Status.UNTOUCHED for row in rows]) & acted
        found.append(Arms(int(acted.sum()), int((bad & acted).sum()), int(held.sum()),
                          int((bad & held).sum()), int(touched.sum())))  # fmt: skip
    return found


def _complained(
    connection: sa.Connection, complaint: Complaint, listed: Sequence[tuple[str, datetime]],
    after: timedelta,
) -> np.ndarray:  # fmt: skip
    """Per listed order whether a complaint about it was told after its listing and in time."""
    since = min(at for _, at in listed)
    told: dict[str, list[datetime]] = {}
    for query in _complaints(complaint, since):
        for row in connection.execute(query):
            told.setdefault(row[0], []).append(row[1])
    return np.array([
        any(start < at <= start + after for at in told.get(ref, ())) for ref, start in listed
    ], bool)  # fmt: skip


def _complaints(complaint: Complaint, since: datetime) -> tuple[sa.Select[Any], ...]:
    ratings, cases, contacts = schema.ratings.c, schema.cases.c, schema.contacts.c
    rated = sa.func.coalesce(ratings.order_ref, contacts.order_ref)
    about = sa.and_(contacts.source == ratings.source, contacts.contact_id == ratings.contact_id)
    return (
        sa.select(rated, ratings.rated_at)
        .join_from(schema.ratings, schema.contacts, about, isouter=True)
        .where(ratings.rated_at > since, ratings.kind.in_(complaint.ratings), rated.is_not(None),
               ratings.score <= (complaint.share + 1e-9) * ratings.scale),
        sa.select(cases.order_ref, cases.opened_at).where(
            cases.opened_at > since, cases.kind.in_(complaint.cases), cases.order_ref.is_not(None)
        ),
        sa.select(contacts.order_ref, contacts.opened_at).where(
            contacts.opened_at > since, contacts.topic.in_(complaint.topics),
            contacts.order_ref.is_not(None),
        ),
    )  # fmt: skip
