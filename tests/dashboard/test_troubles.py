"""What failed, in Chinese: every form, every platform's codes, and errors as they really come."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from alerts.content import TestNote
from alerts.errors import SendError
from alerts.receivers import ReceiverSettings
from alerts.render import Wording
from alerts.transports import dingtalk, feishu, slack, wecom
from alerts.transports.kinds import transport_for
from alerts.transports.posting import verdict
from connectors import decode
from connectors.errors import ConnectorError
from connectors.facts import DUPLICATE, ORDERED, REQUIRED, STATUSES, columns, judge, kind
from dashboard.troubles import forms, told_in
from tests.alerts.factories import SHANGHAI, START
from tests.connectors.desk import Desk, source_of
from tests.servers import WebhookSink
from tests.sink import Answer

PLATFORMS = {"DingTalk": dingtalk, "Feishu": feishu, "WeCom": wecom, "Slack": slack}
CODES = [
    (name, meaning.words)
    for name, module in PLATFORMS.items()
    for meaning in module.CODES.values()
]  # fmt: skip


def is_chinese(sentence: str) -> bool:
    """No English word is left but names of settings and of what was named."""
    return told_in("zh", sentence) != sentence


@pytest.mark.parametrize(("platform", "words"), CODES)
def test_what_a_platforms_code_says_is_told_in_chinese(platform: str, words: str) -> None:
    assert is_chinese(f"receiver '值班群': {platform} {words}")


@pytest.mark.parametrize("words", dingtalk._SAFETY.values())
def test_what_a_robots_safety_settings_refused_is_told_in_chinese(words: str) -> None:
    assert is_chinese(f"receiver 'ops': DingTalk {words} (code 310000)")


@pytest.mark.parametrize("status", [400, 401, 403, 404, 408, 410, 429, 500, 503])
def test_what_a_status_says_is_told_in_chinese(status: int) -> None:
    said = told_in("zh", f"receiver 'ops' {verdict(status).words}")
    assert said.startswith("接收方 'ops' ")
    assert str(status) in said


def test_what_a_receiver_did_is_told_with_its_name(webhook_sink: WebhookSink) -> None:
    webhook_sink.answer(Answer(404))
    assert sent(webhook_sink.url) == "接收方 'on call' 不存在（404）；请检查 url"
    assert sent("http://127.0.0.1:9/") == "接收方 'on call' 拒绝连接；请确认它在运行"


def sent(url: str) -> str:
    """What comes of a message that fails, in Chinese."""
    given = {"name": "on call", "type": "webhook", "url": url}
    receiver: ReceiverSettings = TypeAdapter(ReceiverSettings).validate_python(given)
    transport = transport_for(receiver)
    try:
        with pytest.raises(SendError) as caught:
            transport.send(
                TestNote(key="k", receiver="on call", tested_at=START),
                Wording("zh", SHANGHAI),
                now=START,
            )
    finally:
        transport.close()
    return told_in("zh", str(caught.value))


def test_what_is_wrong_with_a_source_is_told_with_what_was_named(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "desk.db")
    source = source_of(desk)
    desk.run("ALTER TABLE contacts RENAME TO gone")
    with pytest.raises(ConnectorError) as caught, source.reading(START) as reader:
        reader.rows(source.statements.statements[0].first_page(), page=1)
    source.close()
    assert told_in("zh", str(caught.value)) == (
        "数据源 'desk'（SQLite 文件 desk.db）没有表或列 'contacts'；请检查 preset 或 statements"
    )


def test_why_rows_cannot_be_used_is_told_in_chinese() -> None:
    """Every reason that decoding and judging can give, as they give it."""
    reasons = {DUPLICATE, *(one for some in ORDERED.values() for one, _, _ in some)}
    for fact in REQUIRED:
        names, decide = columns(fact), judge(fact)
        reasons |= {f"{name} is missing" for name in REQUIRED[fact]}
        given = _usable(fact)
        assert decide(given, FAR) is None, fact
        for name in names:
            for value in ("what?", NEVER, None, 9.0):
                changed = [value if one == name else had
                           for one, had in zip(names, given, strict=True)]  # fmt: skip
                with suppress(TypeError):  # values that decoding lets through nowhere
                    reasons.add(decide(changed, 1) or DUPLICATE)
    source = Path(decode.__file__).read_text(encoding="utf-8")
    bad = set(re.findall(r'BadValue\("([^"]+)"\)', source))
    assert len(bad) > 6
    reasons |= {f"closed_at {one}" for one in bad}
    assert len(reasons) > 30
    assert [one for one in sorted(reasons) if not is_chinese(one)] == []
    assert told_in("zh", "unknown status 'lost'") == "未知的状态 'lost'"


FAR, NEVER = 10**18, 2 * 10**18


def _usable(fact: str) -> list[Any]:
    """Values of a row that nothing is wrong with."""
    known = {"status": sorted(STATUSES.get(fact) or ("on",))[0], "sender_role": "agent",
             "score": 4.0, "scale": 5.0}  # fmt: skip
    kinds = {"events": "closed", "ratings": "csat"}
    return [
        known[name] if name in known
        else kinds.get(fact, "text") if name == "kind"
        else 5 if kind(fact, name) == "time" else "text"
        for name in columns(fact)
    ]  # fmt: skip


def test_a_sentence_of_no_known_form_and_one_for_english_readers_stay_as_they_are() -> None:
    for sentence in ("something else", "receiver 'x' did something else", ""):
        assert told_in("zh", sentence) == sentence
    known = "receiver 'x' refused the connection; is it running?"
    assert told_in("en", known) == known


def test_each_form_is_filled_with_what_its_sentence_names() -> None:
    for form in forms():
        names = set(form.pattern.groupindex)
        said = form.chinese.format(**dict.fromkeys(names, "…"))
        assert "{" not in said
        assert not any(mark in said for mark in ";,"), said
