"""KPI questions of the pages, asked on one connection for the shop's local days."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from connectors import schema
from dashboard.past import midnight
from metrics.query import KpiRow, kpi
from metrics.samples import highest

SATISFACTION_DAYS = 14
_SHOP_KPIS = ("orders_awaiting_payment", "orders_awaiting_shipment", "overdue_shipments",
              "cases_open", "cases_overdue")  # fmt: skip


class Asker:
    """KPI questions of one local zone on one connection."""

    def __init__(self, connection: sa.Connection, zone: ZoneInfo) -> None:
        self._connection = connection
        self._zone = zone

    def rows(
        self,
        key: str,
        since: datetime,
        until: datetime,
        *,
        every: timedelta | None = None,
        by: str | None = None,
    ) -> tuple[KpiRow, ...]:
        until = max(until, since + timedelta(seconds=1))  # at midnight the day is still empty
        found = kpi(
            self._connection, key, since=since, until=until, every=every, by=by, zone=self._zone
        )
        return found.rows

    def one(self, key: str, since: datetime, until: datetime) -> KpiRow:
        return self.rows(key, since, until)[0]

    def quarters(self, day: datetime) -> tuple[KpiRow, ...]:
        """Volume of a whole local day per quarter hour."""
        end = midnight(day + timedelta(days=1))
        return self.rows("volume", day, end, every=timedelta(minutes=15))

    def sparks(self, now: datetime) -> Mapping[str, tuple[float | None, ...]]:
        """The last 24 hours; satisfaction by day, because a half-hour holds few ratings. Of those
        waiting the most of each half-hour."""
        end = now.replace(minute=now.minute // 30 * 30, second=0, microsecond=0)
        start, half = end - timedelta(days=1), timedelta(minutes=30)
        hour = timedelta(hours=1)
        days = midnight(now - timedelta(days=SATISFACTION_DAYS - 1))
        day = timedelta(days=1)
        asked = {
            "volume": self.rows("volume", start, end, every=half),
            "first_response": self.rows("first_response", start, end, every=hour),
            "service_level": self.rows("service_level", start, end, every=hour),
            "csat": self.rows("csat", days, now, every=day),
        }
        found = {key: tuple(row.value for row in rows) for key, rows in asked.items()}
        halves = [start + half * at for at in range(49)]
        found["waiting"], found["longest_wait"] = highest(self._connection, halves)
        return found

    def shop(self, now: datetime) -> Mapping[str, float]:
        """Order and after-sales states; empty where no shop is connected."""
        if self._connection.execute(sa.select(schema.orders.c.source).limit(1)).first() is None:
            return {}
        start = midnight(now)
        found = {"orders_placed": self.one("orders_placed", start, now).value or 0.0}
        for key in _SHOP_KPIS:
            [row] = kpi(self._connection, key, zone=self._zone).rows
            found[key] = row.value or 0.0
        return found
