"""Sync in the cases that a careful reader found: odd keys, absences, two processes at once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from connectors import schema
from connectors.connect import connect
from connectors.engine import parse_url
from connectors.errors import SourceUnavailable
from connectors.settings import SourceSettings
from connectors.store import Store, open_store
from connectors.sync import SourceSync
from metrics import refresh
from metrics.packs import default_registry
from metrics.query import kpi
from tests.connectors.desk import START, Desk, fill, iso, syncing
from tests.servers import Database

LATER = START + timedelta(hours=1)
UTC = ZoneInfo("UTC")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = open_store(f"sqlite:///{tmp_path / 'store.db'}", migrate=True)
    yield made
    made.close()


def ids(store: Store, status: str | None = None) -> set[str]:
    table = schema.contacts
    query = sa.select(table.c.contact_id)
    if status:
        query = query.where(table.c.status == status)
    with store.read() as connection:
        return set(connection.execute(query).scalars())


def generic(store: Store, url: str, folder: Path) -> SourceSync:
    settings = SourceSettings.model_validate({"name": "desk", "preset": "generic", "url": url})
    return SourceSync(store, connect(settings, folder))


@pytest.mark.parametrize("kind", ["uuid", "numeric(20,0)", "text"])
def test_keys_of_any_type_survive_polls_and_a_restart(
    kind: str, store: Store, postgres_db: Database, tmp_path: Path
) -> None:
    key = "gen_random_uuid()" if kind == "uuid" else f"g::{kind}"
    engine = sa.create_engine(postgres_db.url)
    with engine.begin() as connection:
        connection.exec_driver_sql(
            f"CREATE TABLE contacts AS SELECT {key} AS contact_id, 'q' AS queue, 'open' AS status,"
            f" timestamptz '{START.isoformat()}' AS opened_at FROM generate_series(1, 5) g"
        )
        wanted = {str(one) for one in connection.exec_driver_sql(
            "SELECT contact_id FROM contacts").scalars()}  # fmt: skip
    for _ in range(2):
        sync = generic(store, postgres_db.url, tmp_path)
        fill(sync, LATER)
        for _poll in range(2):
            sync.poll(LATER)
        assert ids(store) == wanted
        sync.source.close()
    with engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM contacts")
    engine.dispose()
    sync = generic(store, postgres_db.url, tmp_path)
    sync.poll(LATER)
    assert ids(store) == set()
    sync.source.close()


def test_what_closed_while_a_crashed_backfill_lay_still_is_closed(
    store: Store, tmp_path: Path
) -> None:
    desk = Desk(tmp_path / "desk.db")
    for number in range(1, 301):
        desk.contact(number)
    first = syncing(store, desk, batch=100)
    first.poll(LATER)
    first.backfill_page(LATER)
    for number in range(1, 51):
        desk.change(number, status="closed", closed_at=60)
    second = syncing(store, desk, batch=100)
    second.poll(LATER)
    fill(second, LATER)
    second.poll(LATER)
    assert len(ids(store, "open")) == 250


def test_presence_that_ended_while_we_were_away_has_ended(store: Store, tmp_path: Path) -> None:
    desk = Desk(tmp_path / "desk.db")
    desk.run(
        "CREATE TABLE presence (presence_id INTEGER PRIMARY KEY, agent_id TEXT, state TEXT,"
        " since TEXT, until TEXT)"
    )
    for number in range(1, 21):
        desk.run("INSERT INTO presence VALUES (?, ?, 'online', ?, NULL)", number, number, iso(0))
    first = syncing(store, desk, overlap=0)
    fill(first, LATER)
    first.poll(LATER)
    desk.run("UPDATE presence SET until = ?", iso(60))
    syncing(store, desk, overlap=0).poll(LATER)
    with store.read() as connection:
        open_spans = sa.select(schema.presence).where(schema.presence.c.until.is_(None))
        assert connection.execute(open_spans).all() == []


def test_a_hand_over_recorded_late_moves_the_reply_time_too(store: Store, tmp_path: Path) -> None:
    desk = Desk(tmp_path / "desk.db")
    desk.contact(1, first_reply_at=300)
    desk.say(1, "customer", 0)
    desk.say(1, "agent", 300, "a")
    sync = syncing(store, desk)
    fill(sync, LATER)
    sync.poll(LATER)
    refresh.refresh(store, default_registry())
    desk.change(1, queued_at=280)
    sync.poll(LATER)
    refresh.refresh(store, default_registry())
    with store.read() as connection:
        found = kpi(connection, "reply_time", since=START, until=LATER, zone=UTC)
    assert found.rows[0].value == pytest.approx(20)


def test_a_damaged_time_does_not_hide_what_comes_after_it(store: Store, tmp_path: Path) -> None:
    desk = Desk(tmp_path / "desk.db")
    desk.run("ALTER TABLE contacts RENAME TO old")
    desk.run("CREATE TABLE contacts (contact_id TEXT, queue TEXT, status TEXT, opened_at TEXT,"
             " closed_at TEXT)")  # fmt: skip
    add = "INSERT INTO contacts VALUES (?, 'q', 'closed', ?, ?)"
    desk.run(add, "a", iso(0), iso(9))
    sync = syncing(store, desk)
    fill(sync, LATER)
    sync.poll(LATER)
    desk.run(add, "b", "yesterday", iso(9))
    desk.run(add, "c", "2999-01-01T00:00:00+00:00", iso(9))
    sync.poll(LATER)
    desk.run(add, "d", iso(30), iso(90))
    sync.poll(LATER)
    assert ids(store) == {"a", "d"}


def test_a_source_file_that_is_deleted_is_down_and_a_new_one_is_read(
    store: Store, tmp_path: Path
) -> None:
    desk = Desk(tmp_path / "desk.db")
    desk.contact(1)
    sync = syncing(store, desk)
    fill(sync, LATER)
    sync.poll(LATER)
    desk.path.rename(tmp_path / "away.db")
    with pytest.raises(SourceUnavailable, match="does not exist"):
        sync.poll(LATER)
    fresh = Desk(desk.path)
    fresh.contact(2)
    sync.poll(LATER)
    assert ids(store) == {"2"}


def test_of_two_processes_the_one_that_reads_later_writes_later(
    store: Store, tmp_path: Path
) -> None:
    desk = Desk(tmp_path / "desk.db")
    desk.contact(1)
    slow, quick = syncing(store, desk), syncing(store, desk)
    fill(slow, LATER)
    slow.poll(LATER)
    read, go_on = threading.Event(), threading.Event()
    with paused_after_reading(slow, read, go_on):
        thread = threading.Thread(target=lambda: list(slow.reconcile(lambda: LATER)))
        thread.start()
        assert read.wait(10)
        desk.change(1, status="closed", closed_at=60)
        other = threading.Thread(target=quick.poll, args=(LATER,))
        other.start()
        go_on.set()
        thread.join(20)
        other.join(20)
    assert ids(store, "closed") == {"1"}


@contextmanager
def paused_after_reading(
    sync: SourceSync, read: threading.Event, go_on: threading.Event
) -> Iterator[None]:
    """Stop a sync between its read and its write, the first time it comes there."""
    engine = sync.source._engine
    assert engine is not None

    def pause(*_: Any) -> None:
        if not read.is_set():
            read.set()
            go_on.wait(10)

    sa.event.listen(engine, "after_cursor_execute", pause)
    try:
        yield
    finally:
        sa.event.remove(engine, "after_cursor_execute", pause)


def test_an_at_sign_in_a_password_is_explained_and_not_shown() -> None:
    with pytest.raises(ValueError, match="%40") as caught:
        parse_url("postgresql://u:Geh@eim@127.0.0.1:1/x")
    assert "eim" not in str(caught.value)
