"""The watchdog alone, in a browser, told what no healthy site would tell it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, WebSocketRoute

from dashboard.theme import ASSETS
from dashboard.watchdog import script
from dashboard.words import words
from tests.dashboard.site import Site

EN = words("en")
NAMES = ("live", "ago", "stale", "down", "never", "server", "worker", "source", "missing",
         "unread", "store", "page", "bell_on", "bell_off", "bell_blocked", "bell_new",
         "bell_word_on", "bell_word_off", "bell_word_blocked")  # fmt: skip
WORDS = {name: EN(f"watch.{name}") for name in NAMES} | {
    name: EN(f"span.{name}") for name in ("second", "minute", "hour", "day")
}
FRAME = (ASSETS / "watchdog.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with Site(tmp_path_factory.mktemp("site")) as running:
        running.start_worker()
        yield running


@pytest.fixture
def page(chromium: Browser, site: Site) -> Iterator[Page]:
    context = chromium.new_context(viewport={"width": 1920, "height": 1080})
    yield context.new_page()
    context.close()


def source(name: str = "helpdesk", **changes: Any) -> dict[str, Any]:
    return {"name": name, "status": "ok", "failing": False, "age": 1.0, "poll": 2.0} | changes


def told(page: Page, site: Site, *sources: dict[str, Any], **changes: Any) -> dict[str, str]:
    """What the root element and the banner say once the watchdog has heard this."""
    pulse = {"store": "ok", "beat": None, "sources": list(sources)} | changes
    page.route("**/healthz", lambda route: _answer(route, pulse))
    page.goto(f"{site.url}/healthz")
    tick = max([one["poll"] for one in sources], default=2.0)
    news = pulse | {
        "tick": tick, "refresh": 2, "wall": 0, "day": "today", "html_lang": "en",
        "reload_after": None, "words": WORDS | {"joint": " "},
    }  # fmt: skip
    page.evaluate(
        """async ([url, frame, data]) => {
          document.body.innerHTML = frame;
          const watchdog = await import(url);
          watchdog.take({parentElement: document.body, data});
        }""",
        [f"{site.url}/{script()[0]}", FRAME, news],
    )
    page.wait_for_timeout(600)  # until it has heard an answer and looked again
    found: dict[str, str] = page.evaluate(
        "({...document.documentElement.dataset,"
        " said: document.querySelector('.dp-why').textContent,"
        " headline: document.querySelector('.dp-banner b').textContent})"
    )
    return found


def _answer(route: Route, pulse: dict[str, Any]) -> None:
    route.fulfill(status=200, content_type="application/json", body=json.dumps(pulse))


def test_fresh_data_are_live(page: Page, site: Site) -> None:
    found = told(page, site, source())
    assert (found["deskpulseState"], found["said"]) == ("live", "")


def test_a_slow_poll_is_not_taken_for_a_dead_worker(page: Page, site: Site) -> None:
    found = told(page, site, source(poll=60.0, age=110.0), beat=4.0)
    assert found["deskpulseState"] == "live"
    assert (found["deskpulseTick"], float(found["deskpulseAge"]) > 110) == ("60", True)


def test_a_worker_without_a_heartbeat_shows_even_with_a_slow_poll(page: Page, site: Site) -> None:
    found = told(page, site, source(poll=60.0, age=20.0), beat=18.0)
    assert (found["deskpulseState"], found["deskpulseWhy"]) == ("stale", "worker")


def test_each_source_is_judged_by_its_own_poll(page: Page, site: Site) -> None:
    slow = source("shop", poll=60.0, age=90.0)
    assert told(page, site, slow, source(age=2.0))["deskpulseState"] == "live"
    late = told(page, site, slow, source(age=9.0))
    assert (late["deskpulseState"], late["deskpulseWhy"]) == ("stale", "source")
    assert "helpdesk" in late["said"]


def test_a_source_that_is_down_is_down_and_named(page: Page, site: Site) -> None:
    found = told(page, site, source(age=30.0, status="down", failing=True))
    assert (found["deskpulseState"], found["deskpulseWhy"]) == ("down", "source")
    assert "helpdesk" in found["said"] and "30 s" in found["headline"]


def test_one_missed_read_is_no_alarm(page: Page, site: Site) -> None:
    found = told(page, site, source(age=4.0, status="down", failing=True))
    assert found["deskpulseState"] == "live"


def test_a_source_that_never_answered_is_missing_from_the_figures(page: Page, site: Site) -> None:
    never = source("shop", age=None, status="down", failing=True)
    found = told(page, site, source(), never)
    assert (found["deskpulseState"], found["headline"]) == ("down", EN("watch.missing"))
    assert "shop" in found["said"]


def test_a_source_that_was_not_tried_yet_is_no_alarm(page: Page, site: Site) -> None:
    assert told(page, site, source(), source("shop", age=None))["deskpulseState"] == "live"


def test_a_store_that_is_gone_is_said(page: Page, site: Site) -> None:
    found = told(page, site, source(age=30.0), store="down")
    assert (found["deskpulseState"], found["said"]) == ("down", EN("watch.store"))
    assert told(page, site, store="down")["deskpulseState"] == "down"


def test_a_store_that_was_never_filled_is_not_red(page: Page, site: Site) -> None:
    found = told(page, site, source(age=None))
    assert (found["deskpulseState"], found["deskpulseWhy"]) == ("stale", "never")
    assert found["said"] == ""


def test_old_data_are_stale_first_and_down_after_a_minute(page: Page, site: Site) -> None:
    assert told(page, site, source(age=20.0))["deskpulseState"] == "stale"
    assert told(page, site, source(age=90.0))["deskpulseState"] == "down"


def test_spans_are_said_in_their_two_largest_units(page: Page, site: Site) -> None:
    assert "1 min 20 s" in told(page, site, source(age=80.0))["headline"]
    assert "2 h 3 min" in told(page, site, source(age=2 * 3_600 + 200.0))["headline"]


# --- on the real page -------------------------------------------------------------------------


def open_board(page: Page, site: Site) -> None:
    page.goto(f"{site.url}/?board=1&lang=en")
    page.wait_for_function(
        "document.documentElement.dataset.deskpulseState === 'live'", timeout=60_000
    )
    page.evaluate("window.untouched = true")


def test_a_session_that_is_lost_for_good_is_opened_anew(page: Page, site: Site) -> None:
    sessions: list[WebSocketRoute] = []
    blocked: list[bool] = []

    def join(route: WebSocketRoute) -> None:
        if not blocked:
            route.connect_to_server()
        sessions.append(route)

    page.route_web_socket(re.compile("_stcore/stream"), join)
    open_board(page, site)
    page.on("domcontentloaded", lambda _: blocked.clear())  # the page was loaded anew
    blocked.append(True)
    sessions[0].close()
    page.wait_for_function(
        "document.documentElement.dataset.deskpulseWhy === 'page'", timeout=20_000
    )
    page.wait_for_function("window.untouched === undefined", timeout=40_000)
    page.wait_for_function(
        "document.documentElement.dataset.deskpulseState === 'live'", timeout=60_000
    )


def test_a_page_whose_session_never_comes_up_is_loaded_anew(page: Page, site: Site) -> None:
    page.clock.install()
    page.route_web_socket(re.compile("_stcore/stream"), lambda route: None)
    page.goto(f"{site.url}/?board=1")
    page.evaluate("window.untouched = true")
    page.wait_for_timeout(3_000)
    page.clock.fast_forward("02:00")
    page.wait_for_function("window.untouched === undefined", timeout=30_000)


def test_a_board_left_on_for_hours_loads_anew(page: Page, site: Site) -> None:
    page.clock.install()
    open_board(page, site)
    page.clock.fast_forward("05:00:00")
    page.wait_for_function("window.untouched === undefined", timeout=30_000)
    page.wait_for_function(
        "document.documentElement.dataset.deskpulseState === 'live'", timeout=60_000
    )


def heard(page: Page, *critical: str) -> dict[str, str]:
    """The root element's data after the mounted watchdog was given these critical alerts."""
    found: dict[str, str] = page.evaluate(
        """async ([url, critical, words]) => {
          const watchdog = await import(url);
          const data = {store: "ok", beat: null, sources: [], tick: 2, refresh: 2, wall: 0,
                        day: "", html_lang: "en", reload_after: null, critical, words};
          watchdog.take({parentElement: document.body, data});
          await new Promise((done) => setTimeout(done, 100));
          return {...document.documentElement.dataset,
                  sign: document.querySelector(".dp-new").hidden ? ""
                        : document.querySelector(".dp-new").textContent};
        }""",
        [f"/{script()[0]}", list(critical), WORDS | {"joint": " "}],
    )
    return found


def test_a_new_critical_alert_is_said_and_rings_where_somebody_asked_for_it(
    page: Page, site: Site
) -> None:
    told(page, site, source())
    assert heard(page, "a-1")["sign"] == ""  # it was there when the board was opened
    found = heard(page, "a-1", "b-1")
    assert (found["sign"], found["deskpulseBell"]) == (EN("watch.bell_new"), "off")
    assert "deskpulseRung" not in found
    page.click(".dp-bell")  # rings once, so that the volume can be set
    page.wait_for_function("document.documentElement.dataset.deskpulseRung === '1'")
    assert heard(page, "a-1", "b-1")["deskpulseRung"] == "1"
    heard(page, "b-1", "a-2")
    page.wait_for_function("document.documentElement.dataset.deskpulseRung === '2'")
    assert heard(page)["sign"] == ""
    page.click(".dp-bell")
    assert heard(page, "c-1")["deskpulseBell"] == "off"
    assert heard(page, "c-1")["deskpulseRung"] == "2"
