"""What the URL of a planning page asks for, and writing it. The URL holds the whole state."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import streamlit as st

from dashboard.words import Words
from forecasting.published.series import ALL, CONTACTS, MEASURES, SeriesKey

SPANS: Final = {"3": 3, "7": 7, "14": 14}  # days to either side of now
_JOINT: Final = " · "


@dataclass(frozen=True, slots=True)
class PlanAsked:
    """`key` may be a series that has no forecast; `span` days to either side of now."""

    key: SeriesKey
    span: int = 14


def read_plan() -> PlanAsked:
    """From the URL; what makes no sense is left out."""
    query = st.query_params
    measure = query.get("measure", CONTACTS)
    key = SeriesKey(
        measure if measure in MEASURES else CONTACTS, query.get("queue", ALL),
        query.get("channel", ALL),
    )  # fmt: skip
    return PlanAsked(key, SPANS.get(query.get("span", ""), 14))


def write(**changes: str | None) -> None:
    """Parts of the URL; None or "" takes a part out."""
    for name, value in changes.items():
        if value:
            st.query_params[name] = value
        elif name in st.query_params:
            del st.query_params[name]


def series_choice(asked: PlanAsked, keys: Sequence[SeriesKey], say: Words) -> None:
    """Which measure, and which queue of it; both write the URL."""
    st.session_state["p_measure"] = asked.key.measure
    st.selectbox(
        say("plan.measure"), list(MEASURES), key="p_measure", width=200,
        format_func=lambda one: say(f"measure.{one}"), on_change=_measure_chosen,
    )  # fmt: skip
    mine = shown_keys(keys, asked.key)
    if len(mine) < 2:
        return
    st.session_state["p_series"] = asked.key
    names = {key: series_name(key, mine, say) for key in mine}
    st.selectbox(
        say("label.queue"), mine, key="p_series", width=260, format_func=names.__getitem__,
        on_change=_series_chosen,
    )  # fmt: skip


def shown_keys(keys: Sequence[SeriesKey], chosen: SeriesKey) -> list[SeriesKey]:
    """Those of the measure, the chosen one too; channels only of queues that have several."""
    mine = [key for key in keys if key.measure == chosen.measure]
    alone = {key.queue for key in mine if sum(o.queue == key.queue for o in mine) == 2}
    return sorted({key for key in mine if not (key.channel and key.queue in alone)} | {chosen})


def series_name(key: SeriesKey, keys: Sequence[SeriesKey], say: Words) -> str:
    """The queue, with its channel where it has several; all queues by their own word."""
    if key.queue == ALL:
        return say("plan.all_queues")
    several = sum(one.queue == key.queue for one in keys) > 1
    if not several:
        return key.queue
    return key.queue + _JOINT + (key.channel or say("plan.all_channels"))


def _measure_chosen() -> None:
    write(measure=st.session_state["p_measure"], queue=None, channel=None)


def _series_chosen() -> None:
    key: SeriesKey = st.session_state["p_series"]
    write(queue=key.queue, channel=key.channel)
