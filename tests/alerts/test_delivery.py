"""Lanes between a real outbox and real listeners: order, outages, hangs, trouble in the store."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from alerts import outbox
from alerts.alert import Notification, Reason, Status
from alerts.delivery import Delivery, Post
from alerts.receivers import ReceiverSettings
from connectors import alert_tables
from connectors.errors import StoreUnavailable
from connectors.store import Store
from tests.alerts.factories import ZH, alert, at, note, receiver, seconds
from tests.servers import Answer, WebhookSink

Start = Callable[..., Delivery]


@pytest.fixture
def start(store: Store) -> Iterator[Start]:
    started: list[Delivery] = []

    def begin(*receivers: ReceiverSettings, on: Any = store, **post: Any) -> Delivery:
        wordings = {one.name: ZH for one in receivers}
        ready = Post(on, "w1", wordings, timedelta(days=3))
        started.append(Delivery(receivers, replace(ready, **post)))
        started[-1].start()
        return started[-1]

    yield begin
    for one in started:
        one.stop(within=seconds(10))


def put(store: Store, *notes: Notification) -> None:
    with store.begin() as connection:
        outbox.enqueue(connection, notes, now=datetime.now(UTC))


def rows(store: Store) -> list[sa.RowMapping]:
    with store.read() as connection:
        query = sa.select(alert_tables.outbox).order_by(alert_tables.outbox.c.id)
        return list(connection.execute(query).mappings())


def wait_until(told: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not told():
        assert time.monotonic() < deadline, "it did not come about within 20 s"
        time.sleep(0.02)


def all_in(store: Store, state: str) -> Callable[[], bool]:
    return lambda: {row["state"] for row in rows(store)} == {state}


def keys(sink: WebhookSink) -> list[str]:
    return [request.headers["idempotency-key"] for request in sink.requests]


def test_what_was_waiting_is_sent_at_the_start_and_what_comes_later_when_woken(
    store, start, webhook_sink
):
    put(store, note())
    delivery = start(receiver(webhook_sink.url))
    webhook_sink.wait_for(1)
    put(store, note(reason=Reason.RESOLVED))
    delivery.wake()
    webhook_sink.wait_for(2)
    wait_until(all_in(store, "sent"))
    assert [json.loads(one.body)["reason"] for one in webhook_sink.requests] == [
        "first",
        "resolved",
    ]


def test_a_message_put_there_by_another_process_is_found_without_waking(store, start, webhook_sink):
    start(receiver(webhook_sink.url))
    put(store, note())
    webhook_sink.wait_for(1)


def test_an_outage_delays_messages_but_keeps_order_and_keys(store, start, webhook_sink):
    first, end = note(), note(reason=Reason.RESOLVED)
    webhook_sink.answer(Answer(500), Answer.drop(), Answer())
    put(store, first, end)
    start(receiver(webhook_sink.url))
    webhook_sink.wait_for(4)
    wait_until(all_in(store, "sent"))
    assert keys(webhook_sink) == [first.key, first.key, first.key, end.key]


def test_a_breach_that_came_and_went_while_the_receiver_was_down_is_told_in_order(
    store, start, webhook_sink
):
    over = alert(status=Status.RESOLVED, resolved_at=at(30), updated_at=at(30))
    webhook_sink.stop()
    put(store, note(), note(over, reason=Reason.RESOLVED))
    start(receiver(webhook_sink.url))
    wait_until(lambda: rows(store)[0]["attempts"] > 0)
    webhook_sink.start()
    webhook_sink.wait_for(2)
    told = [json.loads(one.body)["status"] for one in webhook_sink.requests]
    assert told == ["firing", "resolved"]


def test_a_receiver_that_hangs_holds_up_nobody_else(store, start, webhook_sink):
    webhook_sink.answer(Answer.hang())
    with WebhookSink() as other:
        put(store, note(), note(receiver="boss"))
        delivery = start(receiver(webhook_sink.url, timeout="1m"), receiver(other.url, name="boss"))
        other.wait_for(1)
        webhook_sink.wait_for(1)
        assert not delivery.stop(within=timedelta(0))  # left behind; the message stays due
        webhook_sink.answer(Answer())
    assert rows(store)[0]["state"] == "pending"


def test_a_refused_message_waits_a_minute_and_those_behind_it_dont(store, start, webhook_sink):
    webhook_sink.answer(Answer(404), Answer())
    put(store, note(), note(alert(fingerprint="other")))
    start(receiver(webhook_sink.url))
    webhook_sink.wait_for(2)
    wait_until(lambda: rows(store)[1]["state"] == "sent")
    refused = rows(store)[0]
    assert (refused["state"], refused["attempts"], refused["http_status"]) == ("pending", 1, 404)
    assert refused["next_at"] - datetime.now(UTC) > seconds(50)
    assert "is not there (404)" in refused["error"]


def test_a_receiver_that_asks_to_be_left_alone_is_left_alone_by_all_messages(
    store, start, webhook_sink
):
    webhook_sink.answer(Answer.too_many(2), Answer())
    put(store, note())
    delivery = start(receiver(webhook_sink.url))
    webhook_sink.wait_for(1)
    put(store, note(alert(fingerprint="other")))
    delivery.wake()
    webhook_sink.wait_for(3)
    first, second, _ = webhook_sink.requests
    assert second.monotonic - first.monotonic >= 2


def test_a_message_too_old_gets_one_more_try_and_becomes_a_dead_letter(store, start, webhook_sink):
    webhook_sink.answer(Answer(500))
    put(store, note())
    start(receiver(webhook_sink.url), give_up_after=timedelta(0))
    webhook_sink.wait_for(1)
    wait_until(all_in(store, "dead"))


def test_a_message_that_cannot_be_made_is_recorded_and_holds_up_nobody(store, start, webhook_sink):
    broken = alert(fingerprint="broken", op="?")  # a sign that no text knows
    put(store, note(broken), note())
    start(receiver(webhook_sink.url))
    webhook_sink.wait_for(1)
    wait_until(lambda: rows(store)[1]["state"] == "sent")
    assert "could not be made" in rows(store)[0]["error"]


class Ailing:
    """A store that cannot be written for a while."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.well = threading.Event()
        self.well.set()
        self.refused = threading.Event()
        self.read = store.read

    @contextmanager
    def begin(self) -> Iterator[sa.Connection]:
        if not self.well.is_set():
            self.refused.set()
            raise StoreUnavailable("the store cannot be written: its disk is full")
        with self._store.begin() as connection:
            yield connection


class Breaking(WebhookSink):
    """Breaks the store while it has a message in hand, before it answers."""

    def __init__(self, ailing: Ailing) -> None:
        super().__init__()
        self._ailing = ailing

    def record(self, request: Any) -> Answer:
        self._ailing.well.clear()
        return super().record(request)


def test_a_message_whose_outcome_cannot_be_stored_is_not_sent_again(store, start):
    ailing = Ailing(store)
    with Breaking(ailing) as sink:
        put(store, note())
        start(receiver(sink.url), on=ailing)
        assert ailing.refused.wait(20)
        ailing.well.set()
        wait_until(all_in(store, "sent"))
        assert len(sink.requests) == 1


def test_messages_of_receivers_that_left_the_config_are_named_in_the_log(
    store, start, webhook_sink, caplog
):
    put(store, note(receiver="gone"))
    start(receiver(webhook_sink.url))
    assert "event=stranded receiver='gone' messages=1" in caplog.text


def test_stopping_ends_every_lane(store, start, webhook_sink):
    delivery = start(receiver(webhook_sink.url), receiver(webhook_sink.url, name="boss"))
    assert delivery.stop(within=seconds(20))
    put(store, note())
    delivery.wake()
    assert webhook_sink.requests == ()
