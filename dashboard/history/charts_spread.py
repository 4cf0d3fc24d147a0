"""Where a KPI is high and low: by hour and weekday, by label, and its distribution. Frames of
frames_spread.py → specs."""

from __future__ import annotations

from functools import cache
from typing import Final

import altair as alt

from dashboard.history.charts import (
    ACCENT,
    INK,
    MUTED,
    TEXT_PX,
    Spec,
    clickable,
    pickable,
    reference,
    spec,
    tips,
    values,
    when_picked,
)
from dashboard.words import Language, words

BANDS: Final = 5  # of the heat map: theme.py's dp-band-0 to dp-band-4
_FILLS = [f"var(--dp-band-{number})" for number in range(BANDS)]
_INKS = ["var(--dp-band-ink)"] * 2 + ["var(--dp-band-paper)"] * (BANDS - 2)
_ROOMY = "windowSize()[0] >= 700"  # a phone has room for one column of figures
_BESIDE_N: Final = {"value": {"expr": f"width - ({_ROOMY} ? 84 : 0)"}}
_TIPS = ("when", "value_said", "n_said")


@cache
def week(language: Language) -> Spec:
    """Hour by weekday in one hue, more ink for more trouble. The figures stand in the cells where
    there is room; a thin cell is faint."""
    say = words(language)
    hours = alt.Scale(domain=list(range(24)))
    days = alt.Scale(domain=[say(f"weekday.{number}") for number in range(7)])
    x = alt.X("hour:O", scale=hours, title=None, axis=alt.Axis(labelAngle=0, labelOverlap=True))
    y = alt.Y("day:N", scale=days, sort=None, title=None)
    scale = alt.Scale(domain=list(range(BANDS)), range=_FILLS)
    ink = alt.Scale(domain=list(range(BANDS)), range=_INKS)
    cells = (
        alt.Chart()
        .transform_filter("isValid(datum.band)")
        .mark_rect(cursor="pointer", strokeWidth=1.5)
        .encode(
            x=x,
            y=y,
            fill=alt.Fill("band:O", scale=scale, legend=None),
            fillOpacity=alt.condition("datum.thin", alt.value(0.35), alt.value(1)),
            stroke=when_picked(INK, "var(--dp-ground)"),
            tooltip=tips(language, *_TIPS),
        )
    )
    text = alt.Chart().transform_filter("windowSize()[0] >= 1000").mark_text(fontSize=TEXT_PX - 2)
    strong = text.transform_filter("isValid(datum.band) && !datum.thin")
    faint = text.transform_filter("datum.thin || !isValid(datum.band)")
    return spec(
        alt.layer(
            pickable(cells),
            strong.encode(
                x=x, y=y, text="cell:N", color=alt.Color("band:O", scale=ink, legend=None)
            ),
            faint.encode(x=x, y=y, text="cell:N", color=alt.value(MUTED)),
        ).resolve_scale(color="independent"),
        language,
    )


@cache
def distribution(language: Language) -> Spec:
    """Share of the values in each band of time, written above it."""
    x = alt.X("name:N", sort=None, title=None, axis=alt.Axis(labelAngle=0, labelOverlap=True))
    y = alt.Y("share:Q", axis=values("%", language, most=3), stack=None)
    texts = alt.Chart().transform_filter(_ROOMY).mark_text(dy=-9, color=INK, fontSize=TEXT_PX)
    return spec(
        alt.layer(
            alt.Chart().mark_bar(color=ACCENT).encode(x=x, y=y),
            texts.encode(x=x, y=y, text="value_said:N"),
            clickable(language, *_TIPS, x=x, y=alt.value(0), y2=alt.value("height")),
        ),
        language,
    )


@cache
def breakdown(unit: str, language: Language) -> Spec:
    """A bar per label value, in the frame's order, its figures in columns at the right; the days
    before are a tick, the value of all together is a labelled line, thin samples are faint."""
    y = alt.Y("name:N", sort=None, title=None, axis=alt.Axis(labelLimit=150))
    axis = values(unit, language, scale="x", most=4)
    x = alt.X("value:Q", axis=axis, scale=alt.Scale(zero=True, nice=False))
    # `room` widens the scale, so that bars end where the figures begin.
    room = alt.Chart().transform_filter("datum.first").mark_point(opacity=0)
    bars = alt.Chart().mark_bar(color=ACCENT, height=alt.RelativeBandSize(0.6))
    faint = alt.condition("datum.thin", alt.value(0.35), alt.value(1))
    past = alt.Chart().mark_tick(color=MUTED, thickness=3, height=16)
    figures = alt.Chart().mark_text(align="right", fontSize=TEXT_PX)
    counts = figures.transform_filter(_ROOMY).encode(x=alt.value("width"), y=y)
    shown = ("name", "value_said", "before_said", "n_said")
    return spec(
        alt.layer(
            room.encode(x="room:Q"),
            bars.encode(x=x, x2=alt.X2Datum(0), y=y, fillOpacity=faint),
            past.encode(x="before:Q", y=y),
            figures.encode(x=_BESIDE_N, y=y, text="value_said:N", color=alt.value(INK)),
            counts.encode(text="n_said:N", color=alt.value(MUTED)),
            *reference("all", "all_said", upright=True),
            clickable(language, *shown, y=y, x=alt.value(0), x2=alt.value("width")),
        ),
        language,
    )
