"""The comparison's frame and the files: the same numbers as on the screen."""

from __future__ import annotations

import json

import pytest

from dashboard.agents.comparison import COLUMNS, comparison, comparison_frame, comparison_panel
from dashboard.agents.files import scorecard_sheet
from dashboard.history.known import Known
from dashboard.words import words
from metrics.fairness import Standing
from tests.dashboard.agents.factories import asked_of, make_card, make_column, make_fair
from tests.dashboard.history.factories import make_row

EN = words("en")
NAMES = Known({}, {"7": "小北", "8": "Ann", "9": "Bo"})
CLEAR = make_fair(100.0, expected=50.0, low=90.0, high=110.0, standing=Standing.WORSE)
USUAL = make_fair(55.0, expected=50.0, low=45.0, high=65.0)
THIN = make_fair(10.0, n=4, expected=50.0, low=0.0, high=None, standing=Standing.TOO_FEW)


def test_times_are_shown_in_percent_of_the_expected_and_thin_ones_come_last() -> None:
    card = make_card(make_column("first_response", {"7": CLEAR, "8": USUAL, "9": THIN}))
    lines = comparison_frame(card, NAMES, EN).to_dict("records")
    assert [one["name"] for one in lines] == ["Ann", "小北", "Bo"]
    usual, clear, _ = ([one["low"], one["gap"], one["high"]] for one in lines)
    assert usual == pytest.approx([-10.0, 10.0, 30.0])
    assert clear == pytest.approx([80.0, 100.0, 115.0])
    assert lines[1]["verdict_said"].startswith("Clearly worse than the 50 s expected")


def test_shares_are_shown_in_percent_points_the_best_first() -> None:
    fair = {
        "7": make_fair(60.0, expected=80.0, low=50.0, high=70.0, standing=Standing.WORSE),
        "8": make_fair(85.0, expected=80.0, low=70.0, high=92.0),
    }
    frame = comparison_frame(make_card(make_column("csat", fair)), NAMES, EN)
    assert frame["gap"].tolist() == pytest.approx([5.0, -20.0])
    assert frame["name"].tolist() == ["Ann", "小北"]


def test_an_open_end_reaches_the_end_of_the_axis_and_a_far_dot_is_marked_as_cut() -> None:
    far = make_fair(900.0, expected=50.0, low=40.0, high=None)
    card = make_card(make_column("first_response", {"7": far, "8": USUAL, "9": USUAL}))
    lines = comparison_frame(card, NAMES, EN).to_dict("records")
    by_name = {one["name"]: one for one in lines}
    assert by_name["小北"]["cut"] and not by_name["Ann"]["cut"]
    assert by_name["小北"]["gap"] == by_name["小北"]["high"] < 900


def test_the_days_before_stand_beside_what_is_expected_now() -> None:
    column = make_column("first_response", {"7": USUAL})
    card = make_card(column, before={"7": make_row(60.0, p50=60.0)})
    [before] = comparison_frame(card, NAMES, EN)["before"]
    assert before == pytest.approx(20.0)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize(("unit", "better"), [("s", "lower"), ("%", "higher"), ("%", "lower")])
def test_the_spec_draws_the_frames_columns_only(unit: str, better: str, language) -> None:
    spec = json.dumps(comparison(unit, better, language))
    fields = {part.split('"')[0] for part in spec.split('"field": "')[1:]}
    assert fields <= set(COLUMNS)
    assert "datasets" not in spec


def test_one_queue_is_named_in_the_title() -> None:
    card = make_card(make_column("csat", {"7": make_fair(80.0)}))
    assert comparison_panel(card, asked_of(queue="天猫"), NAMES).title == "CSAT: within 天猫"
    assert "within" not in comparison_panel(card, asked_of(), NAMES).title


def test_the_file_holds_every_agent_with_expected_value_and_verdict() -> None:
    card = make_card(
        make_column("first_response", {"7": CLEAR}),
        times=[make_column("occupancy", {"7": make_fair(71.5)})],
        present_s={"7": 5_400.0},
        handled={"7": 12},
    )
    sheet = scorecard_sheet(card, asked_of(), NAMES)
    heads = [column.title for column in sheet.table.columns]
    first = dict(zip(heads, sheet.table.rows[0], strict=True))
    assert len(sheet.table.rows) == 3
    assert first["First response time (s)"] == 100.0
    assert first["First response time: expected (s)"] == 50.0
    assert first["First response time: against expected"] == "clearly worse"
    assert (first["Occupancy (%)"], first["At the desk (h)"]) == (71.5, 1.5)
    second = dict(zip(heads, sheet.table.rows[1], strict=True))
    assert second["Occupancy (%)"] is None
    assert second["First response time (s)"] is None
    about = dict(sheet.about)
    assert "Contacts are not handed out at random" in about["How to read it"]
    assert {"Time zone", "Period", "Filters", "As of"} <= set(about)
