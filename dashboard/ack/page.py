"""The acknowledge page as HTML: phone first, both themes, no scripts, nothing loaded. Pure."""

from __future__ import annotations

from datetime import datetime

from alerts.alert import Acknowledgement, Alert
from alerts.render import Wording, lines, link, title
from dashboard.ack.deciding import LONGEST_NAME, LONGEST_NOTE, SPANS, USUAL_SPAN, Shown, Stage
from dashboard.ack.telling import present
from dashboard.markup import tag, text
from dashboard.theme import DARK, FONTS, LIGHT, variables
from dashboard.words import Words
from metrics.text import format_moment

_STYLE = """
*{box-sizing:border-box}
body{margin:0;background:var(--dp-ground);color:var(--dp-text);font:17px/1.5 var(--dp-fonts);
font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
main{max-width:30rem;margin:0 auto;padding:1.5rem 1.25rem 2.5rem}
.brand{color:var(--dp-muted);font-size:.85rem;margin:0 0 1.25rem}
h1{font-size:1.45rem;line-height:1.3;margin:0 0 .4rem}
p{margin:0 0 .6rem}.muted{color:var(--dp-muted)}
.card{background:var(--dp-surface);border-left:5px solid var(--edge);border-radius:6px;
padding:1rem 1.1rem;margin:0 0 1.4rem}
.critical{--edge:var(--dp-breach)}.warning{--edge:var(--dp-watch)}.info{--edge:var(--dp-accent)}
.over{--edge:var(--dp-positive)}.plain{--edge:var(--dp-line)}
label,legend{display:block;font-weight:600;margin:0 0 .35rem;padding:0}
.field{margin:0 0 1.2rem;border:0;padding:0}
input[type=text]{width:100%;min-height:3rem;padding:.5rem .75rem;font:inherit;color:inherit;
background:var(--dp-ground);border:1px solid var(--dp-muted);border-radius:6px}
.spans{display:grid;grid-template-columns:1fr 1fr;gap:.5rem}
.spans label{font-weight:400;margin:0;display:flex;align-items:center;gap:.55rem;min-height:3rem;
padding:.35rem .75rem;border:1px solid var(--dp-line);border-radius:6px}
.spans label:has(:checked){border-color:var(--dp-accent);background:var(--dp-soft)}
input[type=radio]{accent-color:var(--dp-accent);width:1.15rem;height:1.15rem;margin:0;flex:none}
button{width:100%;min-height:3.4rem;font:inherit;font-size:1.1rem;font-weight:600;color:#fff;
background:#1F6FC4;border:0;border-radius:6px;cursor:pointer}
:focus-visible{outline:3px solid var(--dp-accent);outline-offset:2px}
a{color:var(--dp-accent)}form+p,.card+p{margin-top:1.3rem}.trouble{color:var(--dp-breach);font-weight:600}
"""


def ack_page(shown: Shown, wording: Wording, say: Words, *, now: datetime, name: str = "") -> str:
    """The whole document. `name`: what the field holds at first."""
    head = say(f"ack.{shown.stage}")
    parts = [tag("p", text(say("app")), class_="brand"), tag("h1", text(head))]
    parts += [tag("p", text(one)) for one in _said(shown, wording, say, now)]
    if shown.alert is not None:
        parts.append(_alert_html(shown.alert, wording, now))
    if shown.stage in (Stage.FREE, Stage.TAKEN):
        parts.append(_form_html(shown, say, name))
    if shown.alert is not None and (url := link(shown.alert, wording)):
        parts.append(tag("p", tag("a", text(say("ack.open")), href=url)))
    return _document("".join(parts), head, wording.language)


def _said(shown: Shown, wording: Wording, say: Words, now: datetime) -> list[str]:
    """What the heading means for the reader."""
    if shown.taken is not None:
        return _taken(shown.taken, wording, say, now)
    about = f"ack.{shown.stage}_about"
    return [say(about)] if say.has(about) else []


def _taken(taken: Acknowledgement, wording: Wording, say: Words, now: datetime) -> list[str]:
    if taken.until is None:
        said = say("ack.by", name=taken.by)
    else:
        until = format_moment(taken.until, wording.language, zone=wording.zone, now=now)
        said = say("ack.by_until", name=taken.by, until=until)
    return [said, say("ack.note_said", note=taken.note)] if taken.note else [said]


def _alert_html(alert: Alert, wording: Wording, now: datetime) -> str:
    note = present(alert, now)
    below = lines(alert, note, wording, now=now)[:1]
    inner = tag("p", tag("b", text(title(alert, wording, cause=note.cause))))
    inner += "".join(tag("p", text(one), class_="muted") for one in below)
    return tag("div", inner, class_=f"card {alert.severity if alert.up else 'over'}")


def _form_html(shown: Shown, say: Words, name: str) -> str:
    trouble = ""
    if shown.trouble is not None:
        trouble = tag(
            "p", text(say(f"ack.trouble_{shown.trouble}")), class_="trouble", role="alert"
        )
    field = tag("label", text(say("ack.name")), for_="name") + (
        f'<input type="text" id="name" name="name" required maxlength="{LONGEST_NAME}" '
        f'autocomplete="name" value="{text(name)}">'
    )
    spans = "".join(_span_html(minutes, say) for minutes in SPANS)
    choice = tag("legend", text(say("ack.how_long"))) + tag("div", spans, class_="spans")
    note = tag("label", text(say("ack.note")), for_="note") + (
        f'<input type="text" id="note" name="note" maxlength="{LONGEST_NOTE}">'
    )
    instead = ""
    if shown.taken is not None:
        instead = f'<input type="hidden" name="instead_of" value="{text(shown.taken.by)}">'
    button = say("ack.take_over" if shown.taken else "ack.take")
    return (
        f'<form method="post">{trouble}'
        + tag("div", field, class_="field")
        + tag("fieldset", choice, class_="field")
        + tag("div", note, class_="field")
        + instead
        + tag("button", text(button), type="submit")
        + "</form>"
    )


def _span_html(minutes: int, say: Words) -> str:
    checked = " checked" if minutes == USUAL_SPAN else ""
    words = say.duration(minutes * 60) if minutes else say("ack.until_over")
    return (
        f'<label><input type="radio" name="minutes" value="{minutes}"{checked}> '
        f"{text(words)}</label>"
    )


def _document(body: str, head: str, language: str) -> str:
    lang = "zh-CN" if language == "zh" else "en"
    style = (
        f":root{{{variables(LIGHT)}--dp-fonts:{FONTS};color-scheme:light dark}}"
        f"@media (prefers-color-scheme:dark){{:root{{{variables(DARK)}}}}}{_STYLE}"
    )
    return (
        f'<!DOCTYPE html>\n<html lang="{lang}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<meta name="robots" content="noindex"><meta name="referrer" content="no-referrer">'
        f"<title>{text(head)}</title><style>{style}</style></head>"
        f"<body><main>{body}</main></body></html>\n"
    )
