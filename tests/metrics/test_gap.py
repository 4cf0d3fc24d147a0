"""Between the commit of a poll's facts and that of their KPIs: nothing is lost if the worker dies
there, and no KPI is said to be newer than it is."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from connectors.dirty import is_dirty
from connectors.schema import sources
from connectors.store import Store
from metrics.packs import default_registry
from metrics.reading import Reader, last_read
from metrics.refresh import refresh, refresh_dirty, refresh_late
from tests.connectors.desk import START, Desk, fill, syncing
from tests.metrics.test_refreshing import anew, content

BERLIN = ZoneInfo("Europe/Berlin")
NOON = START + timedelta(hours=1)
MINUTE = timedelta(minutes=1)
REGISTRY = default_registry()
NEVER = 1_000_000


@pytest.fixture
def desk(tmp_path: Path, store: Store) -> Iterator[Desk]:
    """Thirty contacts, read and counted."""
    made = Desk(tmp_path / "desk.db")
    for number in range(30):
        made.contact(number, at=60 * number, waiting_since=60 * number)
    sync = syncing(store, made)
    fill(sync, NOON)
    sync.poll(NOON)
    refresh(store, REGISTRY)
    sync.source.close()
    yield made


def work(desk: Desk, turn: int) -> None:
    """Some are answered and closed, some are new."""
    for number in range(3 * turn, 3 * turn + 3):
        desk.say(number, "customer", 60 * number)
        desk.say(number, "agent", 3600 + 60 * turn, "a")
        desk.change(number, status="closed", first_reply_at=3600 + 60 * turn,
                    closed_at=3700 + 900 * turn, waiting_since=None)  # fmt: skip
        desk.contact(100 + number, at=3600 + 60 * turn)


def known(store: Store) -> tuple[datetime, float | None, bool]:
    """Of when KPIs are, how many contacts came in all, and whether anything is still due."""
    with store.read() as connection:
        reader = Reader(connection, BERLIN, REGISTRY)
        [row] = reader.rows("volume", START - timedelta(days=1), START + timedelta(days=1))
        return reader.as_of, row.value, is_dirty(connection)


def test_a_worker_killed_between_facts_and_kpis_loses_no_number(
    store: Store, store_url: str, desk: Desk
) -> None:
    met = set()
    shown = (NOON, 30.0)
    for turn, statements in enumerate((0, 1, NEVER, 4, 30, 90)):
        work(desk, turn)
        now = NOON + (turn + 1) * MINUTE
        arguments = [store_url, str(desk.path), now.isoformat(), str(statements)]
        done = subprocess.run([sys.executable, "-m", "tests.metrics.dying", *arguments],
                              check=False, timeout=60)  # fmt: skip
        assert done.returncode == -signal.SIGKILL
        as_of, volume, due = known(store)
        met.add(due)
        if due:  # what is shown is of the last time that everything was counted
            assert (as_of, volume) == shown
        else:
            shown = (now, 30.0 + 3 * (turn + 1))
            assert (as_of, volume) == shown
    assert met == {True, False}
    refresh_dirty(store, REGISTRY)
    refresh_late(store, REGISTRY)
    assert known(store) == (NOON + 6 * MINUTE, 48.0, False)
    assert content(store, REGISTRY) == anew(store, REGISTRY)


def test_kpis_are_as_of_the_read_before_until_they_follow(store: Store, desk: Desk) -> None:
    sync = syncing(store, desk)
    for minute in (1, 2):  # nothing new: nothing to wait for
        sync.poll(NOON + minute * MINUTE)
        assert known(store) == (NOON + minute * MINUTE, 30.0, False)
    work(desk, 0)
    for minute in (3, 4):
        sync.poll(NOON + minute * MINUTE)
        assert known(store) == (NOON + 2 * MINUTE, 30.0, True)
    refresh_dirty(store, REGISTRY)
    assert known(store) == (NOON + 4 * MINUTE, 33.0, False)
    sync.source.close()


def test_an_older_store_that_never_noted_it_shows_its_last_read(store: Store, desk: Desk) -> None:
    sync = syncing(store, desk)
    work(desk, 0)
    sync.poll(NOON + MINUTE)
    sync.source.close()
    with store.begin() as connection:
        connection.execute(sources.update().values(kpis_as_of=None))
    with store.read() as connection:
        assert is_dirty(connection)
        assert last_read(connection) == NOON + MINUTE
