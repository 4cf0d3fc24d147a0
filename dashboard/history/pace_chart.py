"""The rolling value of a KPI by day, and where it goes: a Pace → frame, spec, table. Pure."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import altair as alt
import pandas as pd

from dashboard.history import drill, sheets
from dashboard.history.asked import Asked
from dashboard.history.charts import (
    ACCENT,
    MUTED,
    TEXT_PX,
    Spec,
    pickable,
    reference,
    spec,
    times,
    tips,
    values,
    when_picked,
)
from dashboard.history.export import Column, Table
from dashboard.history.pace_cards import percent
from dashboard.history.panel import Panel
from dashboard.history.tiles import Headline
from dashboard.words import Language, Words, words
from metrics.pace import DAY, Tally
from metrics.pacing import Pace, in_percent
from metrics.rows import KpiRow

_TIPS = ("when", "value_said", "n_said", "slow_said")


def pace_panel(pace: Pace, asked: Asked, as_of: datetime) -> Panel:
    say = asked.say
    title = say("pace.course", name=pace.kpi.title(asked.language), days=pace.length)
    note = say("pace.course_note", days=pace.outlook.rate_days)
    since, until = (datetime.combine(day, time(), asked.zone) for day in (
        pace.past[0].day, pace.today + DAY))  # fmt: skip
    head = Headline(pace.kpi, KpiRow(since, until, (), pace.window.n, pace.value), None)
    table = pace_table(pace, asked)
    file = sheets.sheet(asked, head, table, name="pace", title=say("pace.title"), as_of=as_of)
    return Panel("pace", title, note, pace_spec(asked.language), pace_frame(pace, say), file, 320)


def pace_frame(pace: Pace, say: Words) -> pd.DataFrame:
    """One row per day; today has both the window so far and where it will end."""
    tallies = {one.day: one.tally for one in pace.days}
    lines = [
        _place(point.day)
        | {
            "value": in_percent(pace.kpi, point.share),
            "ahead": None,
            "pick": _pick(pace, point.day, tallies[point.day]),
            **_texts(in_percent(pace.kpi, point.share), tallies[point.day], point.day, say),
        }
        for point in pace.past
    ]
    # The line to come begins where the known one ends.
    if lines and pace.ahead:
        lines[-1]["ahead"] = lines[-1]["value"]
    lines += [
        _place(point.day + DAY)
        | {
            "value": None,
            "ahead": in_percent(pace.kpi, point.share),
            "pick": None,
            **_texts(in_percent(pace.kpi, point.share), None, point.day, say),
        }
        for point in pace.ahead
    ]
    frame = pd.DataFrame(lines, columns=COLUMNS)
    target = pace.line.target if pace.line else None
    said = "" if target is None else say("history.target", value=percent(target))
    frame["first"] = [number == 0 for number in range(len(frame))]
    frame["last"] = [number == len(frame) - 1 for number in range(len(frame))]
    now = int(datetime.combine(pace.today, time(12), UTC).timestamp() * 1000)
    return frame.assign(target=target, target_said=said, now=now)


COLUMNS = ("from", "to", "mid", "value", "ahead", "pick", "when", "value_said", "n_said",
           "slow_said")  # fmt: skip


@cache
def pace_spec(language: Language) -> Spec:
    """A line up to now, a dashed one from there on; the axis shows what moves, not zero."""
    y = alt.Y(
        "value:Q", axis=values("%", language), scale=alt.Scale(zero=False, nice=True, padding=12)
    )
    line = alt.Chart().mark_line(color=ACCENT, strokeWidth=3, strokeJoin="round")
    ahead = line.encode(
        x=times(language), y=alt.Y("ahead:Q", axis=y["axis"], scale=y["scale"]),
    ).mark_line(color=ACCENT, strokeWidth=2, strokeDash=[6, 4])  # fmt: skip
    now = alt.Chart().transform_filter("datum.first").mark_rule(color=MUTED, strokeWidth=1)
    said = words(language)
    named = (
        alt.Chart()
        .transform_filter("datum.last && isValid(datum.ahead)")
        .mark_text(align="right", baseline="bottom", dy=-8, color=ACCENT, fontSize=TEXT_PX)
        .encode(x="mid:T", y="ahead:Q", text=alt.value(said("pace.ahead")))
    )
    return spec(
        alt.layer(
            now.encode(x="now:T"),
            line.encode(x=times(language), y=y),
            ahead,
            named,
            *reference("target", "target_said", upright=False),
            _days(language),
        ),
        language,
    )


def _days(language: Language) -> alt.Chart:
    """What is clicked: the whole height over a day."""
    base = alt.Chart().transform_filter("isValid(datum.when)")
    mark = base.mark_rect(color=ACCENT, cursor="pointer").encode(
        x=alt.X("from:T", scale=alt.Scale(type="utc", nice=False)), x2="to:T",
        y=alt.value(0), y2=alt.value("height"), opacity=when_picked(0.14, 0.001),
        tooltip=tips(language, *_TIPS),
    )  # fmt: skip
    return pickable(mark)


def _place(day: date) -> dict[str, Any]:
    """The day on the axis; a window that ended with it stands at its middle."""
    start = datetime.combine(day, time(), UTC)
    ms = int(start.timestamp() * 1000)
    width = DAY // timedelta(milliseconds=1)
    return {"from": ms, "to": ms + width, "mid": ms + width / 2}


def _texts(value: float | None, tally: Tally | None, day: date, say: Words) -> dict[str, str]:
    return {
        "when": say.full_day(day),
        "value_said": percent(value),
        "n_said": "" if tally is None else say.count(tally.n),
        "slow_said": "" if tally is None else say.count(tally.slow),
    }


def _pick(pace: Pace, day: date, tally: Tally) -> str | None:
    if not tally.n:
        return None
    zone = pace.known_until.tzinfo
    assert isinstance(zone, ZoneInfo)  # noqa: S101 - pacing gives the platform's
    since, until = (datetime.combine(one, time(), zone) for one in (day, day + DAY))
    return drill.at(pace.kpi.key, since, until).text()


def pace_table(pace: Pace, asked: Asked) -> Table:
    """Days past and to come, unrounded."""
    say = asked.say
    heads = ("day", "n", "slow", "window", "expected")
    columns = [Column(say(f"pace.sheet_{name}"), "0.0000" if name in ("window", "expected") else "")
               for name in heads]  # fmt: skip
    tallies = {one.day: one.tally for one in pace.days}
    past = [
        [one.day, tallies[one.day].n, tallies[one.day].slow, in_percent(pace.kpi, one.share), None]
        for one in pace.past
    ]
    ahead = [[one.day, None, None, None, in_percent(pace.kpi, one.share)] for one in pace.ahead]
    return Table(columns, [*past, *ahead])
