"""Which kinds of receivers there are, as far as a configuration knows them: keys, form of the url.

How each is sent to is transports/, one file per kind, listed in transports/kinds.py.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

TIMEOUT = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class ReceiverKind:
    """`needed` keys and those it `may` have, besides those that all have.

    `address` is what the url must contain, `advice` says it in words. `timeout` is the default.
    """

    needed: tuple[str, ...]
    may: tuple[str, ...] = ()
    address: re.Pattern[str] | None = None
    advice: str = "the url of a webhook starts with https:// or http:// and a host"
    timeout: timedelta = TIMEOUT


KINDS: Mapping[str, ReceiverKind] = {
    "dingtalk": ReceiverKind(
        ("url",),
        ("secret", "mention", "keyword", "template", "template_file"),
        re.compile(r"^https?://[^/]+/robot/send\?(.*&)?access_token=[^&]+"),
        "the url of a DingTalk robot looks like "
        "https://oapi.dingtalk.com/robot/send?access_token=…; copy it whole",
    ),
    "feishu": ReceiverKind(
        ("url",),
        ("secret", "mention", "keyword", "template", "template_file"),
        re.compile(r"^https?://[^/]+/open-apis/bot/v2/hook/[^/?]+"),
        "the url of a Feishu or Lark robot looks like "
        "https://open.feishu.cn/open-apis/bot/v2/hook/…; copy it whole",
    ),
    "wecom": ReceiverKind(
        ("url",),
        ("mention", "template", "template_file"),
        re.compile(r"^https?://[^/]+/cgi-bin/webhook/send\?(.*&)?key=[^&]+"),
        "the url of a WeCom group robot looks like "
        "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=…; copy it whole",
    ),
    "slack": ReceiverKind(
        ("url",),
        ("mention", "template", "template_file"),
        re.compile(r"^https?://[^/]+/(services|workflows|triggers)/.+"),
        "the url of a Slack incoming webhook looks like "
        "https://hooks.slack.com/services/…; copy it whole",
    ),
    "webhook": ReceiverKind(("url",), ("secret",)),
    "email": ReceiverKind(
        ("host", "sender", "to"),
        ("port", "tls", "user", "password", "template", "template_file"),
        # A mail server may greet only after some seconds, and a digest carries pictures.
        timeout=timedelta(seconds=30),
    ),
    "apprise": ReceiverKind(
        ("url",), ("template", "template_file"), re.compile(r"^[a-z0-9+]+://.+", re.IGNORECASE),
        "the url of an Apprise service starts with its name, such as tgram://…",
        timeout=timedelta(seconds=15),
    ),
}  # fmt: skip
KIND_KEYS = frozenset(key for kind in KINDS.values() for key in (*kind.needed, *kind.may))
