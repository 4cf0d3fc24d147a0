"""Charts of a digest as pictures: values in, Altair, PNG out. No network, no store.

Drawing holds the interpreter for up to a second, so drawing.py runs this in a process of its own.
Titles and notes are text of the mail; only axes and direct labels are in the picture.
"""

from __future__ import annotations

import json
from typing import Any

import altair as alt
import vl_convert

from alerts.digest.plan import Drawing

INK, MUTED, LINE, ACCENT, SOFT = "#1B2433", "#56657B", "#D5DCE6", "#1F6FC4", "#D3E4F7"
WATCH, GREY = "#985A00", "#9AA7BA"
FONT = "Noto Sans CJK SC, PingFang SC, Microsoft YaHei, Segoe UI, sans-serif"
Layers = alt.LayerChart | alt.FacetChart  # what alt.layer may give

WIDTH, HEIGHT, ROW, AXIS = 480, 200, 32, 30
SMALL, LARGE = 13, 16  # shown at 520 on a desk, at 350 on a phone
FIT = alt.AutoSizeParams(type="fit", contains="padding")
SCALE = 2  # for screens with small pixels


def png(drawing: Drawing) -> bytes:
    """The picture, WIDTH wide at scale SCALE."""
    make = {"trend": _trend, "bars": _bars, "queues": _queues}[drawing.kind]
    chart = (
        make(drawing)
        .configure_view(stroke=None)
        .configure(autosize=FIT, font=FONT, background="#FFFFFF", padding=4)
    )
    made: bytes = vl_convert.vegalite_to_png(chart.to_json(), scale=SCALE, allowed_base_urls=[])
    return made


def _rows(drawing: Drawing) -> alt.InlineData:
    rows: list[dict[str, Any]] = [
        {"at": at, "name": mark.name, "value": mark.value, "usual": mark.usual,
         "text": mark.text, "strong": mark.strong}
        for at, mark in enumerate(drawing.marks)
    ]  # fmt: skip
    return alt.InlineData(values=rows)


def _names(drawing: Drawing) -> str:
    """An expression that turns a place into its name, for the names that are shown."""
    return f"{json.dumps([mark.name for mark in drawing.marks])}[datum.value]"


def _x(drawing: Drawing) -> alt.X:
    axis = alt.Axis(values=list(drawing.shown), labelExpr=_names(drawing), title=None, grid=False,
                    domainColor=LINE, ticks=False, labelColor=MUTED, labelFontSize=SMALL,
                    labelPadding=6, labelOverlap=False)  # fmt: skip
    span = [-0.5, len(drawing.marks) - 0.5]
    return alt.X("at:Q", axis=axis, scale=alt.Scale(domain=span, nice=False))


def _scale(drawing: Drawing) -> alt.Scale:
    return alt.Scale(domain=[drawing.low, drawing.high], nice=False, zero=False)


def _axis(drawing: Drawing) -> alt.Axis:
    values = [value for value, _ in drawing.ticks]
    texts = [text for _, text in drawing.ticks]
    where = f"indexof({values!r}, datum.value)"
    label = f"{json.dumps(texts)}[{where}]"
    return alt.Axis(values=values, labelExpr=label, title=None, ticks=False, domain=False,
                    gridColor=LINE, labelColor=MUTED, labelFontSize=SMALL)  # fmt: skip


def _y(drawing: Drawing, field: str) -> alt.Y:
    return alt.Y(f"{field}:Q", axis=_axis(drawing), scale=_scale(drawing))


def _trend(drawing: Drawing) -> Layers:
    """A line per day; the days told of as points, the last with its value; the usual as a line."""
    known = alt.Chart(_rows(drawing)).transform_filter("isValid(datum.value)")
    x, y = _x(drawing), _y(drawing, "value")
    strong = known.transform_filter("datum.strong")
    last = strong.transform_filter("datum.text").encode(x=x, y=y, text="text:N")
    layers = [
        known.mark_line(color=GREY, strokeWidth=2).encode(x=x, y=y),
        strong.mark_point(color=ACCENT, filled=True, size=60, opacity=1).encode(x=x, y=y),
        *_haloed(last, align="right", dx=8, dy=-15, fontSize=LARGE, fontWeight="bold"),
    ]
    usual = next((mark.usual for mark in drawing.marks if mark.usual is not None), None)
    if usual is not None:
        data = alt.InlineData(values=[{"usual": usual, "at": -0.4, "text": drawing.usual_text}])
        at = alt.Chart(data).encode(x=x, y=_y(drawing, "usual"), text="text:N")
        rule = alt.Chart(data).mark_rule(color=MUTED, strokeDash=[4, 4])
        name = _haloed(at, align="left", dy=-9, fontSize=SMALL, color=MUTED)
        layers = [rule.encode(y=_y(drawing, "usual")), *layers, *name]
    return alt.layer(*layers).properties(width=WIDTH, height=HEIGHT)


def _haloed(chart: alt.Chart, *, color: str = INK, **style: Any) -> list[alt.Chart]:
    """Text that stays readable over lines and bars."""
    halo = chart.mark_text(stroke="#FFFFFF", strokeWidth=4, strokeJoin="round", **style)
    return [halo, chart.mark_text(color=color, **style)]


def _bars(drawing: Drawing) -> Layers:
    """Bars from zero, and the usual as a step line over them."""
    rows = alt.Chart(_rows(drawing))
    x, y = _x(drawing), _y(drawing, "value")
    wide = 0.62 * WIDTH / max(len(drawing.marks), 1)
    bars = rows.transform_filter("isValid(datum.value)").mark_bar(color=ACCENT, width=wide)
    usual = rows.transform_filter("isValid(datum.usual)").mark_line(
        color=INK, strokeWidth=1.8, interpolate="step", strokeDash=[4, 2]
    )
    layers: list[Any] = [bars.encode(x=x, y=y), usual.encode(x=x, y=_y(drawing, "usual"))]
    place = _clearest(drawing)
    if place is not None:
        value = drawing.marks[place].usual
        data = alt.InlineData(values=[{"at": place, "usual": value, "text": drawing.usual_text}])
        name = alt.Chart(data).encode(x=x, y=_y(drawing, "usual"), text="text:N")
        layers += _haloed(name, dy=-10, fontSize=SMALL)
    return alt.layer(*layers).properties(width=WIDTH, height=HEIGHT)


def _clearest(drawing: Drawing) -> int | None:
    """Where the usual stands highest above its bar: there its name hides nothing."""
    known = [
        (mark.usual - (mark.value or 0.0), at)
        for at, mark in enumerate(drawing.marks)
        if mark.usual is not None
    ]
    return max(known)[1] if known else None


def _queues(drawing: Drawing) -> Layers:
    """A row per queue: the usual as a ring, this time as a dot, the way between as a line."""
    order = [mark.name for mark in drawing.marks]
    rows = alt.Chart(_rows(drawing))
    y = alt.Y("name:N", sort=order, axis=alt.Axis(
        title=None, ticks=False, domain=False, grid=False, labelColor=INK, labelFontSize=SMALL,
        labelLimit=130, labelPadding=8))  # fmt: skip
    x = alt.X("value:Q", axis=_axis(drawing), scale=_scale(drawing))
    way = rows.mark_rule(strokeWidth=3, color=SOFT).encode(y=y, x=x, x2="usual:Q")
    ring = rows.mark_point(size=75, stroke=MUTED, fill="#FFFFFF", strokeWidth=2, opacity=1)
    colour = alt.condition("datum.strong", alt.value(WATCH), alt.value(ACCENT))
    dot = rows.mark_point(size=95, filled=True, opacity=1).encode(y=y, x=x, color=colour)
    layers: list[Any] = [way, ring.encode(y=y, x=alt.X("usual:Q", scale=_scale(drawing))), dot]
    for side, align, dx in (("!(datum.value < datum.usual)", "left", 10),
                            ("datum.value < datum.usual", "right", -10)):  # fmt: skip
        beside = rows.transform_filter(side).encode(y=y, x=x, text="text:N")
        layers += _haloed(beside, align=align, dx=dx, fontSize=SMALL)
    return alt.layer(*layers).properties(width=WIDTH, height=ROW * len(drawing.marks) + AXIS)
