"""The URL of a history page as Streamlit has it: read in each run, written by the widgets.

The URL holds the whole state, so a link opens the same view. What is shared by all history pages
goes along when the viewer changes from one to the next, where Streamlit drops the query.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from dashboard.history.asked import OWN, SHARED
from dashboard.session import arrived

_KEPT = "h_query"
Query = dict[str, list[str]]


def current_query() -> Query:
    """What the URL asks of a history page; empty values count as left out."""
    query = _here()
    kept: Query = st.session_state.get(_KEPT, {})
    if arrived() and kept and not query:
        go(**kept)
        return kept
    _keep(query)
    return query


def go(**changes: str | Sequence[str] | None) -> None:
    """Write parts of the URL; None or nothing takes a part out."""
    for name, value in changes.items():
        values = [value] if isinstance(value, str) else list(value or ())
        if values:
            st.query_params[name] = values
        elif name in st.query_params:
            del st.query_params[name]
    _keep(_here())


def _here() -> Query:
    names = [name for name in (*SHARED, *OWN) if name in st.query_params]
    found = {name: [one for one in st.query_params.get_all(name) if one] for name in names}
    return {name: values for name, values in found.items() if values}


def _keep(query: Mapping[str, list[str]]) -> None:
    st.session_state[_KEPT] = {name: query[name] for name in SHARED if name in query}
