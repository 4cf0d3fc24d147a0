"""What the pages load: a few small queries, shared by all viewers. The only file that reads the
store; every value is cached with an age limit (cell.py)."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from alerts.alert import Alert, Status
from alerts.heartbeat import beats
from alerts.store import load_active
from connectors import schema
from connectors.errors import StoreError
from connectors.store import Store, open_store
from dashboard import derive
from dashboard.board import Board, Pulse, Trends
from dashboard.cell import Cell
from dashboard.details import SourceReport, WaitingContact, source_reports, waiting_contacts
from dashboard.processes import CONFIG_VARIABLE
from dashboard.settings import DEFAULT_FILE, Settings, load_settings
from metrics.errors import NothingSynced
from metrics.live import BANDS_S, LiveState, live_state, source_states
from metrics.query import KpiRow, kpi
from metrics.text import Language

TODAY_EVERY = timedelta(seconds=10)
TRENDS_EVERY = timedelta(seconds=30)
DETAILS_EVERY = timedelta(seconds=2)
SATISFACTION_DAYS = 14
LONGEST_TICK_S = 5.0
_SHOP_KPIS = ("orders_awaiting_payment", "orders_awaiting_shipment", "overdue_shipments",
              "cases_open", "cases_overdue")  # fmt: skip


class Feed:
    """The store as the pages see it. One per process; safe to share between threads."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.zone: ZoneInfo = settings.app.timezone
        self._store: Store | None = None
        self._targets = derive.targets_of(settings.rules)
        self._today = Cell(self._load_today, ttl=TODAY_EVERY)
        self._trends = Cell(self._load_trends, ttl=TRENDS_EVERY)
        self._details = Cell(self._load_details, ttl=DETAILS_EVERY)
        # A board is younger than half a tick, whoever asks; slower ticks don't need more.
        ttl = timedelta(seconds=min(1.0, max(0.25, self.poll_s / 2)))
        self._board = Cell(self._load_board, ttl=ttl)

    @property
    def language(self) -> Language | None:
        """As configured; None leaves it to the browser."""
        app = self.settings.app
        return app.language if "language" in app.model_fields_set else None

    @property
    def poll_s(self) -> float:
        return self.settings.tick.total_seconds()

    def board(self, now: datetime) -> Board:
        """Raises StoreError while the store has never been readable."""
        return self._board.get(now)

    def trends(self, now: datetime) -> Trends:
        return self._trends.get(now)

    def pulse(self, now: datetime) -> Pulse:
        """Ages as of `now`, whatever the age of the cached board. Never raises StoreError."""
        try:
            board = self._board.get(now)
        except StoreError:
            return Pulse((), None, store_ok=False)
        since = max(0.0, (now - board.now).total_seconds())
        sources = tuple(
            replace(one, age_s=None if one.age_s is None else one.age_s + since)
            for one in board.sources
        )
        beat = None if board.beat_age_s is None else board.beat_age_s + since
        return Pulse(sources, beat, store_ok=self._board.working)

    def waiting(self, now: datetime) -> tuple[WaitingContact, ...]:
        return self._details.get(now)[0]

    def reports(self, now: datetime) -> tuple[SourceReport, ...]:
        return self._details.get(now)[1]

    def warm(self, now: datetime) -> None:
        """Load everything once, so that the first viewer doesn't wait."""
        for cell in (self._board, self._trends, self._details):
            try:
                cell.get(now)
            except StoreError:
                return  # the pages say so themselves, and try again

    # --- loading ------------------------------------------------------------------------------

    def _open(self) -> Store:
        if self._store is None:
            self._store = open_store(self.settings.store_url)
        return self._store

    def _load_board(self, now: datetime) -> Board:
        with self._open().read() as connection:
            live = self._live(connection, now)
            states = source_states(connection, now, self.settings.source_names)
            alerts = load_active(connection) if live else []
            seen = beats(connection)[:1]
        firing = tuple(one for one in alerts if one.status is Status.FIRING)
        local = now.astimezone(self.zone)
        board = Board(
            name=self.settings.app.name,
            now=local,
            zone=self.zone,
            as_of=live.as_of if live else None,
            poll_s=self.poll_s,
            beat_age_s=self._beat_age_s(seen[0].beat_at, now) if seen else None,
            sources=tuple(derive.source_view(one) for one in states),
            tiles=(),
            rows=(),
            alerts=firing,
            band_edges_s=BANDS_S,
        )
        return self._filled(board, live, firing, now) if live else board

    def _filled(
        self, board: Board, live: LiveState, firing: tuple[Alert, ...], now: datetime
    ) -> Board:
        today = self._today.get(now)
        return replace(
            board,
            tiles=derive.key_tiles(live, today, firing, self._targets),
            rows=derive.queue_rows(live, today.level_by_queue, firing),
            shop=derive.shop_tiles(today.shop),
        )

    def _live(self, connection: sa.Connection, now: datetime) -> LiveState | None:
        try:
            return live_state(
                connection,
                now=now,
                settings=self.settings.live.settings(),
                names=self.settings.source_names,
            )
        except NothingSynced:
            return None

    def _beat_age_s(self, beat_at: datetime, now: datetime) -> float | None:
        """Only a slow poll needs the heartbeat: otherwise the age of the data says it sooner."""
        slow = self.poll_s > LONGEST_TICK_S
        return max(0.0, (now - beat_at).total_seconds()) if slow else None

    def _load_today(self, now: datetime) -> derive.Today:
        local = now.astimezone(self.zone)
        start = derive.midnight(local)
        fortnight = start - timedelta(days=SATISFACTION_DAYS - 1)
        with self._open().read() as connection:
            ask = _Asker(connection, self.zone)
            weeks = [derive.by_minute(ask.quarters(day)) for day in derive.same_weekdays(local)]
            volume = ask.rows("volume", start, local, every=timedelta(minutes=15))
            by_queue = ask.rows("service_level", start, local, by="queue")
            return derive.Today(
                service_level=ask.one("service_level", start, local),
                first_response=ask.one("first_response", start, local),
                csat=ask.one("csat", start, local),
                csat_before=ask.one("csat", fortnight, start),
                volume=sum(derive.by_minute(volume).values()),
                usual_volume=derive.usual_until(weeks, local),
                level_by_queue={row.labels[0][1]: (row.value, row.n) for row in by_queue},
                sparks=ask.sparks(local),
                shop=ask.shop(),
            )

    def _load_trends(self, now: datetime) -> Trends:
        local = now.astimezone(self.zone)
        start = derive.midnight(local)
        first = start - timedelta(days=SATISFACTION_DAYS - 1)
        try:
            with self._open().read() as connection:
                ask = _Asker(connection, self.zone)
                weeks = [derive.by_minute(ask.quarters(day)) for day in derive.same_weekdays(local)]
                today = derive.by_minute(ask.quarters(start))
                response = ask.rows("first_response", start, local, every=timedelta(hours=1))
                csat = ask.rows("csat", first, local, every=timedelta(days=1))
        except NothingSynced:
            return Trends(now_minute=derive.minute_of(local), today=local.date())
        return derive.trends_of(
            derive.volume_points(today, weeks, local),
            derive.response_points(response, local),
            derive.satisfaction_points(csat, local.date()),
            targets=self._targets,
            now=local,
        )

    def _load_details(
        self, now: datetime
    ) -> tuple[tuple[WaitingContact, ...], tuple[SourceReport, ...]]:
        with self._open().read() as connection:
            states = source_states(connection, now, self.settings.source_names)
            return waiting_contacts(connection), source_reports(connection, states)


class _Asker:
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
        end = derive.midnight(day + timedelta(days=1))
        return self.rows("volume", day, end, every=timedelta(minutes=15))

    def sparks(self, now: datetime) -> Mapping[str, tuple[float | None, ...]]:
        """The last 24 hours; satisfaction by day, because a half-hour holds few ratings."""
        end = now.replace(minute=now.minute // 30 * 30, second=0, microsecond=0)
        start, half = end - timedelta(days=1), timedelta(minutes=30)
        hour = timedelta(hours=1)
        days = derive.midnight(now - timedelta(days=SATISFACTION_DAYS - 1))
        day = timedelta(days=1)
        asked = {
            "volume": self.rows("volume", start, end, every=half),
            "first_response": self.rows("first_response", start, end, every=hour),
            "service_level": self.rows("service_level", start, end, every=hour),
            "csat": self.rows("csat", days, now, every=day),
        }
        return {key: tuple(row.value for row in rows) for key, rows in asked.items()}

    def shop(self) -> Mapping[str, float]:
        """Order and after-sales states; empty where no shop is connected."""
        if self._connection.execute(sa.select(schema.orders.c.source).limit(1)).first() is None:
            return {}
        found = {}
        for key in _SHOP_KPIS:
            [row] = kpi(self._connection, key, zone=self._zone).rows
            found[key] = row.value or 0.0
        return found


@lru_cache(maxsize=1)
def feed() -> Feed:
    """The feed of this process, of the configuration that DESKPULSE_CONFIG names."""
    return Feed(load_settings(Path(os.environ.get(CONFIG_VARIABLE, DEFAULT_FILE))))
