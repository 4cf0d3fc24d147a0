"""Today's forecast of the whole shop by minute of the day, for the board."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from connectors.columns import to_micros
from connectors.dirty import SLOT
from forecasting.published.overrides import adjusted, overrides
from forecasting.published.series import CONTACTS, MEAN, SeriesKey
from forecasting.published.store import current

HALF_HOUR = 30


def rest_of_today(
    connection: sa.Connection, zone: ZoneInfo, now: datetime
) -> dict[int, tuple[float, float, float]]:
    """Minute of the local day at which a half-hour starts → mean, low and high (80 %), overrides
    included; empty without a forecast."""
    local = now.astimezone(zone)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    end = (midnight + timedelta(days=1)).astimezone(UTC)
    low, high = to_micros(now) // SLOT, to_micros(end) // SLOT
    made = [one.between(low, high) for one in current(connection, now=now, measure=CONTACTS)]
    changes = overrides(connection, measure=CONTACTS, since=now, until=end)
    whole = next((o for o in adjusted(made, changes) if o.key == SeriesKey(CONTACTS)), None)
    if whole is None or whole.model is None or whole.step_s > HALF_HOUR * 60:
        return {}  # hours don't fit the board's half-hours
    found: dict[int, tuple[float, float, float]] = {}
    columns = [whole.values[name].tolist() for name in (MEAN, "lo-80", "hi-80")]
    for slot, *values in zip(whole.slots.tolist(), *columns, strict=True):
        at = datetime.fromtimestamp(slot * SLOT / 1e6, UTC).astimezone(zone)
        minute = (at.hour * 60 + at.minute) // HALF_HOUR * HALF_HOUR
        before = found.get(minute, (0.0, 0.0, 0.0))
        found[minute] = (before[0] + values[0], before[1] + values[1], before[2] + values[2])
    return found
