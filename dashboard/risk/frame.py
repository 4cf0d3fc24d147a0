"""What both pages of complaint risk share: loading from the shelf, errors, the watchdog."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol, TypeVar

import sqlalchemy as sa
import streamlit as st

from connectors.errors import StoreError
from dashboard.data import feed
from dashboard.history.load import Shelf
from dashboard.notices import error_html
from dashboard.session import current_view
from dashboard.view import View
from dashboard.watchdog import watchdog
from dashboard.words import Words, words
from forecasting.risk.settings import RiskSettings

T = TypeVar("T")
_SHELF = Shelf(ttl=timedelta(seconds=10), most=8)


class Load(Protocol[T]):  # type: ignore[misc]
    def __call__(self, connection: sa.Connection, settings: RiskSettings, now: datetime) -> T: ...


def show_risk(name: str, load: Load[T], draw: Callable[[T, Words, datetime], None]) -> None:
    """Draw a page of what `load` reads; it is read again at most every ten seconds."""
    view, now = current_view(), datetime.now(UTC)
    say = words(view.language)
    with st.container(key="dp_page"):
        st.fragment(_watch, run_every=max(2.0, view.refresh_s))(view)
        try:
            found = _SHELF.get((name, feed().settings.store_url), _loader(load), now)
        except StoreError as error:
            st.html(error_html(str(error), say))
            return
        draw(found, say, now)


def forget(name: str) -> None:
    """After a change: the next look reads the store again."""
    _SHELF.forget((name, feed().settings.store_url))


def _loader(load: Load[T]) -> Callable[[datetime], T]:
    def read(now: datetime) -> T:
        with feed().reading() as reader:
            return load(reader.connection, feed().settings.risk, now)

    return read


def _watch(view: View) -> None:
    now = datetime.now(UTC)
    watchdog(feed().pulse(now), view, now=now.astimezone(feed().zone))
