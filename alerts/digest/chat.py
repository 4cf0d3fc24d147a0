"""A digest as a chat message: what changed, a handful of numbers, one link. Text and Markdown.

Short enough for every robot (WeCom takes 4,096 bytes of Markdown). Sending is transports/.
"""

from __future__ import annotations

from datetime import datetime

from alerts.digest.content import Change, Figure, Verdict
from alerts.digest.items_words import blocks
from alerts.digest.words import SIGNS, Speaker
from alerts.pens import MARKDOWN, Pen, TextPen

MOST_BYTES = 4_096
MOST_NUMBERS = 4


def chat_text(speaker: Speaker, *, now: datetime) -> str:
    """Plain text."""
    return written(speaker, TextPen(joint="\n"), now=now)


def chat_markdown(speaker: Speaker, *, now: datetime) -> str:
    """The Markdown that DingTalk, Feishu and WeCom share: bold and links."""
    return written(speaker, MARKDOWN, now=now)


def written(
    speaker: Speaker, pen: Pen, *, now: datetime, linked: bool = True, most: int = MOST_BYTES
) -> str:
    """As many lines as fit, the first ones first; the link always, unless it is a button."""
    link = speaker.link() if linked else None
    last = [pen.link(speaker.say("open"), link)] if link else []
    kept: list[str] = []
    for line in _lines(speaker, pen, now):
        if len(pen.joint.join([*kept, line, *last]).encode()) > most:
            break
        kept.append(line)
    return pen.joint.join([*kept, *last])


def _lines(speaker: Speaker, pen: Pen, now: datetime) -> list[str]:
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


def _change(change: Change, speaker: Speaker, pen: Pen) -> str:
    figure = change.figure
    gap = speaker.difference(figure, figure.usual)
    head = pen.bold(f"{SIGNS[figure.direction]} {speaker.headline(figure)}")
    said = [f"{head} {pen.plain(gap)}".rstrip(), pen.plain(speaker.why(change))]
    said.append(pen.plain(speaker.movers(change)))
    return pen.line.join(one for one in said if one)


def _number(figure: Figure, speaker: Speaker) -> str:
    value = speaker.amount(figure.kpi, figure.value)
    usual = ""
    if figure.usual is not None and figure.verdict is not Verdict.NO_DATA:
        amount = speaker.amount(figure.kpi, figure.usual)
        usual = " · " + speaker.say("usual", value=amount, range="")
    return f"{speaker.name(figure)} {value}{usual}"
