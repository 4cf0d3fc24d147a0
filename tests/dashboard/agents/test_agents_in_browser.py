"""The agents page in a real browser: heads sort, cells open contacts, and a phone cuts nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.dashboard.site import Site

CUT = """() => [...document.querySelectorAll('.dp-panel-title *, .dp-page-title *')]
  .filter((e) => e.textContent.trim() && e.getBoundingClientRect().right > innerWidth + 1)
  .map((e) => e.textContent)"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with Site(tmp_path_factory.mktemp("agents")) as running:
        running.start_worker()
        yield running


def opened(chromium: Browser, site: Site, query: str, width: int = 1440) -> Page:
    page = chromium.new_context(viewport={"width": width, "height": 1000}).new_page()
    page.goto(f"{site.url}/agents?{query}")
    page.wait_for_selector(".dp-scorecard", timeout=60_000)
    return page


def values_of(page: Page, column: int) -> list[float]:
    cells = page.locator(f".dp-scorecard tbody tr:not(.dp-everybody) td:nth-child({column})")
    return [
        float(text.split("\n")[0].rstrip("%").replace(",", "")) for text in cells.all_inner_texts()
    ]


def test_a_click_on_a_head_sorts_and_the_link_keeps_the_order(
    chromium: Browser, site: Site
) -> None:
    page = opened(chromium, site, "lang=en")
    page.click("[data-sort=contacts_handled]")
    expect(page.locator("th[aria-sort=descending]")).to_have_text("Contacts↓")
    falling = values_of(page, 2)
    assert falling == sorted(falling, reverse=True)
    page.click("[data-sort='-contacts_handled']")
    expect(page.locator("th[aria-sort=ascending]")).to_have_text("Contacts↑")
    assert values_of(page, 2) == sorted(falling)
    again = opened(chromium, site, page.url.split("?")[1])
    assert values_of(again, 2) == sorted(falling)


def test_a_click_on_a_value_opens_its_contacts(chromium: Browser, site: Site) -> None:
    page = opened(chromium, site, "lang=en")
    page.locator("[data-pick^='first_response~agent~']").first.click()
    expect(page.locator("[role=dialog] table tbody tr").first).to_be_visible(timeout=30_000)
    assert "behind=first_response" in page.url


@pytest.mark.parametrize("language", ["en", "zh"])
def test_nothing_is_wider_than_a_phone(chromium: Browser, site: Site, language: str) -> None:
    page = opened(chromium, site, f"lang={language}", width=390)
    page.wait_for_selector(".stVegaLiteChart svg", timeout=60_000)
    assert page.evaluate(CUT) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
