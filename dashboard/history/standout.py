"""The one sentence under a page's title: what stands out of the figures, computed. Pure.

What changed most comes first, then where it is worst. Thin samples are never judged.
"""

from __future__ import annotations

from collections.abc import Sequence

from dashboard.history.study import Answer, Split, label_of
from dashboard.history.tiles import Headline, change_of
from dashboard.history.values import difference, in_words
from dashboard.words import Words
from metrics.kpi import Kpi
from metrics.rows import KpiRow, WeekHour

ENOUGH = 30  # values before a queue or an hour is named
_POINTS = 5.0  # percent points between a queue and the whole that are worth a word
_TIMES = 1.25  # the same for spans of time
_MOVED = 0.05  # of what a figure was, to be the news of a page


def sentence(answer: Answer, words: Words) -> str:
    """Never empty: without figures it says that there are none."""
    known = [one for one in answer.headlines if one.row.value is not None and one.row.n]
    if not known:
        return words("stands.nothing")
    split = _worst_split(answer, words)
    hour = _worst_hour(answer, words, also=bool(split))
    said = [part for part in (_change(known, words), split, hour) if part]
    return words("stands.joint").join(said) + words("stands.end")


def _change(known: Sequence[Headline], words: Words) -> str:
    """The figure that got worse the most, else the one that got better the most, else calm."""
    moved = [(change_of(one), _size(one), one) for one in known]
    for kind in ("worse", "better"):
        found = [(size, one) for change, size, one in moved if change == kind and size >= _MOVED]
        if found:
            _, head = max(found, key=lambda pair: pair[0])
            return _moved(head, kind, words)
    head = known[0]
    key = "stands.steady" if change_of(head) else "stands.value"
    value = in_words(head.row.value, head.kpi.unit, words)
    return words(key, name=head.kpi.title(words.language), value=value)


def _moved(head: Headline, kind: str, words: Words) -> str:
    value, then = head.row.value, head.before.value if head.before else None
    assert value is not None and then is not None  # noqa: S101 - `change_of` saw both
    return words(
        f"stands.{kind}",
        name=head.kpi.title(words.language),
        value=in_words(value, head.kpi.unit, words),
        by=difference(value, then, head.kpi.unit, words),
    )


def _size(head: Headline) -> float:
    """How much a figure moved, as a share of what it was."""
    then = head.before.value if head.before else None
    return abs((head.row.value or 0.0) - then) / abs(then) if then else 0.0


def _worst_split(answer: Answer, words: Words) -> str:
    """The queue (or, without queues to tell apart, the next label) that is far worse than all."""
    kpi, whole = answer.study.head.kpi, answer.study.head.row.value
    split = next((one for one in _order(answer.study.splits)), None)
    if split is None or whole is None or kpi.better == "neither":
        return ""
    rows = [row for row in split.rows if row.n >= ENOUGH and row.value is not None]
    worst = max(rows, key=lambda row: _trouble(kpi, row), default=None)
    if worst is None or worst.value is None or not _far(kpi, worst.value, whole):
        return ""
    value = in_words(worst.value, kpi.unit, words)
    name = kpi.title(words.language)
    return words("stands.worst", kpi=name, name=label_of(worst), value=value)


def _worst_hour(answer: Answer, words: Words, *, also: bool) -> str:
    kpi, whole = answer.study.head.kpi, answer.study.head.row.value
    if whole is None or kpi.better == "neither":
        return ""
    cells = [one for one in answer.study.week if one.n >= ENOUGH and one.value is not None]
    worst = max(cells, key=lambda cell: _trouble(kpi, cell), default=None)
    if worst is None or worst.value is None or not _far(kpi, worst.value, whole):
        return ""
    return words(
        "stands.hour_too" if also else "stands.hour",
        kpi=kpi.title(words.language),
        day=words(f"weekday.{worst.weekday}"),
        hours=f"{worst.hour:02}:00–{worst.hour + 1:02}:00",
        value=in_words(worst.value, kpi.unit, words),
    )


def _order(splits: Sequence[Split]) -> list[Split]:
    ranks = {name: rank for rank, name in enumerate(("queue", "team", "channel", "source"))}
    return sorted((s for s in splits if s.label in ranks), key=lambda split: ranks[split.label])


def _trouble(kpi: Kpi, one: KpiRow | WeekHour) -> float:
    value = one.value or 0.0
    return -value if kpi.better == "higher" else value


def _far(kpi: Kpi, value: float, whole: float) -> bool:
    if kpi.unit == "%":
        gap = whole - value if kpi.better == "higher" else value - whole
        return gap >= _POINTS
    return value * _TIMES <= whole if kpi.better == "higher" else value >= whole * _TIMES
