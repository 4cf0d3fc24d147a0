"""A simulated shop's database: first its history, then its life, second by second."""

from __future__ import annotations

import gc
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from threading import Event

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from connectors.simulator.errors import SimulatorError
from connectors.simulator.instants import DAY, from_ms, to_ms
from connectors.simulator.journal import Journal
from connectors.simulator.layouts.batch import Layout
from connectors.simulator.layouts.chatwoot import ChatwootLayout
from connectors.simulator.layouts.generic import GenericLayout
from connectors.simulator.settings import SimulatorSettings
from connectors.simulator.truth import QueueTruth, live_truth, volume_truth
from connectors.simulator.world import World

log = logging.getLogger(__name__)
Progress = Callable[[int, int], None]
_TICK = 1.0


def write_history(
    engine: sa.Engine,
    settings: SimulatorSettings,
    *,
    now: datetime,
    progress: Progress | None = None,
) -> int:
    """Make the tables and fill them up to `now`, all or nothing; rows written.

    `progress` is told days done and days in all. A database that holds contacts already is left
    alone (SimulatorError): a Feed goes on with it.
    """
    world, layout = _shop(settings)
    _prepare(engine, layout)
    with _no_collection(), engine.begin() as conn:
        if not layout.is_empty(conn):
            raise SimulatorError(
                f"the database {engine.url.database} already holds contacts; "
                "go on with them, or name an empty database"
            )
        rows = _fill(conn, Journal(world, layout), to_ms(now), progress)
        layout.finish(conn)
    return rows


def _fill(conn: sa.Connection, journal: Journal, now: int, progress: Progress | None) -> int:
    days = journal.world.days
    last_day = days.of(now)
    first_day = last_day - journal.world.settings.days
    first = days.start(first_day)
    journal.layout.begin(conn, first)
    rows = journal.write(conn, until=first - 1, now=now, also=journal.start(first, now))
    for day in range(first_day, last_day + 1):
        rows += journal.write(conn, until=min(now, days.start(day + 1) - 1), now=now)
        if progress:
            progress(day - first_day + 1, last_day - first_day + 1)
    return rows


@contextmanager
def _no_collection() -> Iterator[None]:
    """Millions of small objects without rings: looking for rings among them doubles the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


class Feed:
    """Goes on with a history: writes everything that has happened since the last call."""

    def __init__(self, engine: sa.Engine, settings: SimulatorSettings, *, now: datetime) -> None:
        self._engine = engine
        self._settings = settings
        self._now = to_ms(now)
        self._journal = self._take_up()

    def _take_up(self) -> Journal:
        world, layout = _shop(self._settings)
        _prepare(self._engine, layout)
        with _no_collection(), self._engine.begin() as conn:
            if layout.is_empty(conn):
                raise SimulatorError(
                    f"the database {self._engine.url.database} holds no history to go on with; "
                    "write one first"
                )
            journal = Journal(world, layout)
            journal.resume(conn, self._now)
        self._broken = False
        return journal

    @property
    def as_of(self) -> datetime:
        """The instant the database stands at."""
        return from_ms(self._journal.until)

    def advance(self, now: datetime) -> int:
        """Bring the database to `now`, however long ago the last call was; rows written.

        When a write fails nothing of it stays; the next call starts from the database again.
        """
        if self._broken:
            self._journal = self._take_up()
        journal, at = self._journal, to_ms(now)
        if at <= journal.until:
            return 0
        self._broken = True
        rows = 0
        with self._engine.begin() as conn:
            until = journal.until
            while until < at:
                until = min(at, until + DAY)
                rows += journal.write(conn, until=until, now=at)
        self._broken = False
        self._now = at
        return rows

    def run(self, stop: Event, clock: Callable[[], datetime]) -> None:
        """Advance about every second until told to stop; a database may be busy or down."""
        while not stop.is_set():
            began = time.monotonic()
            try:
                self.advance(clock())
            except DBAPIError as error:
                log.warning("event=feed_failed error=%s", type(error.orig).__name__)
            stop.wait(max(0.05, _TICK - (time.monotonic() - began)))

    def surge(self, queue: str, contacts: int, seconds: float) -> None:
        """From now on, `contacts` more customers than usual come to a queue within `seconds`."""
        since = max(self._journal.until, self._now)
        until = since + int(seconds * 1000)
        changes = self._journal.world.surge(queue, contacts=contacts, since=since, until=until)
        self._journal.apply(changes)

    def live(self) -> tuple[QueueTruth, ...]:
        """What a correct dashboard shows for the instant the database stands at."""
        return live_truth(self._journal.unfinished(), self._journal.until)


def volumes(
    settings: SimulatorSettings, *, since: datetime, until: datetime, now: datetime
) -> dict[str, int]:
    """Contacts opened per queue within a span of the history, from a world of its own."""
    world, _ = _shop(settings)
    first, last = to_ms(since), to_ms(until)
    world.open(first, orders_since=first)
    contacts = world.release(last).contacts
    return volume_truth(contacts, since=first, until=last, now=to_ms(now))


def _shop(settings: SimulatorSettings) -> tuple[World, Layout]:
    world = World(settings)
    make = LAYOUTS.get(settings.layout)
    if make is None:
        raise SimulatorError(
            f"the simulator has no layout '{settings.layout}'; use one of {', '.join(LAYOUTS)}"
        )
    return world, make(world, settings)


LAYOUTS: dict[str, Callable[[World, SimulatorSettings], Layout]] = {
    "generic": lambda world, settings: GenericLayout(
        world.people.agents, messages=settings.messages
    ),
    "chatwoot": lambda world, settings: ChatwootLayout(
        world.people.agents, zone=settings.zone, days=world.days
    ),
}


def _prepare(engine: sa.Engine, layout: Layout) -> None:
    if engine.dialect.name == "sqlite":
        with engine.connect() as conn:  # so that readers and this writer don't lock each other out
            conn.exec_driver_sql("PRAGMA journal_mode=WAL")
    with engine.begin() as conn:
        layout.create(conn)
