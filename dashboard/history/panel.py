"""One section of a history page: heading, what to read off it, downloads, and a chart whose marks
open the contacts behind them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import groupby, islice

import pandas as pd
import streamlit as st

from dashboard.charts import Spec
from dashboard.history.asked import Asked
from dashboard.history.charts import PICK
from dashboard.history.drill import Pick
from dashboard.history.export import CSV_TYPE, XLSX_TYPE, Sheet, csv_bytes, xlsx_bytes
from dashboard.history.url import go
from dashboard.markup import tag, text

_ROUND = "h_round"  # counts closed lists: charts drawn anew forget their selection


@dataclass(frozen=True, slots=True)
class Panel:
    """`name` is unique on its page. The frame's column `pick`, if it has one, leads to contacts."""

    name: str
    title: str
    note: str
    spec: Spec
    frame: pd.DataFrame
    sheet: Sheet
    height: int = 280
    wide: bool = True  # narrow ones stand side by side, two to a line


def draw(panel: Panel, asked: Asked) -> None:
    with st.container(key=f"h_panel_{panel.name}"):
        heading(panel.title, panel.note)
        downloads(panel.name, panel.sheet, asked)
        key = f"h_chart_{panel.name}_{st.session_state.get(_ROUND, 0)}"
        st.vega_lite_chart(
            panel.frame,
            panel.spec,
            key=key,
            theme=None,
            height=panel.height,
            on_select=partial(_picked, key),
            selection_mode=[PICK],
        )


def draw_all(panels: Iterable[Panel], asked: Asked) -> None:
    """Panels in their order; on a phone all are one below the other."""
    for wide, group in groupby(panels, key=lambda one: one.wide):
        for line in _lines(group, 1 if wide else 2):
            places = [st.container()] if wide else st.columns(2, gap="large")
            for place, one in zip(places, line, strict=False):
                with place:
                    draw(one, asked)


def _lines(panels: Iterable[Panel], size: int) -> Iterator[list[Panel]]:
    """Lists of `size`, the last may be shorter."""
    rest = iter(panels)
    while part := list(islice(rest, size)):
        yield part


def heading(title: str, note: str = "") -> None:
    said = tag("p", text(note), class_="dp-page-note") if note else ""
    st.html(tag("div", tag("h2", text(title)) + said, class_="dp-panel-title"))


def downloads(name: str, sheet: Sheet, asked: Asked) -> None:
    """The files are made when somebody asks for one."""
    kinds = (("csv", csv_bytes, CSV_TYPE), ("xlsx", xlsx_bytes, XLSX_TYPE))
    with st.container(key=f"h_files_{name}", horizontal=True, horizontal_alignment="right"):
        for ending, made, kind in kinds:
            st.download_button(
                asked.say(f"sheet.{ending}"),
                partial(made, sheet),
                f"{sheet.name}.{ending}",
                kind,
                key=f"h_{ending}_{name}",
                on_click="ignore",
                type="tertiary",
                icon=":material/download:",
            )


def open_list(pick: Pick) -> None:
    """As if the mark had been clicked. A callback."""
    go(behind=pick.text())


def close_list() -> None:
    """A callback: the URL forgets the mark, and so do the charts."""
    st.session_state[_ROUND] = st.session_state.get(_ROUND, 0) + 1
    go(behind=None)


def _picked(key: str) -> None:
    chosen = st.session_state[key]["selection"].get(PICK, [])
    picks = [one["pick"] for one in chosen if one.get("pick")]
    if picks:
        go(behind=picks[0])
