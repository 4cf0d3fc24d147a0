"""What a page needs to know about the viewer in front of it: Streamlit's context → View."""

from __future__ import annotations

from urllib.parse import urlencode

import streamlit as st

from dashboard.data import feed
from dashboard.markup import tag, text
from dashboard.view import View, view_of
from dashboard.words import LANGUAGES, words

_KEPT, _PATH, _ARRIVED = "dp_query", "dp_path", "dp_arrived"


def current_view() -> View:
    """Streamlit's navigation drops the URL's query, so the session keeps a choice once made."""
    query: dict[str, str] = {**st.session_state.get(_KEPT, {}), **st.query_params.to_dict()}
    st.session_state[_KEPT] = {name: query[name] for name in ("lang", "refresh") if name in query}
    query["board"] = st.query_params.get("board", "")
    source = feed()
    return view_of(
        query,
        language=source.language,
        browser_locale=st.context.locale,
        poll_s=source.poll_s,
    )


def came_to(path: str) -> None:
    """Remember which page the viewer is on, and whether it is another than a moment ago."""
    st.session_state[_ARRIVED] = st.session_state.get(_PATH, path) != path
    st.session_state[_PATH] = path


def arrived() -> bool:
    """Whether this run is the first on a page that the viewer came to from another."""
    return bool(st.session_state.get(_ARRIVED))


def switches(view: View) -> None:
    """In the sidebar: the other language and the bare board, as links that can be copied."""
    say = words(view.language)
    here = {name: st.query_params.get_all(name) for name in st.query_params}
    languages = " · ".join(
        tag("b", text(words(name)("nav.this")))
        if name == view.language
        else _link("?" + urlencode(here | {"lang": [name]}, doseq=True), words(name)("nav.this"))
        for name in LANGUAGES
    )
    board = _link("./?" + urlencode({"board": "1", "lang": view.language}), say("nav.full"))
    with st.sidebar:
        st.html(tag("p", languages, class_="dp-switch") + tag("p", board, class_="dp-switch"))


def _link(href: str, label: str) -> str:
    return tag("a", text(label), href=href, target="_self")
