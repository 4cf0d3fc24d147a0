"""What the config's rules and receivers may say, and how they are refused."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pydantic import ValidationError

from alerts.alert import Severity, Threshold
from alerts.receivers import ReceiverSettings
from alerts.settings import (
    AlertsSettings,
    RuleSettings,
    parse_threshold,
    problems,
    rules_of,
)


def rule(**changes):
    values = {"name": "long", "metric": "queue_length", "when": "> 20"} | changes
    return RuleSettings.model_validate(values)


def receiver(**changes):
    values = {"name": "leads", "type": "webhook", "url": "https://example.com/h"} | changes
    return ReceiverSettings.model_validate(values)


def refusal(make, **changes):
    with pytest.raises(ValidationError) as caught:
        make(**changes)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "op", "value"),
    [
        ("> 20", ">", 20),
        (">=0.5", ">=", 0.5),
        ("< 80%", "<", 80),
        ("<= -1", "<=", -1),
        ("> 3m", ">", 180),
        (" > 1h30m ", ">", 5_400),
    ],
)
def test_a_condition_is_a_sign_and_a_number_percentage_or_span(text, op, value):
    assert parse_threshold(text) == Threshold(op, value)


@pytest.mark.parametrize("text", ["20", "", "== 5", "> many", ">", "=> 5", "> 5 %%"])
def test_anything_else_is_no_condition(text):
    with pytest.raises(ValueError, match="write for example"):
        parse_threshold(text)


def test_a_rule_without_more_words_has_plain_defaults():
    made = rules_of([rule()], receivers=["leads", "boss"])[0]
    assert made.clear == Threshold("<=", 20)
    assert (made.wait, made.keep_firing_for) == (timedelta(0), timedelta(0))
    assert made.severity is Severity.WARNING
    assert made.receivers == ("leads", "boss")  # who names nobody means everybody


def test_a_rule_may_tell_nobody_but_must_say_so():
    assert rules_of([rule(receivers=[])], receivers=["leads"])[0].receivers == ()


def test_every_setting_of_a_rule_arrives():
    made = rules_of(
        [
            rule(
                by="channel",
                where={"queue": "天猫售前"},
                when="> 20",
                clear="< 15",
                severity="critical",
                receivers="leads",
                window="1h",
                keep_firing_for="2m",
                **{"for": "30s"},
            )
        ],
        receivers=["leads"],
    )[0]
    assert made.by == ("channel", "queue")
    assert made.where == (("queue", "天猫售前"),)
    assert made.clear == Threshold("<", 15)
    assert made.wait == timedelta(seconds=30)
    assert made.keep_firing_for == timedelta(minutes=2)
    assert made.window == timedelta(hours=1)
    assert made.receivers == ("leads",)


@pytest.mark.parametrize(
    ("when", "clear"),
    [("> 20", "< 25"), ("> 20", "<= 21"), (">= 20", "<= 20"), ("< 80", "> 75"), ("<= 5", ">= 5")],
)
def test_a_clear_value_on_the_wrong_side_is_refused(when, clear):
    assert "wrong side" in refusal(rule, when=when, clear=clear)


@pytest.mark.parametrize(("when", "clear"), [("> 20", "> 15"), ("< 5", "<= 3")])
def test_a_clear_value_that_points_the_same_way_is_refused(when, clear):
    assert "same way" in refusal(rule, when=when, clear=clear)


@pytest.mark.parametrize(
    ("when", "clear"), [("> 20", "<= 20"), (">= 20", "< 20"), ("< 80", ">= 85"), ("> 20", "< 1")]
)
def test_a_clear_value_on_the_right_side_is_taken(when, clear):
    assert rule(when=when, clear=clear).clear_threshold == parse_threshold(clear)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": "source-down"}, "built-in"),
        ({"name": "a\nb"}, "printable"),
        ({"for": 30}, "has no unit"),
        ({"window": "0s"}, "longer than 0s"),
        ({"severity": "urgent"}, "info"),
        ({"treshold": 3}, "Extra"),
    ],
)
def test_a_rule_with_a_mistake_is_refused_in_words(changes, words):
    assert words in refusal(rule, **changes)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"url": "example.com/hook-s3cret"}, "https://"),
        ({"url": "ftp://s3cret.example.com"}, "https://"),
        ({"url": "http://[s3cret"}, "https://"),
        ({"secret": ""}, "empty"),
        ({"timeout": "2h"}, "between"),
        ({"type": "pigeon"}, "webhook"),
        ({"language": "fr"}, "zh"),
        ({"url": "https://example.com", "token": "s3cret"}, "Extra"),
    ],
)
def test_a_receiver_with_a_mistake_is_refused_without_showing_it(changes, words):
    said = refusal(receiver, **changes)
    assert words in said
    assert "s3cret" not in said


def test_a_receivers_address_and_secret_are_not_printed():
    made = receiver(url="https://example.com/s3cret", secret="s3cret")
    assert "s3cret" not in repr(made) + str(made) + made.model_dump_json()


def test_problems_between_sections_are_all_named():
    found = problems(
        [rule(receivers=["leeds"]), rule(metric="queue_lenght")],
        [receiver(), receiver()],
        metrics={"queue_length", "longest_wait"},
    )
    assert len(found) == 4
    assert "two receivers are named 'leads'" in found[0]
    assert "two rules are named 'long'" in found[1]
    assert "no receiver 'leeds'; known: leads" in found[2]
    assert "no metric 'queue_lenght'; known: longest_wait, queue_length" in found[3]


def test_the_alerts_section_has_defaults():
    settings = AlertsSettings()
    assert settings.source_down
    assert settings.give_up_after == timedelta(days=3)
