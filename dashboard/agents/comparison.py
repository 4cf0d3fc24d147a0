"""One figure of each agent beside the expected one: Scorecard → frame, spec and panel. Pure.

Agents of quick chats and of slow mail share one axis, because it shows how far each is from what
was expected: in percent of it for times, in percent points for shares.
"""

from __future__ import annotations

from functools import cache

import altair as alt
import numpy as np
import pandas as pd

from dashboard.agents.cells import said
from dashboard.agents.files import comparison_sheet
from dashboard.agents.scorecard import Agent, Column, Scorecard
from dashboard.history import drill
from dashboard.history.asked import Asked
from dashboard.history.charts import ACCENT, INK, MUTED, TEXT_PX, Spec, clickable, reference, spec
from dashboard.history.known import Known
from dashboard.history.panel import Panel
from dashboard.history.values import in_words
from dashboard.theme import FONTS
from dashboard.words import UNKNOWN, Language, Words, words
from metrics.fairness import ENOUGH, Fair, Standing

MOST = 40
_ROOM = 1.6  # width of the axis against that of the marks: figures stand beside them
_USUAL, _FARTHEST, _NEAREST = 100.0, 300.0, 10.0  # ends of the axis: intervals, clear dots, least
_MOST_OF = 0.85  # of the intervals fit; the few widest are cut off
_DRAWN = (Standing.TOO_FEW, Standing.ALONE, Standing.WORSE, Standing.BETTER)
_BAR_PX, _AXIS_PX = 26, 84
_ROOMY = "windowSize()[0] >= 700"
_WATCH, _POSITIVE = "var(--dp-watch)", "var(--dp-positive)"
COLUMNS = (
    "name", "gap", "cut", "low", "high", "before", "standing", "first", "left", "right", "zero",
    "zero_said", "pick", "value_said", "expected_said", "n_said", "range_said", "before_said",
    "verdict_said",
)  # fmt: skip


def comparison_frame(card: Scorecard, known: Known, say: Words) -> pd.DataFrame:
    """One row per agent, furthest on the better side first; whom few contacts stand behind last."""
    column = card.chosen
    kpi = column.head.kpi
    agents = _shown(card)
    ends = _ends(column, agents)
    lines = []
    for number, agent in enumerate(agents):
        fair, before = column.fair[agent.id], card.before.get(agent.id)
        low, high = (_gap(end, fair, kpi.unit) for end in (fair.low, fair.high))
        gap = _gap(fair.value, fair, kpi.unit)
        past = _gap(before.value, fair, kpi.unit) if before else None
        lines.append(
            {
                "name": known.shown("agent", agent.id),
                "gap": _within(gap, ends), "cut": gap is not None and gap > ends[1],
                "low": _within(low, ends), "high": _within(high, ends),
                "before": past if past is not None and ends[0] <= past <= ends[1] else None,
                "standing": fair.standing.value, "first": number == 0, "left": ends[0],
                "right": ends[0] + (ends[1] - ends[0]) * _ROOM, "zero": 0.0,
                "zero_said": say("agents.expected"),
                "pick": drill.label(kpi.key, "agent", agent.id).text(),
                "value_said": in_words(fair.value, kpi.unit, say),
                "expected_said": in_words(fair.expected, kpi.unit, say),
                "n_said": say.count(fair.n), "range_said": range_said(fair, kpi.unit, say),
                "before_said": in_words(before.value if before else None, kpi.unit, say),
                "verdict_said": said(column, agent.id, say),
            }
        )  # fmt: skip
    return pd.DataFrame(lines, columns=list(COLUMNS))


def comparison_panel(card: Scorecard, asked: Asked, known: Known) -> Panel:
    say, column = asked.say, card.chosen
    frame = comparison_frame(card, known, say)
    title = say("agents.comparison", name=column.head.kpi.title(asked.language))
    if len(asked.where.queue) == 1:
        title = say("agents.within", name=column.head.kpi.title(asked.language),
                    queue=asked.where.queue[0])  # fmt: skip
    note = say("agents.comparison_note", looks=say.count(max(1, card.looks)))
    if asked.before is not None:
        note = f"{note} {say('agents.before_note', span=asked.period_said(asked.before))}"
    if len(frame) < len(column.fair):
        note = f"{say('history.more_bars', n=len(frame), total=len(column.fair))} {note}"
    kpi = column.head.kpi
    drawn = comparison(kpi.unit, kpi.better, asked.language)
    sheet = comparison_sheet(card, asked, known, title)
    return Panel("comparison", title, note, drawn, frame, sheet, _AXIS_PX + _BAR_PX * len(frame))


@cache
def comparison(unit: str, better: str, language: Language) -> Spec:
    """A dot with its interval per agent; the line is what was expected of each. A clear difference
    has a shape of its own, few values are faint, a tick is the days before."""
    y = alt.Y("name:N", sort=None, title=None, axis=alt.Axis(labelLimit=150))
    axis = _axis(unit, better, language)
    thin, alone, worse, fine = (f"datum.standing === '{one.value}'" for one in _DRAWN)
    faint = alt.condition(f"{thin} || {alone}", alt.value(0.4), alt.value(1))
    colours = {"condition": [{"test": worse, "value": _WATCH}, {"test": fine, "value": _POSITIVE}]}
    forms = ((worse, "triangle-up"), (fine, "square"), ("datum.cut", "triangle-right"))
    shapes = {"condition": [{"test": one, "value": form} for one, form in forms],
              "value": "circle"}  # fmt: skip
    rules = alt.Chart().mark_rule(strokeWidth=3, strokeCap="round", opacity=0.45)
    dots = alt.Chart().mark_point(filled=True, size=90, opacity=1)
    room = alt.Chart().transform_filter("datum.first").mark_point(opacity=0)
    shown = ("name", "value_said", "expected_said", "range_said", "n_said", "before_said",
             "verdict_said")  # fmt: skip
    return spec(
        alt.layer(
            room.encode(x=_x("left", axis)),
            room.encode(x="right:Q"),
            *reference("zero", "zero_said", upright=True),
            rules.encode(x=_x("low", axis), x2="high:Q", y=y, color=colours | {"value": ACCENT},
                         strokeOpacity=faint),
            alt.Chart().mark_tick(color=MUTED, thickness=2, height=14).encode(x="before:Q", y=y),
            dots.encode(x="gap:Q", y=y, color=colours | {"value": ACCENT}, shape=shapes,
                        fillOpacity=faint),
            *_figures(language, y),
            clickable(language, *shown, y=y, x=alt.value(0), x2=alt.value("width")),
        ),
        language,
    )  # fmt: skip


def _axis(unit: str, better: str, language: Language) -> alt.Axis:
    """Signed differences; the words at its ends say which side is the better one."""
    say = words(language)
    sign = "(datum.value > 0 ? '+' : datum.value < 0 ? '−' : '') + abs(datum.value)"
    last = f"domain('x')[0] + (domain('x')[1] - domain('x')[0]) / {_ROOM}"
    text = f"datum.value > {last} ? '' : {sign} + '{'%' if unit == 's' else ''}'"
    ends = "lower" if better == "higher" else "higher"
    if unit == "s":
        ends = "slower"
    return alt.Axis(
        labelExpr=text, tickCount=8, grid=False, title=say(f"agents.ends_{ends}"),
        titleAnchor="start", titleColor=MUTED, titleFontWeight="normal", titleFontSize=TEXT_PX,
        titleFont=FONTS,
    )  # fmt: skip


def _x(field: str, axis: alt.Axis) -> alt.X:
    return alt.X(f"{field}:Q", axis=axis, scale=alt.Scale(nice=False, zero=False))


def _figures(language: Language, y: alt.Y) -> list[alt.Chart]:
    """Columns at the right, with their heads; a phone has room for the value alone."""
    say = words(language)
    figures = alt.Chart().mark_text(align="right", fontSize=TEXT_PX)
    heads = alt.Chart().transform_filter("datum.first").mark_text(
        align="right", baseline="bottom", dy=-3, fontSize=TEXT_PX, color=MUTED)  # fmt: skip
    found = []
    for field, back in (("value_said", 190), ("expected_said", 80), ("n_said", 0)):
        place = {"value": {"expr": f"width - ({_ROOMY} ? {back} : 0)"}}
        first = field == "value_said"
        drawn, head = (
            (figures, heads)
            if first
            else (figures.transform_filter(_ROOMY), heads.transform_filter(_ROOMY))
        )
        found.append(drawn.encode(x=place, y=y, text=f"{field}:N",
                                  color=alt.value(INK if first else MUTED)))  # fmt: skip
        found.append(head.encode(x=place, y=alt.value(0), text=alt.value(say(f"tip.{field}"))))
    return found


def range_said(fair: Fair, unit: str, say: Words) -> str:
    if fair.high is None:
        return UNKNOWN
    return f"{in_words(fair.low, unit, say)} – {in_words(fair.high, unit, say)}"


def _shown(card: Scorecard) -> list[Agent]:
    """Those with most contacts, in the order of their differences."""
    column = card.chosen
    better = 1.0 if column.head.kpi.better == "higher" else -1.0
    agents = sorted((one for one in card.agents if one.id in column.fair),
                    key=lambda one: -column.fair[one.id].n)[:MOST]  # fmt: skip

    def place(agent: Agent) -> tuple[bool, float]:
        fair = column.fair[agent.id]
        gap = _gap(fair.value, fair, column.head.kpi.unit) or 0.0
        return fair.n < ENOUGH, -better * gap

    return sorted(agents, key=place)


def _gap(value: float | None, fair: Fair, unit: str) -> float | None:
    """How far a value lies from the expected one: percent of it, or percent points."""
    if value is None:
        return None
    if unit != "s":
        return value - fair.expected
    return 100 * (value / fair.expected - 1) if fair.expected else 0.0


def _ends(column: Column, agents: list[Agent]) -> tuple[float, float]:
    """Where the axis of the marks ends, so that all clear differences and most intervals fit."""
    unit = column.head.kpi.unit
    shown = [column.fair[one.id] for one in agents]
    judged = [fair for fair in shown if fair.n >= ENOUGH] or shown
    clear = [fair for fair in judged if fair.standing in (Standing.BETTER, Standing.WORSE)]
    dots = [gap for fair in clear if (gap := _gap(fair.value, fair, unit)) is not None]
    sides = []
    for sign, ends in ((-1, [one.low for one in judged]), (1, [one.high for one in judged])):
        gaps = [_gap(end, fair, unit) for end, fair in zip(ends, judged, strict=True)]
        wide = [sign * (sign * _USUAL if gap is None else gap) for gap in gaps]
        usual = float(np.quantile(wide or [0.0], _MOST_OF))
        far = max([min(usual, _USUAL), *(sign * gap for gap in dots), _NEAREST])
        sides.append(sign * min(_FARTHEST, 1.15 * far))
    return sides[0], sides[1]


def _within(gap: float | None, ends: tuple[float, float]) -> float:
    """Cut off at the ends of the axis; what isn't bounded goes to its end."""
    return ends[1] if gap is None else max(ends[0], min(ends[1], gap))
