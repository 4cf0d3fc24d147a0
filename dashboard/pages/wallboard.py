"""The wallboard: one quick fragment for all figures, one slow fragment for the charts."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache

import streamlit as st

from alerts.alert import Severity, Status
from connectors.errors import StoreError
from dashboard import charts, frames
from dashboard.board import Board
from dashboard.data import feed
from dashboard.notices import empty_html, error_html
from dashboard.session import current_view
from dashboard.strip import strip_html
from dashboard.table import table_html
from dashboard.tiles import shop_html, tiles_html
from dashboard.titles import title_html
from dashboard.view import View
from dashboard.watchdog import watchdog
from dashboard.words import Language, words

CHARTS_EVERY_S = 30.0


def show() -> None:
    view = current_view()
    with st.container(key="dp_board"):
        st.fragment(_figures, run_every=view.refresh_s)(view)
        with st.container(key="dp_side"):
            st.fragment(_charts, run_every=CHARTS_EVERY_S)(view)


def _figures(view: View) -> None:
    now = datetime.now(UTC)
    critical: list[str] = []
    try:
        board = feed().board(now)
        html, critical = board_html(board, view.language), unattended(board)
    except StoreError as error:
        html = error_html(str(error), words(view.language))
    st.html(html)
    watchdog(feed().pulse(now), view, now=now.astimezone(feed().zone), critical=critical)


def unattended(board: Board) -> list[str]:
    """Critical alerts that nobody is on: a new one among them rings."""
    return [
        f"{one.fingerprint}-{one.episode}"
        for one in board.alerts
        if one.severity is Severity.CRITICAL and one.status is Status.FIRING
    ]


@lru_cache(maxsize=4)  # a board is the same for all viewers of a language
def board_html(board: Board, language: Language) -> str:
    say = words(language)
    if not board.synced:
        return strip_html(board, say) + empty_html(board.sources, say)
    as_of = board.as_of.astimezone(board.zone) if board.as_of else None
    # A shop without a help desk has no queue to look at: its orders take the first row.
    shop_only = bool(board.shop) and not board.rows
    inner = (
        strip_html(board, say)
        + tiles_html(board.shop if shop_only else board.tiles, say, as_of=as_of)
        + table_html(board, say)
        + ("" if shop_only else shop_html(board.shop, say, as_of=as_of))
    )
    return f'<div class="dp-board">{inner}</div>'


def _charts(view: View) -> None:
    try:
        trends = feed().trends(datetime.now(UTC))
    except StoreError:
        return  # the figures' fragment says it
    drawn = {
        "volume": frames.volume_frame(trends),
        "response": frames.response_frame(trends, view.language),
        "satisfaction": frames.satisfaction_frame(trends, view.language),
    }
    for name, frame in drawn.items():
        st.html(title_html(name, trends, words(view.language)))
        if trends.is_empty(name):
            st.html('<div class="dp-nochart"></div>')
            continue
        st.vega_lite_chart(
            frame,
            charts.SPECS[name, view.language],
            key=f"dp_{name}",
            theme=None,
            height="stretch",
        )
