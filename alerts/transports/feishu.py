"""Feishu's and Lark's custom group robots (飞书自定义机器人). See docs/delivery.md.

Timestamp and signature stand in the body; an error comes with a code in it, mostly with status 200.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from alerts.allowance import Limit
from alerts.card import Card, Tone
from alerts.pens import MARKDOWN
from alerts.transports.chat import Chat, Meaning, busy, closed

LIMITS = (Limit(5, timedelta(seconds=1)), Limit(100, timedelta(minutes=1)))
_COLOURS = {Tone.BREACH: "red", Tone.WATCH: "orange", Tone.INFO: "blue", Tone.GOOD: "green"}
CODES: Mapping[int, Meaning] = {
    9_499: Meaning("can't read the message, or it is longer than 20 KB (code 9499)"),
    11_232: busy("got too many messages (code 11232)"),
    11_233: Meaning("can't read the card (code 11233)"),
    11_246: Meaning("can't read the card (code 11246)"),
    19_001: closed("knows no such robot (code 19001); check the url"),
    19_002: Meaning("can't read the message (code 19002)"),
    19_007: closed("says that the robot is switched off (code 19007); switch it on again"),
    19_021: closed("refused the signature (code 19021); check secret, and the clock of this "
                   "machine"),
    19_022: closed("does not take messages from this machine (code 19022); add its address to "
                   "the robot's list"),
    19_024: closed("misses the robot's keyword (code 19024); set keyword to one of those in its "
                   "safety settings"),
    99_991_400: busy("got too many messages (code 99991400)"),
}  # fmt: skip


def signature(secret: str, timestamp: int) -> str:
    """HMAC-SHA256 of nothing, keyed with timestamp (s), newline and secret; base64."""
    mac = hmac.new(f"{timestamp}\n{secret}".encode(), b"", hashlib.sha256)
    return base64.b64encode(mac.digest()).decode()


class Feishu(Chat):
    platform = "Feishu"
    pen = MARKDOWN
    most_bytes = 12_000  # of 20 KB for the whole request
    codes = CODES

    def body(self, made: Card, now: datetime) -> dict[str, Any]:
        parts = [self.pen.joint.join(made.body)]
        if made.mention and self._receiver.mention:
            people = ["all"] if self._receiver.calls_all else self._receiver.people
            parts.append(" ".join(f"<at id={one}></at>" for one in people))
        text = self.with_keyword(self.pen.joint.join(one for one in parts if one))
        elements: list[dict[str, Any]] = [{"tag": "markdown", "content": text}]
        if made.buttons:
            elements.append({"tag": "action", "actions": _buttons(made)})
        card = {
            "config": {"wide_screen_mode": True},
            "header": {
                "title": {"tag": "plain_text", "content": made.title},
                "template": _COLOURS[made.tone],
            },
            "elements": elements,
        }
        return {**self._signed(now), "msg_type": "interactive", "card": card}

    def code(self, said: Mapping[str, Any]) -> int | None:
        """`code`, and in answers of an older form `StatusCode`."""
        found = said.get("code", said.get("StatusCode"))
        return found if isinstance(found, int) else None

    def _signed(self, now: datetime) -> dict[str, str]:
        if self._receiver.secret is None:
            return {}
        timestamp = int(now.timestamp())
        sign = signature(self._receiver.secret.get_secret_value(), timestamp)
        return {"timestamp": str(timestamp), "sign": sign}


def _buttons(made: Card) -> list[dict[str, Any]]:
    """The first one is what the reader is to do."""
    return [
        {
            "tag": "button",
            "text": {"tag": "plain_text", "content": one.words},
            "type": "primary" if number == 0 else "default",
            "url": one.url,
        }
        for number, one in enumerate(made.buttons)
    ]
