"""Listeners that speak the chat platforms' protocols as far as robots see them: they check address,
signature, form, size and rate, and answer in each platform's own way.

Written from the platforms' documentation, not from our adapters.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import time
from collections import deque
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.sink import Answer, Received, WebhookSink

TOKEN, SECRET = "t0ken-of-a-robot", "SECret-of-a-robot"
JSON = {"Content-Type": "application/json"}


class ChatPlatform(WebhookSink):
    """Judges each request as its platform would, unless it is told how to answer."""

    kind = ""
    path = ""
    rates: tuple[tuple[int, float], ...] = ()

    def __init__(self, *, secret: str | None = None, keyword: str | None = None) -> None:
        super().__init__()
        self.secret, self.keyword = secret, keyword
        self.taken: list[Any] = []  # the messages that stand in the group
        self._scripted: deque[Answer] = deque()
        self._seen: list[float] = []

    @property
    def url(self) -> str:
        parts = urlsplit(super().url)
        return f"{parts.scheme}://{parts.netloc}{self.path}"

    def tell(self, *answers: Answer) -> None:
        """Answer the next requests like this, whatever is in them."""
        self._scripted.extend(answers)

    def record(self, request: Received) -> Answer:
        super().record(request)
        if self._scripted:
            return self._scripted.popleft()
        try:
            body = json.loads(request.body)
        except ValueError:
            body = None
        self._seen.append(time.monotonic())
        if any(self._count(span) > most for most, span in self.rates):
            return self.too_often()
        answer = self.judge(request, body)
        if answer is None:
            self.taken.append(body)
            return self.fine()
        return answer

    def judge(self, request: Received, body: Any) -> Answer | None:
        """None: the message is taken."""
        raise NotImplementedError

    def fine(self) -> Answer:
        raise NotImplementedError

    def too_often(self) -> Answer:
        raise NotImplementedError

    def _count(self, span: float) -> int:
        return sum(one > time.monotonic() - span for one in self._seen)


def said(**values: Any) -> Answer:
    return Answer(200, json.dumps(values, ensure_ascii=False).encode(), JSON)


class DingTalkRobot(ChatPlatform):
    kind = "dingtalk"
    path = f"/robot/send?access_token={TOKEN}"
    rates = ((20, 60.0),)

    def judge(self, request: Received, body: Any) -> Answer | None:
        asked = {name: values[0] for name, values in parse_qs(urlsplit(request.path).query).items()}
        if urlsplit(request.path).path != "/robot/send" or asked.get("access_token") != TOKEN:
            return said(errcode=300005, errmsg="token is not exist")
        if self.secret is not None and not self._signed(asked):
            return said(errcode=310000, errmsg="sign not match, more: [https://ding-doc]")
        text = self._text(body)
        if text is None:
            return said(errcode=40035, errmsg="缺少参数 json")
        if len(request.body) > 20_000:
            return said(errcode=460101, errmsg="message too long, exceed 20000 bytes")
        if self.keyword is not None and self.keyword not in text:
            return said(errcode=310000, errmsg="keywords not in content, more: [https://ding-doc]")
        return None

    def fine(self) -> Answer:
        return said(errcode=0, errmsg="ok")

    def too_often(self) -> Answer:
        return said(errcode=130101, errmsg="send too fast, exceed 20 times per minute", wait=5)

    def _signed(self, asked: dict[str, str]) -> bool:
        stamp = asked.get("timestamp", "")
        if not stamp.isdecimal() or abs(int(stamp) / 1000 - time.time()) > 3600:
            return False
        mac = hmac.new((self.secret or "").encode(), f"{stamp}\n{self.secret}".encode(), "sha256")
        return base64.b64encode(mac.digest()).decode() == asked.get("sign")

    def _text(self, body: Any) -> str | None:
        """What keywords are looked for in; None for a form that the platform doesn't know."""
        try:
            if body["msgtype"] == "markdown":
                return str(body["markdown"]["title"] + body["markdown"]["text"])
            card = body["actionCard"]
            assert body["msgtype"] == "actionCard" and "at" not in body
            assert card["btns"] and all(one["title"] and one["actionURL"] for one in card["btns"])
            return str(card["title"] + card["text"])
        except (KeyError, TypeError, AssertionError):
            return None


class FeishuRobot(ChatPlatform):
    kind = "feishu"
    path = f"/open-apis/bot/v2/hook/{TOKEN}"
    rates = ((5, 1.0), (100, 60.0))

    def judge(self, request: Received, body: Any) -> Answer | None:
        if request.path != self.path:
            return said(code=19001, msg="param invalid: incoming webhook access token invalid")
        if len(request.body) > 20 * 1024 or not self._well_formed(body):
            return said(code=9499, msg="Bad Request", data={})
        if self.secret is not None and not self._signed(body):
            return said(code=19021, msg="sign match fail or timestamp is not within one hour "
                                        "from current time")  # fmt: skip
        if self.keyword is not None and self.keyword not in request.body.decode():
            return said(code=19024, msg="Key Words Not Found")
        return None

    def fine(self) -> Answer:
        return said(code=0, msg="success", data={}, StatusCode=0, StatusMessage="success")

    def too_often(self) -> Answer:
        return said(code=11232, msg="frequency limited psm[lark.oapi.app_platform_runtime]")

    def _signed(self, body: Any) -> bool:
        stamp = body.get("timestamp", "")
        if not str(stamp).isdecimal() or abs(int(stamp) - time.time()) > 3600:
            return False
        mac = hmac.new(f"{stamp}\n{self.secret}".encode(), b"", hashlib.sha256)
        return bool(base64.b64encode(mac.digest()).decode() == body.get("sign"))

    def _well_formed(self, body: Any) -> bool:
        try:
            card = body["card"]
            header = card["header"]
            assert body["msg_type"] == "interactive"
            assert header["title"]["tag"] == "plain_text" and header["title"]["content"]
            assert header["template"] in ("red", "orange", "blue", "green")
            assert card["elements"][0]["tag"] == "markdown"
            for element in card["elements"][1:]:
                assert element["tag"] == "action"
                assert all(one["tag"] == "button" and one["url"] for one in element["actions"])
        except (KeyError, TypeError, AssertionError):
            return False
        return True


class WeComRobot(ChatPlatform):
    kind = "wecom"
    path = f"/cgi-bin/webhook/send?key={TOKEN}"
    rates = ((20, 60.0),)

    def judge(self, request: Received, body: Any) -> Answer | None:
        if request.path != self.path:
            return said(errcode=93000, errmsg="invalid webhook url, hint: [1], from ip: 127.0.0.1")
        if re.search(rb"(?<!\\)(\\\\)*\\u", request.body):
            return said(errcode=40033, errmsg="invalid character")
        form, most = {"markdown": ("markdown", 4096), "text": ("text", 2048)}.get(
            (body or {}).get("msgtype", ""), ("", 0)
        )
        content = (body or {}).get(form, {}).get("content", "")
        if not form:
            return said(errcode=40008, errmsg="invalid message type")
        if not content or len(content.encode()) > most:
            return said(errcode=40058, errmsg=f"{form}.content exceed max length {most}")
        return None

    def fine(self) -> Answer:
        return said(errcode=0, errmsg="ok")

    def too_often(self) -> Answer:
        return said(errcode=45009, errmsg="api freq out of limit")


class SlackHook(ChatPlatform):
    kind = "slack"
    path = f"/services/T000/B000/{TOKEN}"
    rates = ((5, 1.0),)  # one a second, short bursts are let through

    def judge(self, request: Received, body: Any) -> Answer | None:
        if not request.path.startswith("/services/T000/B000/"):
            return Answer(404, b"no_service")
        if request.path != self.path:
            return Answer(403, b"invalid_token")
        if not isinstance(body, dict):
            return Answer(400, b"invalid_payload")
        if not body.get("text"):
            return Answer(400, b"no_text")
        for block in body.get("blocks", []):
            text = block.get("text", {})
            if block.get("type") != "section" or text.get("type") != "mrkdwn":
                return Answer(400, b"invalid_blocks")
            if not 0 < len(text.get("text", "")) <= 3000:
                return Answer(400, b"invalid_blocks")
        return None

    def fine(self) -> Answer:
        return Answer(200, b"ok")

    def too_often(self) -> Answer:
        return Answer(429, b"rate_limited", {"Retry-After": "1"})


PLATFORMS = (DingTalkRobot, FeishuRobot, WeComRobot, SlackHook)
