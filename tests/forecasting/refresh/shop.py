"""A shop's facts as forecasts need them: contacts at chosen half-hours, sources read until then."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from connectors import schema
from connectors.store import Store
from forecasting.refresh.plan import ForecastPlan
from forecasting.settings import ForecastSettings
from metrics.clock import Clocks

SHANGHAI = ZoneInfo("Asia/Shanghai")
FIRST = date(2026, 9, 7)  # a Monday
HALF_HOUR = timedelta(minutes=30)
Rate = Callable[[datetime], float]


def usual(level: float) -> Rate:
    """Open 9:00 to 21:00, busiest at noon, half at weekends."""

    def rate(at: datetime) -> float:
        hour = at.hour + at.minute / 60
        shape = max(0.0, 1 - abs(hour - 13) / 8) if 9 <= hour < 21 else 0.0
        return level * shape * (0.5 if at.weekday() >= 5 else 1.0)

    return rate


def write_contacts(
    kept: Store, rates: dict[tuple[str, str], Rate], *, since: date, until: datetime,
    zone: ZoneInfo = SHANGHAI, seed: int = 1, source: str = "desk", bot: float = 0.0,
) -> int:  # fmt: skip
    """Contacts by (queue, channel) at Poisson rates per half-hour of local time; read to the end.

    `bot`: share that a bot handles alone.
    """
    dice = np.random.default_rng(seed)
    rows = []
    start = datetime.combine(since, datetime.min.time(), zone).astimezone(UTC)
    for (queue, channel), rate in rates.items():
        at = start
        while at < until:
            for part in range(dice.poisson(rate(at.astimezone(zone)))):
                opened = at + timedelta(seconds=float(dice.uniform(0, 1800)))
                if opened >= until:
                    continue
                alone = dice.random() < bot
                rows.append({
                    "source": source, "contact_id": f"{queue}/{channel}/{at.timestamp()}/{part}",
                    "channel": channel, "queue": queue, "status": "closed", "opened_at": opened,
                    "bot_only": alone, "outbound_only": False, "updated_at": opened,
                })  # fmt: skip
            at += HALF_HOUR
    with kept.begin() as connection:
        for first in range(0, len(rows), 5000):
            connection.execute(schema.contacts.insert(), rows[first : first + 5000])
        write_source(connection, source, until)
    return len(rows)


def write_source(connection, name: str, as_of: datetime | None, status: str = "ok") -> None:
    table = schema.sources
    connection.execute(table.delete().where(table.c.source == name))
    values = {"source": name, "status": status, "as_of": as_of, "poll_s": 2.0, "rows": 1}
    connection.execute(table.insert().values(values))


def plan_of(*, zone: ZoneInfo = SHANGHAI, clocks: Clocks | None = None, **settings) -> ForecastPlan:
    """Contacts only, of one process, unless said otherwise."""
    usual_ones = {"measures": ("contacts",), "processes": 1, "horizon": timedelta(days=7)}
    return ForecastPlan(
        ForecastSettings(**{**usual_ones, **settings}), zone, Clocks() if clocks is None else clocks
    )
