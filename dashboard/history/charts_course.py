"""A KPI over time, as a line or as bars: frames_course.course_frame → spec."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import altair as alt

from dashboard.history.charts import (
    ACCENT,
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

_GROUND = "var(--dp-ground)"
_TIPS = ("when", "value_said", "before_said", "n_said")


@cache
def course(unit: str, language: Language, *, percentiles: bool = False, name: str = "") -> Spec:
    """A line, of durations with p90 and p95 beside it; the days before are grey. `name` of the line
    itself: p50, mean or "" where it stands alone."""
    y = alt.Y(
        "value:Q",
        axis=values(unit, language),
        scale=alt.Scale(zero=unit not in ("%", "score"), nice=True),
    )
    lines = [_line("before", y, language, "before")]
    if percentiles:
        lines += [_line(field, y, language, field) for field in ("p95", "p90")]
    lines.append(_line("value", y, language, name))
    more = ("p90_said", "p95_said") if percentiles else ()
    return spec(
        alt.layer(
            *(layer for line in lines for layer in line),
            _dots(y),
            *_beyond(),
            *reference("target", "target_said", upright=False),
            _intervals(language, *_TIPS[:2], *more, *_TIPS[2:]),
        ),
        language,
    )


@cache
def bars(unit: str, language: Language) -> Spec:
    """Bars from zero, open while their interval runs; the days before are a grey step line."""
    y = alt.Y("value:Q", axis=values(unit, language), scale=alt.Scale(zero=True, nice=True))
    known = alt.Chart().transform_filter("isValid(datum.value)")
    bar = known.mark_bar(color=ACCENT, strokeDash=[4, 3]).encode(
        x=_at("bar"),
        x2="bar_end:T",
        y=y,
        y2=alt.Y2Datum(0),
        fillOpacity=alt.condition("datum.partial", alt.value(0.25), alt.value(1)),
        stroke=alt.condition("datum.partial", alt.value(ACCENT), alt.value("transparent")),
    )
    past = (
        alt.Chart()
        .mark_line(interpolate="step", color=MUTED, strokeWidth=2)
        .encode(x=times(language), y=alt.Y("before:Q", axis=y["axis"], scale=y["scale"]))
    )
    return spec(
        alt.layer(
            bar,
            past,
            _name("before", words(language)("history.before"), MUTED),
            *reference("target", "target_said", upright=False),
            _intervals(language, *_TIPS),
        ),
        language,
    )


@dataclass(frozen=True, slots=True)
class _Pen:
    colour: str
    width: float
    dash: tuple[float, ...] = (1, 0)


_PENS = {
    "before": _Pen(MUTED, 2, (6, 4)),
    "p95": _Pen(ACCENT, 1.5, (2, 3)),
    "p90": _Pen(ACCENT, 1.5),
    "value": _Pen(ACCENT, 3),
}


def _line(field: str, y: alt.Y, language: Language, name: str = "") -> list[alt.Chart]:
    """A line that breaks where nothing is known, and its name at its end."""
    pen = _PENS[field]
    mark = alt.Chart().mark_line(
        color=pen.colour, strokeWidth=pen.width, strokeDash=list(pen.dash), strokeJoin="round"
    )
    line = mark.encode(
        x=times(language),
        y=alt.Y(f"{field}:Q", axis=y["axis"], scale=y["scale"]),
        order=alt.Order("row:Q"),  # the wall clock runs back once a year
    )
    said = words(language)(f"history.{name}") if name else ""
    return [line, _name(field, said, pen.colour, bold=pen.width > 2)] if said else [line]


def _name(field: str, said: str, colour: str, *, bold: bool = False) -> alt.Chart:
    """At the right end; `<field>_name_at` keeps names apart."""
    base = alt.Chart().transform_filter(f"isValid(datum.{field}_name_at)")
    mark = base.mark_text(
        align="left",
        baseline="middle",
        dx=8,
        color=colour,
        fontSize=TEXT_PX,
        fontWeight="bold" if bold else "normal",
    )
    named: alt.Chart = mark.encode(
        x=alt.value("width"), y=f"{field}_name_at:Q", text=alt.value(said)
    )
    return named


def _dots(y: alt.Y) -> alt.Chart:
    """Values that no line would show, and the open one of the interval that still runs."""
    drawn: alt.Chart = (
        alt.Chart()
        .transform_filter("datum.dot && isValid(datum.value)")
        .mark_point(filled=True, stroke=ACCENT, strokeWidth=2, opacity=1, size=50)
        .encode(
            x="mid:T",
            y=y,
            fill=alt.condition("datum.partial", alt.value(_GROUND), alt.value(ACCENT)),
        )
    )
    return drawn


def _beyond() -> list[alt.Chart]:
    """What leaves the picture at the top says so."""
    base = alt.Chart().transform_filter("isValid(datum.beyond)")
    mark = base.mark_text(color=MUTED, baseline="bottom", align="right", dy=-4, fontSize=TEXT_PX)
    return [mark.encode(x="mid:T", y="top:Q", text="beyond:N")]


def _intervals(language: Language, *shown: str) -> alt.Chart:
    """The whole height over each interval is clicked."""
    return clickable(
        language, *shown, x=_at("from"), x2="to:T", y=alt.value(0), y2=alt.value("height")
    )


def _at(field: str) -> alt.X:
    return alt.X(f"{field}:T", scale=alt.Scale(type="utc", nice=False))
