"""KPIs that count each contact once: read from facts, never kept.

A contact that closes twice in a month is one resolution of that month, and one of each of its days:
such numbers don't add up, so there is nothing to store.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import sqlalchemy as sa

from connectors.dirty import SLOT
from metrics.kpi import Kpi, Registry
from metrics.measure import contacts_of, measure
from metrics.population import Floats, Ints, Span, load, reach


@dataclass(frozen=True, slots=True)
class Once:
    """Values in order of time: quarter hour, place in `labels`, value, and whose it is where each
    contact counts once in every window, interval or label that is asked for."""

    slots: Ints
    sets: Ints
    values: Floats
    labels: tuple[dict[str, str], ...]
    who: Ints | None


def once_per_contact(connection: sa.Connection, kpi: Kpi, registry: Registry, window: Span) -> Once:
    """The values in the window, of which Values takes each contact's last."""
    rows = load(connection, [kpi], [reach(kpi, window)])
    found = measure(kpi, rows, registry)
    order = np.lexsort((found.values, found.at))
    kept = order[(found.at[order] >= window[0]) & (found.at[order] < window[1])]
    by_window = kpi.dedup == "contact_window"
    return Once(
        (found.at[kept] // SLOT).astype(np.int64), found.sets[kept], found.values[kept],
        tuple(dict(zip(rows.label_names, one, strict=True)) for one in rows.label_sets),
        contacts_of(rows, found.index[kept]) if by_window else None,
    )  # fmt: skip
