"""Rules that can't be: one clear sentence each."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from alerts.rule_checks import rule_problems
from alerts.settings import RuleSettings, problems, rules_of
from metrics.live import LIVE_METRICS
from metrics.packs import default_registry
from tests.alerts.factories import SHANGHAI, seconds

KPIS = default_registry()


def rule(**changes: Any) -> RuleSettings:
    values = {"name": "r", "metric": "queue_length", "when": "> 20"} | changes
    return RuleSettings.model_validate({n: v for n, v in values.items() if v is not None})


TWO = [{"metric": "queue_length", "when": "> 20"}, {"metric": "agents_available", "when": "< 3"}]
BURN = {"kind": "burn_rate", "metric": "csat", "when": "> 6", "target": "95%", "window": "1h",
        "short_window": "5m"}  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"kind": "hunch"}, "there is no kind 'hunch'; use one of threshold, change"),
        ({"kind": "change"}, "kind 'change' needs 'ago'; the span looked back"),
        ({"kind": "forecast", "metric": None}, "kind 'forecast' needs 'lead'; how far ahead"),
        ({**BURN, "window": None}, "kind 'burn_rate' needs 'window'; the long window"),
        ({**BURN, "short_window": "1h"}, "short_window must be shorter than window"),
        ({"lead": "2h"}, "kind 'threshold' takes no 'lead'; leave it out"),
        ({"kind": "all", "conditions": []}, "kind 'all' combines conditions and has none"),
        ({"kind": "any"}, "kind 'any' combines conditions and has none"),
        ({"conditions": TWO}, "kind 'threshold' takes no 'conditions'"),
        ({"hours": ["mon-fri closed"]}, "is never: a rule needs hours in which it is active"),
        ({"hours": "someday 9:00-10:00"}, "is no weekday"),
        ({"times": 3}, "times needs within"),
        ({"within": "10m"}, "within counts times and needs times = 2 or more"),
        ({"clear": "< 25"}, "on the wrong side"),
        ({"overrides": [{"where": {"queue": "a"}, "when": "> 5", "clear": "< 9"}]}, "wrong side"),
        ({"overrides": [{"where": {"queue": "a"}, "when": "< 5"}]}, "must point the same way"),
        ({"overrides": [{"where": {}, "when": "> 5"}]}, "at least 1 item"),
        ({"window": "0s"}, "it must be longer than 0s"),
        ({"name": "rule-error"}, "is the built-in rule's name"),
    ],
)
def test_a_rule_that_cannot_be_is_refused_with_what_to_write(changes, sentence):
    with pytest.raises(ValidationError) as caught:
        rule(**changes)
    assert sentence in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"by": "region"}, "rule 'r': queue_length has no label 'region'; it has channel, queue"),
        ({"where": {"region": "x"}}, "queue_length has no label 'region'"),
        ({"window": "1h"}, "queue_length is a state and has no window; leave window out"),
        ({"metric": "overdue_shipments", "window": "1h"}, "is a state and has no window"),
        ({"by": "queue", "overrides": [{"where": {"channel": "a"}, "when": "> 5"}]},
         "an override is for the label 'channel', which the rule isn't split by"),
        ({**BURN, "metric": "volume"}, "needs a KPI in percent of which more is better"),
        ({"kind": "pace", "metric": "csat", "when": "< 90"}, "'csat' has no pace; the KPIs that"),
        ({"kind": "outside_band", "metric": "csat"}, "kind 'outside_band' knows no 'csat'; use"),
        ({"kind": "overdue", "metric": "x"}, "use negative_reviews, shipments, deliveries, risky"),
        ({"kind": "staffing_gap", "metric": None, "when": None, "lead": "2h", "by": "channel"},
         "staffing has no label 'channel'; it has queue"),
        ({"kind": "all", "metric": None, "conditions": TWO, "by": "team"},
         "agents_available has no label 'team'"),
    ],
)  # fmt: skip
def test_what_the_metrics_cannot_give_is_said_at_check_time(changes, sentence):
    found = rule_problems([rule(**changes)], KPIS)
    assert sentence in " ".join(found)


def test_every_condition_must_name_a_metric_there_is():
    conditions = [*TWO, {"metric": "nosuch", "when": "> 1"}]
    of = rule(kind="all", metric=None, when=None, conditions=conditions)
    [found] = problems([of], [], metrics=[*LIVE_METRICS, *KPIS])
    assert found.startswith("rule 'r': there is no metric 'nosuch'; known: ")


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": "change", "ago": "15m", "percent": True, "when": "> 50%", "by": "queue"},
        {"kind": "change", "metric": "csat", "window": "1h", "ago": "1h", "when": "< -10"},
        BURN,
        {"kind": "outside_band", "metric": None, "when": None, "by": "queue", "level": 80},
        {"kind": "forecast", "metric": None, "when": "> 120", "lead": "2h", "by": "queue"},
        {"kind": "staffing_gap", "metric": None, "when": None, "lead": "2h"},
        {"kind": "overdue", "metric": "negative_reviews", "when": None, "after": "2h"},
        {"kind": "source_stale", "metric": None, "when": "> 1m", "by": "source"},
        {"kind": "any", "metric": None, "when": None, "conditions": TWO, "by": ["queue"]},
        {"times": 3, "within": "10m", "hours": ["mon-fri 09:00-18:00", "sat 10:00-16:00"]},
        {"by": "queue", "overrides": [{"where": {"queue": "vip"}, "when": "> 5", "clear": "< 3"}]},
    ],
)
def test_each_kind_has_a_rule_that_is_right(changes):
    of = rule(**changes)
    assert rule_problems([of], KPIS) == []
    [made] = rules_of([of], receivers=["leads"], zone=SHANGHAI)
    assert made.kind == changes.get("kind", "threshold")


def test_what_a_kind_needs_arrives_in_the_rule():
    [made] = rules_of([rule(**BURN)], receivers=[])
    assert (made.signal.target, made.signal.short_window) == (95, seconds(300))
    [made] = rules_of([rule(kind="any", metric=None, when=None, conditions=TWO, by="queue")],
                      receivers=[])  # fmt: skip
    assert [one.metric for one in made.parts] == ["queue_length", "agents_available"]
    assert (made.metric, made.parts[1].by) == ("queue_length", ("queue",))
