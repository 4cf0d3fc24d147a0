"""The tables behind the Satisfaction page's charts and lists, as files hold them: the numbers of
the screen, unrounded, each with its interval and n. Pure. The files are history/export.py's."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from dashboard.history.asked import Asked
from dashboard.history.export import Cell, Column, Table
from dashboard.history.known import Known
from dashboard.satisfaction.answer import Satisfaction, Scores, Step
from dashboard.satisfaction.frames_shares import band_said
from dashboard.satisfaction.rated import Split, ranked
from dashboard.satisfaction.tickets import Ticket
from metrics.kpi import Kpi
from metrics.satisfaction import Estimate

_FORMS = {"%": "0.00", "score": "0.00", "points": "0.0"}
_STARS = "0.0"


def figures_table(answer: Satisfaction, asked: Asked) -> Table:
    """One line per headline figure, with its verdict."""
    say = asked.say
    columns = [Column("KPI"), Column(say("satisfaction.name")), Column(say("sheet.unit")),
               *_estimate_columns("", "0.00", asked), *_before_columns("", "0.00", asked),
               Column(say("satisfaction.verdict"))]  # fmt: skip
    lines: list[list[Cell]] = [
        [one.head.kpi.key, one.head.kpi.title(asked.language), one.head.kpi.unit, *_cells(one.now),
         *(_cells(one.before) if asked.before else []),
         say(f"satisfaction.said_{one.verdict.value}") if one.now and one.before else ""]
        for one in answer.figures
    ]  # fmt: skip
    return Table(columns, lines)


def course_table(answer: Satisfaction, asked: Asked) -> Table:
    """One line per day, week or month; `partial` is not whole in the period."""
    say, kpi = asked.say, answer.chosen.head.kpi
    columns = [Column(say("sheet.from")), Column(say("sheet.to")), *_estimates(kpi, asked),
               Column(say("satisfaction.partial"))]  # fmt: skip
    earlier = answer.earlier
    lines: list[list[Cell]] = []
    for at, one in enumerate(answer.course):
        line: list[Cell] = [one.start, one.end, *_cells(one.estimate),
                            "" if one.whole else say("sheet.yes")]  # fmt: skip
        lines.append(line + (_cells(earlier[at].estimate) if at < len(earlier) else []))
    if earlier:
        columns += _before_columns(kpi.unit, _FORMS.get(kpi.unit, ""), asked)
        lines = [line + [None] * (len(columns) - len(line)) for line in lines]
    return Table(columns, lines)


def split_table(kpi: Kpi, split: Split, known: Known, asked: Asked) -> Table:
    """One line per label value, all of them, in the order of the chart."""
    say = asked.say
    columns = [Column(say(f"label.{split.label}")), *_estimates(kpi, asked),
               *_before_columns(kpi.unit, _FORMS.get(kpi.unit, ""), asked)]  # fmt: skip
    lines: list[list[Cell]] = [
        [known.shown(split.label, part.name), *_cells(part.now),
         *(_cells(part.before) if asked.before else [])]
        for part in ranked(kpi, split.parts)
    ]  # fmt: skip
    return Table(columns, lines)


def scores_table(scores: Scores, asked: Asked) -> Table:
    say, total, past = asked.say, sum(scores.now), sum(scores.before or ())
    columns = [Column(say("satisfaction.score")), Column(say("sheet.share"), "0.00"), Column("n")]
    lines: list[list[Cell]] = [
        [band_said(scores, at, say), _percent(scores.now[at], total), scores.now[at]]
        for at in reversed(range(len(scores.edges)))
    ]
    if scores.before is not None:
        columns += [Column(say("satisfaction.share_before"), "0.00"), Column(say("sheet.n_before"))]
        for line, n in zip(lines, reversed(scores.before), strict=True):
            line += [_percent(n, past), n]
    return Table(columns, lines)


def funnel_table(steps: Sequence[Step], asked: Asked) -> Table:
    say = asked.say
    columns = [Column(say("satisfaction.step")), Column("n"), Column(say("sheet.share"), "0.00"),
               Column(say("sheet.n_before"))]  # fmt: skip
    lines: list[list[Cell]] = [
        [say(f"satisfaction.step_{step.name}"), step.now, _percent(step.now, steps[0].now),
         step.before]
        for step in steps
    ]  # fmt: skip
    return Table(columns, lines)


def tickets_table(
    rows: Sequence[Ticket], known: Known, asked: Asked, *, as_of: datetime | None = None
) -> Table:
    """`as_of`: with the age in seconds at that moment."""
    names = ("ref", "queue", "channel", "agent", "at")
    columns = [Column(asked.say(f"behind.{name}")) for name in names]
    columns += [Column(asked.say("satisfaction.score_of_5"), _STARS),
                Column(asked.say("label.source"))]  # fmt: skip
    lines: list[list[Cell]] = [
        [one.ref, one.queue, one.channel, known.shown("agent", one.agent) if one.agent else "",
         one.at.astimezone(asked.zone), one.score, one.source]
        for one in rows
    ]  # fmt: skip
    if as_of is not None:
        columns.append(Column(asked.say("satisfaction.age_s"), "0"))
        for line, one in zip(lines, rows, strict=True):
            line.append((as_of - one.at).total_seconds())
    return Table(columns, lines)


def _estimates(kpi: Kpi, asked: Asked) -> list[Column]:
    form = _FORMS.get(kpi.unit, "")
    return _estimate_columns(f"{kpi.title(asked.language)} ({kpi.unit})", form, asked)


def _estimate_columns(title: str, form: str, asked: Asked) -> list[Column]:
    say = asked.say
    return [Column(title or say("behind.value"), form), Column(say("satisfaction.low"), form),
            Column(say("satisfaction.high"), form), Column("n")]  # fmt: skip


def _before_columns(unit: str, form: str, asked: Asked) -> list[Column]:
    if asked.before is None:
        return []
    say = asked.say
    said = f"{say('sheet.before')} ({unit})" if unit else say("sheet.before")
    return [Column(said, form), Column(say("satisfaction.low_before"), form),
            Column(say("satisfaction.high_before"), form),
            Column(say("sheet.n_before"))]  # fmt: skip


def _cells(found: Estimate | None) -> list[Cell]:
    return [None, None, None, 0] if found is None else [found.value, found.low, found.high, found.n]


def _percent(part: int, whole: int) -> float | None:
    return 100 * part / whole if whole else None
