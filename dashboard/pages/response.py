"""Response: how fast people answer, over days, hours, queues and agents, and who waited."""

from __future__ import annotations

import streamlit as st

from dashboard.history import panel
from dashboard.history.asked import Asked
from dashboard.history.controls import kpi_choice, state
from dashboard.history.known import Known
from dashboard.history.page import HistoryPage, show_page
from dashboard.history.panels import panels_of
from dashboard.history.standout import sentence
from dashboard.history.study import Answer, answer
from dashboard.history.tiles import tiles_html
from metrics.reading import Reader

KPIS = ("first_response", "service_level", "asa", "reply_time", "abandonment")


def show() -> None:
    show_page(HistoryPage("response", KPIS, load, sentence, draw))


def load(reader: Reader, asked: Asked) -> Answer:
    return answer(reader, asked, KPIS)


def draw(found: Answer, asked: Asked, known: Known) -> None:
    st.html(tiles_html(found.headlines, asked.say, chosen=asked.kpi))
    kpi_choice(asked, found.headlines)
    state(found, asked)
    panel.draw_all(panels_of(found, asked, known), asked)
