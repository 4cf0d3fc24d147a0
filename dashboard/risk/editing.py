"""The open order of the worklist: its scores so far, who did what, and the form that changes it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time, timedelta

import streamlit as st

from connectors.errors import StoreError
from dashboard.data import feed
from dashboard.lists import list_html, note_html
from dashboard.markup import tag, text
from dashboard.risk.worklist_words import action, segment_said, status_said
from dashboard.words import UNKNOWN, Words
from forecasting.risk import listing
from forecasting.risk.errors import RiskError
from forecasting.risk.listing import Change, LoggedChange
from forecasting.risk.worklist import Item, Status

AUTHOR = "dp_author"  # who sits here: kept for the session, never guessed
SAVED = "wl_saved"  # the order that was just changed
_STATUS, _OWNER, _DAY, _HOUR, _NOTE, _WHO = (
    "order_status", "order_owner", "order_day", "order_hour", "order_note", "order_who",
)  # fmt: skip


def order_dialog(item: Item, say: Words, closed: Callable[[], None]) -> None:
    """Open the order in front of the list. `closed` takes it out of the URL again."""

    @st.dialog(say("worklist.order", order=item.order_ref), width="large", on_dismiss=closed)
    def dialog() -> None:
        now = datetime.now(feed().zone)
        with feed().reading() as reader:
            trail = listing.changes_of(reader.connection, item.source, item.order_ref)
            scores = listing.scores_of(reader.connection, item.source, item.order_ref)
        st.html(_head(item, say, now))
        if not item.open:
            st.html(note_html(say("worklist.ended_note")))
        _form(item, say, now)
        st.html(_scores_html(scores, say))
        if trail:
            st.html(_trail_html(trail, say))

    dialog()


def _head(item: Item, say: Words, now: datetime) -> str:
    facts = " · ".join(one for one in (
        say("worklist.probability", p=say.percent(100 * item.probability)),
        say("worklist.amount", amount=UNKNOWN if item.amount is None else f"{item.amount:,.2f}"),
        segment_said(item, say), item.seller or "", status_said(item, say, now),
    ) if one and one != UNKNOWN)  # fmt: skip
    return (
        tag("p", text(facts), class_="dp-page-note")
        + tag("p", text(item.reasons.get(say.language, "")), class_="dp-why")
        + tag("p", text("→ " + action(item, say)), class_="dp-do")
    )


def _form(item: Item, say: Words, now: datetime) -> None:
    due = item.due_at.astimezone(now.tzinfo)
    with st.form("wl_form", border=False):
        left, right = st.columns(2)
        with left:
            st.segmented_control(
                say("worklist.head.status"), list(Status), default=item.status, key=_STATUS,
                format_func=lambda one: say(f"status.{one}"), required=True,
            )  # fmt: skip
            st.text_input(say("worklist.head.owner"), item.owner or "", key=_OWNER, max_chars=60)
        with right:
            day, hour = st.columns(2)
            day.date_input(say("worklist.head.due"), due.date(), key=_DAY, format="YYYY-MM-DD")
            hour.time_input(say("worklist.at"), time(due.hour, due.minute), key=_HOUR,
                            step=timedelta(minutes=30))  # fmt: skip
            st.text_input(say("worklist.you"), st.session_state.get(AUTHOR, ""), key=_WHO,
                          max_chars=60, help=say("worklist.you_why"))  # fmt: skip
        st.text_area(
            say("worklist.head.note"), item.note or "", key=_NOTE, max_chars=500, height=80
        )
        if st.form_submit_button(say("worklist.save"), type="primary"):
            _save(item, say, now)


def _save(item: Item, say: Words, now: datetime) -> None:
    state = st.session_state
    state[AUTHOR] = state[_WHO].strip()
    due = datetime.combine(state[_DAY], state[_HOUR], tzinfo=feed().zone)
    before = item.due_at.astimezone(feed().zone).replace(second=0, microsecond=0)
    wanted = Change(
        status=Status(state[_STATUS]), owner=state[_OWNER], note=state[_NOTE],
        due_at=None if due == before else due,
    )  # fmt: skip
    try:
        with feed().changing() as connection:
            listing.change(connection, item.source, item.order_ref, wanted, author=state[AUTHOR],
                           now=now)  # fmt: skip
    except RiskError:
        key = "worklist.name_first" if not state[AUTHOR] else "worklist.gone"
        st.error(say(key))
    except StoreError as error:
        st.error(str(error))
    else:
        st.session_state[SAVED] = item.order_ref
        st.query_params.pop("order", None)
        st.rerun()


def _scores_html(scores: list[listing.Score], say: Words) -> str:
    heads = [say(f"worklist.head.{name}") for name in ("moment", "when", "probability", "model")]
    zone = feed().zone
    rows = [
        (say(f"moment.{one.moment}"), say.moment(one.moment_at.astimezone(zone)),
         say.percent(100 * one.probability), one.model)
        for one in scores
    ]  # fmt: skip
    return tag("h3", text(say("worklist.scores"))) + list_html(heads, rows)


def _trail_html(trail: list[LoggedChange], say: Words) -> str:
    heads = [say(f"worklist.head.{name}") for name in ("when", "author", "what", "before", "after")]
    rows = [
        (say.moment(one.at.astimezone(feed().zone)), one.author, say(f"worklist.head.{one.field}"),
         _told(one.field, one.old, say), _told(one.field, one.new, say))
        for one in trail
    ]  # fmt: skip
    return tag("h3", text(say("worklist.trail"))) + list_html(heads, rows)


def _told(field: str, value: str | None, say: Words) -> str:
    if value is None:
        return UNKNOWN
    if field == "status":
        return say(f"status.{value}")
    if field == "due_at":
        return say.moment(datetime.fromisoformat(value).astimezone(feed().zone))
    return value
