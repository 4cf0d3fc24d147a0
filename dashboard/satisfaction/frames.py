"""Figures with intervals as frames: stretches and parts → the columns that charts.py names, with
the texts of one language. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pandas as pd

from dashboard.history import drill
from dashboard.history.asked import Asked
from dashboard.history.known import Known
from dashboard.history.values import difference, in_words
from dashboard.lists import LATE
from dashboard.satisfaction.answer import Satisfaction
from dashboard.satisfaction.rated import Split, Stretch, ranked, surely_worse
from dashboard.words import UNKNOWN, Words
from metrics.kpi import Kpi
from metrics.satisfaction import Estimate
from metrics.text import format_percent

MOST_DOTS = 20
ROOM = 0.62  # of the marks' width: room for the columns of figures beside them


def interval_said(found: Estimate | None, unit: str, say: Words) -> str:
    """`81.9–83.3%`."""
    if found is None:
        return UNKNOWN
    if unit == "%":
        low, high = (format_percent(one) for one in (found.low, found.high))
        if low == high and found.low < found.high:  # so narrow that it would look like none
            low, high = (format_percent(one, decimals=2) for one in (found.low, found.high))
        return f"{low.removesuffix('%')}–{high}"
    low, high = (figure_said(one, unit, say) for one in (found.low, found.high))
    if unit == "points":
        return say("satisfaction.range", low=low, high=high)  # a dash would look like a minus
    return f"{low}–{high}"


def figure_said(value: float | None, unit: str, say: Words) -> str:
    """A net promoter score is a whole number with its sign."""
    if value is None or unit != "points":
        return in_words(value, unit, say)
    return f"{value:.0f}".replace("-0", "0").replace("-", "−")


def difference_said(now: float, then: float, unit: str, say: Words) -> str:
    """How far apart two figures are: `3.1 pp`, `0.12`, and whole points."""
    return f"{abs(now - then):.0f}" if unit == "points" else difference(now, then, unit, say)


def span_said(part: Stretch, grain: str, say: Words) -> str:
    """`Wed 18 Nov`, `16 Nov – 22 Nov 2026`, `Nov 2026`."""
    start, last = part.start, part.end - pd.Timedelta(microseconds=1)
    if grain == "day":
        return say.day(start)
    if grain == "month" and part.whole:
        return say(f"satisfaction.month_{start.month}", year=start.year)
    return say("history.span", a=say.full_day(start.date()), b=say.full_day(last.date()))


def course_frame(
    answer: Satisfaction, asked: Asked, *, target: float | None = None
) -> pd.DataFrame:
    """One row per stretch; `earlier` ones lie over the same places."""
    kpi, say = answer.chosen.head.kpi, asked.say
    course, earlier = answer.course, answer.earlier
    all_thin = all(part.estimate is None or part.estimate.thin for part in course)
    lines = []
    for row, part in enumerate(course):
        found = part.estimate
        past = earlier[row].estimate if row < len(earlier) else None
        judged = found if found is not None and not found.thin else None
        drawn = found if all_thin else judged
        few = found is not None and drawn is None
        lines.append(
            _place(part)
            | {
                "row": row, "first": row == 0,
                "line": judged.value if judged else None, "value": drawn.value if drawn else None,
                "low": drawn.low if drawn else None, "high": drawn.high if drawn else None,
                "alone": drawn is not None and (all_thin or _alone(course, row)),
                "few": say("note.n", n=say.count(found.n)) if few and found else None,
                "thin": found is not None and found.thin, "partial": not part.whole,
                "before": past.value if past and not past.thin else None,
                "pick": drill.at(kpi.key, part.start, part.end).text() if found else None,
                "when": span_said(part, answer.grain, say),
                "before_said": _with_n(past, kpi.unit, say),
            }
            | _texts(found, kpi.unit, say)
        )  # fmt: skip
    frame = pd.DataFrame(lines).astype(dict.fromkeys(_NUMBERS, "Float64"))
    said = "" if target is None else say("history.target", value=in_words(target, kpi.unit, say))
    known = frame["before"].notna()
    if known.sum() < 2:
        frame["before"] = pd.Series(pd.NA, frame.index, "Float64")  # one point is no line
    frame["named"] = known & ~known[::-1].shift(fill_value=False).cummax()[::-1]
    return frame.assign(target=target, target_said=said)


_NUMBERS = ("value", "line", "low", "high", "before")


def _place(part: Stretch) -> dict[str, Any]:
    begin, end = _wall_ms(part.start), _wall_ms(part.end)
    return {"from": begin, "to": end, "mid": (begin + end) / 2}


def _wall_ms(moment: datetime) -> int:
    """The wall clock as if it were UTC."""
    return int(moment.replace(tzinfo=UTC, fold=0).timestamp() * 1000)


def _alone(course: Sequence[Stretch], row: int) -> bool:
    """Whether no neighbour can be joined with it to a band."""
    near = [*course[max(0, row - 1) : row], *course[row + 1 : row + 2]]
    return all(one.estimate is None or one.estimate.thin for one in near)


def _texts(found: Estimate | None, unit: str, say: Words) -> dict[str, Any]:
    thin = found is not None and found.thin
    n = say.count(found.n) if found else "0"
    return {
        "value_said": figure_said(found.value if found else None, unit, say),
        "interval_said": interval_said(found, unit, say),
        "n_said": say("satisfaction.few", n=n) if thin else n,
    }


def _with_n(found: Estimate | None, unit: str, say: Words) -> str:
    if found is None:
        return UNKNOWN
    return f"{figure_said(found.value, unit, say)} ({say('note.n', n=say.count(found.n))})"


def whiskers_frame(
    kpi: Kpi, split: Split, whole: Estimate, known: Known, say: Words
) -> pd.DataFrame:
    """One row per label value, the worst first, thin ones last; at most MOST_DOTS."""
    shown = ranked(kpi, split.parts)[:MOST_DOTS]
    least, most = _edges(shown, whole)
    lines = []
    for row, part in enumerate(shown):
        found = part.now
        assert found is not None  # noqa: S101 - `ranked` leaves out what has no answers
        # Agents are judged within their queues, on their own page.
        worse = split.label != "agent" and surely_worse(kpi, part, whole)
        lines.append(
            {
                "name": known.shown(split.label, part.name), "first": row == 0,
                "value": found.value if least <= found.value <= most else None,
                "low": max(found.low, least), "high": min(found.high, most),
                "before": _between(part.before, least, most), "least": least,
                "state": "thin" if found.thin else "worse" if worse else "calm",
                "room": most + ROOM * (most - least), "all": whole.value,
                "all_said": say("history.whole", value=figure_said(whole.value, kpi.unit, say)),
                "pick": drill.label(kpi.key, split.label, part.name).text(),
                "before_said": _with_n(part.before, kpi.unit, say),
            }
            | _texts(found, kpi.unit, say)
            | _beside(found, kpi.unit, say, worse=worse)
        )  # fmt: skip
    return pd.DataFrame(lines)


def _beside(found: Estimate, unit: str, say: Words, *, worse: bool) -> dict[str, str]:
    """The figures at the right; what is surely worse has its sign."""
    value = figure_said(found.value, unit, say)
    marked = f"{LATE} {value}" if worse else value
    return {"value_beside": marked, "n_beside": say("note.n", n=say.count(found.n))}


def _edges(parts: Sequence[Any], whole: Estimate) -> tuple[float, float]:
    """From the lowest to the highest whisker of those that can be judged, unless they are few:
    thin ones reach far, and would press them flat. A dot beyond is not drawn."""
    judged = [one.now for one in parts if not one.now.thin]
    judged = judged if len(judged) * 3 >= len(parts) else [one.now for one in parts]
    least = min(whole.low, *(one.low for one in judged))
    most = max(whole.high, *(one.high for one in judged))
    return least, most if most > least else least + 1.0


def _between(found: Estimate | None, least: float, most: float) -> float | None:
    """A thin value of the days before is no mark to compare with."""
    if found is None or found.thin or not least <= found.value <= most:
        return None
    return found.value
