"""What each kind of rule compares, and what it says of it, on values."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.alert import Cause, Observation, Rule, Status, Threshold, Verdict
from alerts.conditions.derived import burn, burn_rate, change
from alerts.conditions.hours import is_active, parse_active
from alerts.conditions.judging import together
from alerts.conditions.kinds import KINDS
from alerts.conditions.memory import Memory, Metric
from alerts.conditions.naming import COMPOSITE, PLAIN, series_name
from alerts.conditions.reading import outside
from alerts.lifecycle import advance
from alerts.render import catalogue, title
from alerts.rule import Override, Signal
from alerts.rules import evaluate, index, prepare
from connectors.store import Store
from metrics.measurement import Measurement, labels_of
from tests.alerts.factories import EN, START, at, measurement, queues, rule, seconds, source
from tests.alerts.test_pipeline import Desk

B, I, C, N = Verdict.BREACH, Verdict.BETWEEN, Verdict.CLEAR, Verdict.NO_DATA  # noqa: E741
Q1 = labels_of(queue="q1", channel="Api", source="helpdesk")


def look(
    rules: Sequence[Rule], found: list[Measurement], *, now: datetime = START, **more: Any
) -> list[Observation]:
    active = more.pop("active", {})
    seen = index(found, [source(now)], now=now)
    return evaluate(prepare(rules), seen, active, **more)


# --- change --------------------------------------------------------------------------------------


def changes(of: Rule, values: Sequence[tuple[float, float | None]]) -> list[float | None]:
    memory = Memory()
    found = []
    for second, value in values:
        by_metric: dict[Metric, Any] = {("queue_length", None): [measurement(value, Q1)]}
        [one] = change(of, by_metric, memory, at(second))
        assert one.metric == series_name(of)
        found.append(one.value)
    return found


def test_a_change_is_the_difference_to_the_value_some_time_ago():
    of = rule(kind="change", signal=Signal(ago=seconds(60)))
    assert changes(of, [(0, 10), (30, 15), (60, 30), (90, 45)]) == [None, None, 20, 30]


def test_a_change_in_percent_knows_no_percentage_of_nothing():
    of = rule(kind="change", signal=Signal(ago=seconds(60), percent=True))
    assert changes(of, [(0, 10), (60, 30), (120, 0), (180, 0), (240, 5)]) == [
        None, 200, -100, 0, None,
    ]  # fmt: skip


def test_a_change_is_unknown_where_nobody_looked_then_or_the_value_was_unknown():
    of = rule(kind="change", signal=Signal(ago=seconds(60)))
    assert changes(of, [(0, 10), (600, 30)]) == [None, None]
    assert changes(of, [(0, None), (60, 30)]) == [None, None]
    assert changes(of, [(100, 10), (0, 10), (60, 30)]) == [None, None, 20]  # the clock was set back


def test_hours_of_ticks_keep_a_bounded_memory():
    memory = Memory()
    past = memory.past(("queue_length", None), Q1, seconds(600))
    for second in range(20_000):
        past.add(at(second), float(second))
    assert past.before(at(19_999 - 600)) == pytest.approx(19_399, abs=5)
    assert len(past._at) < 400


# --- burn rate -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("long", "short", "rate"),
    [(90, 90, 2), (50, 90, 2), (90, 50, 2), (95, 95, 1), (100, 40, 0), (None, 40, None)],
)
def test_a_budget_burns_as_fast_as_in_the_slower_of_both_windows(long, short, rate):
    of = rule(
        kind="burn_rate", metric="csat", window=seconds(3_600),
        signal=Signal(target=95, short_window=seconds(300)),
    )  # fmt: skip
    by_metric: dict[Metric, Any] = {
        ("csat", 3_600.0): [measurement(long, Q1, metric="csat")],
        ("csat", 300.0): [measurement(short, Q1, metric="csat")],
    }
    [one] = burn_rate(of, by_metric, Memory(), START)
    assert one.value == (None if rate is None else pytest.approx(rate))
    assert burn(95, 95) == 1


@pytest.mark.parametrize(
    ("count", "side", "value"),
    [(15, "both", 0), (30, "both", 50), (5, "both", 50), (5, "above", 0), (30, "below", 0)],
)
def test_outside_the_band_is_in_percent_of_the_edge(count, side, value):
    assert outside(count, 10, 20, side) == value


# --- several conditions --------------------------------------------------------------------------


@given(st.lists(st.sampled_from([B, I, C, N]), min_size=1, max_size=4))
def test_all_is_any_with_both_ends_exchanged(verdicts):
    turn = {B: C, C: B, I: I, N: N}
    assert together("all", verdicts) is turn[together("any", [turn[one] for one in verdicts])]
    assert together("any", verdicts) is together("any", sorted(verdicts))


def test_what_is_not_known_decides_only_where_the_rest_leaves_it_open():
    assert together("all", [B, N]) is N
    assert together("all", [C, N]) is C
    assert together("any", [B, N]) is B
    assert together("any", [C, N]) is N


def both(kind: str = "all") -> Rule:
    parts = (
        rule(when=Threshold(">", 20), clear=Threshold("<=", 20)),
        rule(
            metric="agents_available", when=Threshold("<", 3), clear=Threshold(">=", 3),
            by=("queue",),
        ),
    )  # fmt: skip
    return rule(kind=kind, parts=parts)


@pytest.mark.parametrize(
    ("kind", "length", "agents", "wanted"),
    [
        ("all", 30, 1, B), ("all", 30, 5, C), ("all", 3, 1, C), ("all", 30, None, N),
        ("any", 30, 5, B), ("any", 3, 1, B), ("any", 3, 5, C), ("any", 30, None, B),
    ],
)  # fmt: skip
def test_a_rule_of_several_conditions_joins_them_by_its_labels(kind, length, agents, wanted):
    found = [*queues({"q1": length}), measurement(agents, Q1, metric="agents_available")]
    labels = labels_of(queue="q1")
    [one] = look([both(kind)], found, active={"queue-too-long": {labels}})
    assert (one.labels, one.verdict, one.value) == (labels, wanted, length)


def test_a_rule_of_several_conditions_fires_per_queue_and_ends(store: Store):
    desk = Desk(store, both("any"))
    desk.tick(0, {"q1": 42, "q2": 3})
    desk.tick(1, {"q1": None, "q2": 3})
    assert [one.split(" ")[1] for one in desk.history()] == ["ok→firing", "firing→no-data"]


# --- several times, own limits, active hours -----------------------------------------------------


def test_a_condition_must_begin_several_times_within_a_span():
    of = rule(times=3, within=seconds(600))
    memory = Memory()
    verdicts = []
    for second, length in [(0, 30), (10, 30), (20, 3), (30, 30), (40, 3), (50, 30), (60, 3)]:
        found = look([of], queues({"q1": length}), now=at(second), memory=memory)
        verdicts.append([one.verdict for one in found])
    assert verdicts == [[], [], [], [], [], [B], [B]]
    [late] = look([of], queues({"q1": 3}), now=at(631), memory=memory, active={of.name: {Q1}})
    assert late.verdict is C  # only two are left within the span


def test_a_segment_has_limits_of_its_own():
    of = rule(
        overrides=(
            Override(labels_of(queue="vip"), Threshold(">", 5), Threshold("<=", 5)),
        )
    )  # fmt: skip
    found = look([of], queues({"vip": 6, "q1": 6, "q2": 25}))
    assert {dict(one.labels)["queue"]: one.threshold.value for one in found} == {"vip": 5, "q2": 20}


def test_an_alert_says_the_limit_that_held_for_its_segment(store: Store):
    own = Override(labels_of(queue="q1"), Threshold(">", 5), Threshold("<=", 5))
    desk = Desk(store, rule(overrides=(own,)))
    desk.tick(0, {"q1": 6})
    [alert] = desk.book.alerts.values()
    assert alert.threshold == 5


SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize(
    ("hours", "moment", "active"),
    [
        ("mon-fri 09:00-18:00", "2026-11-11T09:00", True),
        ("mon-fri 09:00-18:00", "2026-11-11T18:00", False),
        ("mon-fri 09:00-18:00", "2026-11-14T12:00", False),  # a Saturday
        ("sat,sun 10:00-12:00, 13:00-16:00", "2026-11-14T12:30", False),
        ("sat,sun 10:00-12:00, 13:00-16:00", "2026-11-14T13:30", True),
        ("fri 22:00-02:00", "2026-11-14T01:59", True),  # begun on Friday
        ("fri 22:00-02:00", "2026-11-13T01:59", False),
        ("fri-mon 08:00-09:00", "2026-11-15T08:30", True),
        ("00:00-24:00", "2026-11-15T23:59", True),
    ],
)
def test_a_rule_is_active_in_its_hours_on_the_clock_of_the_shop(hours, moment, active):
    now = datetime.fromisoformat(moment).replace(tzinfo=SHANGHAI).astimezone(UTC)
    assert is_active([parse_active(hours)], SHANGHAI, now) is active


@pytest.mark.parametrize("text", ["closed", "mon", "mon-fri closed", "abc 09:00-10:00", "9-10"])
def test_hours_that_never_are_or_cannot_be_read_are_refused(text):
    with pytest.raises(ValueError, match="write for example"):
        parse_active(text)


def test_outside_its_hours_a_rule_raises_nothing_and_ends_what_is_up(store: Store):
    morning = parse_active("10:00-10:01")  # UTC; the ticks begin at 10:00
    desk = Desk(store, rule(hours=(morning,), zone=ZoneInfo("UTC")))
    desk.tick(0, {"q1": 42})
    [end] = desk.tick(60, {"q1": 42}).transitions
    assert (end.new, end.cause) == (Status.RESOLVED, Cause.OFF)
    assert desk.tick(120, {"q1": 42}).transitions == ()


# --- what cannot be evaluated --------------------------------------------------------------------


def test_a_rule_whose_number_cannot_be_read_is_an_error_and_holds_its_alert():
    failed: dict[str, str] = {}
    broken: dict[Metric, str] = {("queue_length", None): "ZeroDivisionError: oh"}
    seen = index([], [source()], now=START, failed=broken)
    [one] = evaluate(prepare([rule()]), seen, {"queue-too-long": {Q1}}, None, failed)
    assert one.verdict is Verdict.ERROR
    assert failed == {"queue-too-long": "ZeroDivisionError: oh"}


def test_a_rule_that_cannot_be_evaluated_is_told_and_blocks_no_other(store: Store):
    desk = Desk(store, rule(), rule(name="broken"))

    def fail(value: float) -> Verdict:
        raise ArithmeticError("no such number")

    plan = desk.rules.plans["broken"]
    broken = type(plan)(plan.rule, fail, plan.metric, plan.by, plan.selection)
    desk.rules = type(desk.rules)({**desk.rules.plans, "broken": broken}, desk.rules.sources)
    rules = itertools.chain.from_iterable(
        [f"{change.rule} {change.new}" for change in desk.tick(second, {"q1": 42}).transitions]
        for second in (0, 10, 31)
    )
    assert list(rules) == ["queue-too-long firing", "rule-error pending", "rule-error firing"]
    [end] = Desk(store, rule()).tick(40, {"q1": 42}).transitions
    assert (end.rule, end.cause) == ("rule-error", Cause.WITHDRAWN)


@pytest.mark.parametrize(
    ("of", "value", "said"),
    [
        (rule(kind="change", signal=Signal(percent=True)), 63.0, "change of customers waiting 63%"),
        (rule(kind="change", metric="longest_wait"), 90.0, "change of longest wait 1 min 30 s"),
        (rule(kind="overdue", metric="negative_reviews"), 3.0, "overdue: negative reviews 3"),
        (rule(kind="pace", metric="csat"), 88.0, "satisfaction by the end of today 88%"),
    ],
)
def test_a_message_says_what_a_kind_made_of_its_metric(of, value, said):
    seen = Observation(of, Q1, B, value)
    alert, _ = advance(None, seen, now=START)
    assert alert is not None
    assert said in title(alert, EN)


def test_every_kind_has_words_for_its_number_in_both_languages():
    for kind in {*KINDS, "change_percent"} - PLAIN - COMPOSITE:
        assert catalogue().has(f"kind.{kind}")
