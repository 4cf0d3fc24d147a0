"""The back-test of a draft, live in the page: replayed when the draft changes, kept for a while."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import streamlit as st

from alerts.backtest.past import Place
from alerts.backtest.report import report
from alerts.backtest.run import Backtest, backtest
from alerts.errors import AlertsError
from alerts.rule_settings import rules_of
from alerts.rule_store import checked
from connectors.errors import StoreError
from dashboard.data import feed
from dashboard.history.charts_spread import week
from dashboard.history.panel import heading
from dashboard.lists import note_html
from dashboard.rules import charts, frames
from dashboard.words import Words

SPANS = (7, 30, 90)
KEPT = timedelta(minutes=5)
_LINE_PX = 26
FAR = 10  # times the threshold: from there on the axis goes by ratio


def trial(given: dict[str, Any], days: int, say: Words) -> None:
    """What the draft would have done in the last days, or why nobody can tell."""
    until = datetime.now(UTC).replace(second=0, microsecond=0)
    text = json.dumps(given, sort_keys=True, ensure_ascii=False)
    with st.spinner(say("rules.test.running")):
        found = _tested(text, days, int(until.timestamp()) // int(KEPT.total_seconds()))
    if isinstance(found, str):
        st.html(note_html(say("rules.test.cannot", why=found)))
        return
    _draw(found, say)


@st.cache_data(ttl=KEPT, max_entries=64, show_spinner=False)
def _tested(text: str, days: int, minute: int) -> Backtest | str:
    """`minute` is when, in steps of KEPT: drafts that were looked at a moment ago are known."""
    source = feed()
    settings = source.settings
    until = datetime.fromtimestamp((minute + 1) * KEPT.total_seconds(), UTC)
    receivers = [one.name for one in settings.receivers]
    try:
        made = checked({**json.loads(text), "name": "draft"}, settings.kpis, receivers)
        [rule] = rules_of([made], receivers=(), zone=source.zone)
        with source.looking() as connection:
            place = Place(connection, source.zone, settings.kpis, settings.live.settings().wait_cut)
            return backtest(place, rule, until - timedelta(days=days), until, step=settings.tick)
    except (AlertsError, StoreError) as error:
        return str(error)


def _draw(found: Backtest, say: Words) -> None:
    source, language = feed(), say.language
    sums = report(found, source.zone)
    st.html(note_html(frames.summary(found, sums, say)))
    if said := frames.suggestion(found, source.kpis, say):
        st.html(note_html(said))
    if len(found.curve) > 1:
        kpi = source.kpis.get(found.rule.metric)
        waits = found.rule.metric in ("longest_wait", "oldest_wait")
        unit = "s" if waits else kpi.unit if kpi else ""
        heading(say("rules.chart.curve"), say("rules.chart.curve_note"))
        by_ratio = found.curve[-1].threshold > FAR * found.rule.when.value > 0
        curve = charts.curve(language, unit, by_ratio=by_ratio)
        _chart(frames.curve_frame(found, source.kpis, say), curve, 260, "curve")
    if found.episodes:
        frame = frames.episodes_frame(found, source.zone, source.kpis, say)
        heading(say("rules.chart.episodes"), say("rules.chart.episodes_note"))
        height = 60 + _LINE_PX * frame["where"].nunique()
        _chart(frame, charts.episodes(language), height, "episodes")
        heading(say("rules.chart.week"), say("rules.chart.week_note"))
        _chart(frames.week_frame(sums, say), week(language), 260, "week")


def _chart(frame: Any, spec: Any, height: int, name: str) -> None:
    st.vega_lite_chart(frame, spec, key=f"rules_chart_{name}", theme=None, height=height)
