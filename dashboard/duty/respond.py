"""Answering an alert, in a dialog: acknowledge, silence, assign, comment, and its time line.

What is done is written to the store; the worker applies it in its next tick.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

import streamlit as st

from alerts.actions import act
from alerts.alert import Action, ActionKind, Alert
from alerts.telling.looking import Seen
from alerts.telling.matchers import Matcher
from alerts.telling.muting import Silence
from alerts.telling.standing_store import add_silence
from connectors.errors import StoreError
from dashboard.data import feed
from dashboard.duty.cards import Manner, card_html, section_html, trail_html
from dashboard.duty.trail import trail
from dashboard.lists import note_html

DOINGS = ("acknowledge", "silence", "assign", "comment")
_SPANS = (None, timedelta(minutes=15), timedelta(minutes=30), timedelta(hours=1),
          timedelta(hours=2), timedelta(hours=8))  # fmt: skip
_SILENCES = tuple(timedelta(hours=n) for n in (1, 2, 4, 8, 24, 72))
NAME = "duty_name"  # of the person in front of the screen, as long as the session lasts
CHOSEN = "duty_chosen"


def choose(fingerprint: str, doing: str) -> None:
    st.session_state[CHOSEN] = (fingerprint, doing)


def close() -> None:
    st.session_state.pop(CHOSEN, None)


def dialog(one: Seen, doing: str, manner: Manner) -> None:
    box = st.dialog(manner.say("duty.respond"), width="large", on_dismiss=close)
    box(partial(_body, one, doing, manner))()


def _body(one: Seen, doing: str, manner: Manner) -> None:
    say, alert = manner.say, one.alert
    st.html(card_html(one, manner))
    options = [*DOINGS] if alert.up else ["silence", "comment"]
    if alert.acknowledgement is not None and alert.up:
        options.insert(1, "unacknowledge")
    chosen = st.segmented_control(
        say("duty.what"),
        options,
        default=doing if doing in options else options[0],
        key="duty_what",
        format_func=lambda name: say(f"duty.do.{name}"),
        required=True,
        label_visibility="collapsed",
    )
    _form(str(chosen), alert, manner)
    st.html(section_html(say("duty.trail")))
    try:
        with feed().looking() as connection:
            entries = trail(connection, alert, say)
    except StoreError as error:
        st.html(note_html(str(error), warning=True))
        return
    st.html(trail_html(entries, manner))


def _form(doing: str, alert: Alert, manner: Manner) -> None:
    say = manner.say
    with st.form(f"duty_form_{doing}", border=False):
        name = st.text_input(say("duty.name"), value=st.session_state.get(NAME, ""), max_chars=60)
        other, note, span = "", "", None
        if doing == "assign":
            other = st.text_input(say("duty.assignee"), value=alert.assignee or "", max_chars=60)
        if doing in ("acknowledge", "comment", "silence"):
            note = st.text_input(say(f"duty.note_{doing}"), max_chars=300)
        if doing == "acknowledge":
            span = st.selectbox(say("duty.for"), _SPANS, index=2, format_func=_span_said(manner))
        if doing == "silence":
            span = st.selectbox(say("duty.silence_for"), _SILENCES, index=1,
                                format_func=_span_said(manner))  # fmt: skip
            st.html(note_html(say("duty.silence_what", what=_what(alert))))
        sent = st.form_submit_button(say(f"duty.do.{doing}"), type="primary", width="stretch")
    if not sent:
        return
    if not name.strip() or (doing == "comment" and not note.strip()):
        st.html(note_html(say("duty.name_missing" if not name.strip() else "duty.note_missing"),
                          warning=True))  # fmt: skip
        return
    st.session_state[NAME] = name.strip()
    _do(doing, alert, who=name.strip(), note=note.strip(), other=other.strip(), span=span)


def _do(
    doing: str, alert: Alert, *, who: str, note: str, other: str, span: timedelta | None
) -> None:
    now = datetime.now(UTC)
    with feed().changing() as connection:
        if doing == "silence":
            until = now + (span or _SILENCES[0])
            add_silence(connection, Silence(matchers=matchers_of(alert), since=now, until=until,
                                            by=who, reason=note, made_at=now))  # fmt: skip
        else:
            action = Action(
                fingerprint=alert.fingerprint,
                episode=alert.episode,
                kind=ActionKind(doing),
                who=who,
                at=now,
                note=note,
                until=now + span if span else None,
                assignee=other or None,
            )
            act(connection, action)
    close()
    st.rerun()


def matchers_of(alert: Alert) -> tuple[Matcher, ...]:
    """Exactly this alert: its rule and its series."""
    return (
        Matcher("rule", "=", alert.rule),
        *(Matcher(name, "=", value) for name, value in alert.labels),
    )


def _what(alert: Alert) -> str:
    return ", ".join(str(one) for one in matchers_of(alert))


def _span_said(manner: Manner) -> Callable[[timedelta | None], str]:
    def said(span: timedelta | None) -> str:
        if span is None:
            return manner.say("duty.until_over")
        return manner.say.duration(span.total_seconds())

    return said
