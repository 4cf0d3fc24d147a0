"""Open cases by age: their bars, the oldest of them as a list, and both as files. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache

import altair as alt
import pandas as pd

from dashboard.history.asked import Asked
from dashboard.history.charts import ACCENT, INK, MUTED, TEXT_PX, Spec, clickable, spec, values
from dashboard.history.export import Column, Sheet, Table
from dashboard.history.panel import Panel
from dashboard.words import UNKNOWN, Language, Words
from metrics.ageing import AgeBand, OpenCase

SHOWN = 15
_BREACH = "var(--dp-breach)"
_KINDS = ("complaint", "refund", "return", "exchange")
COLUMNS = (
    "name", "pending", "all", "late", "when", "all_said", "pending_said", "returning_said",
)  # fmt: skip


def ages_frame(bands: Sequence[AgeBand], late_s: float, say: Words) -> pd.DataFrame:
    """One row per band: what waits for the shop, and on top of it what waits for the parcel."""
    lines = []
    for band in bands:
        together = band.pending + band.returning
        lines.append(
            {
                "name": _band_said(band, say), "pending": band.pending, "all": together,
                "late": band.low_s >= late_s, "when": _band_said(band, say),
                "all_said": say.count(together) if together else "",
                "pending_said": say.count(band.pending),
                "returning_said": say.count(band.returning),
            }
        )  # fmt: skip
    return pd.DataFrame(lines, columns=COLUMNS)


@cache
def ages(language: Language) -> Spec:
    """A bar per band; past the promise what waits for the shop is in the colour of a breach, and
    its number says so too."""
    x = alt.X("name:N", sort=None, title=None, axis=alt.Axis(labelAngle=0, labelOverlap=True))
    axis = values("cases", language, most=3)
    y = alt.Y("pending:Q", axis=axis, stack=None)
    colour = alt.condition("datum.late", alt.value(_BREACH), alt.value(ACCENT))
    texts = alt.Chart().mark_text(dy=-9, color=INK, fontSize=TEXT_PX)
    return spec(
        alt.layer(
            alt.Chart().mark_bar(color=MUTED, fillOpacity=0.35).encode(
                x=x, y=alt.Y("all:Q", axis=axis), y2="pending:Q"),
            alt.Chart().mark_bar().encode(x=x, y=y, color=colour),
            texts.encode(x=x, y="all:Q", text="all_said:N"),
            clickable(language, "when", "pending_said", "returning_said", x=x, y=alt.value(0),
                      y2=alt.value("height")),
        ),
        language,
    )  # fmt: skip


def ages_panel(bands: Sequence[AgeBand], late_s: float, asked: Asked, as_of: datetime) -> Panel:
    say = asked.say
    frame = ages_frame(bands, late_s, say)
    columns = [Column(say("sheet.low"), "0"), Column(say("sheet.high"), "0"),
               Column(say("case.pending")), Column(say("case.returning"))]  # fmt: skip
    rows = [[one.low_s, one.high_s, one.pending, one.returning] for one in bands]
    title = say("after_sales.ages")
    return Panel("ages", title, say("after_sales.ages_note"), ages(asked.language), frame,
                 _sheet("ages", title, Table(columns, rows), asked, as_of), 260)  # fmt: skip


def oldest_cells(cases: Sequence[OpenCase], asked: Asked) -> tuple[list[str], list[list[str]]]:
    """Heads and rows of the list of the oldest."""
    say = asked.say
    heads = [say(f"case.{name}") for name in ("age", "ref", "kind", "reason", "status", "opened")]
    rows = [
        [say.duration(one.age_s), one.ref, kind_said(one.kind, say), one.reason or UNKNOWN,
         say(f"case.{one.status}"), say.moment(one.opened_at.astimezone(asked.zone))]
        for one in cases[:SHOWN]
    ]  # fmt: skip
    return heads, rows


def oldest_sheet(cases: Sequence[OpenCase], asked: Asked, as_of: datetime) -> Sheet:
    """All open cases, not just those on the screen."""
    say = asked.say
    heads = [Column(say("case.age_s"), "0")]
    heads += [Column(say(f"case.{name}")) for name in ("ref", "order", "kind", "reason", "status",
                                                       "opened")]  # fmt: skip
    rows = [
        [one.age_s, one.ref, one.order_ref, one.kind, one.reason, say(f"case.{one.status}"),
         one.opened_at.astimezone(asked.zone)]
        for one in cases
    ]  # fmt: skip
    return _sheet("open", say("after_sales.oldest"), Table(heads, rows), asked, as_of)


def kind_said(kind: str | None, say: Words) -> str:
    if not kind:
        return UNKNOWN
    return say(f"case.kind_{kind}") if kind in _KINDS else kind


def _band_said(band: AgeBand, say: Words) -> str:
    if band.high_s is None:
        return f"≥ {say.duration(band.low_s)}"
    if band.low_s == 0:
        return f"< {say.duration(band.high_s)}"
    return f"{say.duration(band.low_s)}–{say.duration(band.high_s)}"


def _sheet(name: str, title: str, table: Table, asked: Asked, as_of: datetime) -> Sheet:
    say = asked.say
    about = (
        (say("history.definition"), say("after_sales.ages_note")),
        (say("sheet.zone"), asked.zone.key),
        (say("sheet.filters"), asked.filters_said()),
        (say("sheet.as_of"), f"{as_of.astimezone(asked.zone):%Y-%m-%d %H:%M:%S}"),
    )
    day = as_of.astimezone(asked.zone).date()
    return Sheet(f"deskpulse-after-sales-{name}-{day}", title, about, table)
