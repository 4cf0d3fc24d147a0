"""Queues: who waits, longest first. `?queue=…&source=…` narrow it: a link opens the same list."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from connectors.errors import StoreError
from dashboard.data import feed
from dashboard.details import WaitingContact
from dashboard.lists import list_html, note_html, title_html
from dashboard.notices import error_html
from dashboard.session import current_view
from dashboard.view import View
from dashboard.watchdog import watchdog
from dashboard.words import Words, words

SHOWN = 200


def show() -> None:
    view = current_view()
    say = words(view.language)
    with st.container(key="dp_page"):
        title = st.container()
        queue, source = _filters(say)
        st.fragment(_waiting, run_every=view.refresh_s)(view, queue, source, title)


def _filters(say: Words) -> tuple[str | None, str | None]:
    """One line of filters, kept in the URL. Only what there is more than one of can be chosen."""
    try:
        rows = feed().board(datetime.now(UTC)).rows
    except StoreError:
        rows = ()
    chosen: list[str | None] = []
    with st.container(key="dp_filters", horizontal=True):
        for name, found in (
            ("queue", {r.queue for r in rows}),
            ("source", {r.source for r in rows}),
        ):
            wanted = st.query_params.get(name)
            options = sorted(found | ({wanted} if wanted else set()))
            if len(options) < 2 and not wanted:
                chosen.append(None)
                continue
            # Not bound by Streamlit: the history pages write the same names into the URL.
            key = f"dp_{name}"
            st.session_state[key] = wanted
            value = st.selectbox(
                say(f"queues.{name}"),
                options,
                index=None,
                placeholder=say("queues.all"),
                key=key,
                on_change=_chosen,
                args=(name, key),
                width=320,
            )
            chosen.append(value)
    return chosen[0], chosen[1]


def _chosen(name: str, key: str) -> None:
    value = st.session_state[key]
    if value:
        st.query_params[name] = value
    elif name in st.query_params:
        del st.query_params[name]


def _waiting(view: View, queue: str | None, source: str | None, title: DeltaGenerator) -> None:
    now, say = datetime.now(UTC), words(view.language)
    try:
        everyone = feed().waiting(now)
        known = {row.queue for row in feed().board(now).rows}
    except StoreError as error:
        st.html(error_html(str(error), say))
    else:
        mine = [
            one for one in everyone if queue in (None, one.queue) and source in (None, one.source)
        ]
        title.html(title_html(queue or say("queues.title"), _sentence(mine, say)))
        if queue is not None and queue not in known:
            st.html(note_html(say("queues.unknown_queue", queue=queue)))
        if mine:
            st.html(_list(mine, say))
    watchdog(feed().pulse(now), view, now=now.astimezone(feed().zone))


def _sentence(contacts: Sequence[WaitingContact], say: Words) -> str:
    if not contacts:
        return say("queues.nobody")
    longest = say.duration(max(one.wait_s for one in contacts))
    return say("queues.summary", n=say.count(len(contacts)), longest=longest)


def _list(contacts: Sequence[WaitingContact], say: Words) -> str:
    zone = feed().zone
    heads = [
        say(f"queues.{name}")
        for name in ("waited", "queue", "contact", "since", "agent", "channel", "source")
    ]
    rows = [
        (
            say.duration(one.wait_s),
            one.queue,
            one.contact_id,
            say.moment(one.since.astimezone(zone)),
            one.agent or say("queues.unassigned"),
            one.channel,
            one.source,
        )
        for one in contacts[:SHOWN]
    ]
    left = len(contacts) - SHOWN
    more = (
        note_html(say("queues.first", n=SHOWN, total=say.count(len(contacts)))) if left > 0 else ""
    )
    return more + list_html(heads, rows)
