"""The pages in a real browser: what fits, what is said, and what happens when something stops."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator
from itertools import pairwise
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from connectors import schema
from tests.dashboard import shop
from tests.dashboard.site import Site

TICK_S = 2.0
LIMIT_S = 3 * TICK_S + 2
LANGUAGES = ("zh", "en")
CHARTS = "document.querySelectorAll('.stVegaLiteChart svg .mark-line, .mark-rect').length > 2"
# What holds text of its own: strip, tiles, table, titles, clock, and the labels of charts. A line
# of text is higher than its letters, so a label may reach out of a chart by half its size.
WORDS = """() => [...document.querySelectorAll(
    '.dp-board *, .dp-title, .dp-title *, .dp-pulse *, .st-key-dp_side svg text')]
  .filter((e) => [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim()))
  .filter((e) => e.getBoundingClientRect().width > 1)
  .map((e) => {
    const box = e.getBoundingClientRect();
    const svg = e.closest('svg');
    const size = parseFloat(getComputedStyle(e).fontSize);
    const room = svg?.getBoundingClientRect() ??
      {left: 0, top: 0, right: innerWidth, bottom: innerHeight};
    return {
      text: `${e.getAttribute('class')}: ${e.textContent}`,
      size,
      clipped: !svg && e.clientWidth > 0 && e.scrollWidth > e.clientWidth + 1,
      outside: box.right > room.right + 1 || box.bottom > room.bottom + 1 ||
        box.left < room.left - 1 || box.top < room.top - size / 2,
    };
  })"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with Site(tmp_path_factory.mktemp("site")) as running:
        running.start_worker()
        yield running


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    made = chromium.new_context(viewport={"width": 1920, "height": 1080}, locale="zh-CN")
    yield made
    made.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


def open_board(page: Page, site: Site, query: str = "board=1") -> None:
    page.goto(f"{site.url}/?{query}")
    page.wait_for_selector("[data-tile=waiting]", timeout=60_000)
    page.wait_for_function(CHARTS, timeout=60_000)
    wait_for_state(page, "live")


def wait_for_state(page: Page, state: str, *, within_s: float = 60) -> None:
    page.wait_for_function(
        "(state) => document.documentElement.dataset.deskpulseState === state",
        arg=state,
        timeout=within_s * 1000,
    )


def attributes(page: Page) -> dict[str, str]:
    found: dict[str, str] = page.evaluate("({...document.documentElement.dataset})")
    return found


def overflow(page: Page) -> Any:
    return page.evaluate(
        "[document.documentElement, document.querySelector('.stMain')]"
        ".map((e) => [e.scrollWidth - e.clientWidth, e.scrollHeight - e.clientHeight])"
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_board_fits_a_wall_without_scrolling_or_clipped_text(
    chromium: Browser, site: Site, language: str, scheme: Any
) -> None:
    for width, height, scale in ((1920, 1080, 1.0), (1280, 720, 2 / 3), (3840, 2160, 2.0)):
        context = chromium.new_context(
            viewport={"width": width, "height": height}, color_scheme=scheme
        )
        page = context.new_page()
        open_board(page, site, f"board=1&lang={language}")
        assert overflow(page) == [[0, 0], [0, 0]]
        words = page.evaluate(WORDS)
        assert len(words) > 60
        assert [one["text"] for one in words if one["clipped"] or one["outside"]] == []
        assert [one["text"] for one in words if one["size"] < 17.9 * scale] == []
        # In one go: between finding them and looking at them the board may draw them anew.
        sizes = page.evaluate(
            "[...document.querySelectorAll("
            "'[data-tile] .dp-figure b, .dp-waiting b, .dp-longest b')]"
            ".map((e) => parseFloat(getComputedStyle(e).fontSize))"
        )
        assert len(sizes) >= 6 + 2 * len(shop.QUEUES)
        assert min(sizes) >= 40 * scale - 0.5
        context.close()


def test_light_and_dark_follow_the_browser_in_board_and_streamlit_alike(
    chromium: Browser, site: Site
) -> None:
    grounds = {}
    for scheme in ("light", "dark"):
        context = chromium.new_context(color_scheme=scheme)
        page = context.new_page()
        open_board(page, site)
        grounds[scheme] = [
            page.eval_on_selector(one, "(e) => getComputedStyle(e).backgroundColor")
            for one in (".stApp", ".st-key-dp_board")
        ]
        context.close()
    assert grounds == {
        "light": ["rgb(255, 255, 255)"] * 2,
        "dark": ["rgb(14, 20, 32)"] * 2,
    }


def test_a_kiosk_has_no_chrome_and_the_plain_board_has(page: Page, site: Site) -> None:
    open_board(page, site)
    for name in ("stSidebar", "stHeader", "stToolbar", "stStatusWidget"):
        assert page.get_by_test_id(name).filter(visible=True).count() == 0
    open_board(page, site, "lang=en")
    page.get_by_test_id("stExpandSidebarButton").click()
    page.get_by_role("link", name="Sources").click()
    expect(page.get_by_role("heading", name="Sources")).to_be_visible()


def test_a_phone_shows_tiles_two_by_two_in_one_column(chromium: Browser, site: Site) -> None:
    context = chromium.new_context(viewport={"width": 390, "height": 844}, is_mobile=True)
    page = context.new_page()
    open_board(page, site, "board=1&lang=en")
    lefts = page.eval_on_selector_all(
        ".dp-tiles [data-tile]", "(all) => all.map((e) => e.getBoundingClientRect().left)"
    )
    assert len(lefts) == 6 and len(set(lefts)) == 2
    parts = [".dp-strip", ".dp-tiles", ".dp-queues", ".dp-shop", ".st-key-dp_side"]
    boxes: list[Any] = [page.locator(part).bounding_box() for part in parts]
    for above, below in pairwise(boxes):
        assert above["y"] + above["height"] <= below["y"] + 1
    [(document, _), (main, _)] = overflow(page)
    assert (document, main) == (0, 0), "no sideways scrolling"
    context.close()


@pytest.mark.parametrize("path", ["/queues", "/sources"])
def test_a_deep_link_works_as_the_first_request_of_a_new_server(
    page: Page, tmp_path: Any, path: str
) -> None:
    with Site(tmp_path) as fresh:
        page.goto(f"{fresh.url}{path}?lang=en")
        expect(page.locator(".st-key-dp_page h1")).to_be_visible(timeout=60_000)
        assert page.locator("html").get_attribute("lang") == "en"


def test_a_row_leads_to_its_waiting_contacts(page: Page, site: Site) -> None:
    open_board(page, site, "lang=en")
    page.locator("[data-queue=京东自营]").click()
    expect(page.get_by_role("heading", name="京东自营")).to_be_visible()
    assert page.locator("table.dp-list tbody tr").count() == 2
    page.reload()
    expect(page.get_by_role("heading", name="京东自营")).to_be_visible()


def test_the_page_says_its_state_age_tick_and_language_on_the_root(page: Page, site: Site) -> None:
    open_board(page, site, "board=1&lang=zh")
    found = attributes(page)
    assert (found["deskpulseState"], float(found["deskpulseTick"])) == ("live", TICK_S)
    assert 0 <= float(found["deskpulseAge"]) < LIMIT_S
    assert page.locator("html").get_attribute("lang") == "zh-CN"


def test_a_browser_with_a_wrong_clock_sees_the_same_age(page: Page, site: Site) -> None:
    page.clock.install(time="2031-01-01T00:00:00Z")
    page.clock.resume()
    open_board(page, site)
    assert float(attributes(page)["deskpulseAge"]) < LIMIT_S


def test_nothing_flickers_in_a_normal_minute_even_at_a_slow_refresh(page: Page, site: Site) -> None:
    open_board(page, site, "board=1&refresh=5")
    page.evaluate(
        "new MutationObserver((all) => window.seen = [...(window.seen ?? []),"
        " document.documentElement.dataset.deskpulseState]).observe(document.documentElement,"
        " {attributeFilter: ['data-deskpulse-state']})"
    )
    page.wait_for_timeout(15_000)
    assert set(page.evaluate("window.seen ?? []")) <= {"live"}


def test_no_request_leaves_the_machine_and_no_script_fails(page: Page, site: Site) -> None:
    asked: list[str] = []
    errors: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("websocket", lambda socket: asked.append(socket.url))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda line: errors.append(line.text) if line.type == "error" else None)
    open_board(page, site)
    page.wait_for_timeout(3_000)
    hosts = {urlsplit(url).hostname for url in asked if not url.startswith(("data:", "blob:"))}
    assert hosts == {"127.0.0.1"}
    assert errors == []


def test_figures_change_in_place_when_the_data_do(page: Page, site: Site) -> None:
    open_board(page, site)
    place = page.locator("[data-tile=waiting]").bounding_box()
    with site.store.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE contacts SET status = 'snoozed' WHERE queue = '京东自营'"
        )
    page.wait_for_selector("[data-tile=waiting][data-value='6']", timeout=10_000)
    assert page.locator("[data-tile=waiting]").bounding_box() == place
    with site.store.begin() as connection:
        connection.exec_driver_sql("UPDATE contacts SET status = 'open' WHERE status = 'snoozed'")
    page.wait_for_selector("[data-tile=waiting][data-value='8']", timeout=10_000)


# --- when something stops ---------------------------------------------------------------------


def banner(page: Page) -> str:
    shown = page.locator(".dp-banner")
    expect(shown).to_be_visible()
    return shown.inner_text()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_worker_that_stops_turns_the_board_red_in_words(
    page: Page, site: Site, language: str
) -> None:
    open_board(page, site, f"board=1&lang={language}")
    site.stop_worker()
    try:
        wait_for_state(page, "stale", within_s=LIMIT_S)
        words = {"zh": "后台采集没有写入新数据", "en": "The collector has stopped writing"}
        assert words[language] in banner(page)
        before = float(attributes(page)["deskpulseAge"])
        page.wait_for_timeout(2_000)
        assert float(attributes(page)["deskpulseAge"]) == pytest.approx(before + 2, abs=1)
    finally:
        site.start_worker()
    wait_for_state(page, "live", within_s=10)
    expect(page.locator(".dp-banner")).to_be_hidden()


def test_a_server_that_hangs_turns_the_board_red_and_comes_back_without_a_reload(
    page: Page, site: Site
) -> None:
    open_board(page, site, "board=1&lang=en")
    page.evaluate("window.untouched = true")
    with site.server.frozen():
        wait_for_state(page, "stale", within_s=LIMIT_S)
        assert "does not answer" in banner(page)
        tiles = page.locator(".dp-tiles")
        assert float(tiles.evaluate("(e) => getComputedStyle(e).opacity")) < 1
    wait_for_state(page, "live", within_s=15)
    assert page.evaluate("window.untouched") is True


def test_a_server_that_dies_turns_the_board_red_and_is_found_again(page: Page, site: Site) -> None:
    open_board(page, site, "board=1&lang=en")
    site.server.stop(signal.SIGKILL)
    wait_for_state(page, "stale", within_s=LIMIT_S)
    assert "does not answer" in banner(page)
    assert page.get_by_role("dialog").filter(visible=True).count() == 0
    site.server.start()
    wait_for_state(page, "live", within_s=30)
    value = page.locator("[data-tile=waiting]").get_attribute("data-value")
    assert re.fullmatch(r"\d+", value or "")


def test_a_source_that_is_down_is_named(page: Page, site: Site) -> None:
    open_board(page, site, "board=1&lang=en")
    site.stop_worker()
    try:
        with site.store.begin() as connection:
            row = {"status": "down", "error": "no answer within 10 s"}
            connection.execute(schema.sources.update().values(**row))
        wait_for_state(page, "down", within_s=LIMIT_S + 1)
        assert "helpdesk" in banner(page)
    finally:
        site.start_worker()
    wait_for_state(page, "live", within_s=10)
