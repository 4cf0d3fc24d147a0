"""What is open now, and for how long: after-sales cases by age. As of the last read of facts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from connectors.columns import from_micros, to_micros
from connectors.schema import cases
from metrics.vocabulary import raw

HOUR_S, DAY_S = 3_600.0, 86_400.0
AGE_EDGES_S = (0.0, 4 * HOUR_S, DAY_S, 3 * DAY_S, 7 * DAY_S, 14 * DAY_S)
OPEN = ("pending", "returning")


@dataclass(frozen=True, slots=True)
class OpenCase:
    """A case that is not closed. `returning` waits for the parcel, `pending` for the shop."""

    source: str
    ref: str
    order_ref: str | None
    kind: str | None
    reason: str | None
    status: str
    opened_at: datetime
    age_s: float


@dataclass(frozen=True, slots=True)
class AgeBand:
    """Open cases that are at least `low_s` and less than `high_s` old (None: no end)."""

    low_s: float
    high_s: float | None
    pending: int
    returning: int


def open_cases(
    connection: sa.Connection, as_of: datetime, sources: Sequence[str] = ()
) -> tuple[OpenCase, ...]:
    """All open cases, the oldest first; of these sources only, if any are named."""
    query = (
        sa.select(cases.c.source, cases.c.case_id, cases.c.order_ref, cases.c.kind,
                  cases.c.reason, cases.c.status, raw(cases.c.opened_at).label("at"))
        .where(cases.c.status.in_(OPEN), raw(cases.c.opened_at) <= to_micros(as_of))
        .order_by(raw(cases.c.opened_at), cases.c.source, cases.c.case_id)
    )  # fmt: skip
    if sources:
        query = query.where(cases.c.source.in_(list(sources)))
    now = to_micros(as_of)
    return tuple(
        OpenCase(row.source, row.case_id, row.order_ref, row.kind, row.reason, row.status,
                 from_micros(row.at), (now - row.at) / 1e6)
        for row in connection.execute(query)
    )  # fmt: skip


def by_age(
    found: Sequence[OpenCase], edges_s: Sequence[float] = AGE_EDGES_S
) -> tuple[AgeBand, ...]:
    """How many are how old; bands start at each edge, the last has no end."""
    ends: list[float | None] = [*edges_s[1:], None]
    bands = []
    for low, high in zip(edges_s, ends, strict=True):
        among = [
            one.status for one in found if low <= one.age_s and (high is None or one.age_s < high)
        ]
        bands.append(AgeBand(low, high, among.count("pending"), among.count("returning")))
    return tuple(bands)
