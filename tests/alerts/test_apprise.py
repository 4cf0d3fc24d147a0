"""Apprise against a real listener: taken, refused, redirected, hanging; its url is never said."""

from __future__ import annotations

import json
import logging

import pytest

from alerts.errors import SendError
from alerts.transports.apprise_urls import AppriseUrl
from tests.alerts.factories import START, ZH, note, receiver
from tests.sink import Answer, WebhookSink


def send(sink: WebhookSink) -> int:
    address = sink.url.replace("http://", "json://") + "?+x-token=t0ken"
    made = receiver(address, type="apprise", timeout="500ms")
    return AppriseUrl(made).send(note(), ZH, now=START)


def test_a_message_arrives_with_title_and_text(webhook_sink):
    assert send(webhook_sink) == 200
    body = json.loads(webhook_sink.requests[0].body)
    assert body["title"] == "■ 天猫售前 排队 42（目标 ≤ 20）"
    assert body["message"].startswith("18:00 起。")


@pytest.mark.parametrize(
    ("answer", "permanent", "broken", "words"),
    [
        (Answer(404), True, True, "is not there (404)"),
        (Answer(401), True, True, "refused us (401)"),
        (Answer(503), False, False, "can't take messages now (503)"),
        (Answer.hang(), False, False, "could not be reached through Apprise"),
        (Answer.drop(), False, False, "could not be reached through Apprise"),
    ],
)
def test_a_failure_says_whether_trying_again_helps(webhook_sink, answer, permanent, broken, words):
    webhook_sink.answer(answer)
    with pytest.raises(SendError) as caught:
        send(webhook_sink)
    assert words in str(caught.value)
    assert (caught.value.permanent, caught.value.broken) == (permanent, broken)


def test_a_message_never_travels_to_another_host(webhook_sink):
    with WebhookSink() as other:
        for status in (302, 307):
            webhook_sink.answer(Answer(status, headers={"Location": other.url}))
            with pytest.raises(SendError) as caught:
                send(webhook_sink)
            assert "another address" in str(caught.value)
        assert other.requests == ()


def test_its_own_log_never_says_an_address(webhook_sink, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    for answer in (Answer(), Answer(404), Answer.drop()):
        webhook_sink.answer(answer)
        try:
            send(webhook_sink)
        except SendError as error:
            assert "t0ken" not in str(error)
    out, err = capfd.readouterr()
    assert "t0ken" not in caplog.text + out + err
    assert "127.0.0.1" not in caplog.text + out + err
