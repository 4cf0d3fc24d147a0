"""Rules that people store: checked, audited, followed by a running worker."""

from __future__ import annotations

import pytest

from alerts.errors import RuleError
from alerts.rule_store import (
    StoredRules,
    changes_of,
    checked,
    remove_rule,
    save_rule,
    stored_rules,
    with_stored,
)
from alerts.settings import RuleSettings
from connectors.store import Store
from metrics.packs import default_registry
from tests.alerts.factories import at

KPIS = default_registry()
GIVEN = {"name": "long", "metric": "queue_length", "when": "> 20", "for": "30s", "by": ["queue"]}


def test_a_stored_rule_comes_back_as_it_was_written(store: Store):
    with store.begin() as connection:
        assert save_rule(connection, GIVEN, who="小王", now=at(0))
        assert not save_rule(connection, GIVEN, who="小王", now=at(1))
    with store.read() as connection:
        [one] = stored_rules(connection, KPIS, [])
    assert (one.given, one.changed_by, one.changed_at) == (GIVEN, "小王", at(0))
    assert one.settings == RuleSettings.model_validate(GIVEN)


def test_every_change_is_on_the_record(store: Store):
    other = GIVEN | {"when": "> 30"}
    with store.begin() as connection:
        save_rule(connection, GIVEN, who="小王", now=at(0))
        save_rule(connection, other, who="李雷", now=at(1))
        assert remove_rule(connection, "long", who="小王", now=at(2))
        assert not remove_rule(connection, "long", who="小王", now=at(3))
        found = changes_of(connection, "long")
    assert [(one.who, one.old, one.new) for one in found] == [
        ("小王", other, None),
        ("李雷", GIVEN, other),
        ("小王", None, GIVEN),
    ]


def test_a_worker_takes_up_what_changed_and_only_then(store: Store):
    provisioned = RuleSettings.model_validate(GIVEN | {"name": "file"})
    following = StoredRules([provisioned], KPIS, [])
    assert following.news(store) is None
    with store.begin() as connection:
        save_rule(connection, GIVEN, who="小王", now=at(0))
    found = following.news(store)
    assert found is not None
    assert [one.name for one in found] == ["file", "long"]
    assert following.news(store) is None
    with store.begin() as connection:
        remove_rule(connection, "long", who="小王", now=at(1))
    assert following.news(store) == (provisioned,)


def test_a_rule_that_can_no_longer_be_used_says_why_and_stops_no_other(store: Store):
    with store.begin() as connection:
        save_rule(connection, GIVEN, who="小王", now=at(0))
        save_rule(connection, GIVEN | {"name": "old", "metric": "gone"}, who="小王", now=at(0))
        save_rule(connection, GIVEN | {"name": "x", "receivers": ["who"]}, who="小王", now=at(0))
        long, old, nobody = stored_rules(connection, KPIS, ["leads"])
    assert old.why == "there is no metric 'gone'"
    assert nobody.why == "there is no receiver 'who'; known: leads"
    assert [one.name for one in with_stored([], [long, old, nobody])] == ["long"]


def test_a_rule_of_the_file_goes_before_a_stored_one_of_its_name(store: Store):
    with store.begin() as connection:
        save_rule(connection, GIVEN, who="小王", now=at(0))
        stored = stored_rules(connection, KPIS, [])
    provisioned = RuleSettings.model_validate(GIVEN | {"when": "> 99"})
    assert with_stored([provisioned], stored) == (provisioned,)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"name": "x"}, "'when' is missing; 'metric' is missing"),
        (GIVEN | {"wen": 3}, "there is no setting 'wen'"),
        (GIVEN | {"clear": "> 5"}, "points the same way"),
        (GIVEN | {"by": "region"}, "queue_length has no label 'region'"),
    ],
)
def test_what_is_wrong_with_a_rule_is_said_before_it_is_stored(given, sentence):
    with pytest.raises(RuleError, match=sentence):
        checked(given, KPIS, [])
