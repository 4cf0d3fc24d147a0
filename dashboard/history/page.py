"""The shared frame of the history pages: URL, controls, loading, title, notices, and the list
behind a mark. A page gives a HistoryPage; what it shows is its own."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Generic, Protocol, TypeVar

import streamlit as st

from connectors.errors import StoreError
from dashboard.data import feed
from dashboard.history.asked import Asked, read_asked
from dashboard.history.behind_list import behind_dialog
from dashboard.history.controls import controls
from dashboard.history.known import Known
from dashboard.history.period import preset
from dashboard.history.url import current_query
from dashboard.lists import note_html, title_html
from dashboard.notices import empty_html, error_html
from dashboard.session import current_view
from dashboard.view import View
from dashboard.watchdog import watchdog
from dashboard.words import Words, words
from metrics.errors import BadWindow, MetricsError, NothingSynced, UnknownKpi, UnknownLabel
from metrics.reading import Reader


class Answered(Protocol):
    """What a page loads says of when it is."""

    @property
    def as_of(self) -> datetime: ...


T = TypeVar("T", bound=Answered)
RETRY_S = 5.0
LONG = "90d"  # what a page without a period of its own leads to


@dataclass(frozen=True, slots=True)
class HistoryPage(Generic[T]):
    """A page of the past.

    kpis: the keys of its headline figures; ?kpi= chooses among them, the first is usual. load: pure
    given the reader, without language, and cached. sentence: what stands out. more: KPIs that only
    marks lead to.
    """

    name: str  # in the URL, and the section of the catalogue that holds its `title`
    kpis: tuple[str, ...]
    load: Callable[[Reader, Asked], T]
    sentence: Callable[[T, Words], str]
    draw: Callable[[T, Asked, Known], None]
    more: tuple[str, ...] = ()
    timed: bool = True  # whether period and comparison are the viewer's choice


def show_page(page: HistoryPage[T]) -> None:
    """Draw a history page for the viewer in front of it."""
    view, now = current_view(), datetime.now(UTC)
    say = words(view.language)
    with st.container(key="dp_page"):
        st.fragment(_watch, run_every=max(2.0, view.refresh_s))(view)
        title = st.container()
        name = say(f"{page.name}.title")
        try:
            known = feed().known(now)
            asked = _asked(page, known, view, now)
            controls(asked, known, timed=page.timed)
            _notices(asked)
            answer = _loaded(page, asked, now)
        except (StoreError, MetricsError) as error:
            title.html(title_html(name, ""))
            _failed(error, say, now)
            return
        title.html(
            title_html(name, page.sentence(answer, say))
            + note_html(_validity(asked, answer.as_of, timed=page.timed))
        )
        page.draw(answer, asked, known)
        if asked.pick is not None:
            behind_dialog(asked, asked.pick, known)


def _failed(error: StoreError | MetricsError, say: Words, now: datetime) -> None:
    """What went wrong and what to do; the page comes back by itself when the store does."""
    if isinstance(error, UnknownKpi | UnknownLabel | BadWindow):
        st.html(note_html(say("history.refused", error=str(error)), warning=True))
        return
    if isinstance(error, NothingSynced):
        st.html(empty_html(feed().board(now).sources, say))
    else:
        st.html(error_html(str(error), say))
    st.fragment(_retry, run_every=RETRY_S)()


def _retry() -> None:
    now = datetime.now(UTC)
    with suppress(StoreError, NothingSynced):
        if feed().board(now).synced:
            feed().known(now)
            st.rerun()


def _asked(page: HistoryPage[T], known: Known, view: View, now: datetime) -> Asked:
    kpis = [key for key in page.kpis if key in feed().kpis]
    if not kpis:
        raise UnknownKpi(words(view.language)("history.unknown_page"))
    asked = read_asked(
        page.name,
        current_query(),
        kpis=kpis,
        more=page.more,
        known=known.labels,
        language=view.language,
        now=now.astimezone(feed().zone),
    )
    return asked if page.timed else replace(asked, period=preset(LONG, asked.now), before=None)


def _loaded(page: HistoryPage[T], asked: Asked, now: datetime) -> T:
    def load(_now: datetime) -> T:
        with feed().reading() as reader:
            return page.load(reader, asked)

    with st.spinner(asked.say("history.loading", days=asked.period.days)):
        return feed().answers.get(asked.key, load, now)


def _notices(asked: Asked) -> None:
    for problem in asked.problems:
        st.html(note_html(asked.say(problem.key, **dict(problem.values)), warning=True))


def _validity(asked: Asked, as_of: datetime, *, timed: bool) -> str:
    """Which days the figures are of, until when they are known, and what they are compared with."""
    say = asked.say
    time = say.moment(as_of.astimezone(asked.zone))
    if not timed:
        return say("history.as_of", time=time)
    parts = [say("history.until_today", span=asked.period_said(), time=time)]
    if asked.before is not None:
        parts.append(say("history.compared", span=asked.period_said(asked.before)))
    return " · ".join(parts)


def _watch(view: View) -> None:
    now = datetime.now(UTC)
    watchdog(feed().pulse(now), view, now=now.astimezone(feed().zone))
