"""Shares of a whole as frames: scores and the funnel's steps → the columns that charts.py names,
with the texts of one language. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from dashboard.history import drill
from dashboard.history.values import in_words
from dashboard.satisfaction.answer import Scores, Step
from dashboard.satisfaction.frames import ROOM
from dashboard.words import UNKNOWN, Words


def scores_frame(scores: Scores, say: Words) -> pd.DataFrame:
    """One row per score, the best first."""
    total, past = sum(scores.now), sum(scores.before or ())
    lines = []
    for at in reversed(range(len(scores.edges))):
        share = 100 * scores.now[at] / total if total else 0.0
        before = 100 * scores.before[at] / past if scores.before and past else None
        lines.append(
            {
                "name": band_said(scores, at, say), "share": share, "before": before,
                "value_said": in_words(share, "%", say), "n_said": say.count(scores.now[at]),
                "before_said": in_words(before, "%", say),
                "pick": _score_pick(scores, at) if scores.now[at] else None,
            }
        )  # fmt: skip
    return _with_room(pd.DataFrame(lines))


def band_said(scores: Scores, at: int, say: Words) -> str:
    if scores.kpi.unit == "points":
        return say(f"satisfaction.group_{at}")
    return say("satisfaction.stars", n=at + 1)


def _score_pick(scores: Scores, at: int) -> str:
    low, key = scores.edges[at], scores.kpi.key
    high = scores.edges[at + 1] if at + 1 < len(scores.edges) else None
    # A list with the worst first begins with the detractors; a band cannot begin below zero.
    return (drill.everything(key) if low < 0 else drill.band(key, low, high)).text()


def funnel_frame(steps: Sequence[Step], say: Words) -> pd.DataFrame:
    """One row per step. The share is of the first step, the text of the one before it."""
    lines = []
    for at, step in enumerate(steps):
        whole, above = steps[0], steps[max(0, at - 1)]
        before = None
        if step.before is not None and whole.before:
            before = 100 * step.before / whole.before
        of = 100 * step.now / above.now if above.now else None
        lines.append(
            {
                "name": say(f"satisfaction.step_{step.name}"),
                "share": 100 * step.now / whole.now,
                "before": before,
                "value_said": in_words(of, "%", say) if at else "",
                "n_said": say.count(step.now),
                "before_said": UNKNOWN if step.before is None else say.count(step.before),
                "pick": drill.everything(step.kpi).text(),
            }
        )
    return _with_room(pd.DataFrame(lines))


def _with_room(frame: pd.DataFrame) -> pd.DataFrame:
    top = float(max(frame["share"].max(), frame["before"].fillna(0).max(), 1.0))
    first = frame.index == 0
    return frame.assign(first=first, top=top, room=top * (1 + ROOM)).astype({"before": "Float64"})
