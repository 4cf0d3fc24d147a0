"""Replaying a series in a few looks comes to what a look at every moment comes to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.alert import Alert, Observation, Rule, Threshold, Verdict
from alerts.backtest.driving import Episode, episodes
from alerts.backtest.series import Grid, LongestWait, Series, Stepped, queue_length
from alerts.conditions.hours import is_active, parse_active
from alerts.conditions.judging import judge_of
from alerts.lifecycle import advance
from connectors.columns import from_micros, to_micros
from tests.alerts.factories import rule, seconds

SECOND = 1_000_000
SINCE = to_micros(datetime(2026, 11, 11, 9, 58, tzinfo=UTC))
LABELS = (("queue", "q1"),)
UTC_ZONE = ZoneInfo("UTC")


def grid(count: int, step_s: float = 1) -> Grid:
    step = int(step_s * SECOND)
    return Grid(SINCE, SINCE + count * step, step)


def look_at_everything(of: Rule, series: Series, over: Grid) -> list[Episode]:
    """The definition: every look, one after the other."""
    judge = judge_of(of.when, of.clear)
    alert: Alert | None = None
    begun: tuple[datetime, datetime] | None = None
    found = []
    for look in range(over.count):
        now = from_micros(over.since + look * over.step)
        value = float(series.values(np.asarray([look]))[0])
        known = None if np.isnan(value) else value
        verdict = Verdict.NO_DATA if known is None else judge(known)
        if of.hours and not is_active(of.hours, UTC_ZONE, now):
            verdict = Verdict.OFF
        alert, change = advance(alert, Observation(of, LABELS, verdict, known), now=now)
        if change and change.begins:
            begun, worst = (change.since, now), [known]
        elif begun:
            worst.append(known)
        if change and change.ends and begun:
            found.append(Episode(LABELS, *begun, now, _worst(worst, of)))
            begun = None
    if begun:
        found.append(Episode(LABELS, *begun, None, _worst(worst, of)))
    return found


def _worst(values: list[float | None], of: Rule) -> float | None:
    known = [one for one in values if one is not None]
    if not known:
        return None
    return max(known) if of.when.op.startswith(">") else min(known)


spans = st.lists(st.tuples(st.integers(0, 200), st.integers(1, 120)), max_size=12).map(
    lambda found: np.asarray(
        sorted((SINCE + a * SECOND // 2, SINCE + (a + b) * SECOND // 2) for a, b in found),
        dtype=np.int64,
    ).reshape(-1, 2)
)
steps = st.lists(
    st.tuples(st.integers(0, 299), st.none() | st.integers(0, 9)), min_size=1, max_size=30
)


@st.composite
def rules(draw: st.DrawFn, top: int) -> Rule:
    op, clear = draw(st.sampled_from([(">", "<="), (">=", "<"), ("<", ">="), ("<=", ">")]))
    when = draw(st.integers(0, top))
    gap = draw(st.integers(0, 2))
    hours = draw(st.sampled_from([(), (parse_active("09:59-10:01"),)]))
    return rule(
        when=Threshold(op, when),
        clear=Threshold(clear, when - gap if op.startswith(">") else when + gap),
        wait=seconds(draw(st.sampled_from([0, 3, 20, 61, 90]))),
        keep_firing_for=seconds(draw(st.sampled_from([0, 5, 30]))),
        hours=hours,
        zone=UTC_ZONE,
    )


@settings(deadline=None, max_examples=60)
@given(spans, rules(top=5), st.sampled_from([1, 2, 7]))
def test_a_queue_replays_as_if_looked_at_every_moment(waits, of, step):
    over = grid(200 // step, step)
    series = queue_length(LABELS, waits, over)
    assert list(episodes(of, series, over)) == look_at_everything(of, series, over)


@settings(deadline=None, max_examples=60)
@given(spans, rules(top=60), st.sampled_from([1, 3]), st.sampled_from([None, 25 * SECOND]))
def test_the_longest_wait_replays_as_if_looked_at_every_moment(waits, of, step, cut):
    over = grid(200 // step, step)
    series = LongestWait(LABELS, waits, over, cut)
    assert list(episodes(of, series, over)) == look_at_everything(of, series, over)


@settings(deadline=None, max_examples=60)
@given(steps, rules(top=9))
def test_values_with_gaps_replay_as_if_looked_at_every_moment(found, of):
    values = {0: None} | dict(found)
    looks = np.asarray(sorted(values), dtype=np.int64)
    known = np.asarray([np.nan if values[one] is None else values[one] for one in looks.tolist()])
    over = grid(300)
    series = Stepped(LABELS, over, looks, known.astype(np.float64))
    assert list(episodes(of, series, over)) == look_at_everything(of, series, over)


@settings(deadline=None, max_examples=60)
@given(spans, st.sampled_from([1, 3]), st.sampled_from([None, 25 * SECOND]))
def test_series_have_the_values_that_a_count_by_hand_gives(waits, step, cut):
    over = grid(200 // step, step)
    looks = np.arange(over.count)
    lengths, longest = [], []
    for moment in over.at(looks).tolist():
        there = [moment - start for start, end in waits.tolist() if start <= moment < end]
        lengths.append(len(there))
        longest.append(max((w for w in there if cut is None or w <= cut), default=0) / 1e6)
    assert queue_length(LABELS, waits, over).values(looks).tolist() == lengths
    assert LongestWait(LABELS, waits, over, cut).values(looks).tolist() == pytest.approx(longest)


def test_a_month_of_looks_costs_no_more_than_what_happens_in_it():
    month = Grid(SINCE, SINCE + 30 * 86_400 * SECOND, SECOND)
    waits = np.asarray([[SINCE + 5 * SECOND, SINCE + 500 * SECOND]], dtype=np.int64)
    [one] = episodes(
        rule(when=Threshold(">", 0), clear=Threshold("<=", 0), wait=seconds(60)),
        queue_length(LABELS, waits, month),
        month,
    )
    assert one.fired - one.began == timedelta(seconds=60)
    assert (one.peak, one.lasted(datetime.max.replace(tzinfo=UTC))) == (1, timedelta(seconds=435))
