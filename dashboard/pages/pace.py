"""Pace: the shares that marketplaces look at over rolling windows, what they still allow today, and
what it takes to get back to the line."""

from __future__ import annotations

from functools import partial

import streamlit as st

from dashboard.data import feed
from dashboard.history import panel
from dashboard.history.asked import Asked
from dashboard.history.controls import kpi_choice
from dashboard.history.known import Known
from dashboard.history.pace_cards import Paces, cards_html, sentence
from dashboard.history.pace_chart import pace_panel
from dashboard.history.page import HistoryPage, show_page
from dashboard.history.tiles import Headline
from dashboard.lists import note_html, title_html
from dashboard.session import current_view
from dashboard.words import words
from metrics.pacing import pace, paced
from metrics.reading import Reader
from metrics.rows import KpiRow


def show() -> None:
    keys = paced(feed().kpis)
    if keys:
        loader = partial(load, keys=keys, targets=feed().settings.pace.targets)
        show_page(HistoryPage("pace", keys, loader, sentence, draw, timed=False))
        return
    say = words(current_view().language)
    with st.container(key="dp_page"):
        st.html(title_html(say("pace.title"), say("pace.no_packs")) + note_html(say("pace.how")))


def load(
    reader: Reader, asked: Asked, *, keys: tuple[str, ...], targets: dict[str, float]
) -> Paces:
    found = [pace(reader, key, target=targets.get(key), where=asked.where) for key in keys]
    return Paces(reader.as_of, reader.as_of.astimezone(reader.zone).date(), tuple(found))


def draw(found: Paces, asked: Asked, known: Known) -> None:  # noqa: ARG001 - as all pages
    st.html(cards_html(found, asked.say, chosen=asked.kpi))
    nothing = KpiRow(None, None, (), 0, None)  # the cards have the figures
    kpi_choice(asked, [Headline(one.kpi, nothing, None) for one in found.all])
    shown = found.find(asked.kpi)
    if shown is None or all(one.share is None for one in shown.past):
        st.html(note_html(asked.say("pace.no_chart")))
    else:
        panel.draw(pace_panel(shown, asked, found.as_of), asked)
