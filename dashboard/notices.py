"""The designed states without figures: nothing read yet, and a store that cannot be read. → HTML."""

from __future__ import annotations

from collections.abc import Sequence

from dashboard.board import SourceView
from dashboard.markup import tag, text
from dashboard.words import Words


def empty_html(sources: Sequence[SourceView], words: Words) -> str:
    """Before the first read of any source; the back-fill's progress where one runs."""
    lines = [words("empty.text")]
    for source in sources:
        if source.backfill_total:
            done, total = source.backfill_done or 0, source.backfill_total
            parts = {"done": words.count(done), "total": words.count(total)}
            lines.append(f"{source.name}: {words('empty.progress', **parts)}")
    return _card(words("empty.title"), lines)


def error_html(message: str, words: Words) -> str:
    return _card(words("empty.error_title"), [words("empty.error_text"), message])


def _card(title: str, lines: Sequence[str]) -> str:
    body = tag("h2", text(title)) + "".join(tag("p", text(line)) for line in lines)
    return tag("div", tag("div", body, class_="dp-card"), class_="dp-board dp-blank")
