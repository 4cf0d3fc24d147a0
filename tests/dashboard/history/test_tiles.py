"""Headline figures: how they compare, and what they say when nothing is known."""

from __future__ import annotations

import pytest

from dashboard.history.tiles import Headline, change_of, notes_of, tiles_html
from dashboard.history.values import big, difference, in_cell, in_words
from dashboard.words import UNKNOWN, words
from metrics.needs import Lack
from tests.dashboard.history.factories import make_headline, make_row, make_timed

EN, ZH = words("en"), words("zh")


def speed(now: float, then: float, n: int = 100) -> Headline:
    return make_headline("first_response", make_timed(now, n), make_timed(then, n))


@pytest.mark.parametrize(
    ("key", "now", "then", "change"),
    [
        ("first_response", 90.0, 60.0, "worse"),
        ("first_response", 60.0, 90.0, "better"),
        ("first_response", 60.5, 60.0, "steady"),
        ("service_level", 90.0, 80.0, "better"),
        ("service_level", 80.3, 80.0, "steady"),
        ("volume", 120.0, 100.0, "more"),  # neither is better
        ("volume", 80.0, 100.0, "less"),
    ],
)
def test_a_change_is_judged_by_what_is_better(
    key: str, now: float, then: float, change: str
) -> None:
    assert change_of(make_headline(key, make_row(now), make_row(then))) == change


def test_thin_samples_are_not_judged() -> None:
    assert change_of(speed(90, 60, n=5)) == ""
    assert "before 1 min, too few to compare" in notes_of(speed(90, 60, n=5), EN)


def test_what_is_unknown_says_why_and_is_never_zero() -> None:
    unknown = make_headline("first_response", make_row(None, 0), make_timed(60))
    html = tiles_html([unknown], EN)
    assert 'data-tile="first_response" data-value=""' in html
    assert notes_of(unknown, EN) == [EN("history.no_data")]
    lack = Lack("contacts.abandoned_at", ("shop",))
    told = make_headline("abandonment", make_row(None, 0), lacks=(lack,))
    assert "contacts.abandoned_at" in notes_of(told, EN)[0]
    assert "contacts.abandoned_at" in notes_of(told, ZH)[0]
    filtered = make_headline("asa", make_row(None, 0), filtered_out=True)
    assert notes_of(filtered, ZH) == ["平均应答时长（ASA）不能按此条件筛选，请去掉筛选条件。"]


def test_nothing_before_is_said_as_such() -> None:
    notes = notes_of(make_headline("first_response", make_timed(60), make_row(None, 0)), EN)
    assert EN("change.nothing") in notes


def test_a_tile_carries_its_definition_one_click_away() -> None:
    html = tiles_html([speed(90, 60)], ZH, chosen="first_response")
    assert "<details" in html and ZH("history.trap") in html
    assert "dp-chosen" in html
    assert "比前期 1分钟 变差 50%" in html


@pytest.mark.parametrize(
    ("value", "unit", "en", "cell"),
    [
        (None, "s", UNKNOWN, UNKNOWN),
        (80.0, "s", "1 min 20 s", "1.3m"),
        (3.26, "s", "3.3 s", "3s"),
        (36_000.0, "s", "10 h", "10h"),
        (85.24, "%", "85.2%", "85"),
        (0.0, "%", "0%", "0"),
        (4.618, "score", "4.62", "4.6"),
        (12_345.0, "contacts", "12,345", "12.3k"),
    ],
)
def test_a_value_has_a_form_for_a_sentence_and_one_for_a_cell(
    value: float | None, unit: str, en: str, cell: str
) -> None:
    assert (in_words(value, unit, EN), in_cell(value, unit, EN)) == (en, cell)


def test_percents_differ_by_points_and_durations_by_shares() -> None:
    assert difference(83.6, 84.7, "%", EN) == "1.1 pp"
    assert difference(90.0, 60.0, "s", EN) == "50%"
    assert difference(4.5, 4.25, "score", EN) == "0.25"
    assert big(None, "s", EN) == ()
