"""Entry of the pages: page config, styles, navigation. Run by asgi.py, or by `streamlit run`.

It lies among the pages, because Streamlit takes a folder `pages` beside its entry for pages of its
own and opens them, on a fresh server, without this file.
"""

from __future__ import annotations

from importlib import import_module
from typing import Literal

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from dashboard.pages.menu import HOME, MENU
from dashboard.session import came_to, current_view, switches
from dashboard.theme import stylesheet
from dashboard.words import Words, words

# Imported with this file, and not when a page is first opened: 50 viewers would wait for it.
MODULES = {
    name: import_module(f"dashboard.pages.{name}") for names in MENU.values() for name in names
}


def main() -> None:
    view = current_view()
    say = words(view.language)
    st.html(f"<style>{stylesheet(kiosk=view.kiosk)}</style>")
    pages = {say(f"nav.{group}"): [_page(name, say) for name in names]
             for group, names in MENU.items()}  # fmt: skip
    position: Literal["hidden", "sidebar"] = "hidden" if view.kiosk else "sidebar"
    page = st.navigation(pages, position=position, expanded=True)
    st.set_page_config(
        page_title=say("app"),
        layout="wide",
        initial_sidebar_state="collapsed" if page.url_path == "" else "auto",
    )
    came_to(page.url_path)
    if not view.kiosk:
        switches(view)
    page.run()


def _page(name: str, say: Words) -> StreamlitPage:
    home = name == HOME
    path = "" if home else name
    return st.Page(MODULES[name].show, title=say(f"nav.{name}"), url_path=path, default=home)


if __name__ == "__main__":
    main()
