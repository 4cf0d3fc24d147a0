"""The client-side watchdog: what the server tells it, and its component. The watching is watchdog.js."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC
from functools import cache

import streamlit as st

from dashboard.board import Board, Pulse
from dashboard.theme import ASSETS
from dashboard.words import Words

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
    "store",
    "page",
)


@cache
def _component() -> Callable[..., object]:
    html = (ASSETS / "watchdog.html").read_text(encoding="utf-8")
    js = (ASSETS / "watchdog.js").read_text(encoding="utf-8")
    return st.components.v2.component("deskpulse.watchdog", html=html, js=js, isolate_styles=False)


def watchdog(board: Board, pulse: Pulse, words: Words, *, refresh_s: float, reload: bool) -> None:
    """Mount the watchdog, or give the mounted one fresh ages. Call it in each rerun."""
    wall = board.now.replace(tzinfo=UTC).timestamp() * 1000  # the shop's clock as if it were UTC
    news = pulse.as_json() | {
        "tick": pulse.tick_s,
        "refresh": refresh_s,
        "wall": wall,
        "day": words.day(board.now),
        "html_lang": _HTML_LANG[words.language],
        "reload_after": RELOAD_AFTER_S if reload else None,
        "words": {name: words(f"watch.{name}") for name in _SENTENCES}
        | {name: words(f"span.{name}") for name in _UNITS}
        | {"joint": "" if words.language == "zh" else " "},
    }
    _component()(key="dp_watchdog", data=news)
