"""Delivery: how each receiver fares, what waits, what failed and why, and sending it again."""

from __future__ import annotations

from datetime import UTC, datetime

import streamlit as st

from alerts.render import Wording
from connectors.errors import StoreError
from dashboard.data import feed
from dashboard.lists import note_html, title_html
from dashboard.notices import error_html
from dashboard.outgoing import draw, tables
from dashboard.outgoing.load import load
from dashboard.session import current_view
from dashboard.view import View
from dashboard.watchdog import watchdog
from dashboard.words import words


def show() -> None:
    view = current_view()
    with st.container(key="dp_page"):
        st.fragment(_page, run_every=max(5.0, view.refresh_s))(view)


def _page(view: View) -> None:
    source, now, say = feed(), datetime.now(UTC), words(view.language)
    settings = source.settings
    wording = Wording(view.language, source.zone, settings.alerts.public_url, source.kpis)
    names = [one.name for one in settings.receivers]
    filters = draw.filters_of_url(names)
    try:
        with source.looking() as connection:
            found = load(connection, filters, settings.receivers, now=now)
    except StoreError as error:
        st.html(error_html(str(error), say))
    else:
        st.html(title_html(say("outgoing.title"), tables.sentence(found, say)))
        draw.said(say)
        if not found.places:
            st.html(note_html(say("outgoing.how_to")))
        else:
            draw.choices(filters, names, say)
            draw.dead_letters(found, wording, say)
            draw.channels(found, say, now)
            draw.messages(found, filters, wording, say, now)
    watchdog(source.pulse(now), view, now=now.astimezone(source.zone))
