"""Alert history: how soon somebody was on them, how long they lasted, and which were noise.

`?period=28d&severity=critical&rule=…`: a link opens the same view.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import streamlit as st

from alerts.alert import Severity
from alerts.store import load_transitions
from alerts.telling.past import FLAP_WITHIN, Past, episodes, figures, figures_by
from alerts.telling.rota import Override
from alerts.telling.standing_store import past_overrides
from connectors.errors import StoreError
from dashboard.data import feed
from dashboard.duty.cards import section_html
from dashboard.duty.past import figures_html, list_of, sentence, sheet, shift_of, table_html
from dashboard.history.export import CSV_TYPE, XLSX_TYPE, csv_bytes, xlsx_bytes
from dashboard.history.period import DEFAULT, PRESETS, Period, read_period
from dashboard.lists import note_html, title_html
from dashboard.notices import error_html
from dashboard.session import current_view
from dashboard.view import View
from dashboard.watchdog import watchdog
from dashboard.words import Words, words

_PERIOD, _SEVERITY, _RULE = "past_period", "past_severity", "past_rule"


def show() -> None:
    view = current_view()
    say, zone = words(view.language), feed().zone
    with st.container(key="dp_page"):
        st.fragment(_watch, run_every=max(2.0, view.refresh_s))(view)
        period, problem = read_period(st.query_params.to_dict(), datetime.now(UTC).astimezone(zone))
        try:
            found, overrides = _loaded(period)
        except StoreError as error:
            st.html(title_html(say("past.title"), ""))
            st.html(error_html(str(error), say))
            return
        title = st.container()
        if problem is not None:
            st.html(note_html(say(problem.key, **dict(problem.values)), warning=True))
        chosen = _filtered(found, say)
        _draw(chosen, overrides, title, say)


def _loaded(period: Period) -> tuple[list[Past], list[Override]]:
    since = period.since.astimezone(UTC)
    with feed().looking() as connection:
        transitions = load_transitions(connection, since=since - FLAP_WITHIN - timedelta(days=7))
        overrides = past_overrides(connection, since)
    until = period.until.astimezone(UTC)
    return [one for one in episodes(transitions, since) if one.fired_at < until], overrides


def _filtered(found: list[Past], say: Words) -> list[Past]:
    """The line of filters, kept in the URL."""
    with st.container(key="dp_filters", horizontal=True, vertical_alignment="bottom"):
        st.session_state[_PERIOD] = st.query_params.get("period", DEFAULT)
        if st.session_state[_PERIOD] not in PRESETS:
            st.session_state[_PERIOD] = DEFAULT
        st.selectbox(say("history.period"), PRESETS, key=_PERIOD, width=150,
                     format_func=lambda name: say(f"period.{name}"),
                     on_change=_chosen, args=("period", _PERIOD))  # fmt: skip
        severity = _choice("severity", _SEVERITY, [*Severity],
                           {one: say(f"duty.severity.{one}") for one in Severity}, say)  # fmt: skip
        rules = sorted({one.rule for one in found})
        rule = _choice("rule", _RULE, rules, {}, say)
    return [
        one
        for one in found
        if (severity is None or one.severity == severity) and (rule is None or one.rule == rule)
    ]


def _choice(
    name: str, key: str, options: list[str], shown: Mapping[str, str], say: Words
) -> str | None:
    wanted = st.query_params.get(name)
    if wanted and wanted not in options:
        options = [*options, wanted]
    st.session_state[key] = wanted
    st.selectbox(say(f"past.{name}"), options, index=None, key=key, width=200,
                 placeholder=say("history.filter_all"),
                 format_func=lambda value: shown.get(value, value),
                 on_change=_chosen, args=(name, key))  # fmt: skip
    return wanted


def _chosen(name: str, key: str) -> None:
    value = st.session_state[key]
    if value:
        st.query_params[name] = value
    elif name in st.query_params:
        del st.query_params[name]


def _draw(
    found: list[Past], overrides: list[Override], title: st.delta_generator.DeltaGenerator,
    say: Words,
) -> None:  # fmt: skip
    zone, rotas = feed().zone, feed().settings.telling_plan.rotas
    all_of, by_rule = figures(found), figures_by(found, lambda one: one.rule)
    title.html(title_html(say("past.title"), sentence(all_of, by_rule, say)))
    st.html(figures_html(all_of, say))
    if not found:
        return
    shifts = {id(one): shift_of(one, rotas, overrides, zone, say) for one in found}
    st.html(section_html(say("past.by_rule")) + table_html(say("past.rule"), by_rule, say))
    by_shift = figures_by(found, lambda one: shifts[id(one)])
    st.html(section_html(say("past.by_shift")))
    st.html(table_html(say("past.shift_title"), by_shift, say))
    st.html(section_html(say("past.episodes")))
    _files(found, [shifts[id(one)] for one in found], say)
    st.html(list_of(found, zone, say))


def _files(found: list[Past], shifts: list[str], say: Words) -> None:
    made = sheet(found, shifts, feed().zone, say)
    with st.container(horizontal=True):
        st.download_button("CSV", lambda: csv_bytes(made), f"{made.name}.csv", CSV_TYPE,
                           key="past_csv", on_click="ignore")  # fmt: skip
        st.download_button("Excel", lambda: xlsx_bytes(made), f"{made.name}.xlsx", XLSX_TYPE,
                           key="past_xlsx", on_click="ignore")  # fmt: skip


def _watch(view: View) -> None:
    now = datetime.now(UTC)
    watchdog(feed().pulse(now), view, now=now.astimezone(feed().zone))
