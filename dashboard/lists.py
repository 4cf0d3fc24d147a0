"""Plain tables of the desk pages: cells → HTML. What stands in them is the pages'."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dashboard.markup import sentence, tag, text

LATE, DOWN, GOOD = "▲", "■", "●"


def list_html(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of texts; every cell is escaped. Its cells carry their head for narrow screens."""
    head = tag("tr", "".join(tag("th", text(name), scope="col") for name in heads))
    body = "".join(
        tag(
            "tr",
            "".join(
                tag("td", text(cell), data_label=name)
                for name, cell in zip(heads, row, strict=True)
            ),
        )
        for row in rows
    )
    table = tag("table", tag("thead", head) + tag("tbody", body), class_="dp-list")
    return tag("div", table, class_="dp-scroll")


def title_html(title: str, sentence: str) -> str:
    """A page's title with the one sentence of what stands out."""
    return tag("div", tag("h1", text(title)) + tag("p", text(sentence)), class_="dp-page-title")


def pairs_html(pairs: Iterable[tuple[str, str]]) -> str:
    """Names and values side by side."""
    cells = "".join(
        tag("div", tag("dt", text(name)) + tag("dd", text(value))) for name, value in pairs
    )
    return tag("dl", cells, class_="dp-pairs")


def bar_html(done: int, total: int, label: str) -> str:
    """How far something has come."""
    share = min(100.0, done / total * 100) if total else 0.0
    bar = tag("div", class_="dp-progress", style=f"--fill:{share:.1f}%")
    return tag("div", tag("span", text(label)) + bar, class_="dp-done")


def note_html(message: str, *, warning: bool = False) -> str:
    """One line of small print; a warning has its sign before it."""
    said = f"{LATE} {message}" if warning else message
    return tag("p", sentence(said), class_="dp-page-note dp-watch" if warning else "dp-page-note")
