"""The line of controls of a history page: period, comparison, filters. Each writes the URL.

A widget shows what was asked, so it is set from the URL before it is drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import streamlit as st

from dashboard.history.asked import Asked
from dashboard.history.filters import LABELS
from dashboard.history.known import Known
from dashboard.history.period import CUSTOM, PRESETS
from dashboard.history.study import Answer
from dashboard.history.tiles import Headline
from dashboard.history.url import go
from dashboard.lists import note_html

_PERIOD, _FROM, _UNTIL, _COMPARE, _KPI = "h_period", "h_from", "h_until", "h_compare", "h_kpi"
_FIRST = date(1990, 1, 1)


def controls(asked: Asked, known: Known, *, timed: bool = True) -> None:
    """One line; what there is only one of cannot be chosen. `timed`: with period and comparison."""
    with st.container(key="dp_filters", horizontal=True, vertical_alignment="bottom"):
        if timed:
            _period(asked)
        for name in LABELS:
            _filter(name, asked, known)
        if timed:
            st.session_state[_COMPARE] = asked.before is not None
            st.toggle(asked.say("history.compare"), key=_COMPARE, on_change=_compared)


def kpi_choice(asked: Asked, headlines: Sequence[Headline]) -> None:
    """Which of the page's figures the charts show."""
    titles = {one.kpi.key: one.kpi.title(asked.language) for one in headlines}
    if len(titles) < 2:
        return
    st.session_state[_KPI] = asked.kpi
    st.segmented_control(
        asked.say("history.shown"),
        list(titles),
        key=_KPI,
        format_func=lambda key: titles[key],
        on_change=_kpi_chosen,
        required=True,
        label_visibility="collapsed",
    )


def state(answer: Answer, asked: Asked) -> None:
    """Why the charts below are missing, or what they leave out; nothing when all is well."""
    say, shown = asked.say, answer.study
    why = shown.head.why(say)
    if not shown.head.row.n:
        why = why or say("history.nothing")
    if answer.filled < 1:
        st.html(note_html(say("history.filling", share=say.percent(100 * answer.filled))))
    if why:
        st.html(note_html(why))
    if shown.reach is None or why != say("history.nothing") or asked.where.asked:
        return
    first, last = (moment.date() for moment in shown.reach)
    days = {"first": say.full_day(first), "last": say.full_day(last)}
    st.html(note_html(say("history.span_known", **days)))
    start = max(first, last - timedelta(days=27))
    st.button(say("history.show_span"), on_click=_days, args=(start, last), key="h_reach")


def _period(asked: Asked) -> None:
    say, period = asked.say, asked.period
    st.session_state[_PERIOD] = period.name
    st.selectbox(
        say("history.period"),
        [*PRESETS, CUSTOM],
        key=_PERIOD,
        format_func=lambda name: say(f"period.{name}"),
        on_change=_period_chosen,
        args=(period.first, period.last),
        width=150,
    )
    if period.name != CUSTOM:
        return
    st.session_state[_FROM], st.session_state[_UNTIL] = period.first, period.last
    for key, name in ((_FROM, "from"), (_UNTIL, "until")):
        st.date_input(
            say(f"history.{name}"),
            key=key,
            min_value=_FIRST,
            max_value=asked.now.date(),
            format="YYYY-MM-DD",
            on_change=_days_chosen,
            args=(key,),
            width=150,
        )


def _filter(name: str, asked: Asked, known: Known) -> None:
    chosen: tuple[str, ...] = getattr(asked.where, name)
    options = sorted({*known.labels.get(name, ()), *chosen})
    if len(options) < 2 and not chosen:
        return
    key = f"h_{name}"
    st.session_state[key] = list(chosen)
    st.multiselect(
        asked.say(f"label.{name}"),
        options,
        key=key,
        format_func=lambda value: known.shown(name, value),
        placeholder=asked.say("history.filter_all"),
        on_change=_filtered,
        args=(name,),
        width=165,
    )


def _period_chosen(first: date, last: date) -> None:
    name = st.session_state[_PERIOD]
    if name == CUSTOM:
        go(period=None, **{"from": first.isoformat()}, until=last.isoformat(), behind=None)
    else:
        go(period=name, **{"from": None}, until=None, behind=None)


def _days_chosen(changed: str) -> None:
    """The day that was not touched gives way when the two cross."""
    first, last = st.session_state[_FROM], st.session_state[_UNTIL]
    if first > last:
        first, last = (first, first) if changed == _FROM else (last, last)
    go(**{"from": first.isoformat()}, until=last.isoformat(), behind=None)


def _days(first: date, last: date) -> None:
    go(**{"from": first.isoformat()}, until=last.isoformat(), period=None, behind=None)


def _filtered(name: str) -> None:
    go(**{name: st.session_state[f"h_{name}"]}, behind=None)


def _compared() -> None:
    go(compare=None if st.session_state[_COMPARE] else "0")


def _kpi_chosen() -> None:
    go(kpi=st.session_state[_KPI], behind=None)
