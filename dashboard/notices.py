"""States without figures: nothing read yet, a store that cannot be read. → HTML."""

from __future__ import annotations

from collections.abc import Sequence

from dashboard.board import SourceView
from dashboard.markup import sentence, tag, text
from dashboard.troubles import told_in
from dashboard.words import Words


def empty_html(sources: Sequence[SourceView], words: Words) -> str:
    """Before the first read of any source; the back-fill's progress where one runs."""
    failed = [
        words("empty.failing", name=source.name, error=told_in(words.language, source.error))
        for source in sources
        if source.failing and source.error
    ]
    lines = [words("empty.text"), *progress_lines(sources, words), *failed]
    return _card(words("empty.title"), lines)


def progress_lines(sources: Sequence[SourceView], words: Words) -> list[str]:
    """How far each history is that is still being read."""
    lines = []
    for source in sources:
        if not source.filling:
            continue
        if source.backfill_total:
            done, total = words.count(source.backfill_done or 0), words.count(source.backfill_total)
            lines.append(words("empty.progress", name=source.name, done=done, total=total))
        else:
            lines.append(words("empty.begun", name=source.name))
    return lines


def error_html(message: str, words: Words) -> str:
    return _card(
        words("empty.error_title"), [words("empty.error_text"), told_in(words.language, message)]
    )


def _card(title: str, lines: Sequence[str]) -> str:
    body = tag("h2", text(title)) + "".join(tag("p", sentence(line)) for line in lines)
    return tag("div", tag("div", body, class_="dp-card"), class_="dp-board dp-blank")
