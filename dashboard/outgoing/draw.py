"""The Delivery page drawn with Streamlit: filters in the URL, channels, dead letters, messages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial

import streamlit as st

from alerts import outbox
from alerts.channels import ChannelState
from alerts.content import test_note
from alerts.outgoing import Outgoing, Stand, dead_ids
from alerts.render import Wording
from connectors.errors import StoreError
from dashboard.data import feed
from dashboard.history.export import CSV_TYPE, XLSX_TYPE, Sheet, csv_bytes, xlsx_bytes
from dashboard.lists import list_html, note_html, pairs_html
from dashboard.markup import tag, text
from dashboard.outgoing import tables
from dashboard.outgoing.load import DAYS, DEAD_SHOWN, USUAL_DAYS, Delivered, Filters, Place, load
from dashboard.troubles import told_in
from dashboard.words import Words

MOST_IN_FILE = 20_000
_COLOURS = {ChannelState.BROKEN: "dp-breach", ChannelState.FAILING: "dp-watch"}
_SAID = "out_said"  # what a button just did


def filters_of_url(receivers: Sequence[str]) -> Filters:
    """Anything may stand in a URL: what isn't known counts as left out."""
    query = st.query_params
    stand, days = query.get("state", ""), query.get("days", "")
    receiver = query.get("receiver") or None
    return Filters(
        receiver=receiver if receiver in receivers else None,
        stand=Stand(stand) if stand in list(Stand) else None,
        days=int(days) if days.isdecimal() and int(days) in DAYS else USUAL_DAYS,
    )


def choices(filters: Filters, receivers: Sequence[str], say: Words) -> None:
    """One line of filters; each writes its part of the URL."""
    stands, days = [one.value for one in Stand], [str(one) for one in DAYS]

    def stand(name: str) -> str:
        return say(f"outgoing.{name}") if name else say("outgoing.any_stand")

    with st.container(key="out_filters", horizontal=True, vertical_alignment="bottom"):
        _choice("receiver", ["", *receivers], filters.receiver or "",
                lambda name: name or say("outgoing.any_receiver"), say)  # fmt: skip
        _choice("state", ["", *stands], filters.stand or "", stand, say)
        _choice("days", days, str(filters.days), lambda n: say("outgoing.days", n=n), say)


def _choice(
    name: str, options: Sequence[str], chosen: str, said: Callable[[str], str], say: Words
) -> None:
    key = f"out_{name}"
    st.session_state[key] = str(chosen)
    st.selectbox(say(f"outgoing.by_{name}"), options, format_func=said, key=key, width=220,
                 on_change=partial(_chosen, name))  # fmt: skip


def _chosen(name: str) -> None:
    value = st.session_state[f"out_{name}"]
    if value and not (name == "days" and value == str(USUAL_DAYS)):
        st.query_params[name] = value
    elif name in st.query_params:
        del st.query_params[name]


def said(say: Words) -> None:
    """What the last button did, once."""
    if message := st.session_state.pop(_SAID, None):
        key, values = message
        st.html(note_html(say(key, **values), warning=key.endswith("failed")))


def channels(found: Delivered, say: Words, now: datetime) -> None:
    st.html(tag("h2", text(say("outgoing.channels"))))
    for first in range(0, len(found.places), 2):
        columns = st.columns(2, gap="medium")
        for column, place in zip(columns, found.places[first : first + 2], strict=False):
            with column:
                _channel(place, say, now)


def _channel(place: Place, say: Words, now: datetime) -> None:
    st.html(_place_html(place, say, now))
    if place.settings is not None:
        st.button(
            say("outgoing.send_test"),
            key=f"out_test_{place.name}",
            on_click=partial(_send_test, place.name),
            icon=":material/send:",
        )


def _place_html(place: Place, say: Words, now: datetime) -> str:
    colour = _COLOURS.get(place.state) if place.state else None
    kind = say(f"outgoing.type_{place.settings.type}") if place.settings else ""
    sign = tag("i", text(tables.state_said(place, say)), class_=colour)
    head = tag("h3", text(place.name) + " " + tag("small", text(kind)) + " " + sign)
    trouble = ""
    if place.channel is not None and place.state is not ChannelState.WORKING:
        trouble = tag(
            "p", text(told_in(say.language, place.channel.error or "")), class_="dp-source-error"
        )
    pairs = pairs_html(tables.place_pairs(place, say, now))
    return tag("section", head + trouble + pairs, class_="dp-source", data_receiver=place.name,
               data_state=place.state)  # fmt: skip


def dead_letters(found: Delivered, wording: Wording, say: Words) -> None:
    if not found.dead:
        return
    st.html(tag("h2", text(say("outgoing.dead_title"))))
    note = say("outgoing.dead_note")
    if found.dead_total > len(found.dead):
        note += " " + say("outgoing.dead_more", n=DEAD_SHOWN, total=say.count(found.dead_total))
    st.html(note_html(note))
    if found.dead_total > 1:
        st.button(say("outgoing.resend_all", n=say.count(found.dead_total)), key="out_again_all",
                  on_click=partial(_send_again, None), icon=":material/replay:")  # fmt: skip
    for one in found.dead:
        with st.container(key=f"out_dead_{one.id}", border=True):
            _dead_letter(one, found, wording, say)


def _dead_letter(one: Outgoing, found: Delivered, wording: Wording, say: Words) -> None:
    head = tag("b", text(tables.what_said(one, wording, say)))
    made = say.moment(one.created_at.astimezone(wording.zone))
    where = tag("p", text(f"{one.receiver} · {made}"), class_="dp-page-note")
    why = tag("p", text(told_in(say.language, one.error or "")), class_="dp-source-error")
    st.html(tag("div", head + where + why))
    st.button(say("outgoing.resend"), key=f"out_again_{one.id}", icon=":material/replay:",
              on_click=partial(_send_again, one.id))  # fmt: skip
    tries = found.tries.get(one.id, ())
    if tries:
        names = [say(f"outgoing.{name}") for name in ("try", "at", "outcome", "reason")]
        with st.expander(say("outgoing.tries", n=len(tries))):
            st.html(list_html(names, tables.try_rows(tries, wording, say)))


def messages(
    found: Delivered, filters: Filters, wording: Wording, say: Words, now: datetime
) -> None:
    st.html(tag("h2", text(say("outgoing.messages"))))
    if not found.messages:
        st.html(note_html(say("outgoing.none")))
        return
    if found.total > len(found.messages):
        note = say("outgoing.newest", n=len(found.messages), total=say.count(found.total))
        st.html(note_html(note))
    _downloads(filters, wording, say, now)
    st.html(list_html(tables.heads(say), tables.message_rows(found.messages, wording, say, now)))


def _downloads(filters: Filters, wording: Wording, say: Words, now: datetime) -> None:
    kinds = (("csv", csv_bytes, CSV_TYPE), ("xlsx", xlsx_bytes, XLSX_TYPE))
    with st.container(key="out_files", horizontal=True, horizontal_alignment="right"):
        for ending, made, kind in kinds:
            st.download_button(
                say(f"sheet.{ending}"),
                partial(_file, made, filters, wording, say, now),
                f"deskpulse-delivery-{now.astimezone(wording.zone).date()}.{ending}",
                kind,
                key=f"out_{ending}",
                on_click="ignore",
                type="tertiary",
                icon=":material/download:",
            )


def _file(
    made: Callable[[Sheet], bytes], filters: Filters, wording: Wording, say: Words, now: datetime
) -> bytes:
    """Read when somebody asks for the file."""
    with feed().looking() as connection:
        found = load(connection, filters, feed().settings.receivers, now=now, most=MOST_IN_FILE)
    return made(tables.sheet(found.messages, filters, wording, say, now))


def _send_test(receiver: str) -> None:
    now = datetime.now(UTC)
    try:
        with feed().changing() as connection:
            outbox.enqueue(connection, [test_note(receiver, now)], now=now)
        st.session_state[_SAID] = ("outgoing.test_queued", {"receiver": receiver})
    except StoreError:
        st.session_state[_SAID] = ("outgoing.action_failed", {})


def _send_again(number: int | None) -> None:
    """One dead letter, or all of them."""
    try:
        with feed().changing() as connection:
            ids = dead_ids(connection) if number is None else [number]
            count = outbox.send_again(connection, ids, now=datetime.now(UTC))
        st.session_state[_SAID] = ("outgoing.queued_again", {"n": count})
    except StoreError:
        st.session_state[_SAID] = ("outgoing.action_failed", {})
