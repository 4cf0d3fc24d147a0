"""Accuracy: published forecasts against what came, with the version planners saw then."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any

import streamlit as st

from dashboard.data import feed
from dashboard.history.export import Cell, Column, Sheet, Table
from dashboard.history.panel import heading
from dashboard.lists import list_html, note_html, title_html
from dashboard.plan import charts
from dashboard.plan.asked import read_plan, series_choice, series_name, write
from dashboard.plan.frames import errors_frame, figure, share
from dashboard.plan.judged import ORDINARY, Judged, load_judged
from dashboard.plan.parts import Fact, facts_html, loaded, panel
from dashboard.plan.parts import show as show_plan
from dashboard.view import View
from dashboard.words import Words
from forecasting.published.accuracy import Accuracy

_DAYS = {"7": 7, "28": 28, "90": 90}
_EVEN = 0.002  # of WAPE: nearer than that, an override made no difference


def show() -> None:
    show_plan("accuracy", draw)


def draw(view: View, say: Words, now: datetime, title: Any) -> None:
    asked = read_plan()
    days = _DAYS.get(st.query_params.get("days", ""), 28)
    found = loaded(
        ("accuracy", asked.key, days),
        lambda reader, at: load_judged(reader.connection, feed().settings, asked, at, days=days),
        now,
    )
    title.html(
        title_html(say("accuracy.title"), sentence(found, say)) + note_html(say("accuracy.note"))
    )
    with st.container(key="dp_filters", horizontal=True, vertical_alignment="bottom"):
        series_choice(asked, found.keys, say)
        st.session_state["p_days"] = str(days)
        st.segmented_control(
            say("accuracy.days"), list(_DAYS), key="p_days", required=True,
            on_change=lambda: write(days=st.session_state["p_days"]),
        )  # fmt: skip
    if found.whole.wape is None:
        return
    st.html(facts_html(facts(found.whole, say), say))
    lead = [say(f"accuracy.lead_{one.group}") for one in found.leads]
    _errors(found, "lead", found.leads, lead, view, say)
    if len(found.queues) > 1:
        _errors(found, "queue", found.queues, [one.group for one in found.queues], view, say)
    _errors(found, "hour", found.hours, [f"{one.group}:00" for one in found.hours], view, say)
    if len(found.kinds) > 1:
        _errors(
            found, "event", found.kinds, [kind_said(k.group, say) for k in found.kinds], view, say
        )
    _overrides(found, say)


def kind_said(kind: str, say: Words) -> str:
    if kind == ORDINARY:
        return say("accuracy.ordinary")
    return say(f"event.{kind}") if say.has(f"event.{kind}") else kind


def sentence(found: Judged, say: Words) -> str:
    whole = found.whole
    if whole.wape is not None:
        return say("accuracy.summary", days=found.days, error=share(whole.wape),
                   base=share(whole.baseline), cover=share(whole.within_80))  # fmt: skip
    if found.first_made is None:
        return say("accuracy.never")
    return say("accuracy.nothing", time=say.moment(found.first_made.astimezone(feed().zone)))


def facts(whole: Accuracy, say: Words) -> list[Fact]:
    def fact(name: str, value: float | None, note: str, about: str) -> Fact:
        said = say.big_percent(100 * (value or 0))
        return Fact(name, say(f"accuracy.{name}"), value, said, (note,), say(f"accuracy.{about}"))

    return [
        fact("error", whole.wape, say("accuracy.base", value=share(whole.baseline)), "about_error"),
        fact("bias", whole.bias, say("accuracy.bias_note"), "about_bias"),
        fact("within_80", whole.within_80, say("accuracy.aim", value="80%"), "about_band"),
        fact("within_95", whole.within_95, say("accuracy.aim", value="95%"), "about_band"),
    ]


def _errors(
    found: Judged, name: str, groups: Sequence[Accuracy], names: Sequence[str], view: View,
    say: Words,
) -> None:  # fmt: skip
    known = [(g, n) for g, n in zip(groups, names, strict=True) if g.wape is not None]
    if not known:
        return
    groups, names = [g for g, _ in known], [n for _, n in known]
    panel(
        say(f"accuracy.by_{name}"), say(f"accuracy.by_{name}_note"),
        errors_frame(groups, names, say), charts.errors(view.language), key=f"by_{name}",
        height=220, sheet=_sheet(found, name, groups, names, say),
    )  # fmt: skip


def _sheet(
    found: Judged, name: str, groups: Sequence[Accuracy], names: Sequence[str], say: Words
) -> Sheet:
    heads = ("group_said", "wape_said", "baseline_said", "bias_said", "cover_said", "n_said")
    columns = [Column(say(f"tip.{head}"), "0.0000") for head in heads]
    rows: list[list[Cell]] = [
        [said, one.wape, one.baseline, one.bias, one.within_80, one.n]
        for one, said in zip(groups, names, strict=True)
    ]
    about = ((say("history.definition"), say("accuracy.about_error")),
             (say("accuracy.days"), str(found.days)))  # fmt: skip
    return Sheet(f"deskpulse-accuracy-{name}", say(f"accuracy.by_{name}"), about,
                 Table(columns, rows))  # fmt: skip


def _overrides(found: Judged, say: Words) -> None:
    with st.container(key="h_panel_overrides"):
        heading(say("accuracy.overrides"), say("accuracy.overrides_note"))
        if not found.overrides:
            st.html(note_html(say("accuracy.no_overrides")))
            return
        names = ("what", "span", "who", "with", "without", "verdict")
        zone = feed().zone
        day = partial(_moment, say=say)
        rows = [
            (
                f"{series_name(o.override.key, found.keys, say)} "
                + say(f"override.did_{o.override.kind}", amount=figure(o.override.amount, say)),
                f"{day(o.override.acts_from().astimezone(zone))} – "
                f"{day(o.override.acts_until().astimezone(zone))}",
                f"{o.override.author}: {o.override.reason}",
                share(o.with_it), share(o.without), verdict(o.with_it, o.without, say),
            )
            for o in found.overrides
        ]  # fmt: skip
        st.html(list_html([say(f"accuracy.o_{name}") for name in names], rows))


def _moment(at: datetime, *, say: Words) -> str:
    return f"{say.day(at)} {at:%H:%M}"


def verdict(with_it: float | None, without: float | None, say: Words) -> str:
    if with_it is None or without is None:
        return "–"
    if abs(with_it - without) < _EVEN:
        return say("accuracy.even")
    return say("accuracy.helped" if with_it < without else "accuracy.hurt")
