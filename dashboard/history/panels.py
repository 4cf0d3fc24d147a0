"""The usual sections of a KPI: its course, the hours of the week, the distribution, by label.
Study → panels, in the order of the page. A page may leave some out or put its own between."""

from __future__ import annotations

from collections.abc import Iterator

from dashboard.history import charts_course, charts_spread, sheets
from dashboard.history.asked import Asked
from dashboard.history.export import Sheet, Table
from dashboard.history.frames_course import course_frame
from dashboard.history.frames_spread import (
    MOST_BARS,
    breakdown_frame,
    distribution_frame,
    week_frame,
)
from dashboard.history.known import Known
from dashboard.history.panel import Panel
from dashboard.history.study import Answer, Split
from dashboard.past import THIN_SAMPLE

_BAR_PX, _AXIS_PX, _WEEK_PX = 30, 56, 290
_COUNTED = ("count", "sum", "hits")


def panels_of(answer: Answer, asked: Asked, known: Known) -> Iterator[Panel]:
    """All that there is data for."""
    study = answer.study
    if study.course:
        yield course_panel(answer, asked)
    if any(cell.n for cell in study.week):
        yield week_panel(answer, asked)
    if any(band.n for band in study.bands):
        yield distribution_panel(answer, asked)
    for split in study.splits:
        yield breakdown_panel(answer, split, asked, known)


def course_panel(answer: Answer, asked: Asked, *, target: float | None = None) -> Panel:
    study, say = answer.study, asked.say
    kpi = study.head.kpi
    target = kpi.target if target is None else target
    frame = course_frame(
        kpi, study.course, study.earlier, period=asked.period, say=say, target=target
    )
    if kpi.shape in _COUNTED:
        spec = charts_course.bars(kpi.unit, asked.language)
    else:
        timed = kpi.shape == "duration"
        name = kpi.headline if timed else ""
        spec = charts_course.course(kpi.unit, asked.language, percentiles=timed, name=name)
    note = say("history.course_note")
    if asked.before is not None and any(row.value is not None for row in study.earlier):
        note = say("history.course_note_grey", span=asked.period_said(asked.before))
    table = sheets.course_table(kpi, study.course, study.earlier, asked)
    return Panel("course", say("history.course"), note, spec, frame,
                 _sheet("course", say("history.course"), table, answer, asked), 300)  # fmt: skip


def week_panel(answer: Answer, asked: Asked) -> Panel:
    study, say = answer.study, asked.say
    kpi = study.head.kpi
    kind = "low" if kpi.better == "higher" else "slow" if kpi.unit == "s" else "high"
    note = say("history.week_note", kind=say(f"history.worse_{kind}"), n=THIN_SAMPLE)
    table = sheets.week_table(kpi, study.week, asked)
    return Panel("week", say("history.week"), note, charts_spread.week(asked.language),
                 week_frame(kpi, study.week, say),
                 _sheet("week", say("history.week"), table, answer, asked), _WEEK_PX)  # fmt: skip


def distribution_panel(answer: Answer, asked: Asked) -> Panel:
    study, say = answer.study, asked.say
    row = study.head.row
    note = say(
        "history.distribution_note",
        n=say.count(row.n),
        p50=say.duration(row.p50 or 0.0),
        p90=say.duration(row.p90 or 0.0),
    )
    table = sheets.distribution_table(study.bands, asked)
    return Panel("distribution", say("history.distribution"), note,
                 charts_spread.distribution(asked.language),
                 distribution_frame(study.head.kpi, study.bands, say),
                 _sheet("distribution", say("history.distribution"), table, answer, asked),
                 240)  # fmt: skip


def breakdown_panel(answer: Answer, split: Split, asked: Asked, known: Known) -> Panel:
    head, say = answer.study.head, asked.say
    frame = breakdown_frame(head.kpi, split, head.row, known, say)
    neither = head.kpi.better == "neither"
    note = say("history.breakdown_note_neither" if neither else "history.breakdown_note")
    if len(split.rows) > MOST_BARS:
        note = f"{say('history.more_bars', n=MOST_BARS, total=len(split.rows))} {note}"
    table = sheets.breakdown_table(head.kpi, split, known, asked)
    return Panel(f"by_{split.label}", say(f"by.{split.label}"), note,
                 charts_spread.breakdown(head.kpi.unit, asked.language), frame,
                 _sheet(f"by-{split.label}", say(f"by.{split.label}"), table, answer, asked),
                 _AXIS_PX + _BAR_PX * len(frame), wide=False)  # fmt: skip


def _sheet(name: str, title: str, table: Table, answer: Answer, asked: Asked) -> Sheet:
    head = answer.study.head
    return sheets.sheet(asked, head, table, name=name, title=title, as_of=answer.as_of)
