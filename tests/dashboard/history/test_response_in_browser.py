"""The Response page in a real browser: marks open their contacts, files hold what is shown, and
nothing is cut off on a desk or a phone."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.dashboard.site import Site

CHARTS = "document.querySelectorAll('.stVegaLiteChart svg .mark-rect path').length > 20"
TABLE = "[role=dialog] table"
# Texts of figures and headings that are wider than their place, or stand outside of the window.
CUT = """() => [...document.querySelectorAll('.dp-fact *, .dp-panel-title *, .dp-page-title *')]
  .filter((e) => e.textContent.trim() && e.clientWidth && !e.closest('details'))
  .filter((e) => e.scrollWidth > e.clientWidth + 1 ||
                 e.getBoundingClientRect().right > innerWidth + 1)
  .map((e) => e.textContent)"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with Site(tmp_path_factory.mktemp("response")) as running:
        running.start_worker()
        yield running


def opened(
    chromium: Browser, site: Site, query: str = "lang=en", width: int = 1440, **context: Any
) -> Page:
    made = chromium.new_context(viewport={"width": width, "height": 1000}, **context)
    page = made.new_page()
    page.goto(f"{site.url}/response?{query}")
    page.wait_for_selector(".dp-facts", timeout=60_000)
    page.wait_for_function(CHARTS, timeout=60_000)
    return page


def chart(page: Page, name: str) -> Locator:
    return page.locator(f".st-key-h_panel_{name} .stVegaLiteChart")


def click(page: Page, name: str, across: float, down: float) -> None:
    place = chart(page, name)
    place.scroll_into_view_if_needed()
    box = place.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + across * box["width"], box["y"] + down * box["height"])


@pytest.mark.parametrize(
    ("name", "across", "down", "kind"),
    [
        ("course", 0.5, 0.3, "at"),
        ("week", 0.55, 0.4, "hour"),
        ("distribution", 0.35, 0.8, "band"),
        ("by_queue", 0.5, 0.4, "queue"),
    ],
)
def test_a_mark_opens_its_contacts_and_the_url_says_which(
    chromium: Browser, site: Site, name: str, across: float, down: float, kind: str
) -> None:
    page = opened(chromium, site)
    click(page, name, across, down)
    page.wait_for_selector(TABLE, timeout=30_000)
    page.wait_for_url(re.compile(rf"behind=first_response~{kind}~"))
    shown = page.locator(f"{TABLE} tbody tr").count()
    link = page.url
    page.keyboard.press("Escape")
    expect(page.locator("[role=dialog]")).to_have_count(0, timeout=30_000)
    page.wait_for_url(re.compile(r"^(?!.*behind=)"))
    page.goto(link)
    page.wait_for_selector(TABLE, timeout=60_000)
    assert page.locator(f"{TABLE} tbody tr").count() == shown > 0
    page.context.close()


def test_the_same_mark_opens_twice(chromium: Browser, site: Site) -> None:
    page = opened(chromium, site)
    for _ in range(2):
        click(page, "course", 0.5, 0.3)
        page.wait_for_selector(TABLE, timeout=30_000)
        page.locator("[role=dialog] button[aria-label=Close]").click()
        page.wait_for_url(re.compile(r"^(?!.*behind=)"))
        page.wait_for_function(CHARTS, timeout=30_000)
        page.wait_for_timeout(500)  # the chart is drawn anew
    page.context.close()


def test_files_hold_the_numbers_of_the_screen(
    chromium: Browser, site: Site, tmp_path: Path
) -> None:
    page = opened(chromium, site, "lang=en&period=7d&kpi=service_level")
    tile = page.locator("[data-tile=service_level]")
    value, n = float(tile.get_attribute("data-value") or ""), tile.get_attribute("data-n")
    rows = list(csv.reader(io.StringIO(saved(page, "csv", tmp_path).decode("utf-8-sig"))))
    about = {row[0]: row[1] for row in rows[: rows.index([])]}
    assert about["n"] == n
    assert about["Time zone"] == "Asia/Shanghai (UTC+08:00)"
    head = rows[rows.index([]) + 1]
    days = [dict(zip(head, row, strict=True)) for row in rows[rows.index([]) + 2 :]]
    assert len(days) == 7
    counts = [int(day["n"]) for day in days]
    assert sum(counts) == int(n or 0)
    known = [(float(day["Service level (%)"]), int(day["n"])) for day in days if int(day["n"])]
    assert sum(share * count for share, count in known) / sum(counts) == pytest.approx(value)
    book = openpyxl.load_workbook(io.BytesIO(saved(page, "xlsx", tmp_path))).active
    assert book is not None
    cells = [[cell.value for cell in row] for row in book.iter_rows()]
    assert [row[3] for row in cells[-7:]] == counts
    assert all(row[0].hour == 0 for row in cells[-7:])
    page.context.close()


def saved(page: Page, ending: str, folder: Path) -> bytes:
    with page.expect_download() as download:
        page.locator(f".st-key-h_{ending}_course button").click()
    download.value.save_as(folder / f"file.{ending}")
    return (folder / f"file.{ending}").read_bytes()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("width", [1440, 390])
def test_nothing_is_cut_off(
    chromium: Browser, site: Site, width: int, language: str, scheme: Any
) -> None:
    page = opened(chromium, site, f"lang={language}", width, color_scheme=scheme)
    assert page.evaluate(CUT) == []
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    page.locator(".dp-fact summary").first.click()
    box = page.locator("details[open] > div").bounding_box()
    assert box is not None
    assert box["x"] >= 0 and box["x"] + box["width"] <= width
    page.context.close()
