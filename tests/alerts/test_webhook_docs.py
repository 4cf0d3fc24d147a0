"""docs/webhook.md shows the body, the headers and the check of a signature as they are."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

from alerts.transports.webhook import signature
from alerts.webhook_body import webhook_body
from tests.alerts.factories import ZH, alert, at, note

TEXT = (Path(__file__).parents[2] / "docs" / "webhook.md").read_text("utf-8")


def block(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)
    assert found
    return found.group(1)


def test_the_body_shown_is_the_body_sent():
    sent = webhook_body(note(alert(pending_since=at(-30))), ZH, now=at(0))
    assert json.loads(block("json")) == json.loads(sent)


def test_every_field_is_explained():
    body = json.loads(block("json"))
    for name in {*body, *body["alerts"][0]}:
        assert re.search(rf"^\|.*`{name}`.*\|", TEXT, re.MULTILINE), name


def test_the_check_of_a_signature_works():
    names: dict[str, Callable[..., bool]] = {}
    exec(block("python"), names)
    signed = signature("s3cret", 1_762_855_200, b"{}")
    assert names["is_ours"]("s3cret", "1762855200", b"{}", signed)
    assert not names["is_ours"]("other", "1762855200", b"{}", signed)
