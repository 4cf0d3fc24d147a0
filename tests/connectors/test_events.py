"""What the help desk itself wrote down: read, judged, found anew, and gone with its contact."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from connectors import schema, write
from connectors.columns import to_micros
from connectors.dirty import SLOT
from connectors.rejections import rejections
from connectors.rounds import Round
from connectors.store import Store, open_store
from tests.connectors.desk import START, Desk, fill, iso, syncing
from tests.servers import Database

LATER = START + timedelta(hours=1)
COLUMNS = "contact_id INTEGER, kind TEXT, at TEXT, value_s REAL, agent_id TEXT"


class NotedDesk(Desk):
    """A help desk that keeps a record of its own."""

    def keep_record(self, key: str = "event_id INTEGER PRIMARY KEY") -> None:
        self.run(f"CREATE TABLE events ({key}, {COLUMNS})")

    def note(self, number: int, kind: str, at: float, value_s: float | None = None) -> None:
        self.run(
            "INSERT INTO events (contact_id, kind, at, value_s) VALUES (?, ?, ?, ?)",
            number, kind, iso(at), value_s,
        )  # fmt: skip


@pytest.fixture
def desk(tmp_path: Path) -> NotedDesk:
    return NotedDesk(tmp_path / "desk.db")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = open_store(f"sqlite:///{tmp_path / 'store.db'}", migrate=True)
    yield store
    store.close()


def noted(store: Store) -> list[tuple[str, str, float | None, float | None]]:
    """Contact, kind, seconds after START, value of every stored event."""
    table = schema.events
    with store.read() as connection:
        found = connection.execute(table.select().order_by(table.c.at, table.c.event_id)).all()
    return [(e.contact_id, e.kind, (e.at - START).total_seconds(), e.value_s) for e in found]


def test_events_are_read_with_the_history_and_new_ones_by_the_next_poll(
    desk: NotedDesk, store: Store
) -> None:
    desk.keep_record()
    desk.contact(1)
    desk.note(1, "first_response", 20, 20)
    sync = syncing(store, desk)
    fill(sync, LATER)
    desk.note(1, "closed", 60, 60.5)
    desk.note(1, "opened", 90)
    sync.poll(LATER)
    assert noted(store) == [
        ("1", "first_response", 20, 20.0), ("1", "closed", 60, 60.5), ("1", "opened", 90, None),
    ]  # fmt: skip


def test_new_events_with_text_ids_are_found_by_their_time(desk: NotedDesk, store: Store) -> None:
    desk.keep_record("event_id TEXT DEFAULT (hex(randomblob(8)))")
    desk.contact(1)
    desk.note(1, "first_response", 20, 20)
    sync = syncing(store, desk)
    fill(sync, LATER)
    sync.poll(LATER)
    desk.note(1, "closed", 600, 600)
    sync.poll(LATER)
    assert [kind for _, kind, _, _ in noted(store)] == ["first_response", "closed"]


def test_unusable_events_are_listed_with_the_reason(desk: NotedDesk, store: Store) -> None:
    desk.keep_record()
    desk.contact(1)
    desk.note(1, "resolved", 20, 20)
    desk.note(1, "closed", 3 * 3600, 20)
    desk.run("INSERT INTO events (kind, at) VALUES ('closed', ?)", iso(5))
    desk.run("INSERT INTO events (contact_id, kind, at, value_s) VALUES (1, 'reply', ?, 'x')",
             iso(6))  # fmt: skip
    fill(syncing(store, desk), LATER)
    with store.read() as connection:
        reasons = {one.reason for one in rejections(connection, "desk")}
    assert reasons == {
        "unknown kind of event 'resolved'", "contact_id is missing", "value_s is not a number",
        "at lies in the future (is the source's timezone right?)",
    }  # fmt: skip
    assert noted(store) == []


def test_the_events_of_a_removed_contact_go_with_it(desk: NotedDesk, store: Store) -> None:
    desk.keep_record()
    for number in (1, 2):
        desk.contact(number)
        desk.note(number, "handed_over", 5, 5)
    sync = syncing(store, desk)
    fill(sync, LATER)
    sync.poll(LATER)
    desk.delete(1)
    desk.run("DELETE FROM events WHERE contact_id = 1")
    sync.poll(LATER)
    assert noted(store) == [("2", "handed_over", 5, 5.0)]


def test_a_contact_that_is_mended_still_has_its_events(desk: NotedDesk, store: Store) -> None:
    desk.keep_record()
    desk.contact(1)
    desk.note(1, "first_response", 20, 20)
    sync = syncing(store, desk)
    fill(sync, LATER)
    for status in ("odd", "open"):
        desk.change(1, status=status)
        sync.poll(LATER)
    assert noted(store) == [("1", "first_response", 20, 20.0)]


def test_a_record_that_is_kept_from_now_on_is_read_by_the_next_start(
    desk: NotedDesk, store: Store
) -> None:
    desk.contact(1)
    first = syncing(store, desk)
    fill(first, LATER)
    first.poll(LATER)
    desk.keep_record()
    desk.note(1, "first_response", 20, 20)
    again = syncing(store, desk)
    assert not again.complete
    fill(again, LATER)
    assert noted(store) == [("1", "first_response", 20, 20.0)]


def test_a_table_of_that_name_about_something_else_is_left_alone(
    desk: NotedDesk, store: Store
) -> None:
    desk.run("CREATE TABLE events (id INTEGER PRIMARY KEY, title TEXT)")
    desk.contact(1)
    fill(syncing(store, desk), LATER)
    assert noted(store) == []


@pytest.fixture(params=["sqlite", "postgres_db"])
def any_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'any.db'}"
    else:
        database: Database = request.getfixturevalue("postgres_db")
        url = database.url
    store = open_store(url, migrate=True)
    yield store
    store.close()
    shutil.rmtree(tmp_path, ignore_errors=True)


def test_further_questions_are_kept_and_only_what_changed_is_written(any_store: Store) -> None:
    at = to_micros(START)
    hour = 3_600_000_000
    answered = Round(at, at + 9, "human", "a", at + 9, (at + 3, at + 5))
    with any_store.begin() as connection:
        write.replace_rounds(connection, "desk", {"1": [answered, Round(at + hour)]})
    with any_store.begin() as connection:
        assert (
            write.replace_rounds(connection, "desk", {"1": [answered, Round(at + hour)]}) == set()
        )
    more = Round(at + hour, asked_again=(at + 2 * hour,))
    with any_store.begin() as connection:
        dirty = write.replace_rounds(connection, "desk", {"1": [answered, more]})
        kept = connection.execute(sa.select(schema.rounds.c.asked_again)).scalars().all()
    slots = {slot for _, slot in dirty}
    assert (at + 2 * hour) // SLOT in slots
    assert at // SLOT not in slots
    assert sorted(len(one) for one in kept) == [8, 16]
