"""The sign of life to an outside watch: only after ticks, never with a fuss, never with its URL."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import timedelta

import pytest

from alerts.ping import Ping
from tests.servers import WebhookSink
from tests.sink import Answer

OFTEN = timedelta(milliseconds=20)


def wait_until(come_about: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not come_about():
        assert time.monotonic() < deadline, "it did not come about within 20 s"
        time.sleep(0.01)


def test_nothing_is_said_before_a_tick_and_once_after_each(webhook_sink: WebhookSink):
    ping = Ping(webhook_sink.url, OFTEN)
    ping.start()
    assert webhook_sink.requests == ()
    ping.tick_done()
    [only] = webhook_sink.wait_for(1)
    assert only.method == "GET"
    ping.tick_done()
    ping.tick_done()
    webhook_sink.wait_for(2)
    ping.stop()


def test_whatever_the_other_side_does_is_said_once_and_without_its_address(
    webhook_sink: WebhookSink, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.INFO, logger="alerts.ping")
    webhook_sink.answer(
        Answer(500), Answer.redirect("http://127.0.0.1:1/"), Answer.drop(), Answer()
    )
    ping = Ping(f"{webhook_sink.url}?key=s3cret", OFTEN)
    ping.start()

    def heard_again() -> bool:
        ping.tick_done()
        return "heard_again" in caplog.text

    wait_until(heard_again)
    ping.stop()
    said = [record.getMessage() for record in caplog.records]
    assert said == [
        "event=heartbeat_not_heard error=HTTPStatusError status=500", "event=heartbeat_heard_again"
    ]  # fmt: skip
