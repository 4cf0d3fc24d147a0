"""docs/delivery.md: its examples load, its tables are those of the code."""

from __future__ import annotations

import re
import tomllib
from dataclasses import fields
from datetime import timedelta
from pathlib import Path

import pytest

from alerts.receiver_checks import receiver_problems
from alerts.receiver_kinds import KINDS
from alerts.receivers import ReceiverSettings
from alerts.templates import Told, problem
from alerts.transports.kinds import TRANSPORTS

TEXT = (Path(__file__).parents[2] / "docs" / "delivery.md").read_text("utf-8")
BLOCKS = re.findall(r"^```toml\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
ADDRESSES = {
    "${DINGTALK_URL}": "https://oapi.dingtalk.com/robot/send?access_token=x",
    "${FEISHU_URL}": "https://open.feishu.cn/open-apis/bot/v2/hook/x",
    "${WECOM_URL}": "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=x",
    "${SLACK_URL}": "https://hooks.slack.com/services/T/B/x",
    "${TELEGRAM_URL}": "tgram://123456789:abcdefghijklmnopqrstuvwxyz123456789/12315544/",
}


def receivers() -> list[ReceiverSettings]:
    found = []
    for block in BLOCKS:
        for written, address in ADDRESSES.items():
            block = block.replace(written, address)
        found += tomllib.loads(block).get("receivers", [])
    return [ReceiverSettings.model_validate(one) for one in found]


def test_every_example_loads_and_every_chat_platform_has_one():
    made = receivers()
    assert {one.type for one in made} == set(KINDS) - {"webhook", "email"}
    assert receiver_problems(made) == []
    assert set(KINDS) == set(TRANSPORTS)


def test_the_template_shown_can_be_used_and_every_name_is_listed():
    [shown] = [tomllib.loads(one)["template"] for one in BLOCKS if "template" in one]
    assert problem(shown) is None
    for field in fields(Told):
        assert f"`{field.name}`" in TEXT


@pytest.mark.parametrize(
    ("kind", "count", "span"),
    [("dingtalk", 20, 60), ("feishu", 100, 60), ("feishu", 5, 1), ("wecom", 20, 60),
     ("slack", 1, 1)],
)  # fmt: skip
def test_the_limits_are_those_that_the_platforms_publish(kind, count, span):
    limits = {(one.count, one.span) for one in TRANSPORTS[kind].limits}
    assert (count, timedelta(seconds=span)) in limits
