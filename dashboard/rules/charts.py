"""The charts of a back-test: alerts a week by threshold, and the episodes on a time line. Specs for
the frames of frames.py; hour by weekday is the history pages' heat map."""

from __future__ import annotations

from functools import cache

import altair as alt

from dashboard.charts import Spec
from dashboard.history.charts import ACCENT, INK, TEXT_PX, reference, spec, times, tips, values
from dashboard.words import Language


@cache
def curve(language: Language, unit: str, *, by_ratio: bool) -> Spec:
    """Falls as the threshold asks for more; the rule's own is a labelled line and a full point."""
    axis = values(unit, language, scale="x")
    if by_ratio and unit == "s":  # ticks at spans that people think in, not at even distances
        axis = alt.Axis(
            labelExpr=axis.labelExpr, labelOverlap="greedy", title=None,
            values=[1, 10, 60, 600, 3_600, 21_600, 86_400],
        )  # fmt: skip
    kind = alt.Scale(type="log", nice=False) if by_ratio else alt.Scale(nice=False)
    x = alt.X("threshold:Q", axis=axis, scale=kind)
    y = alt.Y("per_week:Q", axis=values("", language), scale=alt.Scale(type="symlog", domainMin=0))
    base = alt.Chart().encode(x=x, y=y, tooltip=tips(language, "value_said", "n_said"))
    own = base.transform_filter("isValid(datum.now)")
    line, label = reference("own", "own_said", upright=True)
    return spec(
        alt.layer(
            line,
            base.mark_line(color=ACCENT, strokeWidth=2, interpolate="monotone"),
            base.mark_point(color=ACCENT, size=50, filled=True, opacity=0.85),
            own.mark_point(color=INK, size=130, filled=True, opacity=1),
            label,
        ),
        language,
    )


@cache
def episodes(language: Language) -> Spec:
    """A bar from each firing to its end, one line per segment; at least a mark wide."""
    y = alt.Y("where:N", title=None, axis=alt.Axis(labelLimit=150, labelFontSize=TEXT_PX))
    base = alt.Chart().encode(
        x=times(language), y=y, tooltip=tips(language, "when", "n_said", "value_said")
    )
    bars = base.mark_bar(color=ACCENT, height={"band": 0.6}, minBandSize=8).encode(x2="end:T")
    ticks = base.mark_tick(color=ACCENT, thickness=2, height=12)
    return spec(alt.layer(bars, ticks), language)
