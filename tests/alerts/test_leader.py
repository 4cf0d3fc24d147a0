"""One leader per store, over real locks, real processes and a real server that dies."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from alerts.errors import AlertsError
from alerts.leader import Leadership, open_leadership
from alerts.store import begin_term
from connectors.errors import StoreUnavailable
from connectors.store import open_store
from tests.servers import PostgresServer

Open = Callable[[str], Leadership]


def wait_until(come_about: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not come_about():
        assert time.monotonic() < deadline, "it did not come about within 20 s"
        time.sleep(0.02)


@pytest.fixture
def leader(store_url: str) -> Iterator[Open]:
    opened: list[Leadership] = []

    def make(worker: str) -> Leadership:
        opened.append(open_leadership(store_url, worker=worker))
        return opened[-1]

    yield make
    for one in opened:
        one.release()


def test_only_one_worker_leads_and_the_other_knows_who(leader: Open):
    first, second = leader("first"), leader("second")
    assert first.acquire()
    assert not second.acquire()
    assert (first.held(), second.held()) == (True, False)
    assert second.holder() == "first"


def test_taking_the_lead_again_keeps_it(leader: Open):
    first = leader("first")
    assert first.acquire()
    assert first.acquire()
    first.release()
    assert not first.held()


def test_the_lead_passes_on_when_it_is_given_back(leader: Open):
    first, second = leader("first"), leader("second")
    first.acquire()
    first.release()
    wait_until(second.acquire)  # the server needs a moment to notice
    assert not first.acquire()
    assert first.holder() == "second"


LEAD = """
import sys
from alerts.leader import open_leadership

leadership = open_leadership(sys.argv[1], worker="elsewhere")
print(leadership.acquire(), flush=True)
sys.stdin.readline()
"""


def test_the_lead_of_a_process_killed_outright_passes_on(leader: Open, store_url: str):
    mine = leader("mine")
    with subprocess.Popen(
        [sys.executable, "-c", LEAD, store_url],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout
        assert other.stdout.readline() == "True\n"
        assert not mine.acquire()
        assert mine.holder() == "elsewhere"
        other.kill()
        other.wait()
    wait_until(mine.acquire)


def test_a_lock_file_that_was_removed_or_replaced_is_no_lead(tmp_path: Path):
    url = f"sqlite:///{tmp_path / 'deskpulse.db'}"
    first, second = open_leadership(url, worker="first"), open_leadership(url, worker="second")
    assert first.acquire()
    (tmp_path / "deskpulse.db.leader").unlink()
    assert second.acquire()
    assert not first.held()
    assert second.held()
    first.release()
    second.release()


def test_a_store_in_memory_cannot_be_led():
    with pytest.raises(AlertsError, match="others can see"):
        open_leadership("sqlite://", worker="w")


def test_a_server_that_dies_takes_the_lead_with_it():
    with PostgresServer() as server:
        leadership = open_leadership(server.create_database().url, worker="w")
        assert leadership.acquire()
        server.crash()
        wait_until(lambda: not leadership.held())
        assert not leadership.acquire()
        assert leadership.holder() == "another worker"
        server.start()
        assert leadership.acquire()
        assert leadership.held()
        leadership.release()


def test_a_server_that_hangs_keeps_its_leader_and_blocks_nobody(postgres_server: PostgresServer):
    database = postgres_server.create_database()
    mine, other = (open_leadership(database.url, worker=one) for one in ("mine", "other"))
    store = open_store(database.url, migrate=True)
    assert mine.acquire()
    with postgres_server.frozen():
        with (
            pytest.raises(StoreUnavailable, match="does not answer; it hangs"),
            store.within(timedelta(seconds=0.5)).begin() as connection,
        ):
            begin_term(connection)
        assert mine.held()
        assert not other.acquire()
    assert mine.held()
    assert not other.acquire()
    with store.begin() as connection:  # the term that was begun in vain doesn't count
        assert begin_term(connection) == 1
    for one in (mine, other, store):
        getattr(one, "release", store.close)()
    postgres_server.drop_database(database)


def test_each_database_of_a_server_has_a_leader_of_its_own(postgres_server: PostgresServer):
    databases = [postgres_server.create_database() for _ in range(2)]
    locks = [open_leadership(one.url, worker="w") for one in databases]
    assert [lock.acquire() for lock in locks] == [True, True]
    for lock, database in zip(locks, databases, strict=True):
        lock.release()
        postgres_server.drop_database(database)
