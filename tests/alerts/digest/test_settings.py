"""What [[digests]] may say, and how mistakes are refused."""

from __future__ import annotations

from datetime import time

import pytest
from pydantic import ValidationError

from alerts.digest.settings import AUDIENCES, digest_problems
from tests.alerts.digest.factories import REGISTRY, digest_of


def refusal(**values) -> str:
    with pytest.raises(ValidationError) as caught:
        digest_of(**values)
    return str(caught.value)


def test_a_digest_without_more_words_is_daily_for_the_lead_at_half_past_eight():
    made = digest_of(audience="lead")
    assert (made.every, made.at, made.receivers) == ("daily", time(8, 30), None)
    assert made.keys(REGISTRY) == AUDIENCES["lead"]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"at": "8.30"}, "is no time of day; write for example 08:30"),
        ({"at": "25:00"}, "is no time of day"),
        ({"at": 830}, "is no time of day"),
        ({"weekday": "mon"}, "weekday is for every"),
        ({"kpis": []}, "a digest has 1 to 12 KPIs"),
        ({"name": "a\nb"}, "one line of printable text"),
        ({"audience": "boss"}, "audience"),
    ],
)
def test_a_mistake_is_refused_in_words(values, words):
    assert words in refusal(**values)


@pytest.mark.parametrize("audience", AUDIENCES)
def test_an_audience_has_only_kpis_that_there_are_and_that_have_a_yesterday(audience):
    for key in AUDIENCES[audience]:
        assert not REGISTRY.find(key).is_state


@pytest.mark.parametrize("audience", AUDIENCES)
def test_a_digest_of_some_queues_leaves_out_what_has_none(audience):
    keys = digest_of(audience=audience, queues="天猫售前").keys(REGISTRY)
    assert all("queue" in REGISTRY.labels(REGISTRY[key]) for key in keys)
    assert keys or audience == "none"


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"receivers": ["leeds"]}, "there is no receiver 'leeds'; known: leads"),
        ({"kpis": ["csatt"]}, "there is no KPI 'csatt'; known: "),
        ({"kpis": ["cases_open"]}, "cases_open is a state and has no yesterday"),
        ({"kpis": ["paid_amount"], "queues": ["a"]}, "paid_amount cannot be split by queue"),
    ],
)
def test_what_does_not_fit_the_rest_of_the_configuration_is_named(values, words):
    [problem] = digest_problems([digest_of(**values)], receivers=["leads"], kpis=REGISTRY)
    assert problem.startswith("digest 'morning': ")
    assert words in problem


def test_two_digests_of_one_name_and_one_for_nobody_are_named():
    found = digest_problems([digest_of(), digest_of()], receivers=[], kpis=REGISTRY)
    assert "two digests are named 'morning'; rename one" in found
    assert "digest 'morning': nobody would get it; add a [[receivers]] block" in found
