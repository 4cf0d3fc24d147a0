"""Agents: what each did in the period, and who differs clearly from what their queues explain."""

from __future__ import annotations

import streamlit as st

from dashboard.agents import table
from dashboard.agents.comparison import comparison_panel
from dashboard.agents.files import scorecard_sheet
from dashboard.agents.load import COMPARED, HANDLED, load
from dashboard.agents.scorecard import Scorecard
from dashboard.agents.standout import sentence
from dashboard.history import panel
from dashboard.history.asked import Asked
from dashboard.history.controls import kpi_choice, state
from dashboard.history.definition import definition_html
from dashboard.history.known import Known
from dashboard.history.page import HistoryPage, show_page
from dashboard.lists import note_html
from dashboard.markup import tag, text
from metrics.explain import explain
from metrics.fairness import ENOUGH

KPIS = COMPARED


def show() -> None:
    show_page(HistoryPage("agents", KPIS, load, sentence, draw, more=(HANDLED,)))


def draw(found: Scorecard, asked: Asked, known: Known) -> None:
    if found.agents:
        _scorecard(found, asked, known)
    kpi_choice(asked, found.answer.headlines)
    state(found.answer, asked)
    if any(one.id in found.chosen.fair for one in found.agents):
        panel.draw(comparison_panel(found, asked, known), asked)


def _scorecard(found: Scorecard, asked: Asked, known: Known) -> None:
    say = asked.say
    with st.container(key="h_panel_scorecard"):
        panel.heading(say("agents.scorecard"), say("agents.legend", n=ENOUGH))
        st.html(tag("p", tag("b", text(say("agents.important")))))
        panel.downloads("scorecard", scorecard_sheet(found, asked, known), asked)
        table.draw(found, known, say)
        for note in _left_out(found, asked):
            st.html(note_html(note))
        st.html(_definitions(found, asked))


def _left_out(found: Scorecard, asked: Asked) -> list[str]:
    """How many rows are not shown, and which figures nobody has, with the reason."""
    say = asked.say
    notes = []
    if len(found.agents) > table.SHOWN:
        notes.append(say("agents.more", n=table.SHOWN, total=say.count(len(found.agents))))
    empty = [one for one in (*found.columns, *found.times) if not one.rows]
    if empty:
        names = say("agents.and").join(table.column_said(found, one.key, say) for one in empty)
        reasons = dict.fromkeys(why for one in empty if (why := one.head.why(say)))
        notes.append(say("agents.not_known", names=names) + " " + " ".join(reasons))
    return notes


def _definitions(found: Scorecard, asked: Asked) -> str:
    say = asked.say
    shown = [*([found.handled] if found.handled else []), *found.columns, *found.times]
    parts = [
        tag("span", text(table.column_said(found, one.key, say))
            + definition_html(explain(one.head.kpi, asked.language), say))
        for one in shown
    ]  # fmt: skip
    return tag("div", "".join(parts), class_="dp-definitions")
