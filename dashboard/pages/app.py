"""Entry of the pages: page config, styles, navigation. Run by asgi.py, or by `streamlit run`.

It lies among the pages, because Streamlit takes a folder `pages` beside its entry for pages of its
own and opens them, on a fresh server, without this file.
"""

from __future__ import annotations

import streamlit as st

from dashboard.pages import (
    after_sales,
    agents,
    pace,
    queues,
    response,
    satisfaction,
    sources,
    wallboard,
)
from dashboard.session import came_to, current_view, switches
from dashboard.theme import stylesheet
from dashboard.words import words


def main() -> None:
    view = current_view()
    say = words(view.language)
    st.html(f"<style>{stylesheet(kiosk=view.kiosk)}</style>")
    pages = {
        say("nav.live"): [
            st.Page(wallboard.show, title=say("nav.wallboard"), url_path="", default=True),
            st.Page(queues.show, title=say("nav.queues"), url_path="queues"),
        ],
        say("nav.quality"): [
            st.Page(response.show, title=say("nav.response"), url_path="response"),
            st.Page(satisfaction.show, title=say("nav.satisfaction"), url_path="satisfaction"),
            st.Page(after_sales.show, title=say("nav.after_sales"), url_path="after_sales"),
            st.Page(agents.show, title=say("nav.agents"), url_path="agents"),
            st.Page(pace.show, title=say("nav.pace"), url_path="pace"),
        ],
        say("nav.system"): [
            st.Page(sources.show, title=say("nav.sources"), url_path="sources"),
        ],
    }
    page = st.navigation(pages, position="hidden" if view.kiosk else "sidebar")
    st.set_page_config(
        page_title=say("app"),
        layout="wide",
        initial_sidebar_state="collapsed" if page.url_path == "" else "auto",
    )
    came_to(page.url_path)
    if not view.kiosk:
        switches(view)
    page.run()


if __name__ == "__main__":
    main()
