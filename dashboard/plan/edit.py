"""What planners enter beside a forecast: overrides and events. Forms, and lists to take back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import streamlit as st

from connectors.errors import StoreError
from dashboard.data import feed
from dashboard.lists import list_html, note_html
from dashboard.plan.asked import series_name
from dashboard.plan.frames import figure
from dashboard.plan.outlook import Outlook
from dashboard.words import Words
from forecasting.errors import PlanningError
from forecasting.published import events, overrides
from forecasting.published.events import OUTAGE, PlannedEvent
from forecasting.published.overrides import ADD, KINDS, MULTIPLY, SET, SHIFT, Override

_USUAL = {MULTIPLY: 1.2, SET: 100.0, ADD: 20.0, SHIFT: 60.0}
_EVENT_KINDS = ("campaign", "live-stream", "price-change", OUTAGE)
_FAILED = "p_failed"


def failures(say: Words) -> None:
    """What the last entry was refused for, once."""
    said = st.session_state.pop(_FAILED, None)
    if said:
        st.html(note_html(say("plan.refused", error=said), warning=True))


def override_form(found: Outlook, say: Words) -> None:
    tomorrow = found.now.date() + timedelta(days=1)
    with st.form("p_override", border=False):
        first, second = st.columns(2)
        with first:
            kind = st.selectbox(say("override.kind"), KINDS,
                                format_func=lambda one: say(f"override.{one}"))  # fmt: skip
            amount = st.number_input(say("override.amount"), value=_USUAL[MULTIPLY], step=0.1,
                                     help=say("override.amount_help"))  # fmt: skip
            day = st.date_input(say("override.day"), tomorrow, format="YYYY-MM-DD")
            last = st.date_input(say("override.last"), tomorrow, format="YYYY-MM-DD")
        with second:
            start = st.time_input(say("override.from"), time(0), step=found.step)
            end = st.time_input(say("override.until"), time(0), step=found.step,
                                help=say("override.until_help"))  # fmt: skip
            author = st.text_input(say("plan.author"), st.session_state.get("p_author", ""))
            reason = st.text_input(say("override.reason"))
        expires = st.date_input(say("override.expires"), None, format="YYYY-MM-DD",
                                help=say("override.expires_help"))  # fmt: skip
        if st.form_submit_button(say("override.save"), type="primary"):
            st.session_state["p_author"] = author
            zone = found.zone
            _write_override(Override(
                found.key, _at(day, start, zone), _end(last, end, zone), kind, float(amount),
                author, reason, datetime.now(UTC),
                None if expires is None else _at(expires, time(0), zone),
            ))  # fmt: skip


def _write_override(one: Override) -> None:
    try:
        with feed().writing() as connection:
            overrides.add(connection, one)
    except (PlanningError, StoreError) as error:
        st.session_state[_FAILED] = str(error)
    st.rerun()


def override_list(found: Outlook, say: Words) -> None:
    """Those of this series, its parts and sums that stand; each can be taken back."""
    mine = [
        one
        for one in found.overrides
        if one.withdrawn_at is None
        and (one.key.holds(found.key) or found.key.holds(one.key))
        and one.acts_until() > found.now
    ]
    if not mine:
        st.html(note_html(say("override.none")))
        return
    for one in mine:
        told = say(f"override.did_{one.kind}", amount=figure(one.amount, say))
        until = one.acts_until().astimezone(found.zone)
        since = one.starts_at.astimezone(found.zone)
        text, button = st.columns([6, 1], vertical_alignment="center")
        text.html(note_html(say(
            "override.line", series=series_name(one.key, found.keys, say), what=told,
            since=f"{say.day(since)} {since:%H:%M}", until=f"{say.day(until)} {until:%H:%M}",
            author=one.author, reason=one.reason,
        )))  # fmt: skip
        button.button(say("override.withdraw"), key=f"p_withdraw_{one.id}", type="tertiary",
                      on_click=_withdraw, args=(one.id,))  # fmt: skip


def _withdraw(number: int) -> None:
    try:
        with feed().writing() as connection:
            by = st.session_state.get("p_author") or "-"
            overrides.withdraw(connection, number, by=by, now=datetime.now(UTC))
    except StoreError as error:
        st.session_state[_FAILED] = str(error)


def event_form(found: Outlook, queues: Sequence[str], say: Words) -> None:
    tomorrow = found.now.date() + timedelta(days=1)
    with st.form("p_event", border=False):
        first, second = st.columns(2)
        with first:
            kind = st.selectbox(say("event_form.kind"), _EVENT_KINDS, accept_new_options=True,
                                format_func=lambda one: _kind_said(one, say),
                                help=say("event_form.kind_help"))  # fmt: skip
            name = st.text_input(say("event_form.name"))
            queue = st.selectbox(say("label.queue"), ["", *queues],
                                 format_func=lambda one: one or say("plan.all_queues"))  # fmt: skip
        with second:
            day = st.date_input(say("override.day"), tomorrow, format="YYYY-MM-DD", key="pe_day")
            start = st.time_input(say("override.from"), time(0), step=found.step, key="pe_from")
            last = st.date_input(say("override.last"), tomorrow, format="YYYY-MM-DD", key="pe_last")
            end = st.time_input(say("override.until"), time(0), step=found.step, key="pe_until")
        author = st.text_input(say("plan.author"), st.session_state.get("p_author", ""))
        if st.form_submit_button(say("event_form.save"), type="primary"):
            st.session_state["p_author"] = author
            _write_event(PlannedEvent(
                kind or "", name, _at(day, start, found.zone), _end(last, end, found.zone), author,
                datetime.now(UTC), queue,
            ))  # fmt: skip


def _kind_said(kind: str, say: Words) -> str:
    return say(f"event.{kind}") if say.has(f"event.{kind}") else kind


def _write_event(one: PlannedEvent) -> None:
    try:
        with feed().writing() as connection:
            events.enter(connection, one)
    except (PlanningError, StoreError) as error:
        st.session_state[_FAILED] = str(error)
    st.rerun()


def event_list(found: Outlook, say: Words) -> None:
    if not found.events:
        st.html(note_html(say("event_form.none")))
        return
    heads = [say(f"event_form.{name}") for name in ("kind", "name", "queue", "since", "author")]
    rows = [
        (
            _kind_said(one.kind, say), one.name, one.queue or say("plan.all_queues"),
            say.moment(one.starts_at.astimezone(found.zone))[:-3], one.author,
        )
        for one in found.events
    ]  # fmt: skip
    st.html(list_html(heads, rows))


def _at(day: date, clock: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, clock, zone).astimezone(UTC)


def _end(day: date, clock: time, zone: ZoneInfo) -> datetime:
    """Midnight ends the day that was chosen."""
    return _at(day + timedelta(days=1) if clock == time(0) else day, clock, zone)
