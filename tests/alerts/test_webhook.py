"""The webhook against a real listener: what is sent, and how each kind of answer is taken."""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
from collections.abc import Iterator
from datetime import timedelta
from email.utils import format_datetime

import pytest

from alerts.errors import SendError
from alerts.transports.webhook import Webhook, signature
from tests.alerts.factories import START, ZH, alert, at, note, receiver
from tests.servers import Answer, WebhookSink


@pytest.fixture
def webhook(webhook_sink: WebhookSink) -> Iterator[Webhook]:
    opened = Webhook(receiver(webhook_sink.url, secret="k3y", timeout="500ms"))
    yield opened
    opened.close()


def send(webhook: Webhook) -> int:
    return webhook.send(note(), ZH, now=START)


def failure(webhook: Webhook) -> SendError:
    with pytest.raises(SendError) as caught:
        send(webhook)
    return caught.value


def test_a_message_arrives_as_json_with_its_key_and_a_signature(webhook, webhook_sink):
    assert send(webhook) == 200
    (request,) = webhook_sink.requests
    assert request.method == "POST"
    assert json.loads(request.body)["alerts"][0]["labels"]["queue"] == "天猫售前"
    assert request.headers["content-type"] == "application/json; charset=utf-8"
    assert request.headers["idempotency-key"] == note().key
    stamp = request.headers["x-deskpulse-timestamp"]
    assert stamp == str(int(START.timestamp()))
    mac = hmac.new(b"k3y", stamp.encode() + b"." + request.body, hashlib.sha256).hexdigest()
    assert request.headers["x-deskpulse-signature"] == f"t={stamp},v1={mac}"


def test_without_a_secret_nothing_is_signed(webhook_sink):
    webhook = Webhook(receiver(webhook_sink.url))
    send(webhook)
    webhook.close()
    assert "x-deskpulse-signature" not in webhook_sink.requests[0].headers


def test_a_signature_is_the_documented_one():
    assert signature("secret", 1_700_000_000, b"{}") == (
        "t=1700000000,v1=b8569b78799ff9e3cbff0fc2d63a33a2b57f3282abd07c37ae5e8e7d79a5f163"
    )


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_any_success_is_a_success(webhook, webhook_sink, status):
    webhook_sink.answer(Answer(status))
    assert send(webhook) == status


@pytest.mark.parametrize(
    ("status", "permanent", "words"),
    [
        (500, False, "can't take messages now (500)"),
        (503, False, "can't take messages now (503)"),
        (429, False, "can't take messages now (429)"),
        (408, False, "can't take messages now (408)"),
        (400, True, "did not accept the message (400)"),
        (422, True, "did not accept the message (422)"),
        (401, True, "refused us (401); check its url and secret"),
        (403, True, "refused us (403)"),
        (404, True, "is not there (404); check its url"),
        (410, True, "is not there (410)"),
        (301, True, "sends us to another address"),
    ],
)
def test_a_refusal_says_whether_trying_again_helps(webhook, webhook_sink, status, permanent, words):
    webhook_sink.answer(Answer(status))
    error = failure(webhook)
    assert words in str(error)
    assert str(error).startswith("receiver 'leads' ")
    assert (error.permanent, error.http_status) == (permanent, status)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7),
        (format_datetime(at(90), usegmt=True), 90),
        (format_datetime(at(-90), usegmt=True), 0),
        ("soon", None),
        ("-5", None),
    ],
)
def test_a_receiver_may_say_when_to_come_back(webhook, webhook_sink, header, seconds):
    webhook_sink.answer(Answer(429, headers={"Retry-After": header}))
    wanted = None if seconds is None else timedelta(seconds=seconds)
    assert failure(webhook).retry_after == wanted


def test_a_receiver_that_hangs_is_left_after_its_timeout(webhook, webhook_sink):
    webhook_sink.answer(Answer.hang())
    error = failure(webhook)
    assert str(error) == "receiver 'leads' gave no answer within 0.5 s; it may hang"
    assert not error.permanent


def test_a_receiver_that_breaks_off_or_is_down_is_tried_again(webhook, webhook_sink):
    webhook_sink.answer(Answer.drop())
    broken = failure(webhook)
    assert "broke the connection off" in str(broken)
    webhook_sink.stop()
    down = failure(webhook)
    assert "refused the connection; is it running?" in str(down)
    assert not broken.permanent
    assert not down.permanent


def test_an_answer_without_an_end_is_not_read(webhook, webhook_sink):
    webhook_sink.answer(Answer.huge(), Answer())
    assert send(webhook) == 200
    assert send(webhook) == 200  # on a new connection: the flooded one was closed


def test_a_message_never_travels_to_another_host(webhook, webhook_sink):
    with WebhookSink() as other:
        for status in (301, 302, 303, 307, 308):
            webhook_sink.answer(Answer(status, headers={"Location": other.url}))
            assert "another address" in str(failure(webhook))
        assert other.requests == ()


def test_a_redirect_on_the_same_host_is_followed_once(webhook, webhook_sink):
    moved = Answer(307, headers={"Location": "/new"})
    webhook_sink.answer(moved, Answer())
    assert send(webhook) == 200
    assert [one.path for one in webhook_sink.requests] == ["/hook", "/new"]
    assert webhook_sink.requests[0].body == webhook_sink.requests[1].body
    webhook_sink.answer(moved)
    assert failure(webhook).http_status == 307


@pytest.mark.parametrize("location", ["", "http://[", "//x", "javascript:1"])
def test_a_redirect_to_nowhere_is_a_refusal(webhook, webhook_sink, location):
    headers = {"Location": location} if location else {}
    webhook_sink.answer(Answer(308, headers=headers))
    error = failure(webhook)
    assert "sends us to" in str(error)
    assert error.permanent


def test_connections_are_kept(webhook, webhook_sink):
    for _ in range(3):
        send(webhook)
    pool = webhook._poster._client._transport._pool  # nothing public tells
    assert len(pool.connections) == 1
    assert pool.connections[0].is_idle()


def test_no_address_and_no_secret_is_ever_logged_or_said(webhook_sink, caplog):
    caplog.set_level(logging.DEBUG)
    webhook = Webhook(receiver(f"{webhook_sink.url}?token=t0ken", secret="k3y", timeout="200ms"))
    said = []
    for answer in (Answer(404), Answer(500), Answer.hang(), Answer.drop()):
        webhook_sink.answer(answer)
        with pytest.raises(SendError) as caught:
            webhook.send(note(alert()), ZH, now=START)
        said.append(str(caught.value))
    webhook.close()
    for secret in ("t0ken", "k3y"):
        assert secret not in caplog.text + " ".join(said)
