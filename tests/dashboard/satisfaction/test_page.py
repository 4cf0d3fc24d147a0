"""The Satisfaction page as a viewer has it: states, languages, links, and what it draws."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from dashboard import data
from dashboard.processes import CONFIG_VARIABLE
from dashboard.satisfaction.answer import KPIS
from dashboard.words import Language, words
from tests.dashboard import shop
from tests.dashboard.satisfaction.factories import SCORES_PACK, ZONE, fill, registry_of
from tests.dashboard.test_pages import LANGUAGES, html_of, opened

CONFIG = shop.CONFIG.replace('"Asia/Shanghai"', '"Europe/Berlin"').replace("helpdesk", "desk")


def satisfaction_page() -> None:
    from dashboard.pages import satisfaction

    satisfaction.show()


@pytest.fixture(autouse=True)
def configured(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """The store of the test: filled, never synced, or not there."""
    wanted = getattr(request, "param", "normal")
    path = tmp_path / "deskpulse.toml"
    packs = f'\n[kpis]\npacks = ["general", "{tmp_path / "scores.toml"}"]\n'
    (tmp_path / "scores.toml").write_text(SCORES_PACK, encoding="utf-8")
    path.write_text(CONFIG.format(store=tmp_path / "store.db") + packs, encoding="utf-8")
    if wanted != "error":
        store = shop.open_new(tmp_path)
        if wanted == "normal":
            fill(store, registry_of(tmp_path), now=datetime.now(ZONE))
        store.close()
    monkeypatch.setenv(CONFIG_VARIABLE, str(path))
    data.feed.cache_clear()
    yield
    data.feed().close()
    data.feed.cache_clear()


def alone(**query: str | list[str]) -> AppTest:
    page = AppTest.from_function(satisfaction_page, default_timeout=60)
    for name, value in query.items():
        page.query_params[name.rstrip("_")] = value
    page.run()
    assert not page.exception
    return page


def charts(page: AppTest) -> list[dict[str, Any]]:
    return [json.loads(chart.proto.spec) for chart in page.get("vega_lite_chart")]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_shows_six_figures_charts_and_lists(language: Language) -> None:
    page, say = alone(lang=language, period="90d"), words(language)
    html = html_of(page)
    assert f"<h1>{say('satisfaction.title')}</h1>" in html
    assert html.count('data-tile="') == 6 == html.count('class="dp-definition"')
    # Course, scores, funnel, and by queue, channel and agent.
    assert len(charts(page)) == 6
    for part in ("lowest", "unanswered"):
        assert say(f"satisfaction.{part}") in html
    assert not re.search(r"[> ](None|nan|NaN)\b", html)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("configured", "title"), [("empty", "empty.title"), ("error", "empty.error_title")],
    indirect=["configured"],
)  # fmt: skip
def test_without_data_the_page_says_what_to_do(title: str, language: Language) -> None:
    assert words(language)(title) in html_of(alone(lang=language))


def test_the_page_opens_through_the_navigation() -> None:
    assert words("en")("satisfaction.title") in html_of(opened("satisfaction", lang="en"))


@pytest.mark.parametrize("kpi", KPIS)
def test_each_figure_can_be_shown_below(kpi: str) -> None:
    page = alone(kpi=kpi, lang="en", period="90d")
    assert page.segmented_control(key="h_kpi").value == kpi
    assert "dp-chosen" in html_of(page) and charts(page)


@pytest.mark.parametrize(
    "behind", ["csat~queue~B", "csat_score~band~0-1.5", "nps~all~", "review_score~band~4.5-",
               "csat_response_rate~all~", "negative_review_answered~all~"],
)  # fmt: skip
def test_a_link_opens_the_contacts_behind_a_mark(behind: str) -> None:
    page = alone(behind=behind, lang="en", period="90d")
    assert "Worst first" in str(page.segmented_control(key="h_order").options)
    assert any("When" in part for part in html_of(page).split("<table"))


def test_a_filter_that_reviews_know_nothing_of_is_said() -> None:
    html = html_of(alone(kpi="review_score", queue="A", lang="en"))
    assert "Review score cannot be filtered like this" in html


def test_a_period_without_ratings_offers_the_days_that_have_some() -> None:
    first = (datetime.now(UTC) - timedelta(days=700)).date()
    page = alone(from_=str(first), until=str(first + timedelta(days=5)), lang="en")
    assert not charts(page)
    assert words("en")("stands.nothing") in html_of(page)
    page.button(key="h_reach").click().run()
    assert not page.exception and charts(page)


def test_every_link_of_a_list_keeps_period_and_filters() -> None:
    html = html_of(alone(period="90d", queue="B", compare="0", lang="en"))
    links = [part.split('"')[0] for part in html.split('href="')[1:]]
    assert links
    for link in links:
        assert "period=90d" in link and "queue=B" in link and "compare=0" in link
        assert "behind=" in link
