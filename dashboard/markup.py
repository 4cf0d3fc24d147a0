"""Small pieces of HTML that several parts of the board share. Every text is escaped here.

st.html sanitises what it shows and drops SVG, so a sparkline is a CSS mask with an SVG inside.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import escape
from urllib.parse import quote

from dashboard.board import State
from dashboard.words import UNKNOWN, Figure, Words

# Each state has a shape beside its colour, for colour-blind readers and grey printouts.
SHAPES = {State.CALM: "", State.UNKNOWN: "", State.WATCH: "▲", State.BREACH: "■"}
_FIRST_WIDE = 0x2E7F  # from here on characters are as wide as they are high
_COMMAND = re.compile("`([^`]+)`")
_SPARK_WIDTH, _SPARK_HEIGHT = 100, 30


def tag(name: str, content: str = "", **attributes: str | None) -> str:
    """An element; content is HTML, attribute values are text (`class_`, `data_value` and so on)."""
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(value, quote=True)}"'
        for key, value in attributes.items()
        if value is not None
    )
    return f"<{name}{written}>{content}</{name}>"


def text(value: str) -> str:
    return escape(value, quote=True)


def sentence(value: str) -> str:
    """Text in which `commands` stand between backticks, as errors write them."""
    return _COMMAND.sub(r"<code>\1</code>", text(value))


def raw(value: float | None) -> str:
    """The value of a data attribute: shortest exact number, empty when unknown."""
    if value is None:
        return ""
    return str(int(value)) if float(value).is_integer() else repr(round(float(value), 6))


def figure(figures: Iterable[Figure]) -> str:
    """A big figure with small units; the unknown one when there are none."""
    parts = [
        tag("b", text(part.digits)) + (tag("small", text(part.unit)) if part.unit else "")
        for part in figures
    ]
    return "".join(parts) or tag("b", UNKNOWN, class_="dp-unknown")


def mark(state: State, words: Words) -> str:
    """Shape and word of a state; nothing while all is well."""
    shape = SHAPES[state]
    if not shape:
        return ""
    word = words(f"state.{state.name}")
    return tag("i", shape, class_="dp-mark", role="img", aria_label=word, title=word)


def state_class(name: str, state: State) -> str:
    return f"{name} dp-{state.name.lower()}"


def cells(value: str) -> int:
    """Width of a text where a Chinese character takes two cells."""
    return sum(2 if ord(char) > _FIRST_WIDE else 1 for char in value)


def shorten(value: str, most: int) -> str:
    """Cut to a width in cells, and say so with an ellipsis."""
    if cells(value) <= most:
        return value
    kept = value
    while kept and cells(kept) > most - 1:
        kept = kept[:-1]
    return kept.rstrip() + "…"


def sparkline(values: Sequence[float | None]) -> str:
    """A thin line over zero of the last values; gaps stay gaps. Empty when there is no line."""
    known = [value for value in values if value is not None]
    if len(known) < 2:
        return ""
    top = max(known) or 1.0
    step = _SPARK_WIDTH / (len(values) - 1)
    path, pen = "", "M"
    for at, value in enumerate(values):
        if value is None:
            pen = "M"
            continue
        y = _SPARK_HEIGHT - 2 - value / top * (_SPARK_HEIGHT - 4)
        path += f"{pen}{at * step:.1f} {y:.1f}"
        pen = "L"
    svg = (
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {_SPARK_WIDTH} {_SPARK_HEIGHT}' "
        f"preserveAspectRatio='none'><path d='{path}' fill='none' stroke='#000' stroke-width='2' "
        "stroke-linejoin='round' vector-effect='non-scaling-stroke'/></svg>"
    )
    return tag("div", class_="dp-spark", style=f'--line:url("data:image/svg+xml,{quote(svg)}")')
