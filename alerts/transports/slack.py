"""Slack's incoming webhooks. See docs/delivery.md.

Taken is the word `ok`; an error is a word in the body. Links instead of buttons: Slack marks a
button with a warning where its app answers no clicks.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from alerts.allowance import Limit
from alerts.card import Card
from alerts.pens import SLACK
from alerts.receivers import ALL
from alerts.transports.chat import Chat, Meaning, busy, closed
from alerts.transports.posting import Answer

LIMITS = (Limit(1, timedelta(seconds=1)),)
MOST_BLOCK = 3_000  # characters of a section
_GROUPS = ("here", "channel", "everyone")
CODES: Mapping[str, Meaning] = {
    "invalid_payload": Meaning("can't read the message (invalid_payload)"),
    "invalid_blocks": Meaning("can't read the message (invalid_blocks)"),
    "no_text": Meaning("found no text in the message (no_text)"),
    "user_not_found": closed("knows no such person (user_not_found); check mention"),
    "channel_not_found": closed("knows no such channel (channel_not_found); make the webhook "
                                "anew"),
    "channel_is_archived": closed("says that the channel is archived (channel_is_archived); "
                                  "make the webhook in another"),
    "no_service": closed("says that the webhook was removed (no_service); make it anew"),
    "no_service_id": closed("knows no such webhook (no_service_id); check the url"),
    "no_team": closed("knows no such workspace (no_team); check the url"),
    "team_disabled": closed("says that the workspace is closed (team_disabled)"),
    "invalid_token": closed("refused the webhook's token (invalid_token); check the url"),
    "no_active_hooks": closed("says that the webhook is switched off (no_active_hooks); "
                              "switch it on again"),
    "action_prohibited": closed("says that the workspace forbids this (action_prohibited); "
                                "ask its administrator"),
    "posting_to_general_channel_denied": closed(
        "does not let webhooks write to this channel (posting_to_general_channel_denied); "
        "choose another"),
    "rollup_error": busy("failed (rollup_error)"),
    "rate_limited": busy("got too many messages (rate_limited)"),
}  # fmt: skip


class Slack(Chat):
    platform = "Slack"
    pen = SLACK
    most_bytes = 2_500
    codes = CODES

    def body(self, made: Card, _now: datetime) -> dict[str, Any]:
        paragraphs = [self.pen.bold(made.title), *made.body]
        if made.buttons:
            paragraphs.append("  ".join(self.pen.link(one.words, one.url) for one in made.buttons))
        if made.mention and self._receiver.mention:
            paragraphs.append(" ".join(_called(one) for one in self._receiver.mention))
        return {"text": made.title, "blocks": [_section(one) for one in _blocks(paragraphs)]}

    def understood(self, answer: Answer) -> Meaning | None:
        word = answer.body[:200].decode(errors="replace").strip()
        if answer.success and word == "ok":
            return None
        return self.codes.get(word) or self.by_status(answer)


def _blocks(paragraphs: list[str]) -> list[str]:
    """Paragraphs put together as far as one section holds them."""
    found: list[str] = []
    for one in paragraphs:
        text = one[:MOST_BLOCK]
        if found and len(found[-1]) + 1 + len(text) <= MOST_BLOCK:
            found[-1] += f"\n{text}"
        else:
            found.append(text)
    return found


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def _called(one: str) -> str:
    if one == ALL:
        return "<!channel>"
    return f"<!{one}>" if one in _GROUPS else f"<@{one}>"
