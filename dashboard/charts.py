"""The charts of the wallboard: Altair objects, built once at import into plain specs per language.

st.altair_chart costs 17 ms per chart and rerun, a prebuilt spec with a frame 0.7 ms. Colours are
CSS variables and sizes follow the window, so one spec serves light and dark, phone and wall.
Times are minutes of the shop's day, never the browser's clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, time
from typing import Any, Final

import altair as alt
import pandas as pd

from dashboard.board import Trends
from dashboard.theme import FONTS
from dashboard.words import LANGUAGES, Language, words

Spec = dict[str, Any]

HALF_HOUR = 30
HOUR = 60
# The board's unit --u (see board.css) inside a chart.
_UNIT = "(windowSize()[0]<1200?.8:max(.6,min(windowSize()[0]/1920,windowSize()[1]/1080)))"
_CLOCK = "format(floor(datum.value/60),'02d')+':00'"
_EVERY_3_HOURS = "sequence(ceil(domain('x')[0]/180)*180, domain('x')[1]+1, 180)"


def _sized(pixels: float) -> alt.ExprRef:
    return alt.ExprRef(expr=f"{pixels}*{_UNIT}")


def _minutes_axis() -> alt.X:
    axis = alt.Axis(
        labelExpr=_CLOCK, values=alt.ExprRef(expr=_EVERY_3_HOURS), grid=False, title=None
    )
    return alt.X("from:Q", axis=axis, scale=alt.Scale(zero=False, nice=False))


def _now_line(language: Language) -> list[alt.Chart]:
    base = alt.Chart().transform_filter("isValid(datum.now)")
    rule = base.mark_rule(color="var(--dp-text)", strokeWidth=_sized(1.5)).encode(x="now:Q")
    label = base.mark_text(
        align="left", baseline="top", dx=_sized(5), color="var(--dp-text)", fontSize=_sized(18)
    ).encode(x="now:Q", y=alt.value(0), text=alt.value(words(language)("chart.now")))
    return [rule, label]


def volume_chart(language: Language) -> alt.LayerChart:
    """Contacts of today per half-hour as bars against what the weekday usually brings."""
    usual = alt.Chart().transform_filter("isValid(datum.usual)")
    y = alt.Y("usual:Q", axis=alt.Axis(tickCount=3, title=None))
    layers = [
        usual.mark_area(interpolate="step-after", color="var(--dp-line)", opacity=0.55).encode(
            x=_minutes_axis(), y=y
        ),
        alt.Chart()
        .transform_filter("isValid(datum.today)")
        .mark_bar(color="var(--dp-accent)", strokeDash=[4, 3])
        .encode(
            x="from:Q",
            x2="to:Q",
            y="today:Q",
            y2=alt.Y2Datum(0),
            # The half-hour that still runs is drawn open, not as a fall.
            fillOpacity=alt.condition("datum.partial", alt.value(0.25), alt.value(1)),
            stroke=alt.condition(
                "datum.partial", alt.value("var(--dp-accent)"), alt.value("transparent")
            ),
        ),
        usual.mark_line(
            interpolate="step-after", color="var(--dp-muted)", strokeWidth=_sized(2)
        ).encode(x="from:Q", y="usual:Q"),
        usual.transform_filter("datum.label")
        .mark_text(baseline="bottom", dy=_sized(-4), color="var(--dp-muted)", fontSize=_sized(18))
        .encode(x="from:Q", y="usual:Q", text=alt.value(words(language)("chart.usual"))),
        *_now_line(language),
    ]
    return alt.layer(*layers)


def response_chart(language: Language) -> alt.LayerChart:
    """First response of today per hour: p50 and p90, and the target as a labelled line."""
    say = words(language)
    unit_s, unit_min = say("unit.second"), say("unit.minute")
    label = (
        f"datum.value == 0 ? '0' : datum.value < 60 ? datum.value + '{unit_s}' : "
        f"format(datum.value/60, '~r') + '{unit_min}'"
    )
    values = (
        "domain('y')[1] > 120 ? sequence(0, domain('y')[1]+1, "
        + _MINUTE_STEP
        + ") : [0,30,60,90,120]"
    )
    axis = alt.Axis(labelExpr=label, values=alt.ExprRef(expr=values), title=None)
    layers: list[alt.Chart] = []
    for name, colour, width in (("p90", "var(--dp-muted)", 2.5), ("p50", "var(--dp-accent)", 4)):
        line = alt.Chart().transform_filter(f"isValid(datum.{name})")
        y = alt.Y(f"{name}:Q", axis=axis, scale=alt.Scale(zero=True, nice=False))
        x = _minutes_axis()
        layers += [
            line.mark_line(color=colour, strokeWidth=_sized(width)).encode(x=x, y=y),
            line.transform_filter("datum.partial")
            .mark_point(
                filled=True,
                fill="var(--dp-ground)",
                stroke=colour,
                opacity=1,
                strokeWidth=_sized(3),
                size=_area(90),
            )
            .encode(x="from:Q", y=f"{name}:Q"),
            line.transform_filter("datum.label")
            .mark_text(
                align="left",
                dx=_sized(10),
                color=colour,
                fontSize=_sized(18),
                fontWeight="bold" if name == "p50" else "normal",
            )
            .encode(x="from:Q", y=f"{name}:Q", text=alt.value(say(f"chart.{name}"))),
        ]
    return alt.layer(*layers, *_target_line(at_end=False))


_MINUTE_STEP = (
    "(domain('y')[1] > 7200 ? 3600 : domain('y')[1] > 3600 ? 1200 : domain('y')[1] > 1200 ? 600 : "
    "domain('y')[1] > 480 ? 180 : domain('y')[1] > 240 ? 120 : 60)"
)


def satisfaction_chart(language: Language) -> alt.LayerChart:
    """Share of good ratings per day with its interval; today is still open."""
    day_format = "%-m月%-d日" if language == "zh" else "%-d %b"
    axis = alt.Axis(format=day_format, tickCount=5, grid=False, title=None)
    x = alt.X("day:T", axis=axis, scale=alt.Scale(type="utc", nice=False, padding=16))
    axis_y = alt.Axis(tickCount=4, labelExpr="datum.value + '%'", title=None)
    y, low = (
        alt.Y(f"{name}:Q", axis=axis_y, scale=alt.Scale(zero=False, nice=True))
        for name in ("value", "low")
    )
    base = alt.Chart().transform_filter("isValid(datum.value)")
    point = {"stroke": "var(--dp-accent)", "opacity": 1, "strokeWidth": _sized(3)}
    layers = [
        base.mark_rule(color="var(--dp-muted)", opacity=0.55, strokeWidth=_sized(6)).encode(
            x=x, y=low, y2="high:Q"
        ),
        base.transform_filter("!datum.partial")
        .mark_line(color="var(--dp-accent)", strokeWidth=_sized(3))
        .encode(x=x, y=y),
        base.transform_filter("!datum.partial")
        .mark_point(filled=True, fill="var(--dp-accent)", size=_area(60), **point)
        .encode(x=x, y=y),
        base.transform_filter("datum.partial")
        .mark_point(filled=True, fill="var(--dp-ground)", size=_area(110), **point)
        .encode(x=x, y=y),
    ]
    return alt.layer(*layers, *_target_line(at_end=True))


def _area(pixels: float) -> alt.ExprRef:
    """Size of a point, which Vega takes as an area."""
    return alt.ExprRef(expr=f"{pixels}*pow({_UNIT},2)")


def _target_line(*, at_end: bool) -> list[alt.Chart]:
    """A dashed line with its words: inside at the start, or beside the plot at the end."""
    base = alt.Chart().transform_filter("isValid(datum.target) && datum.first")
    rule = base.mark_rule(
        color="var(--dp-text)", strokeDash=[6, 5], strokeWidth=_sized(1.5)
    ).encode(y="target:Q")
    look = {"align": "left", "color": "var(--dp-text)", "fontSize": _sized(18), "dx": _sized(5)}
    if at_end:
        label = base.mark_text(baseline="middle", **look).encode(x=alt.value("width"))
    else:
        label = base.mark_text(baseline="bottom", dy=_sized(-3), **look).encode(x=alt.value(0))
    return [rule, label.encode(y="target:Q", text="target_label:N")]


# --- specs ------------------------------------------------------------------------------------

_ZH_TIME: Final = {
    "dateTime": "%Y年%-m月%-d日 %A %X",
    "date": "%Y/%-m/%-d",
    "time": "%H:%M:%S",
    "periods": ["上午", "下午"],
    "days": ["星期日", "星期一", "星期二", "星期三", "星期四", "星期五", "星期六"],
    "shortDays": ["周日", "周一", "周二", "周三", "周四", "周五", "周六"],
    "months": [f"{name}月" for name in "一 二 三 四 五 六 七 八 九 十 十一 十二".split()],
    "shortMonths": [f"{number}月" for number in range(1, 13)],
}

CHARTS: Final = {
    "volume": volume_chart,
    "response": response_chart,
    "satisfaction": satisfaction_chart,
}


def styled(chart: alt.LayerChart, language: Language) -> alt.LayerChart:
    """The chart with the board's type, colours and language."""
    locale = alt.Locale(time=alt.TimeLocale(**_ZH_TIME)) if language == "zh" else alt.Undefined
    return (
        chart.properties(width="container", height="container")
        .configure(font=FONTS, background="transparent", padding=2, locale=locale)
        .configure_view(stroke=None)
        .configure_axis(
            labelFontSize=_sized(18),
            labelColor="var(--dp-muted)",
            labelPadding=6,
            labelOverlap=True,
            gridColor="var(--dp-line)",
            domain=False,
            ticks=False,
        )
    )


def spec_of(name: str, language: Language) -> Spec:
    spec: Spec = styled(CHARTS[name](language), language).to_dict()
    return spec


SPECS: Final[Mapping[tuple[str, Language], Spec]] = {
    (name, language): spec_of(name, language) for name in CHARTS for language in LANGUAGES
}


# --- frames -----------------------------------------------------------------------------------


def volume_frame(trends: Trends) -> pd.DataFrame:
    """One row per half-hour, and one for the now-line."""
    label_at = _usual_label_at(trends)
    rows = [
        (p.minute + 2, p.minute + HALF_HOUR - 2, p.today, p.usual, p.partial, p.minute == label_at)
        for p in trends.volume
    ]
    frame = pd.DataFrame(rows, columns=["from", "to", "today", "usual", "partial", "label"])
    return _with_now(frame, trends)


def _usual_label_at(trends: Trends) -> int | None:
    """Where the usual course is named: at its highest after now, free of bars, else at its peak."""
    known = [(p.usual, p.minute) for p in trends.volume if p.usual]
    ahead = [point for point in known if point[1] > trends.now_minute + 2 * HALF_HOUR]
    return max(ahead or known, default=(0.0, None))[1]


def response_frame(trends: Trends, language: Language) -> pd.DataFrame:
    last = max((p.minute for p in trends.response if p.p50 is not None), default=None)
    rows = [
        (p.minute + HOUR / 2, p.p50, p.p90, p.partial, p.minute == last, at == 0)
        for at, p in enumerate(trends.response)
    ]
    frame = pd.DataFrame(rows, columns=["from", "p50", "p90", "partial", "label", "first"])
    say = words(language)
    target = trends.response_target_s
    return frame.assign(
        target=target,
        target_label="" if target is None else f"{say('chart.target')} {say.duration(target)}",
    )


def satisfaction_frame(trends: Trends, language: Language) -> pd.DataFrame:
    rows = [
        (_as_utc_ms(p.day), p.value, p.low, p.high, p.partial, at == 0)
        for at, p in enumerate(trends.satisfaction)
    ]
    frame = pd.DataFrame(rows, columns=["day", "value", "low", "high", "partial", "first"])
    target = trends.satisfaction_target
    label = "" if target is None else f"{words(language)('chart.target')} {target:.0f}%"
    return frame.assign(target=target, target_label=label)


def _with_now(frame: pd.DataFrame, trends: Trends) -> pd.DataFrame:
    now = pd.DataFrame({"now": [float(trends.now_minute)]})
    return pd.concat([frame, now], ignore_index=True)


def _as_utc_ms(day: Any) -> int:
    return int(datetime.combine(day, time(), UTC).timestamp() * 1000)
