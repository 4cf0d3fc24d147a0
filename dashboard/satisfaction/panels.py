"""The sections of the Satisfaction page that are charts: Satisfaction → panels, in its order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from dashboard.history import sheets
from dashboard.history.asked import Asked
from dashboard.history.export import Sheet, Table
from dashboard.history.known import Known
from dashboard.history.panel import Panel
from dashboard.history.tiles import Headline
from dashboard.satisfaction import charts, frames, frames_shares, tables
from dashboard.satisfaction.answer import Satisfaction
from dashboard.satisfaction.rated import Split
from dashboard.words import Words
from metrics.satisfaction import ENOUGH

_BAR_PX, _AXIS_PX, _COURSE_PX, _STEP_PX = 30, 56, 300, 46


def panels_of(answer: Satisfaction, asked: Asked, known: Known) -> Iterator[Panel]:
    """All that there is data for."""
    if any(one.estimate for one in answer.course):
        yield course_panel(answer, asked)
    if answer.scores is not None:
        yield scores_panel(answer, asked)
    if answer.funnel:
        yield funnel_panel(answer, asked)
    for split in answer.splits:
        yield split_panel(answer, split, asked, known)


def course_panel(answer: Satisfaction, asked: Asked) -> Panel:
    say, kpi = asked.say, answer.chosen.head.kpi
    note = say("satisfaction.course_note", n=ENOUGH)
    if any(one.estimate for one in answer.earlier):
        span = asked.period_said(asked.before)
        note = f"{note} {say('satisfaction.course_grey', span=span)}"
    title = say(f"satisfaction.course_{answer.grain}")
    frame = frames.course_frame(answer, asked, target=kpi.target)
    sheet = _sheet("course", title, tables.course_table(answer, asked), answer, asked=asked)
    spec = charts.course(kpi.unit, asked.language)
    return Panel("course", title, note, spec, frame, sheet, _COURSE_PX)


def scores_panel(answer: Satisfaction, asked: Asked) -> Panel:
    found, say = answer.scores, asked.say
    assert found is not None  # noqa: S101 - asked for by who has seen it
    total = sum(found.now)
    note = say("satisfaction.scores_note", n=say.count(total))
    if any(found.before or ()):
        note = f"{note} {say('satisfaction.grey_tick')}"
    title = say("satisfaction.scores")
    frame = frames_shares.scores_frame(found, say)
    chosen = answer.chosen.head
    head = replace(chosen, kpi=found.kpi, row=replace(chosen.row, n=total))
    table = tables.scores_table(found, asked)
    sheet = _sheet("scores", title, table, answer, asked=asked, head=head)
    spec, height = charts.scores(asked.language), _STEP_PX * len(frame) + 12
    return Panel("scores", title, note, spec, frame, sheet, height, wide=False)


def funnel_panel(answer: Satisfaction, asked: Asked) -> Panel:
    say, kind = asked.say, answer.funnel[0].name
    note = say(f"satisfaction.funnel_note_{kind}")
    if any(step.before for step in answer.funnel):
        note = f"{note} {say('satisfaction.grey_tick')}"
    title = say(f"satisfaction.funnel_{kind}")
    frame = frames_shares.funnel_frame(answer.funnel, say)
    sheet = _sheet("funnel", title, tables.funnel_table(answer.funnel, asked), answer, asked=asked)
    spec, height = charts.funnel(asked.language), _STEP_PX * len(frame) + 12
    return Panel("funnel", title, note, spec, frame, sheet, height, wide=False)


def split_panel(answer: Satisfaction, split: Split, asked: Asked, known: Known) -> Panel:
    kpi, say, whole = answer.chosen.head.kpi, asked.say, answer.chosen.now
    assert whole is not None  # noqa: S101 - without a value there are no splits
    frame = frames.whiskers_frame(kpi, split, whole, known, say)
    table = tables.split_table(kpi, split, known, asked)
    title = say(f"by.{split.label}")
    sheet = _sheet(f"by-{split.label}", title, table, answer, asked=asked)
    spec, height = charts.whiskers(kpi.unit, asked.language), _AXIS_PX + _BAR_PX * len(frame)
    note = _split_note(split, len(frame), say)
    return Panel(f"by_{split.label}", title, note, spec, frame, sheet, height, wide=False)


def _split_note(split: Split, shown: int, say: Words) -> str:
    thin = sum(1 for part in split.parts if part.now and part.now.thin)
    note = say("satisfaction.split_agents" if split.label == "agent" else "satisfaction.split_note")
    if thin:
        note = f"{note} {say('satisfaction.split_thin', n=ENOUGH, thin=say.count(thin))}"
    if len(split.parts) > shown:
        more = say("history.more_bars", n=shown, total=say.count(len(split.parts)))
        note = f"{more} {note}"
    return note


def _sheet(
    name: str,
    title: str,
    table: Table,
    answer: Satisfaction,
    *,
    asked: Asked,
    head: Headline | None = None,
) -> Sheet:
    shown = head or answer.chosen.head
    return sheets.sheet(asked, shown, table, name=name, title=title, as_of=answer.as_of)
