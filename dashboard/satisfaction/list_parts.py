"""The lists of the Satisfaction page: the lowest scores and the negative reviews nobody answered.
Each row leads to the contacts around it, and each list can be taken along as a file."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from urllib.parse import urlencode

import streamlit as st

from dashboard.history import drill, sheets
from dashboard.history.asked import OWN, Asked, period_query
from dashboard.history.drill import Pick
from dashboard.history.export import Table
from dashboard.history.filters import written
from dashboard.history.known import Known
from dashboard.history.panel import downloads, heading, open_list
from dashboard.history.tiles import Headline
from dashboard.lists import DOWN, LATE
from dashboard.markup import tag, text
from dashboard.satisfaction import tables
from dashboard.satisfaction.answer import Satisfaction
from dashboard.satisfaction.tickets import Lowest, Ticket, Unanswered
from dashboard.words import UNKNOWN, Words
from metrics.kpi import Kpi
from metrics.rows import KpiRow

_QUARTER = timedelta(minutes=15)
_LINK = "color:var(--dp-accent);text-decoration:none;white-space:normal;overflow-wrap:anywhere"


def lists(answer: Satisfaction, asked: Asked, known: Known) -> None:
    if answer.unanswered is not None and answer.unanswered.rows:
        _unanswered(answer.unanswered, answer.as_of, asked, known)
    if answer.lowest is not None and answer.lowest.rows:
        _lowest(answer.lowest, answer.as_of, asked, known)


def _lowest(found: Lowest, as_of: datetime, asked: Asked, known: Known) -> None:
    say = asked.say
    key = "lowest_note" if found.kpi.unit == "score" else "newest_note"
    note = say(f"satisfaction.{key}", n=len(found.rows), total=say.count(found.total))
    with st.container(key="h_panel_lowest"):
        heading(say("satisfaction.lowest"), note)
        table = tables.tickets_table(found.rows, known, asked)
        _files("lowest", found.kpi, n=found.total, as_of=as_of, asked=asked, table=table)
        cells = [_cells(found.kpi, one, asked, known) for one in found.rows]
        heads = (*_heads(cells, asked), say("satisfaction.score"))
        rows = [
            (*kept, text(score_said(found.kpi, one, say)))
            for kept, one in zip(_kept(cells), found.rows, strict=True)
        ]
        st.html(_table(heads, rows))
        _all_button("lowest", drill.everything(found.kpi.key), asked)


def _unanswered(found: Unanswered, as_of: datetime, asked: Asked, known: Known) -> None:
    say = asked.say
    promise = say.duration(found.promise.total_seconds())
    with st.container(key="h_panel_unanswered"):
        key = "satisfaction.unanswered_more" if found.more else "satisfaction.unanswered_note"
        heading(say("satisfaction.unanswered"), say(key, n=len(found.rows), promise=promise))
        table = tables.tickets_table(found.rows, known, asked, as_of=as_of)
        n = len(found.rows)
        _files("unanswered", found.kpi, n=n, as_of=as_of, asked=asked, table=table)
        cells = [_cells(found.kpi, one, asked, known) for one in found.rows]
        heads = (*_heads(cells, asked), say("satisfaction.score"), say("satisfaction.age"))
        rows = [
            (*kept, text(score_said(found.kpi, one, say)), _age(found, one, as_of, say))
            for kept, one in zip(_kept(cells), found.rows, strict=True)
        ]
        st.html(_table(heads, rows))
        _all_button("unanswered", drill.everything(found.kpi.key), asked)


def score_said(kpi: Kpi, one: Ticket, say: Words) -> str:
    """`1 of 5`; the net promoter question goes up to ten."""
    if one.score is None:
        return UNKNOWN
    scale = 10 if kpi.unit == "points" else 5
    return say("satisfaction.of", n=f"{one.score * scale / 5:g}", scale=scale)


def _age(found: Unanswered, one: Ticket, as_of: datetime, say: Words) -> str:
    """How long it waits, with sign and word: past the promise, or what is left of it."""
    age = as_of - one.at
    said = say.duration(age.total_seconds())
    if age > found.promise:
        return tag("span", text(f"{DOWN} {said}"), style="color:var(--dp-breach)")
    left = say.duration((found.promise - age).total_seconds())
    marked = f"{LATE} {say('satisfaction.left', age=said, left=left)}"
    return tag("span", text(marked), style="color:var(--dp-watch)")


_NAMES = ("ref", "queue", "channel", "agent", "at")


def _cells(kpi: Kpi, one: Ticket, asked: Asked, known: Known) -> tuple[str, ...]:
    """HTML; a queue, channel or agent leads to all of its contacts, the reference to those of its
    quarter hour."""
    start = one.at - (one.at - datetime.min.replace(tzinfo=one.at.tzinfo)) % _QUARTER
    at = drill.at(kpi.key, start, start + _QUARTER)
    labelled = {
        name: _link(drill.label(kpi.key, name, value), known.shown(name, value), asked)
        for name, value in (("queue", one.queue), ("channel", one.channel), ("agent", one.agent))
        if value and name in kpi.labels
    }
    return (
        _link(at, one.ref, asked),
        *(labelled.get(name, "") for name in _NAMES[1:4]),
        text(_moment(one, asked)),
    )


def _moment(one: Ticket, asked: Asked) -> str:
    """With the year where it is another than now."""
    at = one.at.astimezone(asked.zone)
    if at.year == asked.now.year:
        return asked.say.moment(at)
    return f"{asked.say.full_day(at.date())} {asked.say.clock(at)}"


def _link(pick: Pick, said: str, asked: Asked) -> str:
    """A link that opens the list behind a mark, as a click on a chart does."""
    query = {
        "lang": asked.language, "kpi": asked.kpi, **period_query(asked.period),
        **written(asked.where), OWN[1]: pick.text(),
    }  # fmt: skip
    if asked.before is None:
        query["compare"] = "0"
    href = "?" + urlencode(query, doseq=True)
    return tag("a", text(said), href=href, style=_LINK)


def _filled(cells: Sequence[Sequence[str]]) -> list[int]:
    """The columns in which anything stands: a review has no queue."""
    return [at for at in range(len(_NAMES)) if any(row[at] for row in cells)]


def _heads(cells: Sequence[Sequence[str]], asked: Asked) -> tuple[str, ...]:
    return tuple(asked.say(f"behind.{_NAMES[at]}") for at in _filled(cells))


def _kept(cells: Sequence[Sequence[str]]) -> list[tuple[str, ...]]:
    shown = _filled(cells)
    return [tuple(row[at] or UNKNOWN for at in shown) for row in cells]


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """As lists.list_html, of cells that are HTML."""
    head = tag("tr", "".join(tag("th", text(name), scope="col") for name in heads))
    body = "".join(
        tag("tr", "".join(tag("td", cell, data_label=name)
                          for name, cell in zip(heads, row, strict=True)))
        for row in rows
    )  # fmt: skip
    table = tag("table", tag("thead", head) + tag("tbody", body), class_="dp-list")
    return tag("div", table, class_="dp-scroll")


def _files(name: str, kpi: Kpi, *, n: int, as_of: datetime, asked: Asked, table: Table) -> None:
    head = Headline(kpi, KpiRow(asked.period.since, asked.period.until, (), n, None), None)
    title = asked.say(f"satisfaction.{name}")
    downloads(name, sheets.sheet(asked, head, table, name=name, title=title, as_of=as_of), asked)


def _all_button(name: str, pick: Pick, asked: Asked) -> None:
    st.button(
        asked.say("satisfaction.all_of_them"),
        on_click=open_list,
        args=(pick,),
        key=f"h_open_{name}",
        type="tertiary",
        icon=":material/list:",
    )
