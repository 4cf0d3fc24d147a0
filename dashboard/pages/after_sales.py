"""After-sales: how long cases take, what is open now and how old it is, why customers send back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import streamlit as st

from dashboard.after_sales.open_by_age import (
    SHOWN,
    ages_panel,
    oldest_cells,
    oldest_sheet,
)
from dashboard.history import panel
from dashboard.history.asked import Asked
from dashboard.history.controls import kpi_choice, state
from dashboard.history.known import Known
from dashboard.history.page import HistoryPage, show_page
from dashboard.history.panels import panels_of
from dashboard.history.standout import sentence as stands_out
from dashboard.history.study import Answer, answer
from dashboard.history.tiles import Headline, tiles_html
from dashboard.lists import list_html
from dashboard.words import Words
from metrics.ageing import DAY_S, AgeBand, OpenCase, by_age, open_cases
from metrics.errors import UnknownLabel
from metrics.needs import lacks_of
from metrics.reading import Reader
from metrics.rows import KpiRow

KPIS = ("after_sales_turnaround", "after_sales_first_action", "cases_opened", "refunded_amount",
        "complaint_rate")  # fmt: skip
STATES = ("cases_open", "cases_overdue")


@dataclass(frozen=True, slots=True)
class AfterSales:
    """The usual answer, and what is open now. `late_s`: past it a case is overdue."""

    answer: Answer
    states: tuple[Headline, ...]
    ages: tuple[AgeBand, ...]
    open: tuple[OpenCase, ...]
    late_s: float

    @property
    def as_of(self) -> datetime:
        return self.answer.as_of


def show() -> None:
    show_page(HistoryPage("after_sales", KPIS, load, sentence, draw))


def load(reader: Reader, asked: Asked) -> AfterSales:
    apart = any(name != "source" for name in asked.where.asked)  # cases know no queue, no agent
    found = () if apart else open_cases(reader.connection, reader.as_of, asked.where.source)
    overdue = reader.registry.find("cases_overdue").threshold
    return AfterSales(
        answer(reader, asked, KPIS),
        tuple(_now(reader, key, asked) for key in STATES),
        by_age(found),
        found,
        overdue.total_seconds() if overdue else DAY_S,
    )


def _now(reader: Reader, key: str, asked: Asked) -> Headline:
    """A figure of the present: it has no course and nothing before it."""
    kpi, span = reader.registry.find(key), asked.period
    lacks = lacks_of(kpi, reader.registry, reader.sources, reader.delivered)
    try:
        [row] = reader.rows(key, span.since, span.until, where=asked.where)
    except UnknownLabel:
        return Headline(kpi, KpiRow(None, None, (), 0, None), None, (), lacks, filtered_out=True)
    return Headline(kpi, row, None, (), lacks)


def sentence(found: AfterSales, say: Words) -> str:
    """What is overdue comes first: it can still be mended."""
    if all(one.filtered_out for one in found.states):
        return say("after_sales.filtered")
    late = [one for one in found.open if one.status == "pending" and one.age_s > found.late_s]
    if not late:
        return stands_out(found.answer, say)
    oldest = say.duration(late[0].age_s)
    return say("after_sales.overdue", n=say.count(len(late)), oldest=oldest) + stands_out(
        found.answer, say
    )


def draw(found: AfterSales, asked: Asked, known: Known) -> None:
    heads = (*found.states, *found.answer.headlines)
    st.html(tiles_html(heads, asked.say, chosen=asked.kpi))
    if found.open:
        panel.draw(ages_panel(found.ages, found.late_s, asked, found.as_of), asked)
        _oldest(found, asked)
    kpi_choice(asked, found.answer.headlines)
    state(found.answer, asked)
    panel.draw_all(panels_of(found.answer, asked, known), asked)


def _oldest(found: AfterSales, asked: Asked) -> None:
    say = asked.say
    note = say("after_sales.oldest_note", n=say.count(min(SHOWN, len(found.open))),
               total=say.count(len(found.open)))  # fmt: skip
    with st.container(key="h_panel_oldest"):
        panel.heading(say("after_sales.oldest"), note)
        panel.downloads("oldest", oldest_sheet(found.open, asked, found.as_of), asked)
        st.html(list_html(*oldest_cells(found.open, asked)))
