"""Published forecasts as tests need them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import sqlalchemy as sa

from connectors.columns import to_micros
from connectors.dirty import SLOT
from forecasting.published import runs, store
from forecasting.published.series import BASELINE, MEAN, Published, SeriesKey

MIDNIGHT = datetime(2026, 11, 20, tzinfo=UTC)
HALF_HOUR = timedelta(minutes=30)


def forecast_of(
    key: SeriesKey, mean: float | np.ndarray, *, start: datetime = MIDNIGHT, steps: int = 4,
    model: str | None = "combination", why: str | None = None,
) -> Published:  # fmt: skip
    """`steps` half-hours of that mean, ±50 % and ±80 % around it."""
    first = to_micros(start) // SLOT
    slots = first + 2 * np.arange(steps if model else 0, dtype=np.int64)
    level = np.broadcast_to(np.asarray(mean, dtype=float), slots.shape).copy()
    values = {
        MEAN: level, "lo-80": level * 0.5, "hi-80": level * 1.5, "lo-95": level * 0.2,
        "hi-95": level * 1.8, BASELINE: level + 1,
    }  # fmt: skip
    return Published(
        0, key, runs.FULL, start, start, model, why, 1800, slots, values,
        weights=(("event-slot-recent", 0.6), ("structural-calm", 0.4)), origins=6, days=90,
        notes=("2 days without a contact count as closed",),
    )  # fmt: skip


def publish(
    connection: sa.Connection, *found: Published, cutoff: datetime = MIDNIGHT,
    kind: str = runs.FULL, at: datetime | None = None,
) -> int:  # fmt: skip
    """One run with these series, published."""
    made_at = at or cutoff + timedelta(minutes=1)
    run = runs.begin_or_resume(connection, kind, cutoff, total=len(found), now=made_at)
    for one in found:
        store.save(connection, run.id, one)
    runs.publish(connection, run.id, now=made_at)
    return run.id
