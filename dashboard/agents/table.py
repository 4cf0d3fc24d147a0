"""The scorecard as a table whose heads sort and whose cells open the contacts behind them.

HTML of lines of cells.py; assets/scorecard.js only says what was clicked, the URL keeps it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache

import streamlit as st

from dashboard.agents import cells
from dashboard.agents.cells import MARKS, Cell, Line
from dashboard.agents.scorecard import Scorecard
from dashboard.history.known import Known
from dashboard.history.url import go
from dashboard.markup import tag, text
from dashboard.theme import ASSETS
from dashboard.words import Words

SHOWN = 50
SORT = "sort"  # in the URL
_KEY = "h_scorecard"
_TEXTS = (cells.NAME, cells.TEAM)


def scorecard_html(card: Scorecard, known: Known, say: Words, *, by: str = "") -> str:
    """At most SHOWN agents, everybody together above them."""
    names = cells.fields(card)
    found = cells.ordered(card, cells.lines(card, known, say), by)[:SHOWN]
    head = tag("tr", "".join(_head(card, name, by, say) for name in names))
    body = _row(cells.everybody(card, say), names, class_="dp-everybody")
    body += "".join(_row(line, names) for line in found)
    return tag("table", tag("thead", head) + tag("tbody", body), class_="dp-scorecard")


def draw(card: Scorecard, known: Known, say: Words) -> None:
    by = st.query_params.get(SORT, "")
    _component()(
        key=_KEY,
        data={"html": scorecard_html(card, known, say, by=by)},
        on_pick_change=_picked,
        on_sort_change=_sorted,
    )


def column_said(card: Scorecard, name: str, say: Words) -> str:
    """The head of a column: short words for the usual ones, else the KPI's own."""
    if say.has(f"agents.column.{name}"):
        return say(f"agents.column.{name}")
    every = (*card.columns, *card.times, *([card.handled] if card.handled else []))
    return next(one.head.kpi.title(say.language) for one in every if one.key == name)


def _head(card: Scorecard, name: str, by: str, say: Words) -> str:
    """A button: the first click puts the best on top, the next one turns the order round."""
    chosen, turned = by.removeprefix("-") == name, by.startswith("-")
    first_high = cells.descends(card, name) != turned
    arrow = tag("i", "↓" if first_high else "↑", aria_hidden="true") if chosen else ""
    wish = f"-{name}" if chosen and not turned else name
    words = tag("span", text(column_said(card, name, say)))
    button = tag("button", words + arrow, type="button", data_sort=wish, title=say("agents.sort"))
    order = ("descending" if first_high else "ascending") if chosen else None
    return tag("th", button, scope="col", aria_sort=order, class_=_side(name))


def _row(line: Line, names: Sequence[str], class_: str | None = None) -> str:
    parts = [
        _cell(cell, name, head=number == 0)
        for number, (name, cell) in enumerate(zip(names, line.cells, strict=True))
    ]
    return tag("tr", "".join(parts), class_=class_)


def _cell(cell: Cell, name: str, *, head: bool) -> str:
    mark = ""
    if cell.standing is not None:
        mark = tag("i", MARKS[cell.standing], class_=f"dp-{cell.standing.value}")
    value = mark + tag("span", text(cell.text))
    count = tag("small", text(cell.n)) if cell.n else ""
    inner = value + count
    if cell.pick:
        inner = tag("button", inner, type="button", data_pick=cell.pick, title=cell.why or None)
    elif cell.why:
        inner = tag("span", inner, title=cell.why)
    classes = " ".join(one for one in (_side(name), "dp-thin" if cell.thin else "") if one)
    return tag("th" if head else "td", inner, scope="row" if head else None, class_=classes or None)


def _side(name: str) -> str | None:
    return "dp-words" if name in _TEXTS else None


@cache
def _component() -> Callable[..., object]:
    return st.components.v2.component(
        "deskpulse.scorecard",
        html='<div class="dp-scroll" tabindex="0"></div>',
        css=(ASSETS / "scorecard.css").read_text(encoding="utf-8"),
        js=(ASSETS / "scorecard.js").read_text(encoding="utf-8"),
        isolate_styles=False,
    )


def _picked() -> None:
    go(behind=st.session_state[_KEY].pick)


def _sorted() -> None:
    go(**{SORT: st.session_state[_KEY].sort})
