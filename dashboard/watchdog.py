"""The client-side watchdog: what the server tells it. The watching is assets/watchdog.js."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import cache

import streamlit as st

from dashboard.board import Pulse
from dashboard.theme import ASSETS
from dashboard.view import View
from dashboard.words import words

RELOAD_AFTER_S = 4 * 3_600
_HTML_LANG = {"zh": "zh-CN", "en": "en"}
_UNITS = ("second", "minute", "hour", "day")
_SENTENCES = (
    "live",
    "ago",
    "stale",
    "down",
    "never",
    "server",
    "worker",
    "source",
    "missing",
    "unread",
    "store",
    "page",
    "bell_on",
    "bell_off",
    "bell_blocked",
    "bell_new",
    "bell_word_on",
    "bell_word_off",
    "bell_word_blocked",
)


# Streamlit sends a component's inline script with every rerun, so this one only fetches the real
# one, which the browser then keeps (asgi.py serves it).
_STUB = """
const module = import(new URL("%s", document.baseURI).href);
export default function (component) {
  module.then((watchdog) => watchdog.take(component));
}
"""


@cache
def script() -> tuple[str, bytes]:
    """The URL of the watchdog's script, relative to the site, and its content."""
    body = (ASSETS / "watchdog.js").read_bytes()
    return f"deskpulse/watchdog.{hashlib.sha256(body).hexdigest()[:12]}.js", body


@cache
def _component() -> Callable[..., object]:
    html = (ASSETS / "watchdog.html").read_text(encoding="utf-8")
    return st.components.v2.component(
        "deskpulse.watchdog", html=html, js=_STUB % script()[0], isolate_styles=False
    )


def watchdog(
    pulse: Pulse, view: View, *, now: datetime, critical: Sequence[str] | None = None
) -> None:
    """Mount the watchdog, or give the mounted one fresh ages. `now` is local: it feeds the clock.

    `critical`: ids of critical alerts that nobody is on, for a board that rings when there is a new
    one; None for pages that don't. Call it in each rerun.
    """
    say = words(view.language)
    news = pulse.as_json() | {
        "tick": pulse.tick_s,
        "refresh": view.refresh_s,
        "wall": now.replace(tzinfo=UTC).timestamp() * 1000,  # the shop's clock as if it were UTC
        "day": say.day(now),
        "html_lang": _HTML_LANG[view.language],
        "reload_after": RELOAD_AFTER_S if view.kiosk else None,
        "critical": None if critical is None else list(critical),
        "words": {name: say(f"watch.{name}") for name in _SENTENCES}
        | {name: say(f"span.{name}") for name in _UNITS}
        | {"joint": "" if view.language == "zh" else " "},
    }
    _component()(key="dp_watchdog", data=news)
