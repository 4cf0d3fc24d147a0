"""Pieces that the planning pages share: tiles, files, the page's frame, writing to the store."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypeVar

import streamlit as st

from connectors.errors import StoreError
from dashboard.charts import Spec
from dashboard.data import feed
from dashboard.history.export import CSV_TYPE, XLSX_TYPE, Sheet, csv_bytes, xlsx_bytes
from dashboard.history.panel import heading
from dashboard.lists import title_html
from dashboard.markup import figure, raw, tag, text
from dashboard.notices import empty_html, error_html
from dashboard.session import current_view
from dashboard.view import View
from dashboard.watchdog import watchdog
from dashboard.words import UNKNOWN, Figure, Words, words

T = TypeVar("T")
RETRY_S = 5.0


@dataclass(frozen=True, slots=True)
class Fact:
    """A tile. `value` None: not known, `notes` say why. `about`: its definition, one click away."""

    key: str
    title: str
    value: float | None
    said: tuple[Figure, ...]
    notes: tuple[str, ...] = ()
    about: str = ""
    bad: bool = False


def facts_html(facts: Sequence[Fact], say: Words) -> str:
    return tag("div", "".join(_fact(one, say) for one in facts), class_="dp-facts")


def _fact(one: Fact, say: Words) -> str:
    about = ""
    if one.about:
        name = say("history.definition")
        summary = tag("summary", "i", title=name, aria_label=f"{one.title}: {name}")
        body = tag("div", tag("b", text(one.title)) + tag("p", text(one.about)))
        about = tag("details", summary + body, class_="dp-definition")
    shown = figure(one.said) if one.value is not None else tag("b", UNKNOWN, class_="dp-unknown")
    sign = tag("span", "■ ", class_="dp-breach") if one.bad else ""
    notes = "".join(tag("p", text(note), class_="dp-note") for note in one.notes if note)
    return tag(
        "section",
        tag("h2", tag("span", text(one.title)) + about)
        + tag("p", sign + shown, class_="dp-fact-figure")
        + tag("div", notes, class_="dp-fact-notes"),
        class_="dp-fact", data_tile=one.key, data_value=raw(one.value),
    )  # fmt: skip


def show(name: str, draw: Callable[[View, Words, datetime, Any], None]) -> None:
    """A planning page: watchdog, errors in words, and what `draw` puts below its title."""
    view, now = current_view(), datetime.now(UTC)
    say = words(view.language)
    with st.container(key="dp_page"):
        st.fragment(_watch, run_every=max(2.0, view.refresh_s))(view)
        title = st.container()
        try:
            if not feed().board(now).synced:
                title.html(title_html(say(f"{name}.title"), ""))
                st.html(empty_html(feed().board(now).sources, say))
                st.fragment(_retry, run_every=RETRY_S)()
                return
            draw(view, say, now, title)
        except StoreError as error:
            title.html(title_html(say(f"{name}.title"), ""))
            st.html(error_html(str(error), say))
            st.fragment(_retry, run_every=RETRY_S)()


def loaded(key: tuple[object, ...], load: Callable[[Any, datetime], T], now: datetime) -> T:
    """What `load` makes of a reader at a moment; shared by all viewers until something is changed.

    The shelf keeps the first viewer's `load` and calls it again later: it takes the moment as it
    is given, never the one it was made at.
    """

    def read(moment: datetime) -> T:
        with feed().reading() as reader:
            return load(reader, moment)

    return feed().answers.get(("plan", feed().changes, *key), read, now)


def panel(  # noqa: PLR0913 - heading, chart, place
    title: str, note: str, frame: Any, drawn: Spec, *, key: str, height: int,
          sheet: Sheet | None = None) -> None:  # fmt: skip
    with st.container(key=f"h_panel_{key}"):
        heading(title, note)
        if sheet is not None:
            files(key, sheet)
        st.vega_lite_chart(frame, drawn, key=f"p_chart_{key}", theme=None, height=height)


def files(key: str, sheet: Sheet, *more: tuple[str, str, str, Callable[[], bytes]]) -> None:
    """Downloads, made when somebody asks for one. `more`: ending, label, type, maker."""
    say = words(current_view().language)
    kinds: list[tuple[str, str, str, Callable[[], bytes]]] = [
        ("csv", say("sheet.csv"), CSV_TYPE, partial(csv_bytes, sheet)),
        ("xlsx", say("sheet.xlsx"), XLSX_TYPE, partial(xlsx_bytes, sheet)), *more,
    ]  # fmt: skip
    with st.container(key=f"h_files_{key}", horizontal=True, horizontal_alignment="right"):
        for ending, label, kind, made in kinds:
            st.download_button(
                label, made, f"{sheet.name}.{ending}", kind, key=f"p_{ending}_{key}",
                on_click="ignore", type="tertiary", icon=":material/download:",
            )  # fmt: skip


def _watch(view: View) -> None:
    now = datetime.now(UTC)
    watchdog(feed().pulse(now), view, now=now.astimezone(feed().zone))


def _retry() -> None:
    with suppress(StoreError):
        if feed().board(datetime.now(UTC)).synced:
            st.rerun()
