"""The queue table: QueueRow → HTML with in-cell bars, in pages. Order and paging are board.py's."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlencode

from dashboard.board import Board, QueueRow, State, by_trouble, page_number, pages_of
from dashboard.markup import cells, figure, mark, raw, shorten, state_class, tag, text
from dashboard.past import THIN_SAMPLE
from dashboard.words import UNKNOWN, Words

ROWS_PER_PAGE = 8
FEW_ROWS = 5  # up to so many are set larger instead of leaving the wall empty
ROWS_BESIDE_SHOP = 7  # its figures take the place of one
MOST_PAGES = 6  # more of them would turn too slowly to be read
# Widths in cells, two for a Chinese character: one line, two smaller lines, the small line.
_ONE_LINE, _TWO_LINES, _CHANNEL = 18, 36, 24
_COLUMNS = ("queue", "waiting", "longest", "bands", "agents", "service_level")


def table_html(board: Board, words: Words) -> str:
    rows = by_trouble(board.rows)
    if not rows:
        lines = tag("b", text(words("table.empty"))) + tag("p", text(words("table.empty_hint")))
        return tag("div", tag("div", lines, class_="dp-nothing"), class_="dp-queues")
    size = ROWS_BESIDE_SHOP if board.shop else ROWS_PER_PAGE
    most = MOST_PAGES * size
    pages = pages_of(rows[:most], size=size)
    up = page_number(board.now, count=len(pages))
    scale = _Scale.of(rows)
    # Every page is sent: the wall shows one of them, the phone scrolls through all.
    body = "".join(
        _row_html(row, words, scale=scale, shown=page.number == up)
        for page in pages
        for row in page.rows
    )
    left = len(rows) - most
    more = tag("p", text(words("table.rest", n=left)), class_="dp-rest") if left > 0 else ""
    few = len(rows) <= FEW_ROWS
    table = tag(
        "div",
        body,
        class_="dp-rows dp-few" if few else "dp-rows",
        style=f"--rows:{FEW_ROWS if few else size}",
    )
    parts = _head_html(board.band_edges_s, words) + table + more
    return tag("div", parts + _dots_html(up, len(pages), words), class_="dp-queues")


class _Scale:
    """What the in-cell bars of a column are measured against: the largest value of the table."""

    def __init__(self, waiting: float, longest_s: float) -> None:
        self.waiting = waiting
        self.longest_s = longest_s

    @classmethod
    def of(cls, rows: Sequence[QueueRow]) -> _Scale:
        return cls(
            max((row.waiting for row in rows), default=0) or 1,
            max((row.longest_wait_s or 0.0 for row in rows), default=0.0) or 1.0,
        )


def band_names(edges_s: Sequence[int], words: Words) -> list[str]:
    """≤1m, ≤5m, >5m: one name more than there are edges, each as short as its colour chip."""
    if not edges_s:
        return []
    spans = [_short_span(edge, words) for edge in edges_s]
    return [*(f"≤{span}" for span in spans), f">{spans[-1]}"]


def _short_span(seconds: int, words: Words) -> str:
    for unit, size in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= size and seconds % size == 0:
            return f"{seconds // size}{words(f'short.{unit}')}"
    return f"{seconds}{words('short.second')}"


def _head_html(edges_s: Sequence[int], words: Words) -> str:
    legend = "".join(
        tag("i", text(name), class_=f"dp-band-{at}")
        for at, name in enumerate(band_names(edges_s, words))
    )
    cells = "".join(
        tag(
            "div",
            tag("span", text(words(f"table.{column}")))
            + (tag("span", legend, class_="dp-legend") if column == "bands" else ""),
            class_=f"dp-{column}",
        )
        for column in _COLUMNS
    )
    return tag("div", cells, class_="dp-head")


def _row_html(row: QueueRow, words: Words, *, scale: _Scale, shown: bool) -> str:
    worst = max(row.state, row.wait_state)
    content = (
        _name_html(row, words, worst)
        + _bar_html("waiting", row.waiting / scale.waiting, row.state, words)
        + _waiting_html(row, words)
        + "</div>"
        + _bar_html("longest", (row.longest_wait_s or 0.0) / scale.longest_s, row.wait_state, words)
        + _longest_html(row, words)
        + "</div>"
        + tag("div", _bands_html(row.bands), class_="dp-bands")
        + _agents_html(row, words)
        + _level_html(row, words)
    )
    return tag(
        "a",
        content,
        class_=state_class("dp-row", worst) + ("" if shown else " dp-off"),
        href="queues?" + urlencode({"queue": row.queue, "source": row.source}),
        target="_self",
        data_queue=row.queue,
        data_waiting=raw(row.waiting if row.waits_known else None),
        data_longest=raw(row.longest_wait_s),
        data_reachable="no" if not row.reachable else None,
    )


def _name_html(row: QueueRow, words: Words, worst: State) -> str:
    small = row.channel if row.reachable else words("table.last_known")
    if cells(row.queue) > _ONE_LINE and row.reachable:
        lines = tag("b", text(shorten(row.queue, _TWO_LINES)), class_="dp-two")
    else:
        lines = tag("b", text(shorten(row.queue, _ONE_LINE))) + tag(
            "small", text(shorten(small, _CHANNEL))
        )
    return tag(
        "div",
        tag("span", mark(worst, words), class_="dp-flag") + tag("span", lines, class_="dp-names"),
        class_="dp-queue",
        title=f"{row.queue} · {row.channel} · {row.source}",
    )


def _bar_html(column: str, share: float, state: State, words: Words) -> str:
    """The open tag of a cell with a bar under its figure; the phone shows the label in it."""
    fill = f"--fill:{min(1.0, max(0.0, share)) * 100:.1f}%"
    name = text(words(f"table.{column}"))
    named = f'class="{state_class(f"dp-{column} dp-bar", state)}" data-label="{name}"'
    return f'<div {named} style="{fill}">'


def _waiting_html(row: QueueRow, words: Words) -> str:
    if not row.waits_known:
        return tag("b", UNKNOWN, class_="dp-unknown", title=words("reason.waits_unknown"))
    return tag("span", figure(words.big_count(row.waiting)))


def _longest_html(row: QueueRow, words: Words) -> str:
    if not row.waits_known:
        return tag("b", UNKNOWN, class_="dp-unknown", title=words("reason.waits_unknown"))
    if row.longest_wait_s is None and row.waiting_over_cut and row.cut_s:
        return tag("span", tag("b", "&gt;") + figure(words.big_duration(row.cut_s)))
    if row.longest_wait_s is None:
        return tag("b", UNKNOWN, class_="dp-unknown", title=words("reason.none_waiting"))
    return tag("span", figure(words.big_duration(row.longest_wait_s)))


def _bands_html(bands: Sequence[int]) -> str:
    total = sum(bands)
    if not total:
        return ""
    return "".join(
        tag(
            "span",
            text(str(count)) if count * 9 >= total else "",
            class_=f"dp-band-{at}",
            style=f"--share:{count}",
            title=str(count),
        )
        for at, count in enumerate(bands)
        if count
    )


def _agents_html(row: QueueRow, words: Words) -> str:
    known = row.agents is not None
    figures = tag("b", text(str(row.agents))) if known else tag("b", UNKNOWN, class_="dp-unknown")
    title = None if known else words("reason.presence")
    label = words("table.agents")
    return tag("div", figures, class_="dp-agents", title=title, data_label=label)


def _level_html(row: QueueRow, words: Words) -> str:
    if row.service_level is None:
        unknown = tag("b", UNKNOWN, class_="dp-unknown")
        return tag(
            "div",
            unknown,
            class_="dp-service_level",
            title=words("reason.no_contacts"),
            data_label=words("table.service_level"),
        )
    thin = row.service_level_n < THIN_SAMPLE
    n = tag("small", text(words("note.n", n=row.service_level_n))) if thin else ""
    return (
        _bar_html("service_level", row.service_level / 100, State.CALM, words)
        + tag("b", text(words.percent(row.service_level)))
        + n
        + "</div>"
    )


def _dots_html(up: int, count: int, words: Words) -> str:
    if count < 2:
        return ""
    dots = "".join(tag("i", class_="dp-on" if at == up else None) for at in range(count))
    title = words("table.page", number=up + 1, count=count)
    return tag("div", dots, class_="dp-dots", title=title, role="img", aria_label=title)
