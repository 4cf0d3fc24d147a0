"""The one sentence under the title of the Satisfaction page, computed. Pure.

First what surely changed (else how it stands), then the queue that is surely worse than the rest,
then negative reviews that wait past their promise. Thin samples are never judged.
"""

from __future__ import annotations

from dashboard.satisfaction.answer import Satisfaction
from dashboard.satisfaction.frames import difference_said, figure_said, interval_said
from dashboard.satisfaction.rated import Rated, ranked, surely_worse
from dashboard.satisfaction.tickets import overdue
from dashboard.words import Words
from metrics.satisfaction import Verdict

_ORDER = ("queue", "team", "channel", "source")  # agents are not named in a headline


def sentence(answer: Satisfaction, words: Words) -> str:
    """Never empty: without figures it says that there are none."""
    if all(one.now is None for one in answer.figures):
        return words("stands.nothing")
    said = [part for part in (_figure(answer, words), _worst(answer, words), _late(answer, words))
            if part]  # fmt: skip
    return words("stands.joint").join(said) + words("stands.end")


def _figure(answer: Satisfaction, words: Words) -> str:
    """The figure that surely got worse the furthest, else better, else the chosen one."""
    for verdict in (Verdict.WORSE, Verdict.BETTER):
        moved = [one for one in answer.figures if one.verdict is verdict]
        if moved:
            return _moved(max(moved, key=_distance), words)
    known = [one for one in (answer.chosen, *answer.figures) if one.now is not None]
    one = known[0]
    assert one.now is not None  # noqa: S101 - just chosen by it
    kpi = one.head.kpi
    return words(
        f"satisfaction.stands_{'thin' if one.now.thin else one.verdict.value}",
        name=kpi.title(words.language),
        value=figure_said(one.now.value, kpi.unit, words),
        interval=interval_said(one.now, kpi.unit, words),
        n=words.count(one.now.n),
    )


def _moved(one: Rated, words: Words) -> str:
    kpi = one.head.kpi
    assert one.now is not None and one.before is not None  # noqa: S101 - it has a verdict
    return words(
        f"stands.{one.verdict.value}",
        name=kpi.title(words.language),
        value=figure_said(one.now.value, kpi.unit, words),
        by=difference_said(one.now.value, one.before.value, kpi.unit, words),
    )


def _distance(one: Rated) -> float:
    """How far a figure moved, in widths of its uncertainty: figures of any unit compare."""
    assert one.now is not None and one.before is not None  # noqa: S101 - it has a verdict
    spread = max(1e-9, one.now.high - one.now.low, one.before.high - one.before.low)
    return abs(one.now.value - one.before.value) / spread


def _worst(answer: Satisfaction, words: Words) -> str:
    """The worst queue (or, without queues to tell apart, the next label), if it surely is worse
    than all together."""
    kpi, whole = answer.chosen.head.kpi, answer.chosen.now
    splits = {one.label: one for one in answer.splits}
    label = next((name for name in _ORDER if name in splits), None)
    if label is None or whole is None:
        return ""
    worst = next(iter(ranked(kpi, splits[label].parts)), None)
    if worst is None or worst.now is None or not surely_worse(kpi, worst, whole):
        return ""
    value = figure_said(worst.now.value, kpi.unit, words)
    return words("stands.worst", kpi=kpi.title(words.language), name=worst.name, value=value)


def _late(answer: Satisfaction, words: Words) -> str:
    if answer.unanswered is None:
        return ""
    late = overdue(answer.unanswered, answer.as_of)
    if not late:
        return ""
    key = "satisfaction.stands_late_more" if answer.unanswered.more else "satisfaction.stands_late"
    promise = words.duration(answer.unanswered.promise.total_seconds())
    return words(key, n=words.count(late), promise=promise)
