"""Which series a rule is about and what it says of them, against tables and a slow recount."""

from __future__ import annotations

import operator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.alert import Observation, Rule, Threshold, Verdict
from alerts.errors import RuleError
from alerts.rules import evaluate, index, prepare
from metrics.measurement import Measurement, labels_of
from tests.alerts.factories import START, at, measurement, queues, rule, seconds, source

Q1 = labels_of(queue="q1", channel="Api", source="helpdesk")


def seen(rules, measurements, sources=None, *, active=None, now=START):
    """Observations by rule and labels."""
    sources = [source()] if sources is None else sources
    found = evaluate(prepare(rules), index(measurements, sources, now=now), active or {})
    return {(one.rule.name, one.labels): one.verdict for one in found}


def labels_seen(of: Rule, measurements: list[Measurement]) -> list[dict[str, str]]:
    """The labels of every series that a rule which always breaches is about."""
    found = evaluate(prepare([of]), index(measurements, [source()], now=START), {})
    return [dict(one.labels) for one in found]


ALWAYS = Threshold(">", -1)
TOTAL = measurement(9, ())
PER_QUEUE = queues({"q1": 1, "q2": 2})
PER_TEAM = [measurement(5, labels_of(team="a", source="helpdesk"))]


@pytest.mark.parametrize(
    ("by", "where", "measurements", "wanted"),
    [
        # by queue: each queue, with what else is known of it
        (("queue",), (), [TOTAL, *PER_QUEUE], ["q1", "q2"]),
        # without by: the total
        ((), (), [TOTAL, *PER_QUEUE], [None]),
        # without by and without a total: what there is, rather than nothing
        ((), (), PER_QUEUE, ["q1", "q2"]),
        # one queue
        (("queue",), labels_of(queue="q2"), [TOTAL, *PER_QUEUE], ["q2"]),
        (("queue",), labels_of(queue="q2", channel="Email"), PER_QUEUE, []),
        (("queue",), labels_of(queue="q9"), PER_QUEUE, []),
        # a coarser or other division isn't mixed in
        (("queue",), (), [*PER_QUEUE, *PER_TEAM], ["q1", "q2"]),
        (("team",), (), [*PER_QUEUE, *PER_TEAM], [None]),
        # no such label anywhere
        (("region",), (), [TOTAL, *PER_QUEUE], []),
    ],
)
def test_a_rule_is_about_the_series_divided_as_it_asks(by, where, measurements, wanted):
    of = rule(by=by, where=where, when=ALWAYS)
    assert [labels.get("queue") for labels in labels_seen(of, measurements)] == wanted


def test_a_rule_with_a_window_is_about_the_numbers_over_that_window():
    hour, day = measurement(1, Q1, window_s=3_600), measurement(2, Q1, window_s=86_400)
    of = rule(when=ALWAYS, window=seconds(3_600))
    found = evaluate(
        prepare([of]), index([hour, day, measurement(3, Q1)], [source()], now=START), {}
    )
    assert [one.value for one in found] == [1]


@pytest.mark.parametrize(
    ("value", "verdict"),
    [
        (20.1, Verdict.BREACH),
        (20, Verdict.BETWEEN),
        (15, Verdict.BETWEEN),
        (14.9, Verdict.CLEAR),
        (None, Verdict.NO_DATA),
        (float("nan"), Verdict.NO_DATA),
        (float("inf"), Verdict.NO_DATA),
    ],
)
def test_a_threshold_has_a_clear_value_of_its_own(value, verdict):
    of = rule(clear=Threshold("<", 15))
    found = seen([of], [measurement(value, Q1)], active={of.name: {Q1}})
    assert found == {(of.name, Q1): verdict}


def test_a_series_without_breach_and_alert_makes_nothing():
    assert seen([rule()], queues({"q1": 3, "q2": None})) == {}


def test_numbers_of_a_source_that_is_down_are_unknown():
    down = source(name="helpdesk", ok=False)
    fine = source(name="shop")
    of = rule()
    measurements = queues({"q1": 42}) + queues({"q1": 42}, source="shop")
    shop = labels_of(queue="q1", channel="Api", source="shop")
    found = seen([of], measurements, [down, fine], active={of.name: {Q1, shop}})
    assert found == {(of.name, Q1): Verdict.NO_DATA, (of.name, shop): Verdict.BREACH}


def test_an_alert_without_a_number_is_gone_only_where_the_source_is_fresh():
    of = rule()
    active = {of.name: {Q1}}
    key = (of.name, Q1)
    others = queues({"q2": 3})
    assert seen([of], others, active=active) == {key: Verdict.GONE}
    assert seen([of], others, [source(ok=False)], active=active) == {key: Verdict.NO_DATA}
    assert seen([of], others, [source(name="shop")], active=active) == {key: Verdict.NO_DATA}
    # the metric wasn't measured at all in this tick
    assert seen([of], [], active=active) == {key: Verdict.NO_DATA}
    # the source gave its last good read too long ago
    assert seen([of], others, active=active, now=at(60)) == {key: Verdict.NO_DATA}


def test_nothing_counted_is_zero_for_a_kpi_that_counts_and_unknown_for_any_other():
    queue = labels_of(queue="q1")
    counted, share = rule(name="a", metric="volume"), rule(name="b", metric="csat")
    active = {"a": {queue}, "b": {queue}}
    assert seen([counted, share], [], active=active) == {
        ("a", queue): Verdict.CLEAR,
        ("b", queue): Verdict.NO_DATA,
    }
    down = [source(ok=False)]
    assert set(seen([counted, share], [], down, active=active).values()) == {Verdict.NO_DATA}


def test_a_series_that_a_changed_rule_divides_otherwise_is_gone():
    of = rule(metric="csat", by=())
    found = seen([of], [measurement(9, (), metric="csat")], active={of.name: {Q1}})
    assert found == {(of.name, Q1): Verdict.GONE}


def test_a_total_is_unknown_while_a_source_that_feeds_it_is_down():
    of = rule(by=())
    measurements = [TOTAL, *PER_QUEUE]
    shop_down = [source(), source(name="shop", ok=False)]
    active = {of.name: {()}}
    assert seen([of], measurements, shop_down, active=active) == {(of.name, ()): Verdict.CLEAR}
    down = [source(ok=False), source(name="shop")]
    assert seen([of], measurements, down, active=active) == {(of.name, ()): Verdict.NO_DATA}
    # nothing says where this total comes from, so any source may be missing in it
    assert seen([of], [TOTAL], shop_down, active=active) == {(of.name, ()): Verdict.NO_DATA}


def test_the_age_of_a_sources_data_is_known_when_the_source_is_down():
    of = rule(metric="source_lag", by=("source",))
    lag = measurement(300, labels_of(source="helpdesk"), metric="source_lag")
    found = seen([of], [lag], [source(ok=False)])
    assert found == {(of.name, lag.labels): Verdict.BREACH}


def test_an_unknown_kind_of_rule_is_refused_in_words():
    with pytest.raises(RuleError, match="unknown kind 'hunch'; use one of: threshold"):
        prepare([rule(kind="hunch")])


# --- against a slow recount ----------------------------------------------------------------------

OPS = {">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le}
NEGATION = {">": "<=", ">=": "<", "<": ">=", "<=": ">"}
names = st.sampled_from(["q1", "q2", "q3"])
values = st.none() | st.integers(0, 40).map(float)
readings = st.dictionaries(st.tuples(names, st.sampled_from(["helpdesk", "shop"])), values)
thresholds = st.tuples(st.sampled_from(list(OPS)), st.integers(0, 40))


@given(readings, st.lists(st.tuples(thresholds, st.none() | names), max_size=6), st.booleans())
def test_breaches_equal_a_slow_recount(readings, wanted, shop_ok):
    measurements = [
        measurement(value, labels_of(queue=queue, channel="Api", source=origin))
        for (queue, origin), value in readings.items()
    ]
    rules = [
        rule(
            name=f"r{number}",
            when=Threshold(op, limit),
            clear=Threshold(NEGATION[op], limit),
            where=labels_of(queue=queue),
        )
        for number, ((op, limit), queue) in enumerate(wanted)
    ]
    expected = [
        Observation(of, one.labels, Verdict.BREACH, one.value)
        for of in rules
        for one in measurements
        if set(of.where) <= set(one.labels)
        and (shop_ok or ("source", "shop") not in one.labels)
        and one.value is not None
        and OPS[of.when.op](one.value, of.when.value)
    ]
    sources = [source(), source(name="shop", ok=shop_ok)]
    assert evaluate(prepare(rules), index(measurements, sources, now=START), {}) == expected
