"""Staffing: how many people the forecast needs, where the roster is short, and what if."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from dashboard.data import feed
from dashboard.history.export import Cell, Column, Sheet, Table
from dashboard.history.panel import heading
from dashboard.lists import list_html, note_html, title_html
from dashboard.plan import charts, roster
from dashboard.plan.asked import write
from dashboard.plan.frames import heat_frame, local_of, share
from dashboard.plan.needs import (
    CASES,
    Sliders,
    StaffingBase,
    changed,
    load_base,
    of_roster,
    summed,
    weighed,
    with_agents,
)
from dashboard.plan.parts import Fact, facts_html, files, loaded, panel
from dashboard.plan.parts import show as show_plan
from dashboard.view import View
from dashboard.words import Words
from forecasting.staffing.errors import StaffingError
from forecasting.staffing.needs import ABANDONMENT, OCCUPANCY, SERVICE_LEVEL
from forecasting.staffing.what_if import WhatIf

_SHIFTS = "p_shifts"


def show() -> None:
    show_plan("staffing", draw)


def draw(view: View, say: Words, now: datetime, title: Any) -> None:
    base = loaded(("staffing",), lambda reader, at: load_base(reader, feed().settings, at), now)
    if base is None:
        title.html(title_html(say("staffing.title"), say("forecast.none_yet")))
        st.html(note_html(say("forecast.waiting")))
        return
    with title:
        place = st.container()
    st.fragment(_desk)(base, view, say, place)


def _desk(base: StaffingBase, view: View, say: Words, title: Any) -> None:
    """All that follows from the controls; runs again while a slider moves."""
    queue, case = _choices(base, say)
    sliders = _sliders(base, queue, say)
    found = changed(base, sliders.change(), case=case, queue=queue)
    volume = base.cases[case].loc[found.needs.index]
    moved = volume.assign(y=volume["y"] * sliders.volume / 100)
    per_step = summed(base, found.needs, moved)
    roster_gives = of_roster(base, sliders.change(), case=case, queue=queue)
    title.html(title_html(say("staffing.title"), sentence(base, per_step, say))
               + note_html(_origin(base, queue, say) + _pools(base, queue, say)))  # fmt: skip
    st.html(facts_html(facts(base, found, per_step, moved, roster_gives, say), say))
    note = "staffing.heat_note" if base.rostered else "staffing.heat_bare"
    panel(
        say("staffing.heat"), say(note), heat_frame(per_step, base.zone.key, say),
        charts.heat(view.language), key="heat", height=300,
        sheet=needs_sheet(base, found, moved, say),
    )  # fmt: skip
    _agents(base, sliders, queue, case, say)
    _shifts(base, per_step, view, say)


def _choices(base: StaffingBase, say: Words) -> tuple[str, float]:
    queues = base.queues
    asked = st.query_params.get("queue", "")
    queue = asked if asked in queues and len(queues) > 1 else ""
    usual = feed().settings.staffing.case
    options = sorted({*CASES, usual})
    given = st.query_params.get("case", "")
    case = next((one for one in options if f"{one * 100:g}" == given), usual)
    with st.container(key="dp_filters", horizontal=True, vertical_alignment="bottom"):
        if len(queues) > 1:
            st.session_state["p_queue"] = queue
            st.selectbox(say("label.queue"), ["", *queues], key="p_queue", width=240,
                         format_func=lambda one: one or say("plan.all_queues"),
                         on_change=_queue_chosen)  # fmt: skip
        st.session_state["p_case"] = case
        st.segmented_control(say("staffing.case"), options, key="p_case", required=True,
                             format_func=lambda one: f"{one * 100:g}%", on_change=_case_chosen,
                             help=say("staffing.case_help"))  # fmt: skip
    return queue, case


def _queue_chosen() -> None:
    write(queue=st.session_state["p_queue"])


def _case_chosen() -> None:
    write(case=f"{st.session_state['p_case'] * 100:g}")


def _sliders(base: StaffingBase, queue: str, say: Words) -> Sliders:
    """What if: each shows what is until it is moved. In the URL, so that a link opens the same."""
    rules = base.rules[queue or base.queues[0]]
    start = Sliders(shrinkage=round(float(rules.shrinkage) * 100), share=round(rules.share * 100),
                    within=round(rules.within_s))  # fmt: skip
    patient = any(one.patience_s is not None for one in base.rules.values())
    bounds = {"volume": (50, 200, 5), "aht": (50, 200, 5), "patience": (25, 400, 25),
              "shrinkage": (0, 60, 1), "share": (50, 99, 1), "within": (0, 600, 5)}  # fmt: skip
    moved = {}
    with st.container(key="h_panel_what_if"):
        heading(say("staffing.what_if"), say("staffing.what_if_note"))
        columns = st.columns(3)
        names = [name for name in bounds if name != "patience" or patient]
        for at, name in enumerate(names):
            low, high, step = bounds[name]
            usual = min(max(getattr(start, name), low), high)
            given = st.query_params.get(name, "")
            value = int(given) if given.isdecimal() and low <= int(given) <= high else usual
            key = f"p_if_{name}"
            if key not in st.session_state:
                st.session_state[key] = value
            with columns[at % 3]:
                moved[name] = st.slider(
                    say(f"staffing.if_{name}"), low, high, step=step, key=key,
                    format=say(f"staffing.form_{name}"), on_change=_slid, args=(name, usual),
                )  # fmt: skip
    return Sliders(**{"patience": 100, **moved})


def _slid(name: str, usual: int) -> None:
    value = st.session_state[f"p_if_{name}"]
    write(**{name: None if value == usual else str(value)})


def sentence(base: StaffingBase, per_step: pd.DataFrame, say: Words) -> str:
    """Where the roster is shortest; without one, when most people are needed."""
    wall = local_of(per_step["ds"], base.zone.key)
    if not base.rostered:
        at = int(per_step["scheduled"].argmax())
        return say("staffing.most", n=say.count(per_step["scheduled"].iloc[at]),
                   day=say.day(wall[at]), time=f"{wall[at]:%H:%M}")  # fmt: skip
    gap = per_step["planned"] - per_step["scheduled"]
    short = int((gap < -0.5).sum())
    if not short:
        return say("staffing.enough")
    at = int(gap.argmin())
    return say("staffing.short", steps=say.count(short), n=say.count(-gap.iloc[at]),
               day=say.day(wall[at]), time=f"{wall[at]:%H:%M}")  # fmt: skip


def _origin(base: StaffingBase, queue: str, say: Words) -> str:
    """Which handle time, from where."""
    times = base.times
    if queue:
        one = times[queue]
        return say(
            f"staffing.aht_{one.origin}", value=say.duration(one.seconds), n=say.count(one.n)
        )
    origins = sorted({one.origin for one in times.values()})
    low = min(one.seconds for one in times.values())
    high = max(one.seconds for one in times.values())
    total = sum(one.n for one in times.values())
    if len(origins) == 1 and low == high:
        return say(f"staffing.aht_{origins[0]}", value=say.duration(low), n=say.count(total))
    words = say.listing(say(f"staffing.origin_{one}") for one in origins)
    return say(
        "staffing.aht_several", low=say.duration(low), high=say.duration(high), origins=words
    )


def _pools(base: StaffingBase, queue: str, say: Words) -> str:
    """Which queues are staffed as one."""
    shown = {name: one for name, one in base.pools.items() if queue in ("", name)}
    said = [say("staffing.pool", name=name, queues=say("agents.and").join(queues))
            for name, queues in shown.items()]  # fmt: skip
    return say("staffing.pools", pools=say("agents.and").join(said)) if said else ""


def facts(
    base: StaffingBase, found: WhatIf, per_step: pd.DataFrame, volume: pd.DataFrame,
    roster_gives: pd.DataFrame | None, say: Words,
) -> list[Fact]:  # fmt: skip
    peak = float(per_step["scheduled"].max())
    seats = float(per_step["agents"].max())
    hours = found.cost.paid_hours
    level = weighed(found.needs, volume, SERVICE_LEVEL)
    kept = weighed(found.kept, volume, SERVICE_LEVEL)
    facts = [
        Fact("peak", say("staffing.peak"), peak, say.big_count(peak),
             (say("staffing.on_seat", n=say.count(seats)),), say("staffing.about_peak")),
        Fact("hours", say("staffing.hours"), hours, say.big_count(hours),
             (say("staffing.more", n=f"{found.more_scheduled * base.step_s / 3600:+,.0f}"),),
             say("staffing.about_hours")),
        Fact("level", say("staffing.level"), level, say.big_percent(100 * (level or 0)),
             (say("staffing.kept", value=share(kept)),), say("staffing.about_level")),
    ]  # fmt: skip
    if roster_gives is None:
        facts.append(Fact("roster", say("staffing.roster"), None, (),
                          (say("staffing.no_roster"),), say("staffing.about_roster")))  # fmt: skip
    else:
        there = volume.loc[roster_gives.index]
        got = weighed(roster_gives, there, SERVICE_LEVEL)
        left = weighed(roster_gives, there, ABANDONMENT)
        bad = got is not None and level is not None and got < level - 0.05
        notes = (say("staffing.left", value=share(left)),) if left else ()
        facts.append(Fact("roster", say("staffing.roster"), got, say.big_percent(100 * (got or 0)),
                          notes, say("staffing.about_roster"), bad))  # fmt: skip
    if base.prices.per_hour:
        each = found.cost.per_contact
        facts.append(Fact("cost", say("staffing.cost"), found.cost.total,
                          say.big_count(found.cost.total),
                          (say("staffing.per_contact", value=f"{each:.2f}"),) if each else (),
                          say("staffing.about_cost")))  # fmt: skip
    return facts


def needs_sheet(base: StaffingBase, found: WhatIf, volume: pd.DataFrame, say: Words) -> Sheet:
    zone = base.zone
    wall = local_of(found.needs["ds"], zone.key)
    names = ("y", "agents", "scheduled", "planned", "level", "occupancy", "abandonment")
    forms = ("0.0", "", "", "0.0", "0.000", "0.000", "0.000")
    columns = [Column(say("label.queue")), Column(say("sheet.from"))]
    columns += [Column(say(f"staffing.col_{n}"), f) for n, f in zip(names, forms, strict=True)]
    planned = base.planned[found.needs.index.to_numpy()]
    needs = found.needs
    rows: list[list[Cell]] = [
        [queue, at.to_pydatetime().replace(tzinfo=zone), float(y), int(agents), int(heads),
         None if heads_known != heads_known else float(heads_known), float(level), float(busy),
         float(left)]
        for queue, at, y, agents, heads, heads_known, level, busy, left in zip(
            needs["unique_id"], wall, volume["y"], needs["agents"], needs["scheduled"], planned,
            needs[SERVICE_LEVEL], needs[OCCUPANCY], needs[ABANDONMENT], strict=True)
    ]  # fmt: skip
    return Sheet(f"deskpulse-staffing-{base.now:%Y-%m-%d}", say("staffing.title"),
                 _about(base, say), Table(columns, rows))  # fmt: skip


def _about(base: StaffingBase, say: Words) -> tuple[tuple[str, str], ...]:
    made = base.made_at.astimezone(base.zone) if base.made_at else base.now
    return (
        (say("history.definition"), say("staffing.about_peak")),
        (say("sheet.zone"), base.zone.key),
        (say("sheet.as_of"), say.moment(made)),
    )


def _agents(base: StaffingBase, sliders: Sliders, queue: str, case: float, say: Words) -> None:
    """The other question: what service do N agents give?"""
    with st.container(key="h_panel_agents"):
        heading(say("staffing.with_n"), say("staffing.with_n_note"))
        queues = base.queues
        mine = queue or queues[0]
        if not queue and len(queues) > 1:
            mine = st.selectbox(say("label.queue"), queues, key="p_n_queue", width=240)
        needs = base.before[(base.before["unique_id"] == mine).to_numpy()]
        usual = max(1, int(needs["agents"].max()))
        n = st.slider(say("staffing.agents_n"), 0, max(10, 2 * usual), usual, key=f"p_n_{mine}")
        found = with_agents(base, sliders.change(), n, case=case, queue=mine)
        volume = base.cases[case]
        moved = volume[(volume["unique_id"] == mine).to_numpy()]
        moved = moved.assign(y=moved["y"] * sliders.volume / 100)
        level = weighed(found, moved, SERVICE_LEVEL)
        left = weighed(found, moved, ABANDONMENT)
        busy = moved["y"] > 0
        worst = found.loc[busy, SERVICE_LEVEL]
        at = local_of(found.loc[busy, "ds"], base.zone.key)
        text = say("staffing.n_gives", n=n, level=share(level), left=share(left))
        if len(worst):
            low = int(worst.to_numpy().argmin())
            text += say("staffing.n_worst", value=share(float(worst.iloc[low])),
                        day=say.day(at[low]), time=f"{at[low]:%H:%M}")  # fmt: skip
        st.html(note_html(text))


def _shifts(base: StaffingBase, per_step: pd.DataFrame, view: View, say: Words) -> None:
    with st.container(key="h_panel_shifts"):
        heading(say("staffing.shifts"), say("staffing.shifts_note"))
        asked = st.button(say("staffing.suggest"), key="p_suggest", type="primary")
        if not asked and not st.session_state.get(_SHIFTS):
            return
        st.session_state[_SHIFTS] = True
        zone = base.zone
        try:
            with st.spinner(say("staffing.suggesting")):
                plan = roster.suggested(
                    per_step, feed().settings.staffing, step=base.step, zone=zone
                )
        except StaffingError as error:
            st.html(note_html(say("plan.refused", error=str(error)), warning=True))
            return
        hours = float(plan.shifts["paid_hours"].sum())
        told = say("staffing.suggested", n=say.count(plan.shifts["agents"].sum()),
                   hours=say.count(hours), short=say.count(plan.short_slots))  # fmt: skip
        proved = "" if plan.optimal else say("staffing.not_proved")
        st.html(note_html(told + proved))
        sheet = roster.shift_sheet(plan, _about(base, say), zone, say)
        ics = partial(roster.calendar, plan, zone, say, base.now)
        files("shifts", sheet, ("ics", say("staffing.ics"), roster.ICS_TYPE, ics))
        heads = [column.title for column in sheet.table.columns]
        st.html(list_html(heads, [[_cell(one, say) for one in row] for row in sheet.table.rows]))
        cover = plan.coverage.assign(
            wall=[int(one.value // 1_000_000) for one in plan.coverage["ds"].dt.as_unit("ns")]
        ).drop(columns="ds")
        st.vega_lite_chart(
            cover, charts.cover(view.language), key="p_cover", theme=None, height=200
        )


def _cell(value: Cell, say: Words) -> str:
    if isinstance(value, datetime):
        return f"{say.day(value)} {value:%H:%M}"
    return f"{value:,.1f}" if isinstance(value, float) else str(value or "")
