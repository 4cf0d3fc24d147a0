"""One message per receiver and span: across restarts, pauses, second workers and crashes."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from alerts import outbox
from alerts.digest.content import DigestNote
from alerts.digest.jobs import DigestJob, DigestPlan
from alerts.errors import LeadershipLost
from alerts.store import begin_term
from connectors import alert_tables, schema
from metrics.refresh import rebuild
from tests.alerts.digest.factories import NOW, SHANGHAI, SHOP, digest_of, fill

DAY = timedelta(days=1)


class Shift:
    """A worker's digests with a clock of its own; `again` is a restart."""

    def __init__(self, store, *digests, receivers=("mail", "chat")):
        self.store, self.digests, self.receivers = store, digests or (digest_of(),), receivers
        self.now = NOW - DAY
        self.again()

    def again(self):
        with self.store.begin() as connection:
            term = begin_term(connection)
        plan = DigestPlan(self.digests, self.receivers, SHOP)
        self.job = DigestJob(self.store, plan, term=term, clock=lambda: self.now)

    def run(self, at: datetime | None = None) -> int:
        self.now = at or self.now
        return self.job.run()


@pytest.fixture
def shift(store):
    fill(store, days=12, per_day=40)
    return Shift(store)


def messages(store) -> list[DigestNote]:
    found = []
    for receiver in ("mail", "chat"):
        with store.begin() as connection:
            found += [
                one.note
                for one in outbox.claim(connection, worker="w", receiver=receiver,
                                        now=NOW + 40 * DAY, lease=DAY / 48, limit=99)
                if isinstance(one.note, DigestNote)
            ]  # fmt: skip
    return found


def rows(store) -> list[sa.RowMapping]:
    with store.read() as connection:
        query = sa.select(alert_tables.digests).order_by(alert_tables.digests.c.until)
        return list(connection.execute(query).mappings())


def test_a_new_digest_sends_nothing_before_its_next_due_date(shift, store):
    assert shift.run(NOW - DAY) == 0
    assert shift.run(NOW - timedelta(minutes=2)) == 0
    assert [row["state"] for row in rows(store)] == ["begun"]
    assert messages(store) == []


def test_what_is_due_is_queued_once_for_each_receiver(shift, store):
    shift.run(NOW - DAY)
    assert shift.run(NOW) == 2
    assert [shift.run(NOW + timedelta(seconds=20 * look)) for look in range(30)] == [0] * 30
    notes = messages(store)
    assert {note.receiver for note in notes} == {"mail", "chat"}
    assert len({note.key for note in notes}) == 2
    assert all(note.key.isascii() for note in notes)
    assert notes[0].digest.figures
    assert rows(store)[-1]["messages"] == 2


def test_a_restart_neither_repeats_nor_forgets(shift, store):
    shift.run(NOW - DAY)
    shift.again()
    assert shift.run(NOW) == 2
    shift.again()
    assert shift.run(NOW + timedelta(minutes=1)) == 0


def test_after_days_without_a_worker_one_late_digest_comes_and_then_no_more(shift, store):
    shift.run(NOW - DAY)
    shift.again()
    late = NOW + timedelta(days=5, hours=3)
    assert shift.run(late) == 2
    assert [shift.run(late + timedelta(minutes=look)) for look in range(1, 20)] == [0] * 19
    [first, second] = [row["until"].astimezone(SHANGHAI).day for row in rows(store)]
    assert (first, second) == (11, 17)


def test_a_digest_of_an_earlier_leader_is_not_queued(shift, store):
    shift.run(NOW - DAY)
    old = shift.job
    shift.again()
    shift.now = NOW
    with pytest.raises(LeadershipLost):
        old.run()
    assert messages(store) == []
    assert shift.run() == 2


def test_two_jobs_of_one_term_queue_it_once(shift, store):
    shift.run(NOW - DAY)
    twin = DigestJob(store, shift.job._plan, term=shift.job._term, clock=lambda: NOW)
    assert sorted([shift.run(NOW), twin.run()]) == [0, 2]


def test_a_clock_that_once_ran_wrong_does_not_silence_the_digest(shift, store):
    shift.run(NOW - DAY)
    shift.run(NOW + timedelta(days=900))
    assert shift.run(NOW) == 2


def test_while_history_is_computed_anew_a_digest_waits_but_not_for_good(shift, store):
    shift.run(NOW - DAY)
    rebuild(store)
    from metrics.filling import adopt

    adopt(store, SHOP.registry)
    assert shift.run(NOW) == 0
    assert shift.run(NOW + timedelta(minutes=13)) == 0
    assert shift.run(NOW + timedelta(minutes=15)) == 2
    assert messages(store)[0].digest.computing


def test_after_a_pause_a_digest_waits_until_the_sources_are_read_past_its_days(shift, store):
    shift.run(NOW - DAY)
    shift.now = late = NOW + timedelta(days=3, hours=4)
    shift.again()
    assert shift.run(late) == 0  # the store knows nothing of the last three days yet
    with store.begin() as connection:
        connection.execute(schema.sources.update().values(as_of=late))
    assert shift.run(late + timedelta(minutes=1)) == 2
    assert messages(store)[0].digest.as_of == late


def test_a_store_without_any_source_is_asked_again_later(store):
    empty = Shift(store)
    empty.run(NOW - DAY)
    assert empty.run(NOW) == empty.run(NOW + timedelta(hours=1)) == 0
    fill(store, days=3, per_day=10)
    assert empty.run(NOW + timedelta(hours=1, minutes=1)) == 0  # not at every look
    assert empty.run(NOW + timedelta(hours=1, minutes=6)) == 2


def test_a_digest_names_its_receivers(store):
    fill(store, days=3, per_day=10)
    shift = Shift(store, digest_of(receivers=["chat"]))
    shift.run(NOW - DAY)
    assert shift.run(NOW) == 1
    assert [note.receiver for note in messages(store)] == ["chat"]


def test_a_digest_comes_back_from_the_outbox_as_it_went_in(shift, store):
    shift.run(NOW - DAY)
    shift.run(NOW)
    first, second = messages(store)
    assert first.digest == second.digest
    assert first.digest.charts
    assert first.digest.since.tzinfo is not None
