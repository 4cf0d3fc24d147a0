"""WeCom's group robots (企业微信群机器人). See docs/delivery.md.

There is no signature: who has the key may send. Markdown can call people by their id only; who is
called by mobile number, or everybody, is called by a plain text.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from alerts.allowance import Limit
from alerts.card import Card, Tone
from alerts.pens import MARKDOWN, TEXT
from alerts.transports.chat import Chat, Meaning, busy, closed

LIMITS = (Limit(20, timedelta(minutes=1)),)
MOST_TEXT = 2_048  # bytes of a plain text
_COLOURS = {Tone.BREACH: "warning", Tone.WATCH: "warning", Tone.INFO: "info", Tone.GOOD: "info"}
CODES: Mapping[int, Meaning] = {
    -1: busy("is busy (code -1)"),
    40_008: Meaning("does not know this kind of message (code 40008)"),
    40_058: Meaning("can't read the message, or it is too long (code 40058)"),
    45_002: Meaning("says that the message is too long (code 45002)"),
    45_009: busy("takes 20 messages a minute and got more (code 45009)", timedelta(minutes=1)),
    45_033: busy("got too many messages at the same time (code 45033)"),
    93_000: closed("knows no such robot, or it was removed from its group (code 93000); "
                   "check the url"),
    93_008: closed("does not let this robot send (code 93008); check the robot"),
    93_017: closed("says that the robot is not in the group any more (code 93017); "
                   "add it again"),
}  # fmt: skip


class WeCom(Chat):
    platform = "WeCom"
    pen = MARKDOWN
    most_bytes = 2_400  # of 4,096, with title, links and mentions
    codes = CODES

    def body(self, made: Card, _now: datetime) -> dict[str, Any]:
        receiver = self._receiver
        if made.mention and (receiver.mobiles or receiver.calls_all):
            return self._text(made)
        title = self.pen.plain(made.title)
        parts = [f'**<font color="{_COLOURS[made.tone]}">{title}</font>**', *made.body]
        if made.buttons:
            parts.append("　".join(self.pen.link(one.words, one.url) for one in made.buttons))
        if made.mention:
            parts.append(" ".join(f"<@{one}>" for one in receiver.people))
        text = "\n".join(one for one in parts if one)
        return {"msgtype": "markdown", "markdown": {"content": text}}

    def _text(self, made: Card) -> dict[str, Any]:
        receiver = self._receiver
        links = [TEXT.link(one.words, one.url) for one in made.buttons]
        kept = [made.title]
        for one in made.body:
            if len("\n".join([*kept, one, *links]).encode()) <= MOST_TEXT:
                kept.append(one)
        everybody = ["@all"] if receiver.calls_all else []
        return {
            "msgtype": "text",
            "text": {
                "content": "\n".join([*kept, *links]),
                "mentioned_list": [*receiver.people, *everybody],
                "mentioned_mobile_list": list(receiver.mobiles),
            },
        }
