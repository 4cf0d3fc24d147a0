"""What a URL asks: filters, comparison, figure, mark; and what cannot be followed is said."""

from __future__ import annotations

from dashboard.history.asked import period_query
from dashboard.history.filters import only, written
from dashboard.history.period import preset
from metrics.reading import EVERYTHING, Where
from tests.dashboard.history.factories import NOW, make_asked


def problems(query: dict[str, list[str]]) -> list[str]:
    return [problem.key for problem in make_asked(query).problems]


def test_an_empty_url_asks_for_the_usual() -> None:
    asked = make_asked()
    assert asked.period == preset("28d", NOW)
    assert asked.before is not None
    assert (asked.where, asked.kpi, asked.pick, asked.problems) == (
        EVERYTHING, "first_response", None, ())  # fmt: skip


def test_a_filter_holds_any_of_its_values() -> None:
    asked = make_asked({"queue": ["天猫", "京东", "天猫"]})
    assert asked.where == Where(queue=("天猫", "京东"))
    assert written(asked.where) == {"queue": ["天猫", "京东"]}


def test_a_queue_that_is_gone_is_said_and_still_filtered_by() -> None:
    asked = make_asked({"queue": ["老队列"]})
    assert asked.where == Where(queue=("老队列",))
    assert problems({"queue": ["老队列"]}) == ["filter.unknown_queue"]


def test_each_mistake_of_a_url_is_said_once() -> None:
    query = {"period": ["x"], "kpi": ["nps"], "behind": ["first_response~hour~9.9"]}
    assert problems(query) == ["period.unknown", "history.unknown_kpi", "history.unknown_pick"]


def test_a_mark_of_a_figure_that_the_page_lacks_leads_nowhere() -> None:
    assert problems({"behind": ["csat~all~"]}) == ["history.unknown_pick"]
    assert make_asked({"behind": ["service_level~all~"]}).pick is not None


def test_comparison_can_be_switched_off() -> None:
    assert make_asked({"compare": ["0"]}).before is None
    assert make_asked({"compare": ["1"]}).before is not None


def test_two_viewers_who_ask_the_same_share_an_answer_in_either_language() -> None:
    asked = [make_asked({"queue": ["天猫"]}, language=language) for language in ("zh", "en")]
    assert asked[0].key == asked[1].key
    assert make_asked({"queue": ["京东"]}).key != asked[0].key


def test_a_period_goes_back_into_the_url_it_came_from() -> None:
    assert period_query(make_asked({"period": ["7d"]}).period) == {"period": "7d"}
    days = {"from": "2026-11-01", "until": "2026-11-07"}
    assert period_query(make_asked({k: [v] for k, v in days.items()}).period) == days


def test_filters_and_periods_are_said_in_words() -> None:
    asked = make_asked({"queue": ["天猫"], "period": ["yesterday"]}, language="zh")
    assert asked.filters_said() == "队列：天猫"
    assert asked.period_said() == "2026年11月20日"
    assert make_asked({"period": ["7d"]}).period_said() == "15 Nov 2026 – 21 Nov 2026"


def test_a_label_beyond_the_filters_of_the_page_narrows_too() -> None:
    assert only(Where(queue=("a",)), "reason", ("晚到",)).asked == {
        "queue": ("a",), "reason": ("晚到",)}  # fmt: skip
