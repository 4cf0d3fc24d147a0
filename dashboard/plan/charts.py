"""The charts of the planning pages: frames of frames.py → specs. Colours are the theme's variables,
times the shop's wall clock written as if it were UTC."""

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
    spec,
    tips,
    values,
)
from dashboard.words import Language, words

SHORT, SPARE = "var(--dp-breach)", "var(--dp-accent)"
_UTC: Final = alt.Scale(type="utc", nice=False)
MARK_ROWS: Final = 3  # lines of labels that events share
_ROOMY: Final = "windowSize()[0] >= 1000"
_LONG: Final = 12  # letters beyond which a label takes a line per word on a phone


def _days(language: Language) -> alt.X:
    """A label per day, at its start; hours where the window is short."""
    day = "%-m月%-d日" if language == "zh" else "%-d %b"
    span = "(domain('x')[1]-domain('x')[0])"
    text = (
        f"{span} > 691200000 || hours(datum.value) >= 0 && datum.value % 86400000 === 0 "
        f"? utcFormat(datum.value, '{day}') : utcFormat(datum.value, '%H:%M')"
    )
    axis = alt.Axis(labelExpr=text, grid=False, title=None, tickCount=10, labelFlush=24,
                    labelOverlap="greedy")  # fmt: skip
    return alt.X("wall:T", axis=axis, scale=_UTC)


@cache
def course(language: Language) -> Spec:
    """What came and what is forecast on one axis: bands, champion, baseline, now, events."""
    x = _days(language)
    axis = values("contacts", language)
    scale = alt.Scale(zero=True, nice=True)
    known = alt.Chart().transform_filter("isValid(datum.mean)")

    def band(low: str, high: str, ink: float) -> alt.Chart:
        made: alt.Chart = known.mark_area(
            color=ACCENT, fillOpacity=ink, interpolate="step-after"
        ).encode(x=x, y=alt.Y(f"{low}:Q", axis=axis, scale=scale), y2=f"{high}:Q")
        return made

    def line(field: str, colour: str, width: float, dash: tuple[int, ...] = (1, 0)) -> alt.Chart:
        base = alt.Chart().transform_filter(f"isValid(datum.{field})")
        made: alt.Chart = base.mark_line(
            color=colour, strokeWidth=width, strokeDash=list(dash), interpolate="step-after"
        ).encode(x=x, y=alt.Y(f"{field}:Q", axis=axis, scale=scale))
        return made

    now = alt.Chart().transform_filter("isValid(datum.now)")
    marks = alt.Chart().transform_filter("isValid(datum.mark)")
    names = [
        marks.transform_filter(f"datum.mark_row === {row}")
        .mark_text(align="left", baseline="top", dx=4, color=MUTED)
        .encode(x="mark:T", y=alt.value(18 * row), text="mark_said:N",
                tooltip=tips(language, "mark_full"))
        for row in range(MARK_ROWS)
    ]  # fmt: skip
    layers = (
        band("lo_95", "hi_95", 0.14),
        band("lo_80", "hi_80", 0.22),
        line("baseline", MUTED, 1, (3, 3)),
        line("plain", ACCENT, 1, (1, 2)),
        line("mean", ACCENT, 2),
        line("actual", INK, 1.5),
        now.mark_rule(color=INK, strokeWidth=1.5).encode(x="now:T"),
        now.mark_text(align="left", baseline="bottom", dx=5, color=INK, fontWeight="bold").encode(
            x="now:T", y=alt.value(-2), text=alt.value(words(language)("chart.now"))
        ),
        alt.Chart()
        .transform_filter("isValid(datum.mean) || isValid(datum.actual)")
        .mark_rect(color=ACCENT, opacity=0.001)
        .encode(
            x=alt.X("wall:T", scale=_UTC), x2="wall_end:T", y=alt.value(0), y2=alt.value("height"),
            tooltip=tips(language, "when", "actual_said", "mean_said", "band_said",
                         "baseline_said"),
        ),
    )  # fmt: skip
    rule = marks.mark_rule(color=MUTED, strokeDash=[2, 4], opacity=0.7).encode(x="mark:T")
    return spec(alt.layer(rule, *layers, *names), language)


@cache
def heat(language: Language) -> Spec:
    """Half-hours by day; too few people in red, more than needed in blue, in a cell as figures
    where there is room. Without a roster: the people needed, in one hue."""
    x = alt.X("time:O", title=None, sort="ascending",
              axis=alt.Axis(labelAngle=0, labelOverlap="greedy", labelSeparation=8))  # fmt: skip
    y = alt.Y("day:N", sort=None, title=None)
    cells = (
        alt.Chart()
        .mark_rect(stroke="var(--dp-ground)", strokeWidth=1)
        .encode(
            x=x, y=y,
            fill=alt.condition("datum.short", alt.value(SHORT), alt.value(SPARE)),
            fillOpacity=alt.FillOpacity("ink:Q", scale=alt.Scale(domain=[0, 1], range=[0.04, 0.9]),
                                        legend=None),
            tooltip=tips(language, "when", "needed_said", "planned_said", "gap_said", "y_said"),
        )
    )  # fmt: skip
    figures = (
        alt.Chart()
        .transform_filter(f"{_ROOMY} && datum.cell !== ''")
        .mark_text(fontSize=TEXT_PX - 2)
    )
    return spec(
        alt.layer(
            cells,
            figures.encode(
                x=x, y=y, text="cell:N",
                color=alt.condition("datum.ink > 0.55", alt.value("var(--dp-ground)"),
                                    alt.value(INK)),
            ),
        ),
        language,
    )  # fmt: skip


@cache
def cover(language: Language) -> Spec:
    """People needed per half-hour as a step line over what suggested shifts or a roster give."""
    x = alt.X("wall:T", axis=_days(language)["axis"], scale=_UTC)
    y = alt.Y("planned:Q", axis=values("contacts", language), scale=alt.Scale(zero=True))
    have = alt.Chart().mark_area(color=LINE, interpolate="step-after").encode(x=x, y=y)
    need = (
        alt.Chart()
        .mark_line(color=ACCENT, strokeWidth=2, interpolate="step-after")
        .encode(x=x, y=alt.Y("required:Q", axis=y["axis"], scale=y["scale"]))
    )
    return spec(alt.layer(have, need), language)


@cache
def errors(language: Language) -> Spec:
    """Mean error by group as bars, the baseline's as a tick across it."""
    long = f"!{_ROOMY} && length(datum.label) > {_LONG}"
    words_below = f"{long} ? split(datum.label, ' ') : datum.label"
    x = alt.X("group_said:N", sort=None, title=None,
              axis=alt.Axis(labelAngle=0, labelOverlap="greedy", labelLimit=120,
                            labelExpr=words_below))  # fmt: skip
    y = alt.Y("wape:Q", axis=values("%", language, most=4), scale=alt.Scale(zero=True))
    bars = (
        alt.Chart()
        .transform_filter("isValid(datum.wape)")
        .mark_bar(color=ACCENT, width=alt.RelativeBandSize(0.55))
        .encode(x=x, y=y, tooltip=tips(language, "group_said", "wape_said", "baseline_said",
                                       "bias_said", "cover_said", "n_said"))
    )  # fmt: skip
    base = (
        alt.Chart()
        .transform_filter("isValid(datum.baseline)")
        .mark_tick(color=INK, thickness=2, width=alt.RelativeBandSize(0.8), orient="horizontal")
        .encode(x=x, y=alt.Y("baseline:Q", axis=y["axis"], scale=y["scale"]))
    )
    return spec(alt.layer(bars, base), language)
