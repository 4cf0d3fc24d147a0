"""The charts of the wallboard: Altair objects, built once at import into plain specs per language.

st.altair_chart costs 17 ms per chart and rerun, a prebuilt spec with a frame 0.7 ms. Colours are
CSS variables and sizes follow the window, so one spec serves light and dark, phone and wall.
Times are minutes of the shop's day, never the browser's clock. The frames are frames.py's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import altair as alt

from dashboard.theme import FONTS
from dashboard.words import LANGUAGES, Language, words

Spec = dict[str, Any]
Layers = alt.LayerChart | alt.FacetChart  # what alt.layer may give

INK, MUTED, ACCENT = "var(--dp-text)", "var(--dp-muted)", "var(--dp-accent)"
GROUND, LINE = "var(--dp-ground)", "var(--dp-line)"
# The board's unit --u (see board.css) inside a chart.
_UNIT = "(windowSize()[0]<1200?.8:max(.6,min(windowSize()[0]/1920,windowSize()[1]/1080)))"
_CLOCK = "format(floor(datum.value/60),'02d')+':00'"
_EVERY_3_HOURS = "sequence(ceil(domain('x')[0]/180)*180, domain('x')[1]+1, 180)"
_DURATIONS = (
    "domain('y')[1] <= 150 ? [0,30,60,90,120] : sequence(0, domain('y')[1]+1, "
    "domain('y')[1] > 7200 ? 3600 : domain('y')[1] > 3600 ? 1200 : domain('y')[1] > 1200 ? 600 : "
    "domain('y')[1] > 480 ? 180 : domain('y')[1] > 240 ? 120 : 60)"
)


def volume_chart(language: Language) -> Layers:
    """Contacts of today per half-hour as bars against what the weekday usually brings."""
    usual = alt.Chart().transform_filter("isValid(datum.usual)")
    y = alt.Y("usual:Q", axis=alt.Axis(tickCount=3, title=None))
    area = usual.mark_area(interpolate="step-after", color=LINE, opacity=0.55)
    line = usual.mark_line(interpolate="step-after", color=MUTED, strokeWidth=_sized(2))
    name = usual.transform_filter("datum.label").mark_text(color=MUTED, fontSize=_sized(18))
    today = alt.Chart().transform_filter("isValid(datum.today)")
    bars = today.mark_bar(color=ACCENT, strokeDash=[4, 3]).encode(
        x="bar:Q",
        x2="bar_end:Q",
        y="today:Q",
        y2=alt.Y2Datum(0),
        # The half-hour that still runs is drawn open, not as a fall.
        fillOpacity=alt.condition("datum.partial", alt.value(0.25), alt.value(1)),
        stroke=alt.condition("datum.partial", alt.value(ACCENT), alt.value("transparent")),
    )
    # The forecast goes on where the bars end.
    ahead = alt.Chart().transform_filter("isValid(datum.ahead)")
    band = ahead.mark_area(interpolate="step-after", color=ACCENT, opacity=0.2)
    coming = ahead.mark_line(interpolate="step-after", color=ACCENT, strokeWidth=_sized(3))
    return alt.layer(
        area.encode(x=_minutes("from"), y=y),
        band.encode(x="from:Q", y="low:Q", y2="high:Q"),
        bars,
        line.encode(x="from:Q", y="usual:Q"),
        coming.encode(x="from:Q", y="ahead:Q"),
        name.encode(x="from:Q", y="label_y:Q", text=alt.value(words(language)("chart.usual"))),
        *_now_line(language),
    )


def response_chart(language: Language) -> Layers:
    """First response of today per hour: p50 and p90, and the target as a labelled line."""
    # Each name stands on its own side, so that they stay apart where the lines meet.
    beyond = alt.Chart().transform_filter("isValid(datum.beyond)")
    return alt.layer(
        *_response_line("p90", language, colour=MUTED, width=2.5, name_dy=-9),
        *_response_line("p50", language, colour=ACCENT, width=4, name_dy=9),
        beyond.mark_text(  # above the line, which falls away to both sides
            color=MUTED,
            fontSize=_sized(18),
            baseline="bottom",
            dy=_sized(-4),
            align=alt.expr("datum.label ? 'right' : 'left'"),
        ).encode(x="from:Q", y="p90:Q", text="beyond:N"),
        beyond.mark_point(opacity=0).encode(x="from:Q", y="room:Q"),  # room for these words
        *_target_line(at_end=False),
    )


def _response_line(
    field: str, language: Language, *, colour: str, width: float, name_dy: float
) -> list[alt.Chart]:
    known = alt.Chart().transform_filter(f"isValid(datum.{field})")
    y = f"{field}:Q"
    line = known.mark_line(color=colour, strokeWidth=_sized(width))
    name = known.transform_filter("datum.label").mark_text(
        align="left",
        baseline="middle",
        color=colour,
        dx=_sized(10),
        dy=_sized(name_dy),
        fontSize=_sized(18),
        fontWeight="bold" if width > 3 else "normal",
    )
    return [
        line.encode(x=_minutes("from"), y=alt.Y(y, axis=_durations(language))),
        _dots(known.transform_filter("datum.partial"), 90, fill=GROUND, colour=colour).encode(
            x="from:Q", y=y
        ),
        name.encode(x="from:Q", y=y, text=alt.value(words(language)(f"chart.{field}"))),
    ]


def satisfaction_chart(language: Language) -> Layers:
    """Share of good ratings per day with its interval; today is still open."""
    day_format = "%-m月%-d日" if language == "zh" else "%-d %b"
    axis = alt.Axis(format=day_format, tickCount=5, grid=False, title=None)
    x = alt.X("day:T", axis=axis, scale=alt.Scale(type="utc", nice=False, padding=16))
    percent = alt.Axis(tickCount=4, labelExpr="datum.value + '%'", title=None)
    scale = alt.Scale(zero=False, nice=True)
    y = alt.Y("value:Q", axis=percent, scale=scale)
    low = alt.Y("low:Q", axis=percent, scale=scale)
    known = alt.Chart().transform_filter("isValid(datum.value)")
    whole = known.transform_filter("!datum.partial")
    return alt.layer(
        alt.Chart()
        .transform_filter("isValid(datum.low)")
        .mark_rule(color=MUTED, opacity=0.55, strokeWidth=_sized(6))
        .encode(x=x, y=low, y2="high:Q"),
        whole.mark_line(color=ACCENT, strokeWidth=_sized(3)).encode(x=x, y=y),
        _dots(whole, 60, fill=ACCENT, colour=ACCENT).encode(x=x, y=y),
        _dots(known.transform_filter("datum.partial"), 110, fill=GROUND, colour=ACCENT).encode(
            x=x, y=y
        ),
        *_target_line(at_end=True),
    )


# --- pieces -----------------------------------------------------------------------------------


def _sized(pixels: float) -> alt.ExprRef:
    return alt.ExprRef(expr=f"{pixels}*{_UNIT}")


def _dots(chart: alt.Chart, area: float, *, fill: str, colour: str) -> alt.Chart:
    """Round points; Vega takes their size as an area."""
    size = alt.ExprRef(expr=f"{area}*pow({_UNIT},2)")
    dotted: alt.Chart = chart.mark_point(
        filled=True, fill=fill, stroke=colour, opacity=1, strokeWidth=_sized(3), size=size
    )
    return dotted


def _minutes(field: str) -> alt.X:
    """Minutes of the day as hours of the clock."""
    values = alt.ExprRef(expr=_EVERY_3_HOURS)
    axis = alt.Axis(labelExpr=_CLOCK, values=values, grid=False, title=None)
    return alt.X(f"{field}:Q", axis=axis, scale=alt.Scale(zero=False, nice=False))


def _durations(language: Language) -> alt.Axis:
    say = words(language)
    label = (
        f"datum.value == 0 ? '0' : datum.value < 60 ? datum.value + '{say('axis.second')}' : "
        f"format(datum.value/60, '~r') + '{say('axis.minute')}'"
    )
    return alt.Axis(labelExpr=label, values=alt.ExprRef(expr=_DURATIONS), title=None)


def _now_line(language: Language) -> list[alt.Chart]:
    base = alt.Chart().transform_filter("isValid(datum.now)")
    rule = base.mark_rule(color=INK, strokeWidth=_sized(1.5))
    label = base.mark_text(
        align="left", baseline="top", dx=_sized(5), color=INK, fontSize=_sized(18)
    )
    said = alt.value(words(language)("chart.now"))
    return [rule.encode(x="now:Q"), label.encode(x="now:Q", y=alt.value(0), text=said)]


def _target_line(*, at_end: bool) -> list[alt.Chart]:
    """A dashed line with its words: inside at the start, or beside the plot at the end."""
    base = alt.Chart().transform_filter("isValid(datum.target) && datum.first")
    rule = base.mark_rule(color=INK, strokeDash=[6, 5], strokeWidth=_sized(1.5))
    label = base.mark_text(
        align="left",
        baseline="middle" if at_end else "bottom",
        color=INK,
        dx=_sized(5),
        dy=0 if at_end else _sized(-3),
        fontSize=_sized(18),
    )
    place = alt.value("width") if at_end else alt.value(0)
    return [rule.encode(y="target:Q"), label.encode(x=place, y="target:Q", text="target_label:N")]


# --- specs ------------------------------------------------------------------------------------

ZH_TIME: Final = alt.TimeLocale(
    dateTime="%Y年%-m月%-d日 %A %X",
    date="%Y/%-m/%-d",
    time="%H:%M:%S",
    periods=["上午", "下午"],
    days=["星期日", "星期一", "星期二", "星期三", "星期四", "星期五", "星期六"],
    shortDays=["周日", "周一", "周二", "周三", "周四", "周五", "周六"],
    months=["一月", "二月", "三月", "四月", "五月", "六月",
            "七月", "八月", "九月", "十月", "十一月", "十二月"],
    shortMonths=[f"{number}月" for number in range(1, 13)],
)  # fmt: skip

CHARTS: Final[Mapping[str, Callable[[Language], Layers]]] = {
    "volume": volume_chart,
    "response": response_chart,
    "satisfaction": satisfaction_chart,
}


def styled(chart: Layers, language: Language) -> Layers:
    """The chart with the board's type, colours and language."""
    locale = alt.Locale(time=ZH_TIME) if language == "zh" else alt.Undefined
    drawn: Layers = (
        chart.properties(width="container", height="container")
        .configure(font=FONTS, background="transparent", padding=2, locale=locale)
        .configure_view(stroke=None)
        .configure_text(font=FONTS)  # Streamlit puts its own font over config.font
        .configure_axisX(labelFlush=40)
        .configure_axis(
            labelFont=FONTS,
            labelFontSize=_sized(18),
            labelColor=MUTED,
            labelPadding=6,
            labelOverlap="greedy",
            labelSeparation=16,
            gridColor=LINE,
            domain=False,
            ticks=False,
        )
    )
    return drawn


def spec_of(name: str, language: Language) -> Spec:
    spec: Spec = styled(CHARTS[name](language), language).to_dict()
    return spec


SPECS: Final[Mapping[tuple[str, Language], Spec]] = {
    (name, language): spec_of(name, language) for name in CHARTS for language in LANGUAGES
}
