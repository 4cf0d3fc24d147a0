"""A digest as a chat message: what changed, a handful of numbers, one link. Text and Markdown.

Short enough for every robot (WeCom takes 4,096 bytes of Markdown). Sending is transports/.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from alerts.digest.content import Change, Figure, Verdict
from alerts.digest.items_words import blocks
from alerts.digest.words import SIGNS, Speaker

MOST_BYTES = 4_096
MOST_NUMBERS = 4
_MARKS = re.compile(r"([\\`*_\[\]<>#|~])")


def chat_text(speaker: Speaker, *, now: datetime) -> str:
    """Plain text."""
    return _whole(speaker, _Pen(marked=False), now, "\n")


def chat_markdown(speaker: Speaker, *, now: datetime) -> str:
    """The Markdown that DingTalk, Feishu, WeCom and Slack share: bold and links."""
    return _whole(speaker, _Pen(marked=True), now, "\n\n")


def _whole(speaker: Speaker, pen: _Pen, now: datetime, joint: str) -> str:
    """As many lines as fit, the first ones first; the link always."""
    link = speaker.link()
    last = [pen.link(speaker.say("open"), link)] if link else []
    kept: list[str] = []
    for line in _lines(speaker, pen, now):
        if len(joint.join([*kept, line, *last]).encode()) > MOST_BYTES:
            break
        kept.append(line)
    return joint.join([*kept, *last])


@dataclass(frozen=True, slots=True)
class _Pen:
    """How words are written down: with marks or without."""

    marked: bool

    def plain(self, words: str) -> str:
        """A name from a source must not become a mark, a link or a mention."""
        flat = " ".join(words.split())
        return _MARKS.sub(r"\\\1", flat) if self.marked else flat

    def bold(self, words: str) -> str:
        return f"**{self.plain(words)}**" if self.marked else self.plain(words)

    def link(self, words: str, url: str) -> str:
        return f"[{words}]({url})" if self.marked else f"{words}: {url}"


def _lines(speaker: Speaker, pen: _Pen, now: datetime) -> list[str]:
    digest = speaker.digest
    shop = f"{digest.shop} " if digest.shop else ""
    lines = [pen.bold(f"{shop}{speaker.title()}")]
    lines += [f"▲ {pen.plain(one)}" for one in speaker.warnings(now)]
    lines += [_change(one, speaker, pen) for one in digest.changes]
    if not digest.changes:
        lines.append(pen.plain(speaker.quiet()))
    told = {(one.figure.kpi, one.figure.queue) for one in digest.changes}
    rest = [one for one in digest.figures if (one.kpi, one.queue) not in told]
    lines += [pen.plain(_number(one, speaker)) for one in rest[:MOST_NUMBERS]]
    return lines + [pen.plain(block.title) for block in blocks(speaker)]


def _change(change: Change, speaker: Speaker, pen: _Pen) -> str:
    figure = change.figure
    gap = speaker.difference(figure, figure.usual)
    head = pen.bold(f"{SIGNS[figure.direction]} {speaker.headline(figure)}")
    said = [f"{head} {pen.plain(gap)}".rstrip(), pen.plain(speaker.why(change))]
    said.append(pen.plain(speaker.movers(change)))
    return "\n".join(one for one in said if one)


def _number(figure: Figure, speaker: Speaker) -> str:
    value = speaker.amount(figure.kpi, figure.value)
    usual = ""
    if figure.usual is not None and figure.verdict is not Verdict.NO_DATA:
        amount = speaker.amount(figure.kpi, figure.usual)
        usual = " · " + speaker.say("usual", value=amount, range="")
    return f"{speaker.name(figure)} {value}{usual}"
