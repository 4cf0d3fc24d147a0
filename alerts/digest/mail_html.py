"""A digest as the HTML of a mail: what changed, the numbers, charts, open items, definitions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from alerts import markup
from alerts.digest.content import Change, Direction, Figure, Verdict
from alerts.digest.drawing import Picture
from alerts.digest.items_words import Block, blocks
from alerts.digest.words import SIGNS, Speaker
from alerts.markup import GOOD, INK, LINE, MUTED, WATCH, WATCH_GROUND, heading, para, table, text

COLOURS: dict[Direction, str] = {"worse": WATCH, "better": GOOD, "neither": markup.ACCENT}


def html(
    speaker: Speaker, shown: Sequence[Picture], source: Callable[[int], str], *, now: datetime
) -> str:
    """`source`: where the picture of a place is found: `cid:…` in a mail, `data:…` in a file."""
    digest, say = speaker.digest, speaker.say
    parts = [_head(speaker), *_warnings(speaker, now), _changes(speaker)]
    if digest.figures:
        parts += [heading(say("numbers")), _numbers(speaker)]
    if digest.silent:
        names = speaker.listed([speaker.title_of(kpi) for kpi in digest.silent])
        parts.append(para(text(say("silent", names=names)), size=14, colour=MUTED))
    if shown:
        parts.append(heading(say("charts")))
        parts += [_chart(one, source(at), speaker) for at, one in enumerate(shown)]
    if found := blocks(speaker):
        parts += [heading(say("items_title")), *(_block(one) for one in found)]
    parts.append(_foot(speaker))
    return markup.document(
        "".join(parts), title=speaker.title(), preview=speaker.news(), language=speaker.lang
    )


def _head(speaker: Speaker) -> str:
    shop = f"{speaker.digest.shop} · " if speaker.digest.shop else ""
    return para(text(f"{shop}{speaker.scope()}"), size=14, colour=MUTED, space=2) + (
        f'<h1 style="margin:0 0 14px;font-size:22px;line-height:1.35;font-weight:600;color:{INK}">'
        f"{text(speaker.title())}</h1>"
    )


def _warnings(speaker: Speaker, now: datetime) -> list[str]:
    said = speaker.warnings(now)
    if not said:
        return []
    lines = "<br>".join(text(one) for one in said)
    box = f'<tr><td style="padding:10px 14px;background:{WATCH_GROUND}">'
    return [table(f"{box}{para('▲ ' + lines, size=14, colour=WATCH, space=0)}</td></tr>",
                  "margin:0 0 14px;")]  # fmt: skip


def _changes(speaker: Speaker) -> str:
    digest, say = speaker.digest, speaker.say
    head = heading(say("changed"))
    if digest.changes:
        return head + "".join(_change(one, speaker) for one in digest.changes)
    return head + para(text(speaker.quiet()))


def _change(change: Change, speaker: Speaker) -> str:
    figure = change.figure
    colour = COLOURS[figure.direction]
    tag = text(f"{SIGNS[figure.direction]} {speaker.verdict(figure)}")
    gap = speaker.difference(figure, figure.usual)
    value = (
        f'<span style="font-size:26px;font-weight:600">'
        f"{text(speaker.amount(figure.kpi, figure.value))}</span>"
        f'<span style="font-size:15px;color:{colour};font-weight:600">&nbsp; {text(gap)}</span>'
    )
    inner = para(
        f'<span style="color:{colour}">{tag}</span> · {text(speaker.name(figure))}',
        size=15, bold=True, space=2,
    )  # fmt: skip
    inner += para(value, space=2) + para(text(speaker.compared(figure)), size=13, colour=MUTED)
    if why := speaker.why(change):
        inner += para(text(why), space=4)
    if movers := speaker.movers(change):
        inner += para(text(movers), size=14, colour=MUTED, space=0)
    return markup.card(inner, colour)


def _numbers(speaker: Speaker) -> str:
    return table("".join(_number(one, speaker) for one in speaker.digest.figures))


def _number(figure: Figure, speaker: Speaker) -> str:
    changed = figure.verdict is Verdict.CHANGED
    colour = COLOURS[figure.direction] if changed else MUTED
    sign = f"{SIGNS[figure.direction]} " if changed else ""
    verdict = f'<span style="color:{colour}">{text(sign + speaker.verdict(figure))}</span>'
    edge = f"border-bottom:1px solid {LINE};padding:9px 0;vertical-align:top"
    return (
        f'<tr><td style="{edge}">{para(text(speaker.name(figure)), space=1)}'
        f"{para(text(speaker.compared(figure)), size=13, colour=MUTED, space=0)}</td>"
        f'<td align="right" style="{edge};padding-left:12px;white-space:nowrap">'
        f'<span style="font-size:18px;font-weight:600;line-height:1.3;color:{INK}">'
        f"{text(speaker.amount(figure.kpi, figure.value))}</span>"
        f'<br><span style="font-size:13px;white-space:normal">{verdict}</span></td></tr>'
    )


def _chart(shown: Picture, source: str, speaker: Speaker) -> str:
    head = para(text(shown.title), bold=True, space=2)
    if shown.png is None:
        missing = f"{shown.alt} {speaker.say('picture_missing')}"
        return head + para(text(missing), size=14, colour=MUTED, space=18)
    picture = (
        f'<img src="{source}" alt="{text(shown.alt)}" width="520" '
        'style="display:block;width:100%;max-width:520px;height:auto;border:0">'
    )
    note = para(text(shown.note), size=13, colour=MUTED, space=4) if shown.note else ""
    return f'{head}{note}<div style="margin:0 0 18px">{picture}</div>'


def _block(block: Block) -> str:
    rows = "".join(
        f'<tr><td style="padding:5px 0;border-bottom:1px solid {LINE};font-size:14px;'
        f'line-height:1.5;color:{INK}">{text(line.text)}</td><td align="right" '
        f'style="padding:5px 0 5px 12px;border-bottom:1px solid {LINE};font-size:14px;'
        f'white-space:nowrap;vertical-align:top;color:{MUTED}">{text(line.age)}</td></tr>'
        for line in block.lines
    )
    return para(text(block.title), bold=True, space=2) + table(rows, "margin:0 0 16px;")


def _foot(speaker: Speaker) -> str:
    say, parts = speaker.say, []
    if link := speaker.link():
        parts.append(markup.button(say("open"), link))
    kpis = dict.fromkeys(one.kpi for one in speaker.digest.figures)
    if kpis:
        parts.append(heading(say("definitions")))
        parts += [
            para(f"<b>{text(speaker.title_of(kpi))}</b> {text(speaker.about(kpi))}", size=13,
                 colour=MUTED, space=4)
            for kpi in kpis
        ]  # fmt: skip
        week = speaker.digest.every == "weekly"
        parts.append(para(text(say("footer_week" if week else "footer")), size=13, colour=MUTED))
    return "".join(parts)
