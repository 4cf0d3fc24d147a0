"""The charts of the model page: frames with all texts, and specs per language. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import altair as alt
import pandas as pd

from dashboard.history.charts import ACCENT, INK, LINE, MUTED, TEXT_PX, Spec, spec, tips
from dashboard.words import Language, Words
from forecasting.risk.capacity import Capacity
from forecasting.risk.evaluation import Bin

_ZERO = alt.Scale(domainMin=0, nice=True)


def calibration_frame(bins: Sequence[Bin], say: Words) -> pd.DataFrame:
    """What was said against what came, in percent; the last row is the end of the diagonal."""
    top = 1.08 * max((max(one.said, one.seen) for one in bins), default=0.1) * 100
    rows: list[tuple[object, ...]] = [
        (100 * one.said, 100 * one.seen, say.percent(100 * one.said), say.percent(100 * one.seen),
         say.count(one.n), None)
        for one in bins
    ]  # fmt: skip
    edges: list[tuple[object, ...]] = [(None, None, None, None, None, at) for at in (0.0, top)]
    columns = ["said", "seen", "said_text", "seen_text", "n_text", "edge"]
    return pd.DataFrame(rows + edges, columns=columns)


def capacity_frame(capacity: Capacity, actions: int, say: Words) -> pd.DataFrame:
    """Precision and share by actions a day; `now` marks the wanted number."""
    at = capacity.at(actions).per_day
    rows = [
        (p.per_day, 100 * value, say(f"model.{kind}"), say.count(p.per_day),
         say.percent(100 * value), p.per_day == at,
         p is capacity.points[0] and kind == "precision",
         p is capacity.points[-1] and kind == "share")
        for p in capacity.points
        for kind, value in (("precision", p.precision), ("share", p.share))
    ]  # fmt: skip
    columns = ["actions", "value", "kind", "actions_text", "value_text", "now", "first",
               "last"]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


@cache
def calibration_spec(language: Language, said: str, seen: str) -> Spec:
    """Points near the diagonal: what the model says is what happens."""
    edge = alt.Chart().transform_filter("isValid(datum.edge)")
    diagonal = edge.mark_line(color=MUTED, strokeDash=[6, 5], strokeWidth=1.5).encode(
        x="edge:Q", y="edge:Q"
    )
    base = alt.Chart().transform_filter("isValid(datum.said)")
    x = alt.X("said:Q", scale=_ZERO, axis=_axis(said))
    y = alt.Y("seen:Q", scale=_ZERO, axis=_axis(seen))
    line = base.mark_line(color=ACCENT, strokeWidth=2).encode(x=x, y=y)
    points = base.mark_point(color=ACCENT, filled=True, size=90, opacity=1).encode(
        x=x, y=y, tooltip=tips(language, "said_text", "seen_text", "n_text")
    )
    return spec(alt.layer(diagonal, line, points), language)


@cache
def capacity_spec(language: Language, actions: str) -> Spec:
    """Two lines by actions a day: the fewer, the more of them hit; the more, the more is caught."""
    x = alt.X("actions:Q", scale=alt.Scale(type="log", nice=False), axis=_axis(actions, unit=""))
    y = alt.Y("value:Q", scale=_ZERO, axis=_axis(None))
    base = alt.Chart().encode(
        x=x, y=y, strokeDash=alt.StrokeDash("kind:N", legend=None),
        color=alt.Color("kind:N", legend=None, scale=alt.Scale(range=[ACCENT, INK])),
    )  # fmt: skip
    lines = base.mark_line(strokeWidth=2)
    points = base.mark_point(filled=True, size=60, opacity=1).encode(
        tooltip=tips(language, "actions_text", "kind", "value_text")
    )
    names = [
        alt.Chart()
        .transform_filter(f"datum.{end}")
        .mark_text(align=align, dy=-12, color=INK, fontSize=TEXT_PX)  # type: ignore[arg-type]
        .encode(x=x, y=y, text="kind:N")
        for end, align in (("first", "left"), ("last", "right"))
    ]
    now = alt.Chart().transform_filter("datum.now").mark_rule(color=MUTED, strokeDash=[4, 4])
    return spec(alt.layer(now.encode(x=x), lines, points, *names), language)


def _axis(title: str | None, *, unit: str = "%") -> alt.Axis:
    words = f"datum.value + '{unit}'" if unit else "format(datum.value, ',d')"
    return alt.Axis(
        title=title, labelExpr=words, tickCount=6, gridColor=LINE, titleColor=MUTED,
        titleFontSize=TEXT_PX, titleFontWeight="normal", titlePadding=8,
    )  # fmt: skip
