"""Each page alone and through the navigation, in every state, in both languages."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

from connectors import schema
from dashboard import data
from dashboard.processes import CONFIG_VARIABLE
from dashboard.words import Language, words
from tests.dashboard import shop

ENTRY = Path(data.__file__).parent / "pages" / "app.py"
LANGUAGES: tuple[Language, ...] = ("zh", "en")
STATES = ("normal", "empty", "stale", "error")


def wallboard_page() -> None:
    from dashboard.pages import wallboard

    wallboard.show()


def queues_page() -> None:
    from dashboard.pages import queues

    queues.show()


def sources_page() -> None:
    from dashboard.pages import sources

    sources.show()


PAGES: dict[str, Callable[[], None]] = {
    "": wallboard_page,
    "queues": queues_page,
    "sources": sources_page,
}


@pytest.fixture
def state(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The store of the test: filled and fresh, never synced, an hour old, or not there."""
    wanted: str = getattr(request, "param", "normal")
    if wanted != "error":
        store = shop.open_new(tmp_path)
        if wanted != "empty":
            late = timedelta(hours=1) if wanted == "stale" else timedelta(0)
            shop.fill(store, datetime.now(UTC) - late, days=16, per_day=20)
        store.close()
    return wanted


@pytest.fixture(autouse=True)
def configured(state: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv(CONFIG_VARIABLE, str(shop.write_config(tmp_path)))
    data.feed.cache_clear()
    yield
    opened = data.feed()._store
    if opened is not None:
        opened.close()
    data.feed.cache_clear()


def html_of(page: AppTest) -> str:
    return "".join(element.proto.body for element in page.get("html"))


def news_of(page: AppTest) -> dict[str, Any]:
    """What the watchdog is told."""
    [component] = page.get("bidi_component")
    news: dict[str, Any] = json.loads(component.proto.json)
    return news


def opened(path: str, **query: str) -> AppTest:
    """The whole app on one of its pages."""
    app = AppTest.from_file(str(ENTRY), default_timeout=60)
    for name, value in query.items():
        app.query_params[name] = value
    app.run()
    if path:
        app._page_hash = calc_hash(path)  # switch_page() knows pages that are files only
        app.run()
    assert not app.exception
    return app


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("state", STATES, indirect=True)
@pytest.mark.parametrize("path", PAGES)
def test_a_page_alone_shows_each_state_in_words(path: str, state: str, language: Language) -> None:
    page = AppTest.from_function(PAGES[path], default_timeout=60)
    page.query_params["lang"] = language
    page.run()
    assert not page.exception
    say, html = words(language), html_of(page)
    if state == "error":
        assert say("empty.error_title") in html
        assert news_of(page)["store"] == "down"
    elif state == "empty" and path == "":
        assert say("empty.title") in html
    elif path == "":
        assert 'data-tile="waiting" data-value="8"' in html
    assert news_of(page)["html_lang"] == {"zh": "zh-CN", "en": "en"}[language]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("path", PAGES)
def test_every_page_opens_through_the_navigation(path: str, language: Language) -> None:
    app = opened(path, lang=language)
    title = {"": "tile.waiting", "queues": "queues.contact", "sources": "sources.marks"}[path]
    assert words(language)(title) in html_of(app)


def test_the_wallboard_has_six_tiles_and_three_charts() -> None:
    app = opened("", board="1")
    assert html_of(app).count('class="dp-tile ') == 6
    assert len(app.get("vega_lite_chart")) == 3


@pytest.mark.parametrize("state", ["empty"], indirect=True)
def test_a_board_without_data_draws_no_empty_axes(state: str) -> None:
    assert len(opened("").get("vega_lite_chart")) == 0


@pytest.mark.parametrize("state", ["stale"], indirect=True)
def test_the_watchdog_hears_how_old_the_data_are(state: str) -> None:
    news = news_of(opened(""))
    assert 3_500 < news["sources"][0]["age"] < 3_800
    assert (news["tick"], news["refresh"]) == (2.0, 2.0)


def test_the_url_sets_the_refresh_and_only_a_kiosk_reloads_itself() -> None:
    assert news_of(opened("", refresh="5"))["refresh"] == 5.0
    assert news_of(opened(""))["reload_after"] is None
    assert news_of(opened("", board="1"))["reload_after"] > 3_600


def test_only_a_kiosk_loses_the_sidebar() -> None:
    assert words("zh")("nav.full") in "".join(e.proto.body for e in opened("").sidebar.get("html"))
    assert len(opened("", board="1").sidebar.get("html")) == 0


def test_a_language_once_chosen_is_kept_on_the_next_page() -> None:
    app = opened("", lang="en")
    app.query_params.clear()
    app._page_hash = calc_hash("sources")
    app.run()
    assert words("en")("sources.marks") in html_of(app)


def test_a_link_to_a_queue_opens_its_contacts_only() -> None:
    html = html_of(opened("queues", queue="京东自营"))
    assert "<h1>京东自营</h1>" in html
    assert "天猫旗舰店" not in html


def test_a_link_to_a_queue_that_is_gone_says_so() -> None:
    html = html_of(opened("queues", queue="老队列", lang="en"))
    assert words("en")("queues.unknown_queue", queue="老队列") in html
    assert words("en")("queues.nobody") in html


@pytest.mark.parametrize(("lang", "said"), [("zh", "结束早于开始"), ("en", "closed before opened")])
def test_rejected_rows_are_listed_with_their_reason(lang: str, said: str) -> None:
    html = html_of(opened("sources", lang=lang))
    assert said in html
    assert ">77<" in html


def test_a_source_that_fails_is_named_with_its_error(tmp_path: Path) -> None:
    store = shop.open_new(tmp_path)
    with store.begin() as connection:
        shop.heard(connection, datetime.now(UTC), status="down", error="no answer within 10 s")
    store.close()
    html = html_of(opened("sources", lang="en"))
    assert 'data-status="down"' in html
    assert "no answer within 10 s" in html
    assert words("en")("sources.trouble", names="helpdesk") in html


def test_a_history_being_read_shows_how_far_it_is(tmp_path: Path) -> None:
    store = shop.open_new(tmp_path)
    with store.begin() as connection:
        progress = {"backfill_done": 250, "backfill_total": 1_000}
        shop.heard(connection, datetime.now(UTC), status="backfill", **progress)
    store.close()
    assert "--fill:25.0%" in html_of(opened("sources"))
    assert "250 of 1,000" in html_of(opened("", lang="en"))


def test_a_shop_without_a_help_desk_shows_its_orders_in_the_first_row(tmp_path: Path) -> None:
    store = shop.open_new(tmp_path)
    with store.begin() as connection:
        connection.execute(schema.contacts.delete())
        connection.execute(schema.kpi_blocks.delete())
    store.close()
    html = html_of(opened("", lang="en"))
    assert html.count('class="dp-tile ') == 6
    assert 'data-tile="overdue_shipments" data-value="1"' in html
    assert words("en")("table.empty_hint") in html
