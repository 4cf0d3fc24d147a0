"""What the pages load: a few small queries, shared by all viewers. The only file that reads the
store; every value is cached with an age limit (cell.py)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from alerts.alert import Alert
from alerts.heartbeat import beats
from alerts.store import load_active
from connectors.errors import StoreError
from connectors.store import Store, open_store
from dashboard import derive, past
from dashboard.asking import SATISFACTION_DAYS, Asker
from dashboard.board import Board, Pulse, Trends
from dashboard.cell import Cell
from dashboard.details import (
    Progress,
    SourceReport,
    WaitingContact,
    progress_of,
    source_reports,
    waiting_contacts,
)
from dashboard.health.gather import Health, gather_figures, gather_signs
from dashboard.history.known import Known, known_of
from dashboard.history.load import Shelf
from dashboard.plan.today import rest_of_today
from dashboard.processes import CONFIG_VARIABLE
from dashboard.settings import DEFAULT_FILE, Settings, load_settings
from metrics.errors import NothingSynced
from metrics.kpi import Registry
from metrics.live import BANDS_S, LiveState, live_state, source_states
from metrics.reading import Reader
from metrics.text import Language

TODAY_EVERY = timedelta(seconds=10)
TRENDS_EVERY = timedelta(seconds=30)
DETAILS_EVERY = timedelta(seconds=2)
KNOWN_EVERY = timedelta(seconds=60)
FIGURES_EVERY = timedelta(seconds=5)
ASKED_WITHIN = timedelta(seconds=3)  # machines that ask have no patience
LONGEST_TICK_S = 5.0


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
        self._known = Cell(self._load_known, ttl=KNOWN_EVERY)
        self._signs = Cell(self._load_signs, ttl=DETAILS_EVERY)
        self._figures = Cell(self._load_figures, ttl=FIGURES_EVERY)
        self.answers = Shelf()  # of the history pages
        self.changes = 0  # that people made on pages: part of an answer's key
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

    @property
    def kpis(self) -> Registry:
        return self.settings.kpis

    def known(self, now: datetime) -> Known:
        """What the history pages may be filtered by, and how agents are called."""
        return self._known.get(now)

    def signs(self, now: datetime) -> Health:
        """For /readyz. Raises StoreError while the store can't be read."""
        return self._signs.current(now)

    def figures(self, now: datetime) -> Health:
        """For /metrics. Raises StoreError while the store can't be read."""
        return self._figures.current(now)

    @contextmanager
    def reading(self) -> Iterator[Reader]:
        """KPI values over any window, on a connection of its own. Loaders of the history pages use
        it; what they make of it goes on the shelf `answers`."""
        with self._open().read() as connection:
            yield Reader(connection, self.zone, self.kpis, self.settings.source_names)

    @contextmanager
    def changing(self) -> Iterator[sa.Connection]:
        """A write transaction, for what people do on a page: committed at its end."""
        with self._open().begin() as connection:
            yield connection

    @contextmanager
    def looking(self) -> Iterator[sa.Connection]:
        """One consistent picture of the store, for pages that show what changes by the second."""
        with self._open().read() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """A transaction for what people enter on a page; afterwards answers are loaded anew."""
        with self._open().begin() as connection:
            yield connection
        self.changes += 1

    def close(self) -> None:
        """Give the store back; the next question opens it again."""
        if self._store is not None:
            self._store.close()
            self._store = None

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
            progress = progress_of(connection)
        firing = tuple(one for one in alerts if one.up)
        local = now.astimezone(self.zone)
        board = Board(
            name=self.settings.app.name,
            now=local,
            zone=self.zone,
            as_of=live.as_of if live else None,
            poll_s=self.poll_s,
            beat_age_s=self._beat_age_s(seen[0].beat_at, now) if seen else None,
            sources=tuple(
                derive.source_view(one, progress.get(one.name, Progress())) for one in states
            ),
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
        start = past.midnight(local)
        fortnight = start - timedelta(days=SATISFACTION_DAYS - 1)
        with self._open().read() as connection:
            ask = Asker(connection, self.zone)
            weeks = [past.by_minute(ask.quarters(day)) for day in past.same_weekdays(local)]
            volume = ask.rows("volume", start, local, every=timedelta(minutes=15))
            by_queue = ask.rows("service_level", start, local, by="queue")
            return derive.Today(
                service_level=ask.one("service_level", start, local),
                first_response=ask.one("first_response", start, local),
                csat=ask.one("csat", start, local),
                csat_before=ask.one("csat", fortnight, start),
                volume=sum(past.by_minute(volume).values()),
                usual_volume=past.usual_until(weeks, local),
                level_by_queue={row.labels[0][1]: (row.value, row.n) for row in by_queue},
                sparks=ask.sparks(local),
                shop=ask.shop(local),
            )

    def _load_trends(self, now: datetime) -> Trends:
        local = now.astimezone(self.zone)
        start = past.midnight(local)
        first = start - timedelta(days=SATISFACTION_DAYS - 1)
        try:
            with self._open().read() as connection:
                ask = Asker(connection, self.zone)
                weeks = [past.by_minute(ask.quarters(day)) for day in past.same_weekdays(local)]
                today = past.by_minute(ask.quarters(start))
                response = ask.rows("first_response", start, local, every=timedelta(hours=1))
                csat = ask.rows("csat", first, local, every=timedelta(days=1))
                ahead = rest_of_today(connection, self.zone, now)
        except NothingSynced:
            return Trends(now_minute=past.minute_of(local), today=local.date())
        response_target, csat_target = (
            self._targets.get("first_response"),
            self._targets.get("csat"),
        )
        return Trends(
            volume=past.with_forecast(past.volume_points(today, weeks, local), ahead, local),
            response=past.response_points(response, local),
            satisfaction=past.satisfaction_points(csat, local.date()),
            response_target_s=response_target.value if response_target else None,
            satisfaction_target=csat_target.value if csat_target else None,
            now_minute=past.minute_of(local),
            today=local.date(),
        )

    def _load_signs(self, now: datetime) -> Health:
        with self._open().within(ASKED_WITHIN).read() as connection:
            return gather_signs(connection, self.settings.source_names, now)

    def _load_figures(self, now: datetime) -> Health:
        receivers = [receiver.name for receiver in self.settings.receivers]
        with self._open().within(ASKED_WITHIN).read() as connection:
            return gather_figures(
                connection,
                self.settings.source_names,
                receivers,
                self.settings.live.settings(),
                now,
            )

    def _load_known(self, _now: datetime) -> Known:
        with self._open().read() as connection:
            return known_of(connection, self.settings.source_names)

    def _load_details(
        self, now: datetime
    ) -> tuple[tuple[WaitingContact, ...], tuple[SourceReport, ...]]:
        with self._open().read() as connection:
            states = source_states(connection, now, self.settings.source_names)
            return waiting_contacts(connection), source_reports(connection, states)


@lru_cache(maxsize=1)
def feed() -> Feed:
    """The feed of this process, of the configuration that DESKPULSE_CONFIG names."""
    return Feed(load_settings(Path(os.environ.get(CONFIG_VARIABLE, DEFAULT_FILE))))
