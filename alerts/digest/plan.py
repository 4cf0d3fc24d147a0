"""What a picture is to show, as values: places, labels, ticks. Drawn by chart.py."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

from alerts.digest.content import Chart, ProfileChart, QueueChart, TrendChart, Verdict
from alerts.digest.words import Speaker
from metrics.text import format_day

TICKS = 4
NICE = (1.0, 2.0, 2.5, 5.0, 10.0)
NICE_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 86400)
HOURS_BETWEEN = 3
ROOM = 0.25  # of the axis, on both sides


@dataclass(frozen=True, slots=True)
class Mark:
    """One value with its place and its label; `usual` beside it. None: not known."""

    name: str
    value: float | None
    usual: float | None = None
    text: str = ""
    strong: bool = False


@dataclass(frozen=True, slots=True)
class Drawing:
    """`marks` in order; `ticks`: values marked on the axis from low to high, with their texts.

    `shown`: places whose names are written along the axis.
    """

    kind: str  # trend, bars or queues
    marks: tuple[Mark, ...]
    usual_text: str
    ticks: tuple[tuple[float, str], ...]
    low: float
    high: float
    shown: tuple[int, ...] = ()


def plan(chart: Chart, speaker: Speaker) -> Drawing:
    """The drawing of a chart, in the reader's language."""
    if isinstance(chart, TrendChart):
        return _trend(chart, speaker)
    if isinstance(chart, ProfileChart):
        return _bars(chart, speaker)
    return _queues(chart, speaker)


def _trend(chart: TrendChart, speaker: Speaker) -> Drawing:
    points, first = chart.points, len(chart.points) - chart.span_days
    weekday = points[-1].day.weekday() if points else 0
    shown = [at for at, point in enumerate(points) if point.day.weekday() == weekday]
    marks = tuple(
        Mark(
            _day(point.day, speaker),
            point.value,
            chart.usual,
            speaker.amount(chart.kpi, point.value) if at == len(points) - 1 else "",
            strong=at >= first,
        )
        for at, point in enumerate(points)
    )
    values = [one.value for one in marks]
    low, high, ticks = _scale([*values, chart.usual], chart.kpi, speaker, from_zero=False)
    usual = speaker.say("chart.usual")
    if chart.usual is not None:
        usual = f"{usual} {speaker.amount(chart.kpi, chart.usual)}"
    return Drawing("trend", marks, usual, ticks, low, high, tuple(shown))


def _bars(chart: ProfileChart, speaker: Speaker) -> Drawing:
    zone = speaker.wording.zone
    marks, shown = [], []
    for at, point in enumerate(chart.points):
        local = point.at.astimezone(zone)
        if chart.by_hour:
            name = f"{local.hour}:00"
            if local.hour % HOURS_BETWEEN == 0:
                shown.append(at)
        else:
            name = format_day(point.at, speaker.lang, zone=zone)
            name = name.split(" ")[1 if speaker.lang == "zh" else 0]
            shown.append(at)
        marks.append(Mark(name, point.value, point.usual))
    both = [value for mark in marks for value in (mark.value, mark.usual)]
    low, high, ticks = _scale(both, chart.kpi, speaker, from_zero=True)
    usual = speaker.say("chart.usual")
    return Drawing("bars", tuple(marks), usual, ticks, low, high, tuple(shown))


def _queues(chart: QueueChart, speaker: Speaker) -> Drawing:
    marks = tuple(
        Mark(
            one.queue or "",
            one.value,
            one.usual,
            speaker.amount(chart.kpi, one.value),
            strong=one.verdict is Verdict.CHANGED and one.direction == "worse",
        )
        for one in chart.rows
    )
    both = [value for mark in marks for value in (mark.value, mark.usual)]
    low, high, ticks = _scale(both, chart.kpi, speaker, from_zero=False)
    room = (high - low) * ROOM  # for the labels beside the outermost dots
    return Drawing("queues", marks, "", ticks, low - room, high + room)


def _day(day: date, speaker: Speaker) -> str:
    """The date without its weekday."""
    zone = speaker.wording.zone
    said = format_day(datetime.combine(day, time(12), zone), speaker.lang, zone=zone)
    return said.split(" ")[0] if speaker.lang == "zh" else said.split(" ", 1)[1]


def _scale(
    values: Iterable[float | None], kpi: str, speaker: Speaker, *, from_zero: bool
) -> tuple[float, float, tuple[tuple[float, str], ...]]:
    """The ends of an axis around the values, and its ticks; shares stay within 0 and 100."""
    known = [value for value in values if value is not None and math.isfinite(value)] or [0.0]
    unit = speaker.term(kpi).unit
    low, high = min(known), max(known)
    low = min(0.0, low) if from_zero else low
    if high == low:
        low, high = low - 1, high + 1
    step = _step((high - low) / TICKS, NICE_S if unit == "s" else None)
    start, end = math.floor(low / step) * step, math.ceil(high / step) * step
    if not from_zero and end - high < 0.25 * step:
        end += step  # the last value's label stands above it
    if unit == "%" and high <= 100:
        start, end = max(start, 0.0), min(end, 100.0) if high < 99 else 100.0
    if low >= 0:
        start = max(start, 0.0)
    count = round((end - start) / step)
    ticks = [start + place * step for place in range(count + 1)]
    texts = tuple((tick, speaker.amount(kpi, tick)) for tick in ticks if tick <= end + 1e-9)
    return start, end, texts


def _step(rough: float, steps: Sequence[float] | None) -> float:
    if steps is not None:
        found = next((step for step in steps if step >= rough), None)
        return float(found) if found else math.ceil(rough / 86_400) * 86_400.0
    size = 10.0 ** math.floor(math.log10(rough))
    return next(size * one for one in NICE if size * one >= rough - 1e-12)
