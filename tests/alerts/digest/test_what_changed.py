"""What is told first: a change beyond chance and large enough, ranked by how much it matters."""

from __future__ import annotations

import pytest

from alerts.digest.content import Verdict
from alerts.digest.noise import Past, Span
from alerts.digest.what_changed import Track, find_changes
from tests.alerts.digest.factories import REGISTRY


def track(key: str, now: float | None, usual: float, *, n: int = 400, queue: str | None = None):
    """Four weeks that wobble by 1 % around `usual`, and the day told of."""
    shape = REGISTRY[key].shape
    days = []
    for day in range(28):
        value = usual * (1 + 0.01 * ((day * 7) % 5 - 2) / 2)
        size = round(value) if shape == "count" else n
        days.append((day % 7, Span(size, value, value * 3)))
    last = Span(0, None) if now is None else Span(round(now) if shape == "count" else n, now)
    past = Past(tuple(days[at][1] for at in (0, 7, 14, 21)), tuple(days))
    return Track(kpi=REGISTRY[key], queue=queue, now=last, before=days[-1][1], past=past)


def found(*totals, queues=None):
    return find_changes(totals, queues or {})


@pytest.mark.parametrize(
    ("key", "now", "usual", "verdict", "direction"),
    [
        ("service_level", 70.0, 85.0, Verdict.CHANGED, "worse"),
        ("service_level", 95.0, 85.0, Verdict.CHANGED, "better"),
        ("service_level", 84.0, 85.0, Verdict.STEADY, "worse"),
        ("abandonment", 12.0, 5.0, Verdict.CHANGED, "worse"),
        ("first_response", 60.0, 20.0, Verdict.CHANGED, "worse"),
        ("volume", 800.0, 500.0, Verdict.CHANGED, "neither"),
        ("volume", None, 500.0, Verdict.NO_DATA, "neither"),
    ],
)
def test_a_number_is_judged_against_the_usual(key, now, usual, verdict, direction):
    [figure] = found(track(key, now, usual)).figures
    assert (figure.verdict, figure.direction) == (verdict, direction)


def test_the_same_difference_with_few_values_is_not_shouted():
    findings = found(track("service_level", 70.0, 85.0, n=12))
    assert findings.changes == ()
    assert findings.figures[0].verdict is Verdict.THIN


def test_a_change_beyond_chance_that_is_small_is_not_told():
    findings = found(track("service_level", 84.0, 85.0, n=400_000))
    assert findings.changes == ()


def test_what_got_worse_comes_before_what_got_better_by_as_much():
    findings = found(track("csat", 95.0, 85.0), track("service_level", 75.0, 85.0))
    assert [change.figure.kpi for change in findings.changes] == ["service_level", "csat"]


def test_the_audiences_first_number_comes_first_among_equals():
    findings = found(track("csat", 70.0, 85.0), track("service_level", 70.0, 85.0))
    assert [change.figure.kpi for change in findings.changes] == ["csat", "service_level"]


def test_a_change_says_how_many_it_concerns():
    [change] = found(track("service_level", 70.0, 85.0)).changes
    assert change.hit == pytest.approx(0.15 * 400, rel=0.02)
    [grown] = found(track("volume", 800.0, 500.0)).changes
    assert grown.hit == pytest.approx(300, rel=0.02)


def test_the_queues_that_pulled_a_number_down_are_named_the_strongest_first():
    queues = {
        "service_level": [
            track("service_level", 80.0, 85.0, n=2_000, queue="big"),
            track("service_level", 30.0, 85.0, n=300, queue="bad"),
            track("service_level", 85.0, 85.0, n=300, queue="calm"),
            track("service_level", 97.0, 85.0, n=300, queue="good"),
        ]
    }
    first, other = found(track("service_level", 75.0, 85.0, n=3_000), queues=queues).changes
    assert [one.queue for one in first.queues] == ["bad", "big"]
    assert (other.figure.queue, other.figure.direction) == ("good", "better")


def test_a_queue_that_falls_while_the_whole_stays_is_news_of_its_own():
    queues = {"service_level": [track("service_level", 40.0, 85.0, n=200, queue="抖音")]}
    [change] = found(track("service_level", 84.5, 85.0), queues=queues).changes
    assert (change.figure.queue, change.figure.kpi) == ("抖音", "service_level")


def test_hits_are_compared_among_as_many():
    more = track("shipped_late", 40.0, 20.0, n=400)
    busy = Track(kpi=more.kpi, now=Span(800, 40.0), before=more.before, past=more.past)
    [figure] = found(busy).figures  # twice the orders, twice the late ones: as usual
    assert figure.verdict is Verdict.STEADY
    assert figure.usual == pytest.approx(40.0, rel=0.02)
