"""What all charts of the history pages share: the selection, tooltips, axes, type and colours.

The charts are in charts_course.py and charts_spread.py. Frames (frames_*.py) hold all texts, so
that a spec has neither data nor numbers of its own and serves every viewer of a language. A mark
leads to the contacts behind it by the frame's column `pick`, which the selection PICK gives back.
Times are the shop's wall clock written as if it were UTC: the browser's zone is no part of it.
"""

from __future__ import annotations

from typing import Any, Final

import altair as alt

from dashboard.charts import ACCENT, INK, LINE, MUTED, ZH_TIME, Layers, Spec
from dashboard.theme import FONTS
from dashboard.words import Language, words

PICK: Final = "pick"
TEXT_PX: Final = 13
_PADDING: Final = {"left": 4, "right": 4, "top": 16, "bottom": 4}  # figures stand on bars
_HOVER: Final = "hover"
_DAY_MS, _MONTHS_MS = 86_400_000, 200 * 86_400_000
# Seconds between two ticks for each end of an axis: what people count time in.
_STEPS: Final = (
    (10, 2), (30, 5), (60, 15), (150, 30), (300, 60), (900, 180), (1_800, 300), (3_600, 900),
    (7_200, 1_800), (21_600, 3_600), (43_200, 10_800), (172_800, 21_600), (432_000, 86_400),
)  # fmt: skip


def clickable(language: Language, *shown: str, **place: Any) -> alt.Chart:
    """Clear rectangles over the whole place of each mark, large enough for a finger: they show the
    texts `shown` and give back the mark's `pick`. `place` is their encoding."""
    rectangles = (
        alt.Chart()
        .mark_rect(color=ACCENT, cursor="pointer")
        .encode(opacity=when_picked(0.14, 0.001), tooltip=tips(language, *shown), **place)
    )
    return pickable(rectangles)


def pickable(chart: alt.Chart) -> alt.Chart:
    """The marks of the chart give back their `pick` when clicked, and show that they can be."""
    picked = alt.selection_point(name=PICK, fields=["pick"], toggle=False, empty=False)
    hovered = alt.selection_point(name=_HOVER, fields=["pick"], on="pointerover", empty=False)
    chosen: alt.Chart = chart.add_params(picked, hovered)
    return chosen


def when_picked(chosen: Any, otherwise: Any) -> Any:
    """A value for marks that are picked or under the pointer, and one for all others."""
    test = {"or": [{"param": PICK, "empty": False}, {"param": _HOVER, "empty": False}]}
    return {"condition": {"test": test, "value": chosen}, "value": otherwise}


def tips(language: Language, *fields: str) -> list[alt.Tooltip]:
    """Texts of the frame; one that a mark lacks is shown as unknown."""
    say = words(language)
    return [alt.Tooltip(f"{name}:N", title=say(f"tip.{name}")) for name in fields]


def times(language: Language) -> alt.X:
    """The middles of intervals: hours within some days, days, or months of a year."""
    day = "%-m月%-d日" if language == "zh" else "%-d %b"
    month = "%Y年%-m月" if language == "zh" else "%b %Y"
    width = "(domain('x')[1]-domain('x')[0])"
    text = (
        f"{width} > {_MONTHS_MS} ? utcFormat(datum.value, '{month}') : "
        f"{width} > {_DAY_MS} && hours(datum.value) >= 0 && datum.value % {_DAY_MS} === 0 ? "
        f"utcFormat(datum.value, '{day}') : "
        f"{width} > {4 * _DAY_MS} ? '' : utcFormat(datum.value, '%H:%M')"
    )
    axis = alt.Axis(
        labelExpr=text, grid=False, title=None, tickCount=8, labelFlush=24, labelOverlap="greedy"
    )
    return alt.X("mid:T", axis=axis, scale=alt.Scale(type="utc", nice=False))


def values(unit: str, language: Language, *, scale: str = "y", most: int = 5) -> alt.Axis:
    """An axis of the unit's own ticks and words; `scale` is the name of the one it shows."""
    if unit == "%":
        return alt.Axis(
            labelExpr="datum.value > 100 ? '' : datum.value + '%'", tickCount=most, title=None
        )
    if unit != "s":
        short = "~s" if unit not in ("score",) else "~r"
        return alt.Axis(format=short, tickCount=most, title=None)
    top = f"domain('{scale}')[1]"
    step = f"ceil({top}/432000)*86400"
    for end, width in reversed(_STEPS):
        step = f"{top} <= {end} ? {width} : {step}"
    say = words(language)
    text = (
        f"datum.value === 0 ? '0' : datum.value < 60 ? datum.value + '{say('axis.second')}' : "
        f"datum.value < 3600 ? format(datum.value/60, '~r') + '{say('axis.minute')}' : "
        f"datum.value < 172800 ? format(datum.value/3600, '~r') + '{say('axis.hour')}' : "
        f"format(datum.value/86400, '~r') + '{say('axis.day')}'"
    )
    ticks = alt.ExprRef(expr=f"sequence(0, {top}+1, {step})")
    return alt.Axis(labelExpr=text, values=ticks, labelOverlap="greedy", title=None)


def spec(chart: Layers | alt.Chart, language: Language) -> Spec:
    """The chart as the pages draw it: as wide as its place, of the theme's colours."""
    locale = alt.Locale(time=ZH_TIME) if language == "zh" else alt.Undefined
    drawn = (
        chart.properties(width="container", height="container")
        .configure(font=FONTS, background="transparent", padding=_PADDING, locale=locale)
        .configure_view(stroke=None)
        .configure_text(font=FONTS, fontSize=TEXT_PX)  # Streamlit puts its own font over config's
        .configure_axis(
            labelFont=FONTS,
            labelFontSize=TEXT_PX,
            labelColor=MUTED,
            labelPadding=6,
            labelSeparation=12,
            gridColor=LINE,
            domain=False,
            ticks=False,
        )
    )
    made: Spec = drawn.to_dict()
    # All layers draw the one frame; Altair gives each without data one empty row of its own.
    made.pop("datasets", None)
    for layer in made.get("layer", [made]):
        layer.pop("data", None)
    return made


def reference(field: str, text: str, *, upright: bool) -> list[alt.Chart]:
    """A labelled line at a value that stands in the frame's first row: a target, or the whole."""
    base = alt.Chart().transform_filter(f"datum.first && isValid(datum.{field})")
    rule = base.mark_rule(color=INK, strokeDash=[6, 5], strokeWidth=1.5)
    label = base.mark_text(
        align="left", baseline="bottom", color=INK, dx=5, dy=-3, fontSize=TEXT_PX
    )
    if upright:
        return [rule.encode(x=f"{field}:Q"), label.encode(
            x=f"{field}:Q", y=alt.value(0), text=f"{text}:N")]  # fmt: skip
    return [rule.encode(y=f"{field}:Q"), label.encode(
        x=alt.value(0), y=f"{field}:Q", text=f"{text}:N")]  # fmt: skip


__all__ = ["ACCENT", "INK", "LINE", "MUTED", "PICK", "TEXT_PX", "Layers", "Spec", "pickable",
           "reference", "spec", "times", "tips", "values", "when_picked"]  # fmt: skip
