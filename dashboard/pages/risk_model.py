"""Model card: what scores the orders, on what it was trained, how good it is, and whether it still
is."""

from __future__ import annotations

from datetime import datetime

import streamlit as st

from dashboard.data import feed
from dashboard.history import panel
from dashboard.lists import list_html, note_html, pairs_html, title_html
from dashboard.markup import tag, text
from dashboard.risk import model_words as said
from dashboard.risk.charts import (
    calibration_frame,
    calibration_spec,
    capacity_frame,
    capacity_spec,
)
from dashboard.risk.frame import show_risk
from dashboard.risk.load import ModelPage, load_model_page
from dashboard.risk.worklist_words import capacity_said, effect_said
from dashboard.words import Words
from forecasting.risk.model import MomentModel
from forecasting.risk.store import Card

_MOMENT = "rm_moment"


def show() -> None:
    show_risk("risk_model", load_model_page, draw)


def draw(found: ModelPage, say: Words, _now: datetime) -> None:
    zone = feed().zone
    st.html(title_html(say("model.title"), said.sentence(found, say, zone)))
    card = found.card
    if card is None:
        st.html(note_html(say("worklist.no_model_why")))
        return
    st.html(pairs_html(said.about(card, say, zone)))
    _list("moments", say("model.moments"), said.moments(card, say), say("model.moments_note"))
    one = _moment(card, say)
    if one is not None:
        _proof(one, card, say)
    _watched(found, say)
    with st.container(key="h_panel_effect"):
        panel.heading(say("effect.title"), say("effect.how"))
        st.html(tag("p", text(effect_said(found.effect, say)), class_="dp-finding"))
    _list("models", say("model.models"), said.models(found.cards, say, zone))


def _moment(card: Card, say: Words) -> MomentModel | None:
    """The moment whose figures are shown, in the URL."""
    proven = [one.moment for one in card.model.moments if one.proof]
    if not proven:
        st.html(note_html(say("model.no_proof")))
        return None
    wanted = st.query_params.get("moment", "promise")
    st.session_state[_MOMENT] = wanted if wanted in proven else proven[0]
    st.segmented_control(
        say("worklist.head.moment"), proven, key=_MOMENT, required=True,
        format_func=lambda name: say(f"moment.{name}"), on_change=_chosen,
        label_visibility="collapsed",
    )  # fmt: skip
    return card.model.at(st.session_state[_MOMENT])


def _proof(one: MomentModel, card: Card, say: Words) -> None:
    left, right = st.columns(2, gap="large")
    with left, st.container(key="h_panel_calibration"):
        panel.heading(say("model.calibration"), say("model.calibration_note"))
        st.vega_lite_chart(
            calibration_frame(one.bins, say),
            calibration_spec(say.language, say("model.said"), say("model.seen")),
            theme=None, height=300, key="rm_calibration",
        )  # fmt: skip
    with right, st.container(key="h_panel_capacity"):
        actions, capacity = feed().settings.risk.capacity, card.model.capacity
        panel.heading(say("model.capacity"), capacity_said(capacity, actions, say))
        if capacity is not None:
            st.vega_lite_chart(
                capacity_frame(capacity, actions, say),
                capacity_spec(say.language, say("worklist.actions")),
                theme=None, height=300, key="rm_capacity",
            )  # fmt: skip
    note = say("model.figures_note", n=say.count(one.proof[0].n))
    _list("figures", say("model.figures"), said.figures(one, say), note)


def _watched(found: ModelPage, say: Words) -> None:
    last = said.latest_checks(found)
    note = say("model.watched_note" if last else "model.unwatched_note")
    if last:
        _list("watched", say("model.watched"), said.checks(last, say, feed().zone), note)
        return
    with st.container(key="h_panel_watched"):
        panel.heading(say("model.watched"), note)


def _list(name: str, title: str, table: tuple[list[str], said.Rows], note: str = "") -> None:
    with st.container(key=f"h_panel_{name}"):
        panel.heading(title, note)
        st.html(list_html(*table))


def _chosen() -> None:
    st.query_params["moment"] = st.session_state[_MOMENT]
