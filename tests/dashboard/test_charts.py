"""Charts: the specs are what Altair makes, the frames have what the specs name."""

from __future__ import annotations

import json
import re
from typing import get_args

import pytest

from dashboard import charts, frames
from dashboard.board import ResponsePoint, Trends
from dashboard.charts import CHARTS, SPECS, spec_of
from dashboard.words import Language
from tests.dashboard.factories import make_trends

LANGUAGES: tuple[Language, ...] = get_args(Language)
FRAMES = {
    "volume": lambda language: frames.volume_frame(make_trends()),
    "response": lambda language: frames.response_frame(make_trends(), language),
    "satisfaction": lambda language: frames.satisfaction_frame(make_trends(), language),
}
ALL = [(name, language) for name in CHARTS for language in LANGUAGES]


@pytest.mark.parametrize(("name", "language"), ALL)
def test_a_prebuilt_spec_is_what_altair_makes_now(name: str, language: Language) -> None:
    assert SPECS[name, language] == spec_of(name, language)
    assert "vega-lite" in SPECS[name, language]["$schema"]


@pytest.mark.parametrize(("name", "language"), ALL)
def test_a_frame_has_every_column_that_its_spec_names(name: str, language: Language) -> None:
    text = json.dumps(SPECS[name, language])
    named = set(re.findall(r'"field": "(\w+)"', text)) | set(re.findall(r"datum\.(\w+)", text))
    assert named - {"value"} <= set(FRAMES[name](language).columns)


def test_colours_come_from_the_theme_so_that_one_spec_serves_light_and_dark() -> None:
    assert not re.search(r"#[0-9a-fA-F]{6}", json.dumps(list(SPECS.values())))


def test_the_axis_of_days_speaks_chinese() -> None:
    locale = SPECS["satisfaction", "zh"]["config"]["locale"]["time"]
    assert locale["shortMonths"][10] == "11月"
    assert "locale" not in SPECS["satisfaction", "en"]["config"]


def test_empty_trends_make_empty_frames_and_no_error() -> None:
    for language in LANGUAGES:
        assert len(frames.response_frame(Trends(), language)) == 0
        assert len(frames.satisfaction_frame(Trends(), language)) == 0
    assert len(frames.volume_frame(Trends())) == 1  # the now-line


def test_the_last_half_hour_keeps_its_width() -> None:
    frame = frames.volume_frame(make_trends())
    known = frame[frame["usual"].notna()]
    assert known["from"].iloc[-1] - known["from"].iloc[-2] == frames.HALF_HOUR
    assert known["usual"].iloc[-1] == known["usual"].iloc[-2]


def test_one_bad_hour_leaves_the_picture_at_the_top_and_says_its_value() -> None:
    calm = [ResponsePoint(at * 60, 20.0, 40.0, 30) for at in range(9, 17)]
    bad = ResponsePoint(17 * 60, 25.0, 3_900.0, 30)
    frame = frames.response_frame(make_trends(response=(*calm, bad)), "en")
    assert frame["p90"].max() < 200
    assert frame["beyond"].dropna().tolist() == ["↑ 1 h 5 min"]


def test_targets_are_labelled_lines_and_absent_without_a_rule() -> None:
    assert frames.response_frame(make_trends(), "en")["target_label"].iloc[0] == "target 1 min"
    without = make_trends(response_target_s=None, satisfaction_target=None)
    assert frames.response_frame(without, "en")["target"].isna().all()
    assert frames.satisfaction_frame(without, "zh")["target"].isna().all()


def test_sizes_follow_the_window_like_the_rest_of_the_board() -> None:
    assert charts._UNIT in json.dumps(SPECS["volume", "zh"]["config"])
