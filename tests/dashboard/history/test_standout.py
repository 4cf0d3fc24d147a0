"""The sentence under the title: computed, short, and silent about thin samples."""

from __future__ import annotations

from datetime import timedelta

from dashboard.history.standout import sentence
from dashboard.history.study import Answer, Split, Study
from dashboard.history.tiles import Headline
from dashboard.words import words
from metrics.rows import WeekHour
from tests.dashboard.history.factories import NOW, make_headline, make_row, make_timed

EN, ZH = words("en"), words("zh")


def answer(*heads: Headline, splits: tuple[Split, ...] = (), week: tuple[WeekHour, ...] = ()):
    study = Study(heads[0], (), (), week, (), splits)
    return Answer(NOW - timedelta(seconds=2), heads, study)


def queues(**values: tuple[float, int]) -> tuple[Split, ...]:
    rows = [make_timed(p50, n, labels={"queue": name}) for name, (p50, n) in values.items()]
    return (Split("queue", tuple(rows), ()),)


CALM = make_headline("first_response", make_timed(60), make_timed(61))


def test_what_got_worse_the_most_comes_first() -> None:
    slower = make_headline("reply_time", make_timed(90), make_timed(60))
    lower = make_headline("service_level", make_row(78.0), make_row(84.0))
    said = sentence(answer(CALM, lower, slower), EN)
    assert said == "Reply time is 1 min 30 s, 50% worse than before."


def test_a_calm_week_says_so() -> None:
    assert sentence(answer(CALM), EN) == "First response time is 1 min, about as before."
    assert sentence(answer(CALM), ZH) == "首次响应时长 1分钟，与前期基本持平。"


def test_the_worst_queue_is_named_when_it_is_far_off_and_not_thin() -> None:
    splits = queues(a=(55, 80), b=(300, 50), c=(9_000, 5))
    said = sentence(answer(CALM, splits=splits), EN)
    assert "First response time is worst for b with 5 min" in said
    assert "worst" not in sentence(answer(CALM, splits=queues(a=(55, 80), b=(70, 50))), EN)


def test_the_worst_hour_is_named() -> None:
    week = (WeekHour(0, 9, 50, 200.0), WeekHour(2, 14, 50, 60.0), WeekHour(3, 3, 4, 9_000.0))
    said = sentence(answer(CALM, week=week), ZH)
    assert said.endswith("首次响应时长最差的时段是周一 09:00–10:00（3分20秒）。")


def test_without_figures_it_says_that() -> None:
    empty = make_headline("first_response", make_row(None, 0))
    assert sentence(answer(empty), EN) == EN("stands.nothing")
