"""A KPI over time as a frame: KPI rows of intervals → the columns that charts_course.py names, with
the texts of one language. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from statistics import median
from typing import Any

import numpy as np
import pandas as pd

from dashboard.history import drill
from dashboard.history.period import Period, elapsed
from dashboard.history.values import in_words
from dashboard.words import Words
from metrics.kpi import Kpi
from metrics.rows import KpiRow

_GAP = 0.1  # of an interval, on each side of a bar
_APART = 0.075  # of the height, between two names at the end of lines
_LINES = ("value", "p90", "p95", "before")


def course_frame(
    kpi: Kpi,
    rows: Sequence[KpiRow],
    earlier: Sequence[KpiRow],
    *,
    period: Period,
    say: Words,
    target: float | None = None,
) -> pd.DataFrame:
    """One row per interval; `earlier` are those of the days before, put over the same places."""
    top = _top(rows, target)
    highest = max((_most(row) for row in rows), default=0.0)
    lines = []
    for number, row in enumerate(rows):
        before = earlier[number].value if number < len(earlier) else None
        partial = period.running and number == len(rows) - 1
        said = f"↑ {in_words(highest, kpi.unit, say)}"
        lines.append(
            _place(row)
            | {name: _under(getattr(row, name), top) for name in ("value", "p90", "p95")}
            | {
                "row": number, "first": number == 0, "partial": partial,
                "dot": partial or _alone(rows, number), "before": _under(before, top),
                "beyond": said if _most(row) == highest > top else None,
                "top": top if np.isfinite(top) else None,
                "before_said": in_words(before, kpi.unit, say),
            }
            | _texts(kpi, row, say)
        )  # fmt: skip
    frame = pd.DataFrame(lines, columns=COLUMNS)
    said = "" if target is None else say("history.target", value=in_words(target, kpi.unit, say))
    return _with_names(frame.assign(target=target, target_said=said))


COLUMNS = (
    "row", "from", "to", "mid", "bar", "bar_end", "value", "p90", "p95", "before", "partial", "dot",
    "beyond", "top", "first", "pick", "when", "value_said", "p90_said", "p95_said", "before_said",
    "n_said",
)  # fmt: skip


def _place(row: KpiRow) -> dict[str, Any]:
    start, end = _bounds(row)
    begin, finish = _wall_ms(start), _wall_ms(end)
    if finish <= begin:  # the clock is set back within it
        finish = begin + int(elapsed(start, end) / timedelta(milliseconds=1))
    gap = (finish - begin) * _GAP
    return {
        "from": begin, "to": finish, "mid": (begin + finish) / 2,
        "bar": begin + gap, "bar_end": finish - gap,
    }  # fmt: skip


def _texts(kpi: Kpi, row: KpiRow, say: Words) -> dict[str, Any]:
    start, end = _bounds(row)
    return {
        "pick": drill.at(kpi.key, start, end).text() if row.n else None,
        "when": span_said(start, end, say),
        "value_said": in_words(row.value, kpi.unit, say),
        "p90_said": in_words(row.p90, kpi.unit, say),
        "p95_said": in_words(row.p95, kpi.unit, say),
        "n_said": say.count(row.n),
    }


def span_said(start: datetime, end: datetime, say: Words) -> str:
    """`Sat 21 Nov 14:00–14:30`, `Sat 21 Nov`, or the first and the last of several days."""
    last = end - timedelta(microseconds=1)
    if start.date() != last.date():
        return say("history.span", a=say.day(start), b=say.day(last))
    whole = start.time() == datetime.min.time() == end.time()
    return say.day(start) if whole else f"{say.day(start)} {start:%H:%M}–{end:%H:%M}"


def _bounds(row: KpiRow) -> tuple[datetime, datetime]:
    assert row.start is not None and row.end is not None  # noqa: S101 - rows of intervals
    return row.start, row.end


def _wall_ms(moment: datetime) -> int:
    """The wall clock as if it were UTC."""
    return int(moment.replace(tzinfo=UTC, fold=0).timestamp() * 1000)


def _most(row: KpiRow) -> float:
    return max(row.p95 or 0.0, row.p90 or 0.0, row.value or 0.0)


def _top(rows: Sequence[KpiRow], target: float | None) -> float:
    """The top of a chart of durations: a few bad hours must not press all others flat."""
    known = [row for row in rows if row.p90 is not None and row.p95 is not None]
    if len(known) < 3:
        return float("inf")
    p90, p95 = median(row.p90 or 0.0 for row in known), median(row.p95 or 0.0 for row in known)
    most = max(row.value or 0.0 for row in known)
    return max(3 * p90, 1.1 * p95, 1.3 * (target or 0.0), 1.2 * most)


def _under(value: float | None, top: float) -> float | None:
    return None if value is None else min(value, top)


def _alone(rows: Sequence[KpiRow], number: int) -> bool:
    """Whether no line leads to a value."""
    near = [*rows[max(0, number - 1) : number], *rows[number + 1 : number + 2]]
    return all(row.value is None for row in near)


def _with_names(frame: pd.DataFrame) -> pd.DataFrame:
    """Where the names of the lines stand, beside their ends and apart from each other."""
    ends = {}
    for line in _LINES:
        known = frame[line].dropna()
        if (known.index.diff() == 1).any():  # a line is drawn
            ends[line] = float(known.iloc[-1])
    low = float(np.nanmin([0.0, *(frame[line].min() for line in ends)])) if ends else 0.0
    high = max((float(frame[line].max()) for line in ends), default=0.0)
    places = apart(ends, (high - low) * _APART)
    for line in _LINES:
        frame[f"{line}_name_at"] = None
        if line in places and len(frame):
            frame[f"{line}_name_at"] = frame[f"{line}_name_at"].astype("Float64")
            frame.loc[frame.index[-1], f"{line}_name_at"] = places[line]
    return frame


def apart(ends: Mapping[str, float], gap: float) -> dict[str, float]:
    """The values, moved up as little as keeps each `gap` from the next."""
    order = sorted(ends, key=lambda name: ends[name])
    placed = {name: ends[name] for name in order}
    for lower, upper in pairwise(order):
        placed[upper] = max(placed[upper], placed[lower] + gap)
    return placed
