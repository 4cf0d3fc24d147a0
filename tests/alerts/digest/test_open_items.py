"""What waits for somebody: reviews, cases, sources that were down, alerts of the span."""

from __future__ import annotations

from datetime import timedelta

import pytest

from alerts.alert import Cause, Severity, Status, Transition
from alerts.digest.open_items import Scope, open_items
from alerts.settings import SOURCE_DOWN
from alerts.store import add_transitions
from connectors import schema
from metrics.measurement import labels_of
from tests.alerts.digest.factories import NOW, TODAY, YESTERDAY

HOUR = timedelta(hours=1)


def items(store, *, audience="lead", queues=()):
    scope = Scope(audience, queues, YESTERDAY, TODAY, NOW)
    with store.read() as connection:
        return open_items(connection, scope)


def put(store, table, *rows):
    empty = {column.name: None for column in table.columns}
    with store.begin() as connection:
        connection.execute(table.insert(), [empty | row for row in rows])


def review(number, score, *, days=1.0, answered=False, source="shop"):
    at = NOW - timedelta(days=days)
    return {"source": source, "rating_id": str(number), "order_ref": f"o{number}", "score": score,
            "kind": "review", "scale": 5.0, "rated_at": at,
            "answered_at": at + HOUR if answered else None}  # fmt: skip


def case(number, status, *, days):
    return {"source": "shop", "case_id": str(number), "status": status, "kind": "refund",
            "opened_at": NOW - timedelta(days=days), "amount": 12.5}  # fmt: skip


def moved(rule, old, new, at, began, **labels):
    return Transition(
        fingerprint=f"{rule}{sorted(labels.items())}", episode=1, rule=rule,
        labels=labels_of(**labels), severity=Severity.WARNING, old=old, new=new,
        cause=Cause.BREACH, at=at, since=began, value=1.0, threshold=1.0,
    )  # fmt: skip


def alarm(store, rule, since, until, **labels):
    began = since - timedelta(minutes=1)
    steps = [moved(rule, Status.PENDING, Status.FIRING, since, began, **labels)]
    if until is not None:
        steps.append(moved(rule, Status.FIRING, Status.RESOLVED, until, began, **labels))
    with store.begin() as connection:
        add_transitions(connection, steps)


def test_negative_reviews_without_an_answer_are_counted_and_the_worst_shown(store):
    put(store, schema.ratings, review(1, 2, days=5), review(2, 1), review(3, 1, answered=True),
        review(4, 4), review(5, 1, days=40))  # fmt: skip
    found = items(store)
    assert found.reviews_open == 2
    assert [one.ref for one in found.reviews] == ["o2", "o1"]


def test_where_no_source_tells_of_answers_open_reviews_are_not_known(store):
    put(store, schema.ratings, review(1, 1), review(2, 1))
    assert items(store).reviews_open is None


def test_the_oldest_open_cases_come_first(store):
    put(store, schema.cases, case(1, "pending", days=2), case(2, "returning", days=9),
        case(3, "done", days=20))  # fmt: skip
    found = items(store)
    assert (found.cases_open, [one.ref for one in found.cases]) == (2, ["2", "1"])


def test_a_shop_without_cases_does_not_have_none_open(store):
    assert items(store).cases_open is None


def test_a_planner_is_not_told_of_cases_nor_a_digest_of_some_queues(store):
    put(store, schema.cases, case(1, "pending", days=2))
    assert items(store, audience="planner").cases_open is None
    assert items(store, queues=("抖音",)).cases_open is None


def test_alerts_are_summed_up_by_rule_and_queue_with_their_time_within_the_span(store):
    alarm(store, "slow", YESTERDAY - HOUR, YESTERDAY + HOUR, queue="抖音")  # half of it before
    alarm(store, "long", YESTERDAY + HOUR, YESTERDAY + 3 * HOUR, queue="京东")
    alarm(store, "old", YESTERDAY - 3 * HOUR, YESTERDAY - 2 * HOUR, queue="抖音")
    alarm(store, "new", TODAY + HOUR, None, queue="抖音")
    found = items(store).alerts
    assert [(one.rule, one.where, one.times, one.seconds) for one in found] == [
        ("long", "京东", 1, 7_200),
        ("slow", "抖音", 1, 3_600),
    ]
    assert [one.where for one in items(store, queues=("抖音",)).alerts] == ["抖音"]


def test_an_alert_that_still_fires_says_so(store):
    alarm(store, "slow", TODAY - HOUR, None, queue="抖音")
    [one] = items(store).alerts
    assert one.firing
    assert one.seconds == 3_600


@pytest.mark.parametrize("until", [YESTERDAY + 2 * HOUR, None])
def test_a_source_that_was_down_is_told_to_everybody(store, until):
    alarm(store, SOURCE_DOWN, YESTERDAY + HOUR, until, source="shop")
    for audience in ("planner", "quality"):
        [one] = items(store, audience=audience).outages
        assert (one.source, one.until) == ("shop", until)
        assert one.since == YESTERDAY + HOUR - timedelta(minutes=1)
    assert items(store).alerts == ()
