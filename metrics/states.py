"""KPIs that are a state: how many there are at the last read, straight from facts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import numpy as np
import sqlalchemy as sa

from connectors.columns import to_micros
from metrics.kpi import Kpi
from metrics.population import state_rows
from metrics.rows import KpiRow


def count_state(
    connection: sa.Connection,
    kpi: Kpi,
    as_of: datetime,
    by: str | None = None,
    asked: Mapping[str, Sequence[str]] | None = None,
) -> list[KpiRow]:
    """How many now, one row, or one per value of the label; filtered by labels."""
    counts = counted(connection, kpi, as_of)
    wanted = (asked or {}).items()
    names = [n for n in counts if all(dict(n).get(label, "") in one for label, one in wanted)]
    found: dict[str, int] = {} if by else {"": 0}
    for name in names:
        key = dict(name)[by] if by else ""
        found[key] = found.get(key, 0) + counts[name]
    return [
        KpiRow(None, None, ((by, key),) if by else (), number, float(number))
        for key, number in sorted(found.items())
    ]


def counted(
    connection: sa.Connection, kpi: Kpi, as_of: datetime
) -> dict[tuple[tuple[str, str], ...], int]:
    """The number per label set, as (name, value) pairs; older than the threshold, if it has one."""
    rows = state_rows(connection, kpi)
    keep = np.ones(rows.n, np.bool_)
    if kpi.threshold is not None:
        age_s = (to_micros(as_of) - rows[f"at.{kpi.start}"]) / 1e6
        keep = age_s > kpi.threshold.total_seconds()  # an unknown start is no breach
    numbers = np.bincount(rows.sets[keep], minlength=len(rows.label_sets)).tolist()
    return {
        tuple(zip(rows.label_names, labels, strict=True)): number
        for labels, number in zip(rows.label_sets, numbers, strict=True)
        if number
    }
