"""What a page needs to know about the viewer in front of it: Streamlit's context → View."""

from __future__ import annotations

import streamlit as st

from dashboard.data import feed
from dashboard.view import View, view_of


def current_view() -> View:
    source = feed()
    return view_of(
        st.query_params,
        language=source.language,
        browser_locale=st.context.locale,
        poll_s=source.poll_s,
    )
