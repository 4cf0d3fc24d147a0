"""The outbox on a real store: order, leases, outcomes, and several claiming at once."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from datetime import datetime
from typing import Any

import pytest
import sqlalchemy as sa

from alerts import outbox
from alerts.alert import Reason
from alerts.errors import SendError
from connectors import alert_tables
from connectors.store import Store
from tests.alerts.factories import START, alert, at, note, seconds

LEASE = seconds(30)


def put(store: Store, *notes, now=START) -> int:
    with store.begin() as connection:
        return outbox.enqueue(connection, notes, now=now)


def claim(store: Store, *, now=START, worker="w1", receiver="leads", limit=10):
    with store.begin() as connection:
        return outbox.claim(
            connection, worker=worker, receiver=receiver, now=now, lease=LEASE, limit=limit
        )


def fail(store: Store, message, *, now: datetime, next_at: datetime | None, **error: Any) -> None:
    with store.begin() as connection:
        outbox.record_failure(
            connection,
            message,
            SendError("receiver 'leads' is down", **error),
            worker="w1",
            now=now,
            next_at=next_at,
        )


def sent(store: Store, message, *, now=START) -> None:
    with store.begin() as connection:
        outbox.record_sent(connection, message, now=now, http_status=200)


def rows(store: Store) -> list[dict[str, Any]]:
    with store.read() as connection:
        query = sa.select(alert_tables.outbox).order_by(alert_tables.outbox.c.id)
        return [dict(row) for row in connection.execute(query).mappings()]


def about(number: int, **changes: Any):
    return alert(fingerprint=f"f{number}", **changes)


def test_a_message_comes_back_as_it_was_put_in(store: Store):
    first = note(alert(value=None, clear_since=at(1)))
    assert put(store, first) == 1
    (message,) = claim(store)
    assert (message.note, message.queued_at, message.attempt) == (first, START, 1)


def test_the_same_key_is_put_in_once(store: Store):
    assert put(store, note(), note()) == 1
    assert put(store, note()) == 0
    assert len(rows(store)) == 1


def test_a_claimed_message_is_nobody_elses_until_its_lease_ends(store: Store):
    put(store, note())
    assert len(claim(store)) == 1
    assert claim(store, worker="w2") == []
    assert claim(store, worker="w2", now=START + LEASE - seconds(1)) == []
    (again,) = claim(store, worker="w2", now=START + LEASE)
    assert again.attempt == 2
    assert again.note.key == note().key


def test_a_sent_message_is_never_claimed_again(store: Store):
    put(store, note())
    sent(store, claim(store)[0], now=at(1))
    assert claim(store, now=at(86_400)) == []
    (row,) = rows(store)
    assert (row["state"], row["sent_at"], row["http_status"]) == ("sent", at(1), 200)


def test_a_failed_message_waits_for_its_next_try(store: Store):
    put(store, note())
    fail(store, claim(store)[0], now=at(1), next_at=at(9), http_status=500)
    assert claim(store, now=at(8)) == []
    with store.read() as connection:
        assert outbox.next_due(connection, "leads", now=at(8)) == at(9)
        assert outbox.next_due(connection, "leads", now=at(9)) == at(9)
        assert outbox.next_due(connection, "boss", now=at(9)) is None
    assert claim(store, now=at(9))[0].attempt == 2
    assert (rows(store)[0]["error"], rows(store)[0]["http_status"]) == (
        "receiver 'leads' is down",
        500,
    )


def test_the_next_look_is_due_when_something_can_be_sent_and_not_before(store: Store):
    put(store, note(), note(reason=Reason.RESOLVED))
    (message,) = claim(store)
    with store.read() as connection:  # in somebody's hand, and the end waits behind it
        assert outbox.next_due(connection, "leads", now=at(1)) == START + LEASE
    fail(store, message, now=at(1), next_at=at(300))
    with store.read() as connection:
        assert outbox.next_due(connection, "leads", now=at(2)) == at(300)


def test_a_message_given_up_stays_as_a_dead_letter(store: Store):
    put(store, note())
    fail(store, claim(store)[0], now=at(1), next_at=None)
    assert claim(store, now=at(1_000_000)) == []
    assert rows(store)[0]["state"] == "dead"


def test_every_attempt_is_written_down(store: Store):
    put(store, note())
    fail(store, claim(store)[0], now=at(1), next_at=at(2))
    fail(store, claim(store, now=at(2))[0], now=at(3), next_at=at(4), permanent=True)
    with store.read() as connection:
        message = outbox.Message(rows(store)[0]["id"], note(), START, 3)
        assert outbox.refusals(connection, message) == 1
    sent(store, claim(store, now=at(4))[0], now=at(5))
    with store.read() as connection:
        table = alert_tables.deliveries
        query = sa.select(table.c.attempt, table.c.outcome, table.c.at).order_by(table.c.id)
        tries = [tuple(row) for row in connection.execute(query)]
    assert tries == [(1, "failed", at(1)), (2, "refused", at(3)), (3, "sent", at(5))]


def test_the_end_of_an_alert_never_overtakes_its_beginning(store: Store):
    first, end = note(), note(reason=Reason.RESOLVED)
    other = note(about(2))
    put(store, first, end, other)
    claimed = claim(store)
    assert [one.note.key for one in claimed] == [first.key, other.key]
    assert claim(store, worker="w2") == []  # in the same moment, by somebody else
    fail(store, claimed[0], now=at(1), next_at=at(60))
    sent(store, claimed[1])
    assert claim(store, now=at(59)) == []
    (again,) = claim(store, now=at(60))
    assert again.note.key == first.key
    sent(store, again)
    assert [one.note.key for one in claim(store, now=at(61))] == [end.key]


def test_a_beginning_that_was_given_up_does_not_hold_back_the_end(store: Store):
    put(store, note(), note(reason=Reason.RESOLVED))
    fail(store, claim(store)[0], now=at(1), next_at=None)
    assert [one.note.reason for one in claim(store, now=at(1))] == [Reason.RESOLVED]


def test_receivers_dont_wait_for_each_other(store: Store):
    put(store, note(), note(receiver="boss"), note(reason=Reason.RESOLVED, receiver="boss"))
    (mine,) = claim(store, receiver="boss")
    sent(store, mine)
    assert [one.note.reason for one in claim(store, receiver="boss")] == [Reason.RESOLVED]


def test_a_clock_set_back_holds_nothing_up(store: Store):
    put(store, note(), now=at(3_600))
    assert len(claim(store, now=at(3_600))) == 1
    (again,) = claim(store, now=START)  # both due time and lease lie an hour ahead now
    assert again.attempt == 2


def test_a_sent_message_stays_sent_even_if_the_lease_ended_meanwhile(store: Store):
    put(store, note())
    (mine,) = claim(store)
    (theirs,) = claim(store, worker="w2", now=START + LEASE)
    sent(store, mine, now=at(31))
    fail(store, theirs, now=at(32), next_at=at(33))
    assert rows(store)[0]["state"] == "sent"
    assert claim(store, now=at(1_000)) == []


def test_a_new_leader_frees_what_the_one_before_had_in_hand(store: Store):
    put(store, note())
    claim(store)
    with store.begin() as connection:
        assert outbox.free_leases(connection) == 1
    assert claim(store, worker="w2", now=at(1))[0].attempt == 2


def test_messages_for_receivers_that_left_the_config_are_named_and_given_up_late(store: Store):
    put(store, note(), note(receiver="gone"))
    with store.begin() as connection:
        assert outbox.stranded(connection, ["leads"]) == {"gone": 1}
        assert outbox.bury(connection, ["leads"], created_before=START) == 0
        assert outbox.bury(connection, ["leads"], created_before=at(1)) == 1
    assert Counter(row["state"] for row in rows(store)) == {"pending": 1, "dead": 1}


def test_a_payload_that_cannot_be_read_becomes_a_dead_letter_and_blocks_nobody(store: Store):
    put(store, note(), note(about(2)))
    with store.begin() as connection:
        broken = alert_tables.outbox.c.key == note().key
        connection.execute(alert_tables.outbox.update().where(broken).values(payload="{}"))
    assert [one.note.key for one in claim(store)] == [note(about(2)).key]
    assert [row["state"] for row in rows(store)] == ["dead", "pending"]


CLAIM_ALL = """
import sys
import time
from datetime import timedelta
from alerts import outbox
from connectors.store import open_store
from tests.alerts.factories import START

store = open_store(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
while True:
    with store.begin() as connection:
        batch = outbox.claim(connection, worker=sys.argv[2], receiver="leads", now=START,
                             lease=timedelta(minutes=30), limit=5)
    for message in batch:
        print(message.id)
    if not batch:
        break
    time.sleep(0.005)  # sending takes time, and the other is to have its turn
store.close()
"""


@pytest.mark.parametrize("workers", [2])
def test_two_processes_claim_500_messages_each_once(store: Store, store_url: str, workers: int):
    put(store, *(note(about(number)) for number in range(500)))
    claimers = [
        subprocess.Popen(
            [sys.executable, "-c", CLAIM_ALL, store_url, f"w{number}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(workers)
    ]
    for claimer in claimers:
        assert claimer.stdout and claimer.stdout.readline() == "ready\n"
    claimed = []
    for claimer in claimers:
        assert claimer.stdin
        claimer.stdin.write("go\n")
        claimer.stdin.flush()
    for claimer in claimers:
        out, _ = claimer.communicate(timeout=60)
        assert claimer.returncode == 0
        claimed.append(out.split())
    assert sorted(map(int, claimed[0] + claimed[1])) == [row["id"] for row in rows(store)]
    assert all(claimed), "both were to take part"
