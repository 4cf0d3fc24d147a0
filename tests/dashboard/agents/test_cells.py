"""What the scorecard says of an agent, and what it never says."""

from __future__ import annotations

import pytest

from dashboard.agents import cells
from dashboard.agents.standout import sentence
from dashboard.agents.table import SHOWN, scorecard_html
from dashboard.history.known import Known
from dashboard.words import words
from metrics.fairness import Standing
from tests.dashboard.agents.factories import make_card, make_column, make_fair

EN = words("en")
NAMES = Known({}, {"7": "小北", "8": "Ann", "9": "<b>Bo</b>"})


def order_of(card, by: str) -> list[str]:
    return [line.cells[0].text for line in cells.ordered(card, cells.lines(card, NAMES, EN), by)]


def test_a_lucky_handful_never_leads_and_the_unknown_comes_last() -> None:
    fair = {"7": make_fair(80.0), "8": make_fair(100.0, n=3, standing=Standing.TOO_FEW)}
    card = make_card(make_column("csat", fair))
    assert order_of(card, "csat") == ["小北", "Ann", "<b>Bo</b>"]
    assert order_of(card, "-csat") == ["小北", "Ann", "<b>Bo</b>"]


@pytest.mark.parametrize(
    ("key", "best"), [("first_response", 40.0), ("csat", 60.0), ("transfer_rate", 40.0)]
)
def test_the_first_click_on_a_head_puts_the_best_on_top(key: str, best: float) -> None:
    card = make_card(
        make_column(
            key, {name: make_fair(v) for name, v in zip("789", (40.0, 50.0, 60.0), strict=True)}
        )
    )
    lines = cells.ordered(card, cells.lines(card, NAMES, EN), key)
    at = cells.fields(card).index(key)
    assert lines[0].cells[at].value == best
    lines = cells.ordered(card, lines, f"-{key}")
    assert lines[-1].cells[at].value == best


def test_a_sort_that_no_head_asks_for_leaves_the_order() -> None:
    card = make_card(make_column("csat", {"7": make_fair(80.0)}))
    assert order_of(card, "nowhere") == order_of(card, "")


def test_each_value_has_its_n_and_leads_to_its_contacts() -> None:
    card = make_card(make_column("csat", {"8": make_fair(81.25, n=64)}))
    line = cells.lines(card, NAMES, EN)[1]
    cell = line.cells[cells.fields(card).index("csat")]
    assert (cell.text, cell.n, cell.pick) == ("81.2%", "64", "csat~agent~8")
    assert line.cells[0].pick == "contacts_handled~agent~8"


def test_presence_that_nobody_tells_is_unknown_and_not_nothing() -> None:
    times = [make_column("occupancy", {"7": make_fair(70.0)})]
    card = make_card(
        make_column("csat", {"7": make_fair(80.0)}), times=times, present_s={"7": 7_200.0}
    )
    first, second, _ = cells.lines(card, NAMES, EN)
    assert (first.cells[-1].text, first.cells[-1].n) == ("70.0%", "2 h")
    assert (second.cells[-1].text, second.cells[-1].value) == ("unknown", None)


def test_a_figure_that_nobody_has_takes_no_column() -> None:
    card = make_card(make_column("csat", {"7": make_fair(80.0)}), make_column("fcr", {}))
    assert "fcr" not in cells.fields(card)


def test_only_clear_differences_are_marked_and_never_thin_ones() -> None:
    fair = {
        "7": make_fair(90.0, standing=Standing.BETTER),
        "8": make_fair(40.0),
        "9": make_fair(0.0, n=5, standing=Standing.TOO_FEW),
    }
    html = scorecard_html(make_card(make_column("csat", fair)), NAMES, EN)
    assert html.count("●") == 1
    assert "▲" not in html
    assert html.count("dp-thin") == 1


def test_names_are_text_and_heads_say_how_they_sort() -> None:
    html = scorecard_html(
        make_card(make_column("csat", {"9": make_fair(80.0)})), NAMES, EN, by="csat"
    )
    assert "<b>Bo" not in html
    assert "&lt;b&gt;Bo" in html
    assert 'aria-sort="descending"' in html
    assert 'data-sort="-csat"' in html


def test_a_long_list_is_cut_and_the_file_is_not() -> None:
    many = [str(number) for number in range(SHOWN + 30)]
    card = make_card(make_column("csat", {name: make_fair(80.0) for name in many}), agents=many)
    assert scorecard_html(card, NAMES, EN).count("<tr") == SHOWN + 2  # head, everybody


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_sentence_counts_who_differs_and_names_nobody(language) -> None:
    fair = {
        "7": make_fair(90.0, standing=Standing.BETTER),
        "8": make_fair(40.0, standing=Standing.WORSE),
        "9": make_fair(50.0),
    }
    said = sentence(make_card(make_column("csat", fair)), words(language))
    assert "3" in said and "2" in said
    assert not any(name in said for name in NAMES.agents.values())


def test_without_clear_differences_the_sentence_says_so() -> None:
    card = make_card(make_column("csat", {name: make_fair(80.0) for name in "789"}))
    assert sentence(card, EN) == "None of 3 agents differs clearly from what their queues explain."
    few = make_card(make_column("csat", {"7": make_fair(80.0, n=4, standing=Standing.TOO_FEW)}))
    assert sentence(few, EN).startswith("None of 3 agents has 30 contacts")
    assert sentence(make_card(make_column("csat", {}), agents=()), EN) == "No data in this period."


def test_everybody_stands_above_with_the_sums() -> None:
    card = make_card(make_column("csat", {"7": make_fair(80.0, n=20)}, everybody=77.0))
    texts = [cell.text for cell in cells.everybody(card, EN).cells]
    assert texts == ["Everybody", "600", "77.0%"]
