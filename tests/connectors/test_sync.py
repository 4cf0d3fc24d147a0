"""Sync against real SQLite sources: changes, crashes, bad rows, deletions."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.errors import SourceUnavailable
from connectors.rejections import rejections
from connectors.schema import contacts, rounds
from connectors.store import Store, open_store
from tests.connectors.desk import START, Desk, facts, fill, fresh_facts, syncing

LATER = START + timedelta(hours=1)


@contextmanager
def desk_and_store() -> Iterator[tuple[Desk, Store, Path]]:
    folder = Path(tempfile.mkdtemp())
    store = open_store(f"sqlite:///{folder / 'store.db'}", migrate=True)
    try:
        yield Desk(folder / "desk.db"), store, folder
    finally:
        store.close()
        shutil.rmtree(folder)


def stored(store: Store, number: int) -> Any:
    with store.read() as connection:
        return connection.execute(
            sa.select(contacts).where(contacts.c.contact_id == str(number))
        ).one_or_none()


def test_a_backfill_reads_every_contact_with_its_rounds() -> None:
    with desk_and_store() as (desk, store, _):
        desk.contact(1, first_reply_at=20, status="closed", closed_at=90)
        desk.say(1, "customer", 1)
        desk.say(1, "customer", 5)
        desk.say(1, "agent", 20, "a1")
        sync = syncing(store, desk)
        fill(sync, LATER)
        assert stored(store, 1).first_reply_at == START + timedelta(seconds=20)
        with store.read() as connection:
            found = connection.execute(sa.select(rounds)).all()
        assert [(r.answered_by, r.agent_id) for r in found] == [("human", "a1")]
        assert found[0].asked_at == START + timedelta(seconds=1)


def test_a_poll_sees_new_changed_and_answered_contacts() -> None:
    with desk_and_store() as (desk, store, folder):
        desk.contact(1)
        sync = syncing(store, desk)
        fill(sync, LATER)
        desk.contact(2, at=30)
        desk.change(1, status="closed", closed_at=60)
        desk.say(1, "agent", 50, "a")
        sync.poll(LATER)
        assert facts(store) == fresh_facts(desk, folder, LATER)


def test_a_contact_that_vanishes_from_the_source_vanishes_here() -> None:
    with desk_and_store() as (desk, store, _):
        desk.contact(1)
        desk.contact(2)
        sync = syncing(store, desk)
        fill(sync, LATER)
        sync.poll(LATER)
        desk.delete(1)
        sync.poll(LATER)
        assert stored(store, 1) is None
        assert stored(store, 2) is not None


def test_a_live_contact_deleted_while_we_were_away_vanishes_at_the_first_poll() -> None:
    with desk_and_store() as (desk, store, _):
        desk.contact(1)
        fill(syncing(store, desk), LATER)
        desk.delete(1)
        syncing(store, desk).poll(LATER)
        assert stored(store, 1) is None


def test_a_closed_contact_that_is_deleted_or_edited_is_found_by_the_reconcile() -> None:
    with desk_and_store() as (desk, store, folder):
        for number in (1, 2, 3):
            desk.contact(number, status="closed", closed_at=50)
        sync = syncing(store, desk, overlap=0)
        fill(sync, LATER)
        sync.poll(LATER)
        desk.delete(1)
        desk.change(2, queue="other")
        sync.poll(LATER)
        assert stored(store, 1) is not None
        list(sync.reconcile(lambda: LATER))
        assert facts(store) == fresh_facts(desk, folder, LATER)


def test_a_row_committed_late_below_the_mark_is_still_read() -> None:
    with desk_and_store() as (desk, store, _):
        desk.contact(10, status="closed", closed_at=5)
        sync = syncing(store, desk)
        fill(sync, LATER)
        sync.poll(LATER)
        desk.contact(7, status="closed", closed_at=9)
        sync.poll(LATER)
        assert stored(store, 7) is not None


def test_a_backfill_goes_on_where_it_stopped() -> None:
    with desk_and_store() as (desk, store, folder):
        for number in range(1, 251):
            desk.contact(number)
        first = syncing(store, desk, batch=100)
        first.backfill_page(LATER)
        second = syncing(store, desk, batch=100)
        fill(second, LATER)
        assert second.rows < 250
        assert facts(store) == fresh_facts(desk, folder, LATER)


def test_unusable_rows_are_listed_with_their_reason_and_the_rest_is_kept() -> None:
    with desk_and_store() as (desk, store, _):
        desk.contact(1, closed_at=-50, status="closed")
        desk.contact(2, status="zombie")
        desk.contact(3, queue=None)
        desk.contact(4, first_reply_at=-30)
        desk.contact(5)
        desk.run("UPDATE contacts SET opened_at = 'yesterday' WHERE contact_id = 5")
        desk.contact(6)
        desk.run("UPDATE contacts SET opened_at = '2026-11-10 12:00:00' WHERE contact_id = 6")
        desk.contact(7)
        desk.contact(7, queue="second row of the same id")
        desk.contact(8, at=10 * 86400)
        desk.contact(9)
        fill(syncing(store, desk), LATER)
        with store.read() as connection:
            reasons = {r.reason: r.n for r in rejections(connection, "desk")}
            kept = set(connection.execute(sa.select(contacts.c.contact_id)).scalars())
        assert reasons == {
            "closed before opened": 1,
            "unknown status 'zombie'": 1,
            "queue is missing": 1,
            "answered before opened": 1,
            "opened_at is not a time": 1,
            "opened_at has no zone; set timezone for this source": 1,
            "duplicate id": 1,
            "opened_at lies in the future (is the source's timezone right?)": 1,
        }
        assert kept == {"7", "9"}
        assert stored(store, 7).queue == "q"


def test_a_row_that_is_mended_is_no_longer_listed() -> None:
    with desk_and_store() as (desk, store, _):
        desk.contact(1, status="zombie")
        sync = syncing(store, desk)
        fill(sync, LATER)
        desk.change(1, status="open")
        sync.poll(LATER)
        with store.read() as connection:
            assert rejections(connection, "desk") == ()
        assert stored(store, 1).status == "open"


def test_a_row_that_becomes_unusable_is_not_shown_as_it_was() -> None:
    with desk_and_store() as (desk, store, _):
        desk.contact(1)
        sync = syncing(store, desk)
        fill(sync, LATER)
        sync.poll(LATER)
        desk.change(1, first_reply_at=-99)
        sync.poll(LATER)
        assert stored(store, 1) is None


def test_the_first_of_two_rows_with_one_id_stays_whatever_the_second_does() -> None:
    with desk_and_store() as (desk, store, _):
        desk.contact(1, status="closed", closed_at=5)
        desk.contact(1, status="open", queue="double")
        sync = syncing(store, desk)
        fill(sync, LATER)
        for _poll in range(3):
            sync.poll(LATER)
        assert stored(store, 1).queue == "q"
        with store.read() as connection:
            assert [(r.reason, r.n) for r in rejections(connection, "desk")] == [
                ("duplicate id", 1)
            ]


def test_a_source_that_dies_mid_batch_leaves_facts_and_marks_as_they_were() -> None:
    with desk_and_store() as (desk, store, folder):
        desk.contact(1)
        sync = syncing(store, desk)
        fill(sync, LATER)
        sync.poll(LATER)
        before = facts(store)
        desk.contact(2)
        desk.run("ALTER TABLE ratings RENAME TO gone")
        with pytest.raises(Exception, match="ratings"):
            sync.poll(LATER)
        assert facts(store) == before
        desk.run("ALTER TABLE gone RENAME TO ratings")
        sync.poll(LATER)
        assert facts(store) == fresh_facts(desk, folder, LATER)


def test_a_missing_source_file_is_said_in_one_sentence(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "desk.db")
    store = open_store(f"sqlite:///{tmp_path / 'store.db'}", migrate=True)
    sync = syncing(store, desk)
    sync.source.close()
    desk.path.unlink()
    with pytest.raises(SourceUnavailable, match=r"SQLite file desk\.db does not exist"):
        sync.poll(LATER)
    store.close()


class _Crash(Exception):
    """Stands for the power going out: nothing after it runs."""


@contextmanager
def crash_at(store: Store, statement: int) -> Iterator[None]:
    """Break off the store's work before its n-th statement from now."""
    left = [statement]

    def count(*_: Any) -> None:
        left[0] -= 1
        if left[0] == 0:
            raise _Crash

    sa.event.listen(store.engine, "before_cursor_execute", count)
    try:
        yield
    finally:
        sa.event.remove(store.engine, "before_cursor_execute", count)


ids = st.integers(1, 12)
step = st.one_of(
    st.tuples(st.just("open"), ids),
    st.tuples(st.just("close"), ids),
    st.tuples(st.just("answer"), ids),
    st.tuples(st.just("ask"), ids),
    st.tuples(st.just("rename"), ids),
    st.tuples(st.just("delete"), ids),
    st.tuples(st.just("rate"), ids),
    st.tuples(st.just("poll"), st.just(0)),
    st.tuples(st.just("restart"), st.just(0)),
    st.tuples(st.just("crash"), st.integers(1, 40)),
)


def act(desk: Desk, what: str, number: int, at: float) -> None:
    """One thing that happens in the source."""
    if what == "open":
        desk.delete(number)
        desk.contact(number, at=at, waiting_since=at)
        desk.say(number, "customer", at)
    elif what == "close":
        desk.change(number, status="closed", closed_at=at, waiting_since=None)
    elif what == "answer":
        desk.say(number, "agent", at, "a")
        desk.change(number, first_reply_at=at, waiting_since=None)
    elif what == "ask":
        desk.say(number, "customer", at)
        desk.change(number, status="open", closed_at=None, waiting_since=at)
    elif what == "rename":
        desk.change(number, queue="other")
    elif what == "delete":
        desk.delete(number)
    elif what == "rate":
        desk.rate(number, at, 4.0, at + 1)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(step, max_size=25))
def test_whatever_happens_the_facts_end_as_those_of_a_fresh_store(
    steps: list[tuple[str, int]],
) -> None:
    with desk_and_store() as (desk, store, folder):
        sync = syncing(store, desk)
        fill(sync, LATER)
        for at, (what, number) in enumerate(steps):
            if what == "poll":
                sync.poll(LATER)
            elif what == "restart":
                sync.source.close()
                sync = syncing(store, desk)
            elif what == "crash":
                try:
                    with crash_at(store, number):
                        sync.poll(LATER)
                except _Crash:
                    sync.source.close()
                    sync = syncing(store, desk)
            else:
                act(desk, what, number, float(at))
        sync.poll(LATER)
        live = [row for row in facts(store)["contacts"] if "open" in row]
        fresh = fresh_facts(desk, folder, LATER)
        assert live == [row for row in fresh["contacts"] if "open" in row]
        list(sync.reconcile(lambda: LATER))
        assert facts(store) == fresh
        sync.source.close()
