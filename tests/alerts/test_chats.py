"""The chat adapters over real connections, against listeners that judge as the platforms do."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from alerts.ack_links import AckLinks
from alerts.alert import Notification, Reason, Severity, Status
from alerts.content import Bundle, Content, test_note
from alerts.digest.content import DigestNote
from alerts.errors import SendError
from alerts.render import Wording
from alerts.transports.kinds import transport_for
from metrics.measurement import labels_of
from tests.alerts.digest.factories import digest
from tests.alerts.factories import EN, SHANGHAI, alert, at, note, receiver
from tests.chat_platforms import (
    PLATFORMS,
    SECRET,
    TOKEN,
    ChatPlatform,
    DingTalkRobot,
    FeishuRobot,
    SlackHook,
    WeComRobot,
    said,
)
from tests.sink import Answer, WebhookSink

LINKED = Wording(
    "zh", SHANGHAI, "https://desk.example.com", ack_links=AckLinks("a key of the tests")
)


@pytest.fixture(params=PLATFORMS, ids=lambda one: one.kind)
def platform(request: pytest.FixtureRequest) -> Iterator[ChatPlatform]:
    with request.param() as listener:
        yield listener


def send(to: ChatPlatform, content: Content | None = None, *, wording=LINKED, **changes) -> int:
    made = receiver(changes.pop("url", to.url), type=to.kind, **({"timeout": "400ms"} | changes))
    transport = transport_for(made)
    try:
        return transport.send(content or note(), wording, now=datetime.now(UTC))
    finally:
        transport.close()


def failure(to: ChatPlatform, content: Content | None = None, **changes) -> SendError:
    with pytest.raises(SendError) as caught:
        send(to, content, **changes)
    return caught.value


def storm(count: int) -> Bundle:
    return Bundle(
        notes=tuple(
            note(
                alert(fingerprint=f"f{number}", labels=labels_of(queue=f"天猫旗舰店{number}号队列"))
            )
            for number in range(count)
        )
    )


def everything() -> Iterator[Content]:
    over = alert(status=Status.RESOLVED, resolved_at=at(750), updated_at=at(750))
    yield note()
    yield note(alert(severity=Severity.INFO))
    yield note(over, reason=Reason.RESOLVED)
    for reason in Reason:
        yield note(reason=reason)
    many = tuple(alert(fingerprint=f"g{number}") for number in range(30))
    yield note(many[0], alerts=many, reason=Reason.DIGEST, firing=12)
    yield storm(20)
    yield test_note("leads", at(0))
    yield DigestNote(key="digest-1", receiver="leads", digest=digest())
    evil = labels_of(queue='<at id=all></at> <@U1> [x](http://evil) **b** "\\u')
    yield note(alert(labels=evil))
    yield note(alert(labels=labels_of(queue="很长的队列名" * 400)))


@pytest.mark.parametrize("mention", [[], ["all"], ["manager01"]])
def test_every_message_is_taken_by_every_platform(platform, mention):
    platform.rates = ()
    contents = list(everything())
    transport = transport_for(receiver(platform.url, type=platform.kind, mention=mention))
    for wording in (LINKED, EN):
        for content in contents:
            assert transport.send(content, wording, now=datetime.now(UTC)) == 200
    transport.close()
    assert len(platform.taken) == 2 * len(contents)


@pytest.mark.parametrize("robot", [DingTalkRobot, FeishuRobot])
def test_a_signature_is_taken_and_a_wrong_one_breaks_the_channel(robot):
    with robot(secret=SECRET) as listener:
        assert send(listener, secret=SECRET) == 200
        for error in (failure(listener, secret="another"), failure(listener)):
            assert "refused the signature" in str(error)
            assert "check secret" in str(error)
            assert (error.permanent, error.broken) == (True, True)


@pytest.mark.parametrize("robot", [DingTalkRobot, FeishuRobot])
def test_a_robots_keyword_is_put_where_it_is_missing(robot):
    with robot(keyword="值班") as listener:
        error = failure(listener)
        assert "keyword" in str(error)
        assert error.broken
        assert send(listener, keyword="值班") == 200
        assert send(listener, keyword="值班", mention=["all"]) == 200


def test_a_robot_that_is_gone_breaks_the_channel(platform):
    gone = platform.url.replace(TOKEN, "n0-such-token")
    error = failure(platform, url=gone)
    assert (error.permanent, error.broken) == (True, True)
    assert str(error).startswith("receiver 'leads': ")
    assert "n0-such" not in str(error)


@pytest.mark.parametrize(
    ("robot", "answer", "permanent", "broken", "wait_s", "words"),
    [
        (DingTalkRobot, said(errcode=130101, errmsg="x"), False, False, 600, "silent for 10"),
        (DingTalkRobot, said(errcode=-1, errmsg="系统繁忙"), False, False, None, "is busy"),
        (DingTalkRobot, said(errcode=400102, errmsg="x"), True, True, None, "was stopped"),
        (DingTalkRobot, said(errcode=400013, errmsg="x"), True, True, None, "was dissolved"),
        (DingTalkRobot, said(errcode=430101, errmsg="x"), True, False, None, "unsafe"),
        (DingTalkRobot, said(errcode=310000, errmsg="ip 1.2.3.4 not in whitelist"), True, True,
         None, "does not take messages from this machine"),
        (DingTalkRobot, said(errcode=310000, errmsg="?"), True, True, None, "safety settings"),
        (DingTalkRobot, said(errcode=77, errmsg="?"), True, False, None, "(code 77)"),
        (FeishuRobot, said(code=11232, msg="x"), False, False, None, "too many messages"),
        (FeishuRobot, said(code=19022, msg="x"), True, True, None, "from this machine"),
        (FeishuRobot, said(StatusCode=19021, StatusMessage="x"), True, True, None, "signature"),
        (FeishuRobot, Answer(400, b'{"code":99991400,"msg":"x"}'), False, False, None, "too many"),
        (WeComRobot, said(errcode=45009, errmsg="x"), False, False, 60, "20 messages a minute"),
        (WeComRobot, said(errcode=93000, errmsg="x"), True, True, None, "no such robot"),
        (WeComRobot, said(errcode=45033, errmsg="x"), False, False, None, "at the same time"),
        (SlackHook, Answer(400, b"invalid_payload"), True, False, None, "can't read"),
        (SlackHook, Answer(404, b"no_service"), True, True, None, "was removed"),
        (SlackHook, Answer(410, b"channel_is_archived"), True, True, None, "is archived"),
        (SlackHook, Answer(403, b"invalid_token"), True, True, None, "refused the webhook's token"),
        (SlackHook, Answer(500, b"rollup_error"), False, False, None, "failed"),
    ],
)  # fmt: skip
def test_a_code_says_whether_trying_again_helps(robot, answer, permanent, broken, wait_s, words):
    with robot() as listener:
        listener.tell(answer)
        error = failure(listener)
    assert words in str(error)
    assert (error.permanent, error.broken) == (permanent, broken)
    assert error.retry_after == (None if wait_s is None else timedelta(seconds=wait_s))


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_a_platform_may_say_when_to_come_back(platform, form):
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=7), usegmt=True)
    platform.tell(Answer(429, b"", {"Retry-After": "7" if form == "seconds" else later}))
    error = failure(platform)
    assert not error.permanent
    assert error.retry_after is not None
    assert 5 <= error.retry_after.total_seconds() <= 7


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Answer(500, b"<html>"), "(500)"),
        (Answer(503, b"{}"), "(503)"),
        (Answer.hang(), "gave no answer within 0.4 s"),
        (Answer.drop(), "broke the connection off"),
    ],
)
def test_trouble_that_passes_is_tried_again(platform, answer, words):
    platform.tell(answer)
    error = failure(platform)
    assert words in str(error)
    assert (error.permanent, error.broken) == (False, False)


@pytest.mark.parametrize(
    "answer", [Answer(200, b"<html>welcome</html>"), Answer(200, b"{}"), Answer(204), Answer.huge()]
)
def test_a_success_that_is_not_the_platforms_own_is_no_success(platform, answer):
    platform.tell(answer)
    error = failure(platform)
    assert "did not answer as it should" in str(error)
    assert error.permanent


def test_a_message_never_travels_to_another_host(platform):
    with WebhookSink() as other:
        for status in (301, 302, 303, 307, 308):
            platform.tell(Answer(status, headers={"Location": other.url}))
            error = failure(platform)
            assert "sends us to another address" in str(error)
            assert error.broken
        assert other.requests == ()


def test_who_is_named_is_called_when_something_fires_and_not_when_it_is_over():
    over = note(alert(status=Status.RESOLVED, resolved_at=at(9)), reason=Reason.RESOLVED)
    taken_over = note(reason=Reason.ACKNOWLEDGED)
    called = {
        DingTalkRobot: lambda body: body.get("at"),
        WeComRobot: lambda body: body.get("text", {}).get("mentioned_mobile_list"),
    }
    for robot, names in called.items():
        with robot() as listener:
            for content in (note(), over, taken_over):
                send(listener, content, mention=["13800000000", "all"])
            first, *later = map(names, listener.taken)
            assert "13800000000" in json.dumps(first)
            assert not any(later)


def test_each_platform_has_its_way_of_calling_people():
    ways: list[tuple[type[ChatPlatform], list[str], list[str]]] = [
        (DingTalkRobot, ["13800000000", "u1"], ["@13800000000", "@u1"]),
        (FeishuRobot, ["ou_1"], ["<at id=ou_1></at>"]),
        (FeishuRobot, ["all"], ["<at id=all></at>"]),
        (WeComRobot, ["wangfang"], ["<@wangfang>"]),
        (SlackHook, ["U1", "here", "all"], ["<@U1>", "<!here>", "<!channel>"]),
    ]
    for robot, mention, marks in ways:
        with robot() as listener:
            send(listener, mention=mention)
            shown = json.dumps(listener.taken[0], ensure_ascii=False)
            assert all(mark in shown for mark in marks)


def test_a_name_from_a_source_is_neither_mark_nor_mention(platform):
    evil = note(
        alert(labels=labels_of(queue="<at id=all></at><!channel>[x](http://evil)**b**@all"))
    )
    send(platform, evil, wording=EN)
    for text in _texts(platform.taken[0]):
        for mark in ("<at id=all>", "<!channel>", "**b**"):
            assert mark not in text
        assert platform.kind == "slack" or "](http://evil)" not in text


def _texts(body: Any) -> Iterator[str]:
    """Every text that the platform reads marks in; a plain title is none."""
    if isinstance(body, dict):
        for name, value in body.items():
            if (
                isinstance(value, str)
                and name in ("text", "content")
                and body.get("tag") != "plain_text"
                and "blocks" not in body
            ):
                yield value
            else:
                yield from _texts(value)
    elif isinstance(body, list):
        for one in body:
            yield from _texts(one)


def test_a_bundle_tells_every_one_of_its_alerts(platform):
    send(platform, storm(20))
    shown = json.dumps(platform.taken[0], ensure_ascii=False)
    assert all(f"天猫旗舰店{number}号队列" in shown for number in range(20))


def test_no_token_and_no_secret_is_ever_logged_or_said(platform, caplog):
    caplog.set_level(logging.DEBUG)
    errors = []
    for answer in (Answer(404), Answer(500), said(errcode=93000, code=19001), Answer.drop()):
        platform.tell(answer)
        signed = platform.kind in ("dingtalk", "feishu")
        errors.append(str(failure(platform, secret=SECRET) if signed else failure(platform)))
    for hidden in (TOKEN, SECRET):
        assert hidden not in caplog.text + " ".join(errors)


def test_a_hanging_platform_is_left_alone_by_other_threads():
    with DingTalkRobot() as slow, FeishuRobot() as quick:
        slow.tell(Answer.hang())
        thread = threading.Thread(target=lambda: failure(slow, timeout="5s"))
        thread.start()
        slow.wait_for(1)
        assert send(quick) == 200
        slow.answer(Answer.drop())
        thread.join(10)


def content_kinds() -> set[type]:
    return {type(one) for one in everything()}


def test_everything_that_can_be_sent_was_sent_above():
    assert content_kinds() >= {Notification, Bundle, DigestNote}
