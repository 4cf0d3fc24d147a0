"""Satisfaction: what customers say in surveys and reviews, how sure it is, who was unhappy."""

from __future__ import annotations

import streamlit as st

from dashboard.data import feed
from dashboard.history import panel, sheets
from dashboard.history.asked import Asked
from dashboard.history.controls import kpi_choice, state
from dashboard.history.known import Known
from dashboard.history.page import HistoryPage, show_page
from dashboard.lists import note_html
from dashboard.satisfaction.answer import KPIS, MORE, Satisfaction, load
from dashboard.satisfaction.list_parts import lists
from dashboard.satisfaction.panels import panels_of
from dashboard.satisfaction.standout import sentence
from dashboard.satisfaction.tables import figures_table
from dashboard.satisfaction.tiles import tiles_html
from metrics.satisfaction import ENOUGH


def show() -> None:
    more = tuple(key for key in MORE if key in feed().kpis)
    show_page(HistoryPage("satisfaction", KPIS, load, sentence, draw, more))


def draw(found: Satisfaction, asked: Asked, known: Known) -> None:
    with st.container(key="h_panel_figures"):
        st.html(note_html(asked.say("satisfaction.figures_note", n=ENOUGH)))
        st.html(tiles_html(found.figures, asked.say, chosen=asked.kpi))
        title = asked.say("satisfaction.figures")
        sheet = sheets.sheet(
            asked, found.chosen.head, figures_table(found, asked),
            name="figures", title=title, as_of=found.as_of,
        )  # fmt: skip
        panel.downloads("figures", sheet, asked)
    kpi_choice(asked, found.answer.headlines)
    state(found.answer, asked)
    panel.draw_all(panels_of(found, asked, known), asked)
    lists(found, asked, known)
