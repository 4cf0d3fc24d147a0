"""Worklist: the orders about to complain, ranked by expected harm; who does what about them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import cache

import streamlit as st

from dashboard.data import feed
from dashboard.history import panel
from dashboard.history.export import CSV_TYPE, XLSX_TYPE, csv_bytes, xlsx_bytes
from dashboard.lists import note_html, title_html
from dashboard.markup import tag, text
from dashboard.risk import worklist_words as said
from dashboard.risk.asked import FILTERS, NOBODY, STATES, WorklistAsked, chosen, read_asked
from dashboard.risk.editing import SAVED, order_dialog
from dashboard.risk.frame import forget, show_risk
from dashboard.risk.load import Worklist, load_worklist
from dashboard.theme import ASSETS
from dashboard.words import Words
from forecasting.risk.capacity import STEPS
from forecasting.risk.moments import MOMENTS
from forecasting.risk.segments import SEGMENTS
from forecasting.risk.worklist import Item, ranked

_LIST, _ACTIONS, _WEIGHT, _ALL = "wl_list", "wl_actions", "wl_value", "wl_all"


def show() -> None:
    if st.session_state.get(SAVED):
        forget("worklist")
    show_risk("worklist", load_worklist, draw)


def draw(found: Worklist, say: Words, now: datetime) -> None:
    asked = read_asked({name: st.query_params.get_all(name) for name in st.query_params})
    there = [one for one in found.items if one.open or asked.all]
    st.html(title_html(say("worklist.title"), said.sentence(found, there, say, now)))
    if found.card is None:
        st.html(note_html(say("worklist.no_model_why")))
        return
    st.html("".join(note_html(line) for line in said.notes(found, say)))
    _saved(say)
    _figures(found, asked, say)
    _controls(found, asked, say)
    shown = ranked(chosen(there, asked, now), asked.weight / 100)
    _files(shown, say, now)
    if not shown:
        st.html(note_html(say("worklist.nothing" if there else "worklist.nothing_listed")))
    drawn = said.Shown(say, feed().zone, now, asked.order)
    html = said.cards_html(shown, drawn)
    _component()(key=_LIST, data={"html": html}, on_pick_change=_picked)
    if len(shown) > said.SHOWN:
        more = {"shown": say.count(said.SHOWN), "all": say.count(len(shown))}
        st.html(note_html(say("worklist.more", **more)))
    _open(found, asked, say)


def _controls(found: Worklist, asked: WorklistAsked, say: Words) -> None:
    options: dict[str, list[str]] = {
        "status": list(STATES),
        "owner": sorted({one.owner or NOBODY for one in found.items}),
        "segment": [s for s in SEGMENTS if any(one.segment == s for one in found.items)],
        "moment": [m for m in MOMENTS if any(one.moment == m for one in found.items)],
        "seller": sorted({one.seller for one in found.items if one.seller}),
    }
    with st.container(key="dp_filters", horizontal=True, vertical_alignment="bottom"):
        for name in FILTERS:
            values = [*options[name], *(v for v in asked.filters[name] if v not in options[name])]
            if len(values) < 2 and not asked.filters[name]:
                continue
            st.session_state[f"wl_{name}"] = list(asked.filters[name])
            st.multiselect(
                say(f"worklist.head.{name}"), values, key=f"wl_{name}", width=165,
                format_func=_shown(name, say), placeholder=say("history.filter_all"),
                on_change=_filtered, args=(name,),
            )  # fmt: skip
        st.session_state[_WEIGHT] = asked.weight
        st.slider(say("worklist.weight"), 0, 100, step=10, key=_WEIGHT, format="%d%%", width=200,
                  help=say("worklist.weight_why"), on_change=_weighed)  # fmt: skip
        st.session_state[_ALL] = asked.all
        st.toggle(say("worklist.all"), key=_ALL, on_change=_all)


def _figures(found: Worklist, asked: WorklistAsked, say: Words) -> None:
    """What the team's capacity reaches, and what acting has brought so far."""
    left, right = st.columns(2, gap="large")
    with left, st.container(key="h_panel_capacity"):
        panel.heading(say("worklist.capacity_title"))
        steps = [p.per_day for p in found.capacity.points] if found.capacity else list(STEPS)
        wanted = asked.actions or feed().settings.risk.capacity
        now = max((s for s in steps if s <= wanted), default=steps[0])
        if len(steps) > 1:
            st.session_state[_ACTIONS] = now
            st.select_slider(say("worklist.actions"), steps, key=_ACTIONS, on_change=_act)
        st.html(tag("p", text(said.capacity_said(found.capacity, now, say)), class_="dp-finding"))
    with right, st.container(key="h_panel_effect"):
        panel.heading(say("effect.title"), say("effect.how"))
        st.html(tag("p", text(said.effect_said(found.effect, say)), class_="dp-finding",
                    data_enough=str(found.effect.enough).lower()))  # fmt: skip


def _files(shown: list[said.Ranked], say: Words, now: datetime) -> None:
    sheet = said.sheet(shown, say, zone=feed().zone, now=now)
    with st.container(key="wl_files", horizontal=True, horizontal_alignment="right"):
        for ending, made, kind in (("csv", csv_bytes, CSV_TYPE), ("xlsx", xlsx_bytes, XLSX_TYPE)):
            st.download_button(
                say(f"sheet.{ending}"), lambda made=made: made(sheet),  # type: ignore[misc]
                f"{sheet.name}.{ending}", kind, key=f"wl_{ending}", on_click="ignore",
                type="tertiary", icon=":material/download:",
            )  # fmt: skip


def _open(found: Worklist, asked: WorklistAsked, say: Words) -> None:
    if asked.order is None:
        return
    one: Item | None = next((i for i in found.items if said.key_of(i) == asked.order), None)
    if one is None:
        st.html(note_html(say("worklist.gone"), warning=True))
    else:
        order_dialog(one, say, _closed)


def _saved(say: Words) -> None:
    ref = st.session_state.pop(SAVED, None)
    if ref:
        st.toast(say("worklist.saved", order=ref))


def _shown(name: str, say: Words) -> Callable[[str], str]:
    def shown(value: str) -> str:
        if name == "owner":
            return say("worklist.nobody") if value == NOBODY else value
        return value if name == "seller" else say(f"{name}.{value}")

    return shown


@cache
def _component() -> Callable[..., object]:
    return st.components.v2.component(
        "deskpulse.worklist",
        html='<div class="dp-scroll"></div>',
        css=(ASSETS / "worklist.css").read_text(encoding="utf-8"),
        js=(ASSETS / "scorecard.js").read_text(encoding="utf-8"),
        isolate_styles=False,
    )


def _go(name: str, *values: str) -> None:
    if values:
        st.query_params[name] = list(values)
    else:
        st.query_params.pop(name, None)


def _picked() -> None:
    _go("order", st.session_state[_LIST].pick)


def _closed() -> None:
    _go("order")


def _filtered(name: str) -> None:
    _go(name, *(str(one) for one in st.session_state[f"wl_{name}"]))


def _weighed() -> None:
    weight = st.session_state[_WEIGHT]
    _go("value", *([] if weight == 100 else [str(weight)]))


def _act() -> None:
    _go("actions", str(st.session_state[_ACTIONS]))


def _all() -> None:
    _go("all", *(["1"] if st.session_state[_ALL] else []))
