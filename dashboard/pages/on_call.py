"""On call: who has it now and next, the weeks to come, shifts taken over, and who would be told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta

import streamlit as st

from alerts.errors import AlertsError
from alerts.telling.rota import Override, Rota
from alerts.telling.standing_store import add_override, end_override, load_standing
from connectors.errors import StoreError
from dashboard.data import feed
from dashboard.duty.cards import Manner, section_html
from dashboard.duty.respond import NAME
from dashboard.duty.rota import now_html, overrides_rows, sentence, week_html
from dashboard.duty.tester import tester
from dashboard.lists import list_html, note_html, title_html
from dashboard.notices import error_html
from dashboard.session import current_view
from dashboard.view import View
from dashboard.watchdog import watchdog
from dashboard.words import words

_NINE = time(9)


def show() -> None:
    view, now = current_view(), datetime.now(UTC)
    source = feed()
    say = words(view.language)
    manner = Manner(say, source.zone, now.astimezone(source.zone), source.kpis)
    rotas = [*source.settings.telling_plan.rotas.values()]
    with st.container(key="dp_page"):
        st.fragment(_watch, run_every=max(2.0, view.refresh_s))(view)
        try:
            with source.looking() as connection:
                standing = load_standing(connection, now)
        except StoreError as error:
            st.html(title_html(say("rota.title"), ""))
            st.html(error_html(str(error), say))
            return
        st.html(title_html(say("rota.title"), sentence(rotas, standing.overrides, now, say)))
        if rotas:
            _rotas(rotas, standing.overrides, manner)
        else:
            st.html(note_html(say("rota.how")))
        st.html(section_html(say("who.title")) + note_html(say("who.about")))
        tester(standing, manner)


def _rotas(rotas: Sequence[Rota], overrides: Sequence[Override], manner: Manner) -> None:
    say, now = manner.say, manner.now
    st.html(now_html(rotas, overrides, now, say))
    for rota in rotas:
        st.html(section_html(rota.name) + week_html(rota, overrides, now, say))
    st.html(section_html(say("rota.overrides")))
    if overrides:
        heads = [say(f"rota.{name}") for name in ("name", "person", "span", "by", "reason")]
        st.html(list_html(heads, overrides_rows(overrides, manner.zone, now, say)))
        for one in overrides:
            label = say("rota.end", person=one.person, rota=one.rota)
            if st.button(label, key=f"duty_do_end_{one.id}"):
                _end(one, say("duty.page"))
                st.rerun()
    with st.expander(say("rota.take")):
        _take(rotas, manner)
    _feed_link(manner)


def _take(rotas: Sequence[Rota], manner: Manner) -> None:
    say, today = manner.say, manner.now.date()
    by_name = {rota.name: rota for rota in rotas}
    chosen = by_name[rotas[0].name]
    if len(rotas) > 1:
        chosen = by_name[st.selectbox(say("rota.name"), [*by_name], key="take_rota")]
    with st.form("take", border=False):
        person = st.selectbox(say("rota.person"), [*chosen.receivers])
        with st.container(horizontal=True):
            first = st.date_input(say("rota.from"), today, format="YYYY-MM-DD", width=150)
            begin = st.time_input(say("who.time"), _NINE, key="take_begin", width=110)
            last = st.date_input(say("rota.till"), today + timedelta(days=1), format="YYYY-MM-DD",
                                 width=150)  # fmt: skip
            end = st.time_input(say("who.time"), _NINE, key="take_end", width=110)
        by = st.text_input(say("duty.name"), st.session_state.get(NAME, ""), max_chars=60)
        reason = st.text_input(say("rota.reason"), max_chars=200)
        sent = st.form_submit_button(say("rota.take"), type="primary")
    if not sent:
        return
    since, until = _local(first, begin, chosen), _local(last, end, chosen)
    if problem := _problem(since, until, by.strip(), manner):
        st.html(note_html(problem, warning=True))
        return
    st.session_state[NAME] = by.strip()
    made = Override(rota=chosen.name, person=str(person), since=since, until=until, by=by.strip(),
                    reason=reason.strip(), made_at=datetime.now(UTC))  # fmt: skip
    with feed().changing() as connection:
        add_override(connection, made)
    st.rerun()


def _local(day: date, clock: time, rota: Rota) -> datetime:
    return datetime.combine(day, clock, rota.zone)


def _problem(since: datetime, until: datetime, by: str, manner: Manner) -> str:
    if not by:
        return manner.say("duty.name_missing")
    if until <= since:
        return manner.say("rota.reversed")
    return manner.say("rota.over") if until <= manner.now else ""


def _end(one: Override, nobody: str) -> None:
    by = st.session_state.get(NAME) or nobody
    try:
        with feed().changing() as connection:
            end_override(connection, one.id, by=by, now=datetime.now(UTC))
    except (AlertsError, StoreError) as error:
        st.toast(str(error))


def _feed_link(manner: Manner) -> None:
    """The address for calendars, with its token: whoever has it can read who is on call."""
    alerts = feed().settings.alerts
    if alerts.calendar_token is None:
        st.html(note_html(manner.say("rota.feed_how")))
        return
    base = (alerts.public_url or "").rstrip("/")
    token = alerts.calendar_token.get_secret_value()
    st.html(note_html(manner.say("rota.feed")))
    st.code(f"{base}/oncall.ics?token={token}", language=None, wrap_lines=True)


def _watch(view: View) -> None:
    now = datetime.now(UTC)
    watchdog(feed().pulse(now), view, now=now.astimezone(feed().zone))
