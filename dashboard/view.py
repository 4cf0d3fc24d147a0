"""How a viewer looks at the pages: language, with or without chrome, how often. URL → View."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dashboard.words import Language, as_language

# A board that is drawn less often than this looks dead; more often, it only burns power.
SLOWEST_S, FASTEST_S = 60.0, 1.0


@dataclass(frozen=True, slots=True)
class View:
    language: Language
    kiosk: bool  # ?board=1: no sidebar, header or menu
    refresh_s: float


def view_of(
    query: Mapping[str, str],
    *,
    language: Language | None,
    browser_locale: str | None,
    poll_s: float,
) -> View:
    """The URL wins over the configured language, that over the browser's."""
    chosen = as_language(query.get("lang")) or language or as_language(browser_locale) or "en"
    return View(chosen, query.get("board") == "1", _refresh_s(query.get("refresh"), poll_s))


def usual_refresh_s(poll_s: float) -> float:
    """As often as data come, but no more than each 2 s and no less than each 5 s."""
    return min(5.0, max(2.0, poll_s))


def _refresh_s(wish: str | None, poll_s: float) -> float:
    try:
        seconds = float(wish or "")
    except ValueError:
        return usual_refresh_s(poll_s)
    if not FASTEST_S <= seconds <= SLOWEST_S:  # also refuses nan
        return usual_refresh_s(poll_s)
    return seconds
