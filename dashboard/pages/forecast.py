"""Forecast: what came and what is coming on one axis, who says so and how surely, and what
planners know better."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import numpy as np
import streamlit as st

from dashboard.data import feed
from dashboard.history.export import Column, Sheet, Table
from dashboard.history.panel import heading
from dashboard.lists import bar_html, list_html, note_html, title_html
from dashboard.plan import charts, edit
from dashboard.plan.asked import SPANS, read_plan, series_choice, series_name, write
from dashboard.plan.frames import course_frame, share
from dashboard.plan.notes import note_said
from dashboard.plan.outlook import Outlook, load_outlook
from dashboard.plan.parts import Fact, facts_html, loaded, panel
from dashboard.plan.parts import show as show_plan
from dashboard.view import View
from dashboard.words import Words
from forecasting.published.runs import RUNNING


def show() -> None:
    show_plan("forecast", draw)


def draw(view: View, say: Words, now: datetime, title: Any) -> None:
    asked = read_plan()
    found = loaded(
        ("forecast", asked),
        lambda reader, at: load_outlook(reader.connection, feed().settings, asked, at),
        now,
    )
    title.html(
        title_html(say("forecast.title"), sentence(found, say)) + note_html(since(found, say))
    )
    with st.container(key="dp_filters", horizontal=True, vertical_alignment="bottom"):
        series_choice(asked, found.keys, say)
        st.session_state["p_span"] = str(asked.span)
        st.segmented_control(
            say("plan.span"), list(SPANS), key="p_span", required=True, on_change=_span,
            format_func=lambda name: say("plan.span_days", n=name),
        )  # fmt: skip
    edit.failures(say)
    _state(found, say)
    st.html(facts_html(facts(found, say), say))
    panel(
        say("forecast.course"), say("forecast.course_note"), course_frame(found, say),
        charts.course(view.language), key="course", height=380, sheet=sheet(found, say),
    )  # fmt: skip
    _card(found, say)
    _planners(found, say)


def _span() -> None:
    write(span=st.session_state["p_span"])


def sentence(found: Outlook, say: Words) -> str:
    """What stands out: today against its forecast, and the heaviest of the coming days."""
    if found.current is None or found.current.model is None:
        return say(f"why.{found.current.why}") if found.current else say("forecast.none_yet")
    ahead = _days(found)
    if not ahead:
        return say("forecast.none_yet")
    day, most = max(ahead.items(), key=lambda pair: pair[1])
    usual = sum(ahead.values()) / len(ahead)
    told = say("forecast.peak", day=say.day(day), n=say.count(most),
               more=say.percent(100 * (most / usual - 1)) if usual else "–")  # fmt: skip
    came, due = _so_far(found)
    if due < 20:
        return told
    gap = came / due - 1
    if abs(gap) < 0.05:
        return say("forecast.today_even", n=say.count(came)) + told
    key = "forecast.today_above" if gap > 0 else "forecast.today_below"
    return say(key, n=say.count(came), share=say.percent(100 * abs(gap))) + told


def _days(found: Outlook) -> dict[Any, float]:
    """Forecast per whole coming day."""
    rows = found.points[(found.points["day"] > found.now.date()) & found.points["mean"].notna()]
    return {day: float(total) for day, total in rows.groupby("day")["mean"].sum().items()}


def _arrived(found: Outlook) -> float:
    """What came today in all steps that are over."""
    return float(found.day(found.now.date())["actual"].sum())


def _so_far(found: Outlook) -> tuple[float, float]:
    """What came today in steps that are over and had a forecast, and what that was."""
    rows = found.day(found.now.date())
    rows = rows[rows["actual"].notna() & rows["mean"].notna()]
    return float(rows["actual"].sum()), float(rows["mean"].sum())


def since(found: Outlook, say: Words) -> str:
    """Of when the forecast is."""
    if found.current is None:
        return ""
    parts = [say("forecast.made", time=say.moment(found.current.made_at.astimezone(found.zone)))]
    if found.current.updated_at is not None:
        updated = say.clock(found.current.updated_at.astimezone(found.zone))
        parts.append(say("forecast.updated", time=updated))
    return " · ".join(parts)


def _state(found: Outlook, say: Words) -> None:
    """Missing, late or being made: said in words, with how far it is."""
    run = found.last_run
    if run is not None and run.state == RUNNING and run.total:
        label = say("forecast.running", done=say.count(run.done), total=say.count(run.total))
        st.html(bar_html(run.done, run.total, label))
    if found.filling:
        st.html(note_html(say("why.filling"), warning=True))
    if found.stale:
        st.html(note_html(say("forecast.stale"), warning=True))
    if found.current is None and run is None and not found.filling:
        st.html(note_html(say("forecast.waiting")))
    if found.current is not None and found.current.why:
        st.html(note_html(say(f"why.{found.current.why}"), warning=True))


def facts(found: Outlook, say: Words) -> list[Fact]:
    today = found.now.date()
    arrived = _arrived(found)
    came, due = _so_far(found)
    ahead = _days(found)
    rows = found.day(today)
    rest = rows[rows["actual"].isna() & rows["mean"].notna()]
    whole = arrived + float(rest["mean"].sum())
    low, high = _band(rest)
    known = found.current is not None and found.current.model is not None
    tomorrow = ahead.get(today + timedelta(days=1))
    week = [ahead[day] for day in sorted(ahead)[:7]]
    past = found.past
    return [
        Fact("today", say("forecast.today"), whole if known else None, say.big_count(whole),
             (say("forecast.came", n=say.count(arrived), due=say.count(due)) if came == arrived
              else say("forecast.arrived", n=say.count(arrived)),  # no forecast for the morning
              say("forecast.likely", low=say.count(arrived + low), high=say.count(arrived + high))
              if known else ""), say("forecast.about_today")),
        Fact("tomorrow", say("forecast.tomorrow"), tomorrow, say.big_count(tomorrow or 0),
             (say.day(today + timedelta(days=1)),), say("forecast.about_tomorrow")),
        Fact("week", say("forecast.week", n=len(week) or 7), sum(week) if week else None,
             say.big_count(sum(week)), (), say("forecast.about_week")),
        Fact("error", say("forecast.error"), None if past is None else past.wape,
             say.big_percent(100 * (past.wape or 0)) if past else (),
             _error_notes(found, say), say("forecast.about_error")),
    ]  # fmt: skip


def _error_notes(found: Outlook, say: Words) -> tuple[str, ...]:
    past = found.past
    if past is None or past.wape is None:
        return (say("forecast.error_unknown"),)
    return (say("forecast.error_base", value=share(past.baseline)),
            say("forecast.error_cover", value=share(past.within_80)))  # fmt: skip


def _band(rest: Any) -> tuple[float, float]:
    """80 % of a sum: half of the steps' widths is common to them, half is chance that evens out."""
    mean = float(rest["mean"].sum())
    down = (rest["mean"] - rest["lo-80"]).to_numpy()
    up = (rest["hi-80"] - rest["mean"]).to_numpy()
    return (max(0.0, mean - _together(down)), mean + _together(up))


def _together(widths: Any) -> float:
    return float(0.5 * np.nansum(widths) + 0.5 * np.sqrt(np.nansum(widths**2)))


def sheet(found: Outlook, say: Words) -> Sheet:
    points = found.points
    columns = [Column(say("sheet.from")), *(Column(say(f"tip.{name}"), "0.0") for name in
               ("actual_said", "mean_said")),
               *(Column(name, "0.0") for name in ("lo-80", "hi-80", "lo-95", "hi-95")),
               Column(say("tip.baseline_said"), "0.0")]  # fmt: skip
    names = ("actual", "mean", "lo-80", "hi-80", "lo-95", "hi-95", "baseline")
    rows = [
        [wall.to_pydatetime().replace(tzinfo=found.zone),
         *(None if np.isnan(value) else float(value) for value in values)]
        for wall, values in zip(points["wall"], points[list(names)].to_numpy(), strict=True)
    ]  # fmt: skip
    name = series_name(found.key, found.keys, say)
    about = (
        (say("plan.measure"), say(f"measure.{found.key.measure}")), (say("label.queue"), name),
        (say("sheet.zone"), found.zone.key), (say("sheet.as_of"), since(found, say)),
    )  # fmt: skip
    return Sheet(f"deskpulse-forecast-{found.key.measure}-{found.now:%Y-%m-%d}",
                 say("forecast.title"), about, Table(columns, rows))  # fmt: skip


def _card(found: Outlook, say: Words) -> None:
    """Who won, by how much, and what is remarkable about the series."""
    one = found.current
    if one is None or one.model is None:
        return
    with st.container(key="h_panel_card"):
        note = say("forecast.card_note", days=say.count(one.days), origins=one.origins)
        heading(say("forecast.card"), note if one.origins else "")
        for told in one.notes:
            st.html(note_html(note_said(told, say)))
        if not found.scores:
            st.html(note_html(say("forecast.untested", models=" / ".join(
                model_said(name, say) for name, _ in one.weights))))  # fmt: skip
            return
        heads = [say(f"card.{name}") for name in ("model", "weight", "wape", "baseline", "bias",
                                                  "mase")]  # fmt: skip
        rows = [
            (
                model_said(s.model, say), share(s.weight) if s.weight else "–", share(s.wape),
                share(s.against_baseline - 1, sign=True), share(s.bias, sign=True),
                f"{s.mase:.2f}" if np.isfinite(s.mase) else "–",
            )
            for s in found.scores
        ]  # fmt: skip
        st.html(list_html(heads, rows))


def model_said(name: str, say: Words) -> str:
    return say(f"candidate.{name}") if say.has(f"candidate.{name}") else name


def _planners(found: Outlook, say: Words) -> None:
    with st.container(key="h_panel_planners"):
        heading(say("plan.planners"), say("plan.planners_note"))
        edit.override_list(found, say)
        if found.current is not None and found.current.model is not None:
            with st.expander(say("override.title")):
                edit.override_form(found, say)
        edit.event_list(found, say)
        with st.expander(say("event_form.title")):
            queues = sorted({key.queue for key in found.keys if key.queue})
            edit.event_form(found, queues, say)
