"""A digest as plain text: the alternative of a mail, and what the command line prints."""

from __future__ import annotations

from datetime import datetime

from alerts.digest.content import Change, Figure
from alerts.digest.drawing import Picture
from alerts.digest.items_words import Block, blocks
from alerts.digest.words import SIGNS, Speaker


def plain(speaker: Speaker, shown: list[Picture], *, now: datetime) -> str:
    """The same order as the HTML; charts in words."""
    digest, say = speaker.digest, speaker.say
    shop = f"{digest.shop} · " if digest.shop else ""
    parts = [[speaker.title(), f"{shop}{speaker.scope()}"]]
    if warned := speaker.warnings(now):
        parts.append([f"▲ {one}" for one in warned])
    parts.append([f"[{say('changed')}]", *_changes(speaker)])
    if digest.figures or digest.silent:
        lines = [_number(one, speaker) for one in digest.figures]
        if digest.silent:
            names = speaker.listed([speaker.title_of(kpi) for kpi in digest.silent])
            lines.append(say("silent", names=names))
        parts.append([f"[{say('numbers')}]", *lines])
    if shown:
        parts.append([f"[{say('charts')}]", *(one.alt for one in shown)])
    found = blocks(speaker)
    if found:
        parts.append([f"[{say('items_title')}]", *(line for one in found for line in _block(one))])
    parts += _foot(speaker)
    return "\n\n".join("\n".join(lines) for lines in parts) + "\n"


def _changes(speaker: Speaker) -> list[str]:
    if not speaker.digest.changes:
        return [speaker.quiet()]
    return [line for one in speaker.digest.changes for line in _change(one, speaker)]


def _change(change: Change, speaker: Speaker) -> list[str]:
    figure = change.figure
    head = f"{SIGNS[figure.direction]} {speaker.verdict(figure)} · {speaker.headline(figure)}"
    gap = speaker.difference(figure, figure.usual)
    lines = [f"{head} ({gap})" if gap else head, f"  {speaker.compared(figure)}"]
    return [*lines, *(f"  {one}" for one in (speaker.why(change), speaker.movers(change)) if one)]


def _number(figure: Figure, speaker: Speaker) -> str:
    value = speaker.amount(figure.kpi, figure.value)
    return (
        f"{speaker.name(figure)} {value} · {speaker.compared(figure)} · {speaker.verdict(figure)}"
    )


def _block(block: Block) -> list[str]:
    return [block.title, *(f"  {line.text} · {line.age}" for line in block.lines)]


def _foot(speaker: Speaker) -> list[list[str]]:
    say, parts = speaker.say, []
    if link := speaker.link():
        parts.append([f"{say('open')}: {link}"])
    kpis = dict.fromkeys(one.kpi for one in speaker.digest.figures)
    if kpis:
        about = [f"{speaker.title_of(kpi)}: {speaker.about(kpi)}" for kpi in kpis]
        week = speaker.digest.every == "weekly"
        parts.append([f"[{say('definitions')}]", *about, say("footer_week" if week else "footer")])
    return parts
