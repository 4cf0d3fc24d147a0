"""How a viewer looks at the pages: what the URL, the config and the browser say."""

from __future__ import annotations

from typing import Any

import pytest

from dashboard.view import View, usual_refresh_s, view_of


def view(query: dict[str, str], **changes: Any) -> View:
    values = {"language": None, "browser_locale": "zh-CN", "poll_s": 2.0} | changes
    return view_of(query, **values)


def test_the_url_wins_over_the_config_and_that_over_the_browser() -> None:
    assert view({"lang": "en"}, language="zh").language == "en"
    assert view({}, language="en").language == "en"
    assert view({}).language == "zh"
    assert view({"lang": "klingon"}, browser_locale=None).language == "en"


def test_only_board_1_takes_the_chrome_away() -> None:
    assert view({"board": "1"}).kiosk
    assert not view({"board": "0"}).kiosk
    assert not view({}).kiosk


@pytest.mark.parametrize(("poll", "refresh"), [(0.5, 2.0), (2.0, 2.0), (3.0, 3.0), (60.0, 5.0)])
def test_a_board_is_drawn_about_as_often_as_data_come(poll: float, refresh: float) -> None:
    assert usual_refresh_s(poll) == refresh


@pytest.mark.parametrize(
    ("wish", "refresh"),
    [("5", 5.0), ("1.5", 1.5), ("0", 2.0), ("-3", 2.0), ("nan", 2.0), ("1e9", 2.0), ("x", 2.0)],
)
def test_a_refresh_that_makes_no_sense_is_not_taken(wish: str, refresh: float) -> None:
    assert view({"refresh": wish}).refresh_s == refresh
