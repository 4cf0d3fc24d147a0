"""The list of contacts behind a mark, in a dialog over its page: the URL opens and closes it."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import cast

import streamlit as st

from connectors.errors import StoreError
from dashboard.data import feed
from dashboard.history import behind, sheets
from dashboard.history.asked import Asked
from dashboard.history.behind import Listing
from dashboard.history.drill import Pick
from dashboard.history.known import Known
from dashboard.history.panel import close_list, downloads
from dashboard.lists import list_html, note_html
from metrics.behind import Order
from metrics.errors import MetricsError
from metrics.kpi import Kpi

_ORDERS = ("worst", "newest")


def behind_dialog(asked: Asked, pick: Pick, known: Known) -> None:
    kpi = feed().kpis.find(pick.kpi)
    title = asked.say("behind.title_one", name=kpi.title(asked.language))
    box = st.dialog(title, width="large", on_dismiss=close_list)
    box(partial(_body, asked, pick, kpi, known))()


def _body(asked: Asked, pick: Pick, kpi: Kpi, known: Known) -> None:
    say = asked.say
    filters = f" · {asked.filters_said()}" if asked.where.asked else ""
    st.html(note_html(behind.pick_said(pick, kpi.unit, asked, known) + filters))
    chosen = st.segmented_control(
        say("behind.order"),
        _ORDERS,
        default="worst",
        key="h_order",
        format_func=lambda name: say(f"behind.{name}"),
        required=True,
        label_visibility="collapsed",
    )
    try:
        found = _listed(asked, pick, cast("Order", chosen))
    except (StoreError, MetricsError) as error:
        st.html(note_html(say("behind.gone", error=str(error))))
        return
    if not found.rows:
        st.html(note_html(say("behind.none")))
        return
    total = say.count(found.total)
    key = "behind.first" if found.total > len(found.rows) else "behind.all"
    st.html(note_html(say(key, n=say.count(len(found.rows)) if key.endswith("first") else total,
                          total=total)))  # fmt: skip
    _files(asked, kpi, found, known)
    heads = [say(f"behind.{name}") for name in ("ref", "queue", "channel", "agent", "at")]
    heads.append(kpi.title(asked.language))
    st.html(list_html(heads, [behind.cells_of(kpi, row, asked, known) for row in found.rows]))


def _listed(asked: Asked, pick: Pick, order: Order) -> Listing:
    def load(_now: datetime) -> Listing:
        with feed().reading() as reader:
            return behind.listing(reader, asked, pick, order)

    key = ("behind", asked.period, asked.where, pick, order)
    with st.spinner(asked.say("history.loading", days=asked.period.days)):
        return feed().answers.get(key, load, datetime.now(UTC))


def _files(asked: Asked, kpi: Kpi, found: Listing, known: Known) -> None:
    table = sheets.behind_table(kpi, found.rows, known, asked)
    sheet = sheets.listing_sheet(asked, kpi, table, total=found.total)
    downloads("behind", sheet, asked)
