"""Figures of past alerts, by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from alerts.alert import Cause, Status, Transition
from alerts.telling.past import episodes, figures, figures_by
from tests.alerts.factories import START, alert, at


def change(queue: str, episode: int, old: Status, new: Status, second: float, cause: Cause,
           who: str | None = None) -> Transition:  # fmt: skip
    one = alert()
    return Transition(
        fingerprint=queue, episode=episode, rule=one.rule, labels=one.labels,
        severity=one.severity, old=old, new=new, cause=cause, at=at(second), since=at(second),
        value=None, threshold=20, who=who,
    )  # fmt: skip


def fired(queue: str, episode: int, second: float) -> Transition:
    return change(queue, episode, Status.OK, Status.FIRING, second, Cause.BREACH)


def over(queue: str, episode: int, second: float) -> Transition:
    return change(queue, episode, Status.FIRING, Status.RESOLVED, second, Cause.CLEAR)


def taken(queue: str, episode: int, second: float, who: str) -> Transition:
    return change(queue, episode, Status.FIRING, Status.ACKNOWLEDGED, second, Cause.ACKNOWLEDGED,
                  who)  # fmt: skip


HISTORY = [
    fired("a", 1, 0), taken("a", 1, 120, "Li"), taken("a", 1, 300, "Wang"), over("a", 1, 900),
    fired("b", 1, 10), over("b", 1, 70),  # a minute, nobody: noise
    fired("b", 2, 600), over("b", 2, 1800),  # soon again: a flap; and nobody was on it
    fired("c", 1, 2000),
]  # fmt: skip


def test_the_figures_of_a_day_by_hand():
    found = figures(episodes(HISTORY, START))
    assert (found.n, found.acknowledged, found.noise, found.flaps, found.ignored, found.up) == (
        4, 1, 1, 1, 1, 1)  # fmt: skip
    assert found.mtta == timedelta(seconds=120)  # the first acknowledgement counts
    assert found.mttr == timedelta(seconds=(900 + 60 + 1200) / 3)
    assert found.median_ttr == timedelta(seconds=900)


def test_only_what_fired_in_the_period_counts_and_flaps_see_before_it():
    [flap, last] = episodes(HISTORY, at(100))
    assert (flap.episode, flap.flap, last.resolved_at) == (2, True, None)


def test_figures_are_split_by_what_is_asked():
    past = [replace(one, rule=one.fingerprint) for one in episodes(HISTORY, START)]
    assert [(name, one.n) for name, one in figures_by(past, lambda one: one.rule)] == [
        ("b", 2), ("a", 1), ("c", 1)]  # fmt: skip


def test_nothing_gives_no_figures_rather_than_zeros():
    found = figures([])
    assert (found.n, found.mtta, found.mttr, found.median_tta) == (0, None, None, None)
