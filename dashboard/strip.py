"""The top strip: the shop's name and the firing alerts as sentences. Clock, age: watchdog.py."""

from __future__ import annotations

from collections.abc import Sequence

from alerts.alert import Alert, Severity
from alerts.render import Wording, title
from dashboard.board import Board, most_urgent_first
from dashboard.markup import shorten, tag, text
from dashboard.notices import progress_lines
from dashboard.words import Words
from metrics.text import format_moment

SHOWN_ALERTS = 2
_NAME_CELLS, _TITLE_CELLS, _WHO_CELLS = 22, 58, 12
_CLASSES = {Severity.CRITICAL: "dp-breach", Severity.WARNING: "dp-watch", Severity.INFO: "dp-calm"}


def strip_html(board: Board, words: Words) -> str:
    shop = board.name or words("app")
    name = tag("div", text(shorten(shop, _NAME_CELLS)), class_="dp-name", title=shop)
    return tag("header", name + _alerts_html(most_urgent_first(board.alerts), words, board),
               class_="dp-strip")  # fmt: skip


def _alerts_html(alerts: Sequence[Alert], words: Words, board: Board) -> str:
    filling = " · ".join(progress_lines(board.sources, words))
    if not alerts:
        return tag("div", text(filling or words("alert.none")), class_="dp-alerts dp-quiet")
    wording = Wording(words.language, board.zone)
    lines = "".join(_alert_html(alert, words, board, wording) for alert in alerts[:SHOWN_ALERTS])
    if filling and len(alerts) < SHOWN_ALERTS:  # two lines are all that there is room for
        lines += tag("p", tag("small", text(filling)), class_="dp-alert")
    left = len(alerts) - SHOWN_ALERTS
    more = tag("p", text(words("alert.more", n=left)), class_="dp-more") if left > 0 else ""
    return tag(
        "div", tag("div", lines, class_="dp-lines") + more, class_="dp-alerts", role="status"
    )


def _alert_html(alert: Alert, words: Words, board: Board, wording: Wording) -> str:
    """The same sentence as in its message; its first sign is the symbol of its severity."""
    said = title(alert, wording)
    time = format_moment(alert.pending_since, words.language, zone=board.zone, now=board.now)
    return tag(
        "p",
        tag("span", text(shorten(said, _TITLE_CELLS)))
        + tag("small", text(_since(alert, time, words))),
        class_=f"dp-alert {_CLASSES[alert.severity]}",
        title=said,
    )


def _since(alert: Alert, time: str, words: Words) -> str:
    """Since when, and who is on it."""
    said = alert.acknowledgement
    if said is None:
        return words("alert.since", time=time)
    return words("alert.taken", time=time, by=shorten(said.by, _WHO_CELLS))
