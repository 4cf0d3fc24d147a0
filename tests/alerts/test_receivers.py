"""What [[receivers]] may say by type, and how mistakes are refused."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pydantic import ValidationError

from alerts.receivers import ReceiverSettings


def mailbox(**changes) -> ReceiverSettings:
    values = {"name": "leads", "type": "email", "host": "smtp.example.com",
              "sender": "Desk <desk@example.com>", "to": ["a@example.com"]} | changes  # fmt: skip
    return ReceiverSettings.model_validate({k: v for k, v in values.items() if v is not ...})


def refusal(**changes) -> str:
    with pytest.raises(ValidationError) as caught:
        mailbox(**changes)
    return str(caught.value)


@pytest.mark.parametrize(("tls", "port"), [("starttls", 587), ("ssl", 465), ("none", 25)])
def test_a_mail_server_is_encrypted_unless_told_otherwise_and_has_its_usual_port(tls, port):
    assert mailbox(tls=tls).mail_port == port
    assert mailbox(tls=tls, port=2525).mail_port == 2525
    assert mailbox().tls == "starttls"


def test_mail_has_more_time_than_a_webhook():
    hook = ReceiverSettings.model_validate({"name": "h", "type": "webhook", "url": "https://a.b/"})
    assert (hook.timeout, mailbox().timeout) == (timedelta(seconds=5), timedelta(seconds=30))
    assert mailbox(timeout="7s").timeout == timedelta(seconds=7)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"host": ...}, "'host' is missing; type = \"email\" needs it"),
        ({"sender": ...}, "'sender' is missing"),
        ({"to": []}, "'to' is missing"),
        ({"host": "smtp://x"}, "is a bare name such as smtp.example.com"),
        ({"to": ["nobody"]}, "'nobody' is no e-mail address"),
        ({"to": ["a@b.example\r\nBcc: c@d.example"]}, "is no e-mail address"),
        ({"to": ["名@example.com"]}, "is no e-mail address"),
        ({"to": [f"a{n}@example.com" for n in range(51)]}, "at most 50 addresses"),
        ({"url": "https://example.com/"}, "'url' is not for type = \"email\"; leave it out"),
        ({"user": "desk"}, "user and password belong together"),
        ({"password": "x"}, "user and password belong together"),
        ({"user": "d", "password": ""}, "the secret is empty"),
        ({"user": "d", "password": "x", "tls": "none"}, "the password would travel unencrypted"),
        ({"port": 0}, "port"),
        ({"type": "webhook", "url": "https://a.b/"}, "'host' is not for type = \"webhook\""),
    ],
)
def test_a_mistake_is_refused_in_words(changes, words):
    assert words in refusal(**changes)


def test_a_password_is_not_printed():
    made = mailbox(user="desk", password="s3cret")
    assert "s3cret" not in repr(made) + str(made) + made.model_dump_json()
    assert "s3cret" not in refusal(user="desk", password="s3cret", tls="none")


def test_one_address_may_stand_alone_and_doubles_count_once():
    assert mailbox(to="a@example.com").to == ("a@example.com",)
    assert mailbox(to=["a@example.com", "a@example.com"]).to == ("a@example.com",)
