"""The Satisfaction page's charts: course with its interval, dots with whiskers, scores and funnel.
Frames of frames.py → specs, cached per language, with neither data nor numbers of their own."""

from __future__ import annotations

from functools import cache
from typing import Final

import altair as alt

from dashboard.history.charts import (
    ACCENT,
    INK,
    LINE,
    MUTED,
    TEXT_PX,
    Spec,
    clickable,
    reference,
    spec,
    times,
    values,
)
from dashboard.words import Language, words

_GROUND, _SOFT, _WATCH = "var(--dp-ground)", "var(--dp-soft)", "var(--dp-watch)"
_ROOMY = "windowSize()[0] >= 700"  # a phone has room for one column of figures
_BESIDE_N: Final = {"value": {"expr": f"width - ({_ROOMY} ? 84 : 0)"}}
_NAME_PX = alt.ExprRef(expr=f"{_ROOMY} ? 170 : 96")
_TIPS = ("when", "value_said", "interval_said", "before_said", "n_said")


@cache
def course(unit: str, language: Language) -> Spec:
    """A line in the band of its 95 % intervals, a dot open where its interval is not whole; thin
    intervals only say their n. The days before are grey dashes."""
    axis = _axis(unit, language)
    scale = alt.Scale(zero=False, nice=True)
    y = alt.Y("line:Q", axis=axis, scale=scale)
    x = times(language)
    order = alt.Order("row:Q")
    known = alt.Chart().transform_filter("isValid(datum.value)")
    band = alt.Chart().transform_filter("!datum.alone").mark_area(color=_SOFT, opacity=0.8)
    lone = known.transform_filter("datum.alone")
    past = alt.Chart().mark_line(color=MUTED, strokeWidth=2, strokeDash=[6, 4])
    line = alt.Chart().mark_line(color=ACCENT, strokeWidth=3, strokeJoin="round")
    return spec(
        alt.layer(
            band.encode(x=x, y=alt.Y("low:Q", axis=axis, scale=scale), y2="high:Q"),
            lone.mark_rule(color=_SOFT, strokeWidth=6).encode(x=x, y="low:Q", y2="high:Q"),
            past.encode(x=x, y=alt.Y("before:Q", axis=axis, scale=scale), order=order),
            line.encode(x=x, y=y, order=order),
            _dots(known),
            _few(),
            _end_name("before", words(language)("history.before")),
            *reference("target", "target_said", upright=False),
            clickable(
                language,
                *_TIPS,
                x=alt.X("from:T", scale=alt.Scale(type="utc", nice=False)),
                x2="to:T",
                y=alt.value(0),
                y2=alt.value("height"),
            ),
        ),
        language,
    )


@cache
def whiskers(unit: str, language: Language) -> Spec:
    """A dot with its 95 % interval per label value, in the frame's order, figures in columns at the
    right. Grey is too few to judge, the watch colour is surely worse than all together."""
    y = alt.Y("name:N", sort=None, title=None, axis=alt.Axis(labelLimit=_NAME_PX))
    scale = alt.Scale(zero=False, nice=False)
    x = alt.X("value:Q", axis=_axis(unit, language, scale="x", most=4), scale=scale)
    edges = alt.Chart().transform_filter("datum.first").mark_point(opacity=0)
    rule = alt.Chart().mark_rule(strokeWidth=2, clip=True)
    dot = alt.Chart().mark_point(filled=True, opacity=1, size=90, clip=True, strokeWidth=2)
    past = alt.Chart().mark_tick(color=MUTED, thickness=2, height=14, clip=True)
    figures = alt.Chart().mark_text(align="right", fontSize=TEXT_PX)
    counts = figures.transform_filter(_ROOMY).encode(x=alt.value("width"), y=y)
    ink = alt.condition("datum.state === 'thin'", alt.value(MUTED), alt.value(INK))
    return spec(
        alt.layer(
            edges.encode(x=alt.X("least:Q", axis=x["axis"], scale=scale)),
            edges.encode(x=alt.X("room:Q", scale=scale)),
            *reference("all", "all_said", upright=True),
            rule.encode(
                x=alt.X("low:Q", scale=scale),
                x2="high:Q",
                y=y,
                color=alt.Color("state:N", scale=_states(MUTED), legend=None),
            ),
            past.encode(x="before:Q", y=y),
            dot.encode(
                x=x,
                y=y,
                stroke=alt.Stroke("state:N", scale=_states(MUTED), legend=None),
                fill=alt.Fill("state:N", scale=_states(_GROUND), legend=None),
            ),
            figures.encode(x=_BESIDE_N, y=y, text="value_beside:N", color=ink),
            counts.encode(text="n_beside:N", color=alt.value(MUTED)),
            clickable(language, "name", *_TIPS[1:], y=y, x=alt.value(0), x2=alt.value("width")),
        ),
        language,
    )


def _states(thin: str) -> alt.Scale:
    return alt.Scale(domain=["thin", "worse", "calm"], range=[thin, _WATCH, ACCENT])


@cache
def scores(language: Language) -> Spec:
    """Share of each score, best first, with the days before as a grey tick and figures at the
    right."""
    return _shares(language, ("name", "value_said", "before_said", "n_said"))


@cache
def funnel(language: Language) -> Spec:
    """Steps as bars from zero, each as a share of the first."""
    return _shares(language, ("name", "n_said", "before_said", "value_said"))


def _shares(language: Language, shown: tuple[str, ...]) -> Spec:
    y = alt.Y("name:N", sort=None, title=None, axis=alt.Axis(labelLimit=_NAME_PX))
    scale = alt.Scale(zero=True, nice=False)
    x = alt.X("share:Q", axis=None, scale=scale)
    room = alt.Chart().transform_filter("datum.first").mark_point(opacity=0)
    track = alt.Chart().mark_bar(color=LINE, height=1)
    bars = alt.Chart().mark_bar(color=ACCENT, height=alt.RelativeBandSize(0.62))
    past = alt.Chart().mark_tick(color=MUTED, thickness=3, height=22)
    figures = alt.Chart().mark_text(align="right", fontSize=TEXT_PX)
    return spec(
        alt.layer(
            room.encode(x=alt.X("room:Q", axis=None, scale=scale)),
            track.encode(x=alt.X("top:Q", axis=None, scale=scale), x2=alt.X2Datum(0), y=y),
            bars.encode(x=x, x2=alt.X2Datum(0), y=y),
            past.encode(x="before:Q", y=y),
            figures.encode(x=_BESIDE_N, y=y, text="value_said:N", color=alt.value(INK)),
            figures.transform_filter(_ROOMY).encode(
                x=alt.value("width"), y=y, text="n_said:N", color=alt.value(MUTED)
            ),
            clickable(language, *shown, y=y, x=alt.value(0), x2=alt.value("width")),
        ),
        language,
    )


def _dots(known: alt.Chart) -> alt.Chart:
    """Filled on the line; hollow where not whole, and grey where all are thin."""
    drawn: alt.Chart = known.mark_point(filled=True, opacity=1, size=42, strokeWidth=2).encode(
        x="mid:T",
        y="value:Q",
        stroke=alt.condition("datum.thin", alt.value(MUTED), alt.value(ACCENT)),
        fill=alt.condition("datum.thin || datum.partial", alt.value(_GROUND), alt.value(ACCENT)),
    )
    return drawn


def _few() -> alt.Chart:
    """At the foot of the chart."""
    base = alt.Chart().transform_filter("isValid(datum.few)")
    mark = base.mark_text(color=MUTED, baseline="bottom", dy=-4, fontSize=TEXT_PX - 2)
    said: alt.Chart = mark.encode(x="mid:T", y=alt.value("height"), text="few:N")
    return said


def _end_name(field: str, said: str) -> alt.Chart:
    """At the right end of its line."""
    base = alt.Chart().transform_filter(f"datum.named && isValid(datum.{field})")
    mark = base.mark_text(align="left", baseline="middle", dx=8, color=MUTED, fontSize=TEXT_PX)
    named: alt.Chart = mark.encode(x=alt.value("width"), y=f"{field}:Q", text=alt.value(said))
    return named


def _axis(unit: str, language: Language, *, scale: str = "y", most: int = 5) -> alt.Axis:
    """The unit's own words; scores stop at five."""
    if unit == "score":
        return alt.Axis(
            labelExpr="datum.value > 5 ? '' : format(datum.value, '.1~f')",
            tickCount=most,
            title=None,
        )
    if unit == "points":
        return alt.Axis(
            labelExpr="datum.value > 100 ? '' : format(datum.value, '~r')",
            tickCount=most,
            title=None,
        )
    return values(unit, language, scale=scale, most=most)
