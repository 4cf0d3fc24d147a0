"""Alerts: what fires, what somebody is on, what waits; and answering it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Literal

import streamlit as st

from alerts.alert import Alert
from alerts.errors import AlertsError
from alerts.telling.looking import Seen
from alerts.telling.muting import Silence
from alerts.telling.standing_store import end_silence, silences
from connectors.errors import StoreError
from dashboard.data import feed
from dashboard.duty import respond
from dashboard.duty.cards import Manner, card_html, section_html, sentence
from dashboard.duty.seen import seen_now
from dashboard.lists import note_html, title_html
from dashboard.notices import error_html
from dashboard.session import current_view
from dashboard.view import View
from dashboard.watchdog import watchdog
from dashboard.words import words

SHOWN = 30
_LOOK: dict[bool, Literal["primary", "secondary"]] = {True: "primary", False: "secondary"}


def show() -> None:
    view = current_view()
    with st.container(key="dp_page"):
        st.fragment(_cards, run_every=max(2.0, view.refresh_s))(view)
        if wanted := st.query_params.get("alert"):  # a link in a message
            del st.query_params["alert"]
            respond.choose(wanted, "acknowledge")
        _dialog(view)


def _dialog(view: View) -> None:
    chosen = st.session_state.get(respond.CHOSEN)
    if not chosen:
        return
    manner = _manner(view)
    try:
        with feed().looking() as connection:
            seen = seen_now(connection, feed().settings, datetime.now(UTC))
    except StoreError:
        return  # the cards say so
    for one in seen:
        if one.alert.fingerprint == chosen[0]:
            respond.dialog(one, chosen[1], manner)
            return
    respond.close()
    st.toast(manner.say("duty.over_already"))


def _manner(view: View) -> Manner:
    source = feed()
    now = datetime.now(UTC).astimezone(source.zone)
    return Manner(words(view.language), source.zone, now, source.kpis)


def _cards(view: View) -> None:
    manner, now = _manner(view), datetime.now(UTC)
    say = manner.say
    try:
        with feed().looking() as connection:
            seen = seen_now(connection, feed().settings, now)
            quiet = silences(connection, now)
    except StoreError as error:
        st.html(title_html(say("duty.title"), ""))
        st.html(error_html(str(error), say))
    else:
        st.html(title_html(say("duty.title"), sentence(seen, say)))
        _groups(seen, manner)
        _silences(quiet, manner)
    watchdog(feed().pulse(now), view, now=manner.now)


def _groups(seen: Sequence[Seen], manner: Manner) -> None:
    groups = (
        ("firing", [one for one in seen if one.alert.up and one.alert.acknowledgement is None]),
        ("acknowledged", [one for one in seen if one.alert.up and one.alert.acknowledgement]),
        ("pending", [one for one in seen if not one.alert.up]),
    )
    for name, found in groups:
        if not found:
            continue
        st.html(section_html(manner.say(f"duty.group.{name}", n=len(found))))
        for one in found[:SHOWN]:
            st.html(card_html(one, manner))
            _buttons(one.alert, manner)
        if len(found) > SHOWN:
            st.html(note_html(manner.say("duty.more", n=len(found) - SHOWN)))


def _buttons(alert: Alert, manner: Manner) -> None:
    key = alert.fingerprint
    doings = ["more"]
    if alert.up and alert.acknowledgement is None:
        doings = ["acknowledge", "silence", "more"]
    with st.container(key=f"duty_row_{key}", horizontal=True):
        for doing in doings:
            label = manner.say(f"duty.do.{doing}")
            urgent = doing == "acknowledge"
            if st.button(label, key=f"duty_do_{doing}_{key}", type=_LOOK[urgent]):
                respond.choose(key, "comment" if doing == "more" else doing)
                st.rerun()


def _silences(quiet: Sequence[Silence], manner: Manner) -> None:
    say = manner.say
    if not quiet:
        return
    st.html(section_html(say("duty.silences", n=len(quiet))))
    for one in quiet:
        what = ", ".join(str(each) for each in one.matchers)
        said = say("duty.silence_line", what=what, by=one.by, until=manner.moment(one.until))
        st.html(note_html(f"{said} {one.reason}".strip()))
        if st.button(say("duty.do.unsilence"), key=f"duty_do_unsilence_{one.id}"):
            _end(one, say("duty.page"))
            st.rerun()


def _end(one: Silence, nobody: str) -> None:
    by = st.session_state.get(respond.NAME) or nobody
    try:
        with feed().changing() as connection:
            end_silence(connection, one.id, by=by, now=datetime.now(UTC))
    except (AlertsError, StoreError) as error:
        st.toast(str(error))
