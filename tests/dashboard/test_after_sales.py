"""The after-sales page: what is overdue comes first, what is open is shown by age."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from connectors import schema
from dashboard.after_sales.open_by_age import SHOWN, ages_frame
from dashboard.words import Language, words
from metrics.ageing import AgeBand
from metrics.packs import default_registry
from metrics.refresh import rebuild, refresh
from tests.dashboard import shop
from tests.dashboard.test_pages import LANGUAGES, configured, html_of, opened, state

__all__ = ["configured", "state"]  # fixtures


def after_sales_page() -> None:
    from dashboard.pages import after_sales

    after_sales.show()


def alone(**query: str) -> AppTest:
    page = AppTest.from_function(after_sales_page, default_timeout=60)
    for name, value in query.items():
        page.query_params[name] = value
    page.run()
    assert not page.exception
    return page


def with_cases(tmp_path: Path, *ages: timedelta) -> None:
    """Put pending cases of these ages into the store, and as many that were done within a day."""
    now = datetime.now(UTC)
    store = shop.open_new(tmp_path)
    shop.fill(store, now, days=16, per_day=20)
    rows = [
        {"source": "helpdesk", "case_id": f"open-{at}", "kind": "return", "reason": "质量问题",
         "opened_at": now - age, "status": "pending", "closed_at": None}
        for at, age in enumerate(ages)
    ] + [
        {"source": "helpdesk", "case_id": f"done-{at}", "kind": "refund", "reason": "不想要了",
         "opened_at": now - timedelta(days=3), "status": "done",
         "closed_at": now - timedelta(days=2, hours=at)}
        for at in range(12)
    ]  # fmt: skip
    with store.begin() as connection:
        connection.execute(schema.cases.delete())
        connection.execute(schema.cases.insert(), rows)
    rebuild(store)
    refresh(store, default_registry())
    store.close()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("state", ["empty"], indirect=True)
def test_overdue_cases_come_first_in_the_sentence(
    state: str, language: Language, tmp_path: Path
) -> None:
    with_cases(tmp_path, timedelta(hours=2), timedelta(hours=30), timedelta(days=5))
    page, say = alone(lang=language, period="28d"), words(language)
    html = html_of(page)
    assert say("after_sales.overdue", n="2", oldest=say.duration(5 * 86_400)) in html
    assert 'data-tile="cases_open" data-value="3"' in html
    assert 'data-tile="cases_overdue" data-value="2"' in html
    assert html.index("open-2") < html.index("open-1") < html.index("open-0")
    specs = [json.loads(chart.proto.spec) for chart in page.get("vega_lite_chart")]
    assert len(specs) >= 3


@pytest.mark.parametrize("state", ["empty"], indirect=True)
def test_the_list_has_the_oldest_and_says_of_how_many(state: str, tmp_path: Path) -> None:
    with_cases(tmp_path, *(timedelta(hours=hours) for hours in range(1, SHOWN + 5)))
    html = html_of(alone(lang="en"))
    assert words("en")("after_sales.oldest_note", n=str(SHOWN), total=str(SHOWN + 4)) in html
    assert html.count(">open-") == SHOWN


@pytest.mark.parametrize("state", ["empty"], indirect=True)
def test_a_filter_that_cases_do_not_have_gives_no_data_and_not_zero(
    state: str, tmp_path: Path
) -> None:
    with_cases(tmp_path, timedelta(hours=2))
    html = html_of(alone(lang="en", queue="京东自营"))
    assert 'data-tile="cases_open" data-value=""' in html
    assert 'data-tile="after_sales_turnaround" data-value=""' in html


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_opens_through_the_navigation(language: Language) -> None:
    assert words(language)("after_sales.title") in html_of(opened("after_sales", lang=language))


def test_bars_past_the_promise_are_marked_and_empty_ones_have_no_number() -> None:
    bands = [AgeBand(0, 86_400, 3, 1), AgeBand(86_400, None, 0, 0)]
    frame = ages_frame(bands, 86_400, words("en"))
    assert frame["late"].tolist() == [False, True]
    assert frame["all"].tolist() == [4, 0]
    assert frame["all_said"].tolist() == ["4", ""]
