"""What [[receivers]] may say by type, and how mistakes are refused."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pydantic import ValidationError

from alerts.receiver_checks import receiver_problems, with_templates
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


def robot(kind: str, url: str, **changes) -> ReceiverSettings:
    return ReceiverSettings.model_validate({"name": "r", "type": kind, "url": url} | changes)


DINGTALK = "https://oapi.dingtalk.com/robot/send?access_token=t0ken"
FEISHU = "https://open.feishu.cn/open-apis/bot/v2/hook/t0ken"


@pytest.mark.parametrize(
    ("kind", "url", "changes", "words"),
    [
        ("dingtalk", "https://oapi.dingtalk.com/robot/send", {}, "looks like https://oapi"),
        ("feishu", DINGTALK, {}, "looks like https://open.feishu.cn"),
        ("wecom", "https://qyapi.weixin.qq.com/cgi-bin/webhook/send", {}, "looks like https://qy"),
        ("slack", "https://hooks.slack.com/", {}, "looks like https://hooks.slack.com"),
        ("apprise", "t0ken", {}, "starts with its name"),
        ("webhook", "ftp://a.b/t0ken", {}, "starts with https:// or http://"),
        ("pager", DINGTALK, {}, "there is no such type of receiver; known are"),
        ("feishu", FEISHU, {"mention": ["13800000000"]}, "can't find people by mobile number"),
        ("wecom", "https://q.example/cgi-bin/webhook/send?key=t0ken", {"secret": "x"}, "not for"),
        ("dingtalk", DINGTALK, {"template": "x", "template_file": "y"}, "set one of them"),
    ],
)
def test_a_mistake_about_a_robot_is_refused_without_its_address(kind, url, changes, words):
    with pytest.raises(ValidationError) as caught:
        robot(kind, url, **changes)
    [error] = caught.value.errors()
    assert words in error["msg"]
    assert "t0ken" not in str(caught.value)


def test_a_name_is_mobile_person_or_everybody():
    made = robot("dingtalk", DINGTALK, mention=["13800000000", "+86-13800000001", "u1", "all"])
    assert made.mobiles == ("13800000000", "+86-13800000001")
    assert (made.people, made.calls_all) == (("u1",), True)


def test_fall_backs_lead_to_receivers_and_in_no_circle():
    onward = {"a": "b", "b": "c", "c": "a", "d": "d", "e": "x", "f": "a"}
    made = [robot("dingtalk", DINGTALK, name=one, fallback=to) for one, to in onward.items()]
    assert receiver_problems(made) == [
        "receiver 'e': there is no receiver 'x' to fall back to; known: a, b, c, d, e, f",
        "receivers fall back in a circle, 'a' to 'b' to 'c' to 'a'; take one fallback out",
        "receivers fall back in a circle, 'd' to 'd'; take one fallback out",
    ]


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ("{% for a in alerts %}", "line 1: "),
        ("{{ alert.wher }}", "no attribute 'wher'"),
        ("{{ shop }}", "'shop' is undefined"),
        ("{{ ''.__class__.__mro__ }}", "unsafe"),
        ("{{ 1 / 0 }}", "ZeroDivisionError"),
        ("{% if false %}x{% endif %}", "it writes nothing"),
        ("{% if alert.status == 'resolved' %}{{ nope }}{% endif %}x", "'nope' is undefined"),
    ],
)
def test_a_template_that_cannot_be_used_is_found_at_check(template, words):
    [found] = receiver_problems([robot("dingtalk", DINGTALK, template=template)])
    assert found.startswith("receiver 'r': its template can't be used: ")
    assert words in found


def test_a_template_may_be_a_file_beside_the_configuration(tmp_path):
    (tmp_path / "leads.j2").write_text("{{ alert.where }}", encoding="utf-8")
    problems: list[str] = []
    wanted = [robot("dingtalk", DINGTALK, template_file="leads.j2"),
              robot("dingtalk", DINGTALK, name="other", template_file="none.j2")]  # fmt: skip
    first, _ = with_templates(wanted, tmp_path, problems)
    assert first.template == "{{ alert.where }}"
    [missing] = problems
    assert "'none.j2' can't be read" in missing


@pytest.mark.parametrize(
    ("url", "words"),
    [
        (f"dingtalk://{'a' * 64}", 'use type = "dingtalk"'),
        (f"feishu://{'a' * 36}", 'use type = "feishu"'),
        (f"lark://{'a' * 36}", 'use type = "feishu"'),
        (f"wecombot://{'a' * 36}", 'use type = "wecom"'),
        (f"https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key={'a' * 36}", 'type = "wecom"'),
        ("nonsense://t0ken", "Apprise can't read its url"),
    ],
)
def test_what_apprise_must_not_do_and_cannot_do_is_found_at_check(url, words):
    [found] = receiver_problems([robot("apprise", url)])
    assert words in found
    assert url not in found
    assert "aaaa" not in found
