"""DingTalk's custom group robots (钉钉自定义机器人). See docs/delivery.md.

Signed with timestamp and sign in the address; an error comes with status 200 and `errcode`. Buttons
and mentions exclude each other: a card with buttons calls nobody, so a message that calls is
Markdown with links.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote_plus

from alerts.allowance import Limit
from alerts.card import Card
from alerts.pens import DINGTALK
from alerts.transports.chat import Chat, Meaning, busy, closed, parsed
from alerts.transports.posting import Answer

# 20 messages a minute and robot; one more, and the robot is silent for ten minutes.
LIMITS = (Limit(20, timedelta(minutes=1)),)
SILENCED = timedelta(minutes=10)
_SECURITY = 310_000
# The same code for every safety setting of a robot: only its text tells which.
_SAFETY = {
    "keyword": "misses the robot's keyword; set keyword to one of those in its safety settings",
    "sign": "refused the signature; check secret, and the clock of this machine",
    "timestamp": "refused the signature's time; check the clock of this machine",
    "whitelist": "does not take messages from this machine; add its address to the robot's list",
}
CODES: Mapping[int, Meaning] = {
    -1: busy("is busy (code -1)"),
    88: closed("refused the access_token (code 88); check the url"),
    130_101: busy("takes 20 messages a minute and got more; it is silent for 10 minutes "
                  "(code 130101)", SILENCED),
    410_100: busy("got too many messages at once (code 410100)", SILENCED),
    300_001: closed("knows no such access_token (code 300001); check the url"),
    300_005: closed("knows no such access_token (code 300005); check the url"),
    400_013: closed("says that the group was dissolved (code 400013); make a robot elsewhere"),
    400_101: closed("knows no such access_token (code 400101); check the url"),
    400_102: closed("says that the robot was stopped (code 400102); switch it on again"),
    430_101: Meaning("found a link it calls unsafe (code 430101); check public_url"),
    430_102: Meaning("found words it calls unfit (code 430102)"),
    430_104: Meaning("found content it calls unfit (code 430104)"),
    460_101: Meaning("says that the message is too long (code 460101)"),
}  # fmt: skip


def signature(secret: str, timestamp: int) -> str:
    """HMAC-SHA256 of timestamp (ms), newline and secret, keyed with the secret; base64."""
    mac = hmac.new(secret.encode(), f"{timestamp}\n{secret}".encode(), hashlib.sha256)
    return base64.b64encode(mac.digest()).decode()


class DingTalk(Chat):
    platform = "DingTalk"
    pen = DINGTALK
    most_bytes = 15_000  # of 20,000 for the whole message
    codes = CODES

    def address(self, now: datetime) -> str:
        url = self._receiver.webhook_url
        if self._receiver.secret is None:
            return url
        timestamp = int(now.timestamp() * 1000)
        sign = quote_plus(signature(self._receiver.secret.get_secret_value(), timestamp))
        return f"{url}&timestamp={timestamp}&sign={sign}"

    def body(self, made: Card, _now: datetime) -> dict[str, Any]:
        called = self._called() if made.mention else ()
        parts = [self.pen.bold(made.title), *made.body]
        if called or not made.buttons:
            links = " · ".join(self.pen.link(one.words, one.url) for one in made.buttons)
            parts += [one for one in (links, " ".join(called)) if one]
            text = self.with_keyword(self.pen.joint.join(parts))
            body: dict[str, Any] = {
                "msgtype": "markdown", "markdown": {"title": made.title, "text": text},
            }  # fmt: skip
            if called:
                receiver = self._receiver
                body["at"] = {
                    "atMobiles": list(receiver.mobiles), "atUserIds": list(receiver.people),
                    "isAtAll": receiver.calls_all,
                }  # fmt: skip
            return body
        buttons = [{"title": one.words, "actionURL": one.url} for one in made.buttons]
        return {
            "msgtype": "actionCard",
            "actionCard": {
                "title": made.title,
                "text": self.with_keyword(self.pen.joint.join(parts)),
                "btnOrientation": "1",  # side by side
                "btns": buttons,
            },
        }

    def understood(self, answer: Answer) -> Meaning | None:
        said = parsed(answer)
        if said is not None and said.get("errcode") == _SECURITY:
            return _safety(str(said.get("errmsg", "")))
        return super().understood(answer)

    def _called(self) -> tuple[str, ...]:
        """A name in `at` calls somebody only where the text names them too."""
        receiver = self._receiver
        named = tuple(f"@{one}" for one in (*receiver.mobiles, *receiver.people))
        return (*named, "@所有人") if receiver.calls_all else named


def _safety(said: str) -> Meaning:
    known = (words for word, words in _SAFETY.items() if word in said.lower())
    words = next(known, "refused the message by one of the robot's safety settings; check them")
    return closed(f"{words} (code {_SECURITY})")
