"""Forecast, Accuracy and Staffing in a real browser: everything is drawn, nothing is cut off on a
desk or a phone, and what planners change shows at once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.dashboard import plan_shop
from tests.dashboard.site import Site

# Charts of each page by the end of their panels' keys, in the order of the page.
CHARTS = {
    "forecast": ["course"],
    "accuracy": ["by_lead", "by_queue", "by_hour", "by_event"],
    "staffing": ["heat"],
}
PAGES = tuple(CHARTS)
MARKS = ".stVegaLiteChart svg :is(.mark-area, .mark-line, .mark-rect, .mark-bar) path"
# Texts of figures, headings and tables that are wider than their place, or outside of the window.
CUT = """() => [...document.querySelectorAll(
    '.dp-fact *, .dp-panel-title *, .dp-page-title *, .dp-list :is(th, td), .dp-note')]
  .filter((e) => e.textContent.trim() && e.clientWidth && !e.closest('details'))
  .filter((e) => e.scrollWidth > e.clientWidth + 1 ||
                 e.getBoundingClientRect().right > innerWidth + 1)
  .map((e) => e.textContent)"""
# Labels of charts that lie over each other or reach out of their chart.
LABELS = """() => [...document.querySelectorAll('.stVegaLiteChart svg')].flatMap((svg) => {
  const room = svg.getBoundingClientRect();
  return [...svg.querySelectorAll('.role-axis-label')].flatMap((axis) => {
    const shown = [...axis.querySelectorAll('text')]
      .filter((e) => e.textContent && getComputedStyle(e).opacity !== '0')
      .map((e) => ({text: e.textContent, box: e.getBoundingClientRect()}));
    return shown.filter(({box}, at) => box.left < room.left - 1 || box.right > room.right + 1 ||
      shown.slice(0, at).some(({box: other}) =>
        Math.min(box.right, other.right) - Math.max(box.left, other.left) > 1 &&
        Math.min(box.bottom, other.bottom) - Math.max(box.top, other.top) > 4))
      .map(({text}) => text);
  });
})"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with Site(tmp_path_factory.mktemp("plan"), fill=plan_shop.fill) as running:
        now = datetime.now(UTC)
        plan_shop.plan_ahead(running.store, now)
        plan_shop.forecast(running.store, running.config, now, nights=(15, 8, 4, 1))
        running.start_worker()
        yield running


def opened(
    chromium: Browser, site: Site, name: str, query: str = "lang=en", width: int = 1440,
    **context: Any,
) -> Page:  # fmt: skip
    made = chromium.new_context(viewport={"width": width, "height": 1000}, **context)
    page = made.new_page()
    page.goto(f"{site.url}/{name}?{query}")
    page.wait_for_selector(".dp-facts", timeout=60_000)
    for chart in CHARTS[name]:
        panel = page.locator(f".st-key-h_panel_{chart}")
        panel.scroll_into_view_if_needed(timeout=60_000)
        expect(panel.locator(MARKS).first).to_be_attached(timeout=60_000)
    return page


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (390, "dark")])
@pytest.mark.parametrize("name", PAGES)
def test_nothing_is_cut_off(
    chromium: Browser, site: Site, name: str, width: int, language: str, scheme: Any
) -> None:
    page = opened(chromium, site, name, f"lang={language}", width, color_scheme=scheme)
    assert page.evaluate(CUT) == []
    assert page.evaluate(LABELS) == []
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    page.context.close()


def test_accuracy_follows_its_days_and_the_address(chromium: Browser, site: Site) -> None:
    page = opened(chromium, site, "accuracy")
    error = page.locator("[data-tile=error]")
    month = error.get_attribute("data-value")
    page.get_by_role("radio", name="7", exact=True).click()
    page.wait_for_url(re.compile("days=7"))
    expect(error).not_to_have_attribute("data-value", month or "", timeout=30_000)
    expect(page.locator(".dp-list")).to_contain_text("李娜")
    page.context.close()


def test_an_override_moves_the_coming_week_until_it_is_taken_back(
    chromium: Browser, site: Site
) -> None:
    page = opened(chromium, site, "forecast")
    tile = page.locator("[data-tile=week]")
    before = tile.get_attribute("data-value") or ""
    page.get_by_text("Override the forecast", exact=True).click()
    page.get_by_role("spinbutton", name="Amount").fill("3")
    page.get_by_role("textbox", name="Your name").first.fill("Li")
    page.get_by_role("textbox", name="Reason").fill("sale")
    page.get_by_role("button", name="Save override").click()
    expect(page.get_by_text("Li: sale")).to_be_visible(timeout=30_000)
    expect(tile).not_to_have_attribute("data-value", before, timeout=30_000)
    assert float(tile.get_attribute("data-value") or 0) > 1.05 * float(before)
    page.get_by_role("button", name="Take back").first.click()
    expect(tile).to_have_attribute("data-value", before, timeout=30_000)
    page.context.close()


def test_people_needed_follow_the_slider(chromium: Browser, site: Site) -> None:
    page = opened(chromium, site, "staffing")
    tile = page.locator("[data-tile=hours]")
    before = float(tile.get_attribute("data-value") or "nan")
    slider = page.get_by_role("slider", name="Volume")
    slider.focus()
    for _ in range(10):
        slider.press("ArrowRight")
    page.wait_for_url(re.compile("volume="), timeout=30_000)
    page.wait_for_function(
        "(before) => +document.querySelector('[data-tile=hours]').dataset.value > before",
        arg=before, timeout=30_000,
    )  # fmt: skip
    page.context.close()
