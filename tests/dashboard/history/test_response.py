"""The Response page as a viewer has it: states, languages, links, and URLs that make no sense."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

from dashboard.words import Language, words
from tests.dashboard import shop
from tests.dashboard.test_pages import LANGUAGES, configured, html_of, opened, state

__all__ = ["configured", "state"]  # fixtures


def response_page() -> None:
    from dashboard.pages import response

    response.show()


def alone(**query: str | list[str]) -> AppTest:
    page = AppTest.from_function(response_page, default_timeout=60)
    for name, value in query.items():
        page.query_params[name.removesuffix("_")] = value
    page.run()
    assert not page.exception
    return page


def charts(page: AppTest) -> list[dict[str, Any]]:
    return [json.loads(chart.proto.spec) for chart in page.get("vega_lite_chart")]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("state", ["normal", "empty", "stale", "error"], indirect=True)
def test_the_page_shows_each_state_in_words(state: str, language: Language) -> None:
    page, say = alone(lang=language), words(language)
    html = html_of(page)
    assert f"<h1>{say('response.title')}</h1>" in html
    if state == "error":
        assert say("empty.error_title") in html
    elif state == "empty":
        assert say("empty.title") in html
    else:
        assert html.count('data-tile="') == 5
        assert len(charts(page)) == 6  # course, week, distribution; queue, channel and agent
        assert say("stands.nothing") not in html


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_opens_through_the_navigation(language: Language) -> None:
    assert words(language)("response.title") in html_of(opened("response", lang=language))


def test_each_figure_can_be_shown_below() -> None:
    for kpi in ("service_level", "asa", "reply_time", "abandonment"):
        page = alone(kpi=kpi, lang="en")
        assert page.segmented_control[0].value == kpi
        assert "dp-chosen" in html_of(page)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"period": "fortnight"}, "“fortnight”"),
        ({"from_": "2026-11-31", "until": "2026-12-01"}, "“2026-11-31”"),
        ({"from_": "2026-03-09", "until": "2026-03-02"}, "2026-03-09"),
        ({"from_": "2999-01-01"}, "2999-01-01"),
        ({"queue": "老队列"}, "“老队列”"),
        ({"agent": "<script>"}, "“&lt;script&gt;”"),
        ({"kpi": "mood"}, "“mood”"),
        ({"behind": "first_response~hour~7.99"}, "mark of a chart"),
    ],
)
def test_a_url_that_makes_no_sense_gets_a_notice(query: dict[str, Any], said: str) -> None:
    assert said in html_of(alone(lang="en", **query))


def test_the_url_keeps_what_is_chosen() -> None:
    page = alone(lang="en")
    page.selectbox(key="h_period").set_value("7d").run()
    assert page.query_params["period"] == "7d"
    page.multiselect(key="h_queue").set_value(["京东自营"]).run()
    assert page.query_params["queue"] == "京东自营"
    page.segmented_control(key="h_kpi").set_value("service_level").run()
    assert page.query_params["kpi"] == "service_level"
    page.toggle(key="h_compare").set_value(False).run()
    assert page.query_params["compare"] == "0"
    page.selectbox(key="h_period").set_value("custom").run()
    assert "period" not in page.query_params
    first = page.date_input(key="h_from").value
    assert page.query_params["from"] == str(first)
    assert not page.exception


def test_days_that_cross_give_way_to_the_one_just_chosen() -> None:
    page = alone(from_="2026-11-01", until="2026-11-07", lang="en")
    page.date_input(key="h_until").set_value(datetime(2026, 10, 20, tzinfo=UTC).date()).run()
    assert page.query_params["from"] == page.query_params["until"] == "2026-10-20"


def test_a_link_opens_the_contacts_behind_a_mark() -> None:
    page = alone(behind="first_response~queue~京东自营", lang="en")
    html = html_of(page)
    assert "Worst first" in str(page.segmented_control(key="h_order").options)
    [listing] = [part for part in html.split("<table") if "Reference" in part]
    assert "京东自营" in listing and "天猫旗舰店" not in listing


def test_comparison_switched_off_leaves_the_days_before_out() -> None:
    html = html_of(alone(compare="0", lang="en"))
    assert "compared with" not in html and "before" not in html.split("dp-facts")[1][:4_000]


def test_what_was_asked_goes_along_to_the_next_page() -> None:
    app = opened("response", period="7d", queue="京东自营")
    came_to(app, "queues")
    again = came_to(app, "response")
    assert again.query_params["period"] == "7d"
    assert again.query_params["queue"] == "京东自营"


def came_to(app: AppTest, path: str) -> AppTest:
    app.query_params.clear()
    app._page_hash = calc_hash(path)
    app.run()
    assert not app.exception
    return app


@pytest.mark.parametrize("state", ["error"], indirect=True)
def test_the_page_comes_back_when_the_store_does(state: str, tmp_path: Path) -> None:
    page = alone(lang="en")
    assert words("en")("empty.error_title") in html_of(page)
    store = shop.open_new(tmp_path)
    shop.fill(store, datetime.now(UTC), days=10, per_day=20)
    store.close()
    from dashboard import data

    data.feed.cache_clear()
    page.run()
    assert 'data-tile="first_response"' in html_of(page)
