"""History pages as Chromium shows them, warm: the browser and the server have been used, the
figures of the period have not been read. The store is its caller's."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.answering import answering
from benchmarks.figures import say
from dashboard.processes import CONFIG_VARIABLE, web_argv
from tests.daemon import free_port

PAGES = ("response", "satisfaction", "after_sales", "agents")
TIMES = 3
_SHOWN = """() => {
    const app = document.querySelector('[data-testid=stApp]');
    const charts = [...document.querySelectorAll('[data-testid=stVegaLiteChart]')];
    return app && app.dataset.testScriptState === 'notRunning'
        && !document.querySelector('[data-testid=stSpinner]')
        && document.querySelector('.dp-page-note')
        && charts.every(one => one.querySelector('canvas, svg.marks'));
}"""


def show(store_url: str, today: date, *, days: int) -> None:
    """Each page over `days` days; every load asks for a day less, so that no answer is kept."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with _site(store_url) as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=flags)
        for name in PAGES:
            times = _loads(browser, f"{url}/{name}", today, days)
            shown = ", ".join(f"{one:.2f}" for one in times)
            say(f"{name} in Chromium, {days} d", f"{sorted(times)[TIMES // 2]:.2f} s",
                f"≤ 2 s warm ({shown})")  # fmt: skip
        browser.close()


def _loads(browser: Browser, url: str, today: date, days: int) -> list[float]:
    page = browser.new_page(viewport={"width": 1920, "height": 1080})
    times = [_load(page, url, today - timedelta(days=days - 1 - one)) for one in range(TIMES + 1)]
    page.close()
    return times[1:]


def _load(page: Page, url: str, first: date) -> float:
    started = time.perf_counter()
    page.goto(f"{url}?from={first}", wait_until="commit")
    page.wait_for_function(_SHOWN, polling=20, timeout=60_000)
    return time.perf_counter() - started


@contextmanager
def _site(store_url: str) -> Iterator[str]:
    """A web server on the store; nobody reads the source, whose facts are there already."""
    with tempfile.TemporaryDirectory() as name:
        config = Path(name) / "deskpulse.toml"
        config.write_text(
            f'[service]\ntimezone = "Asia/Shanghai"\n[store]\nurl = "{store_url}"\n'
            '[[sources]]\nname = "shop"\npreset = "chatwoot"\nurl = "sqlite:///none.db"\n'
            "params = { account_id = 1 }\n"
        )
        port = free_port()
        with (Path(name) / "log").open("wb") as log:
            web = subprocess.Popen(
                web_argv(port, "127.0.0.1"), stdout=log, stderr=log,
                env={**os.environ, CONFIG_VARIABLE: str(config)},
            )  # fmt: skip
            try:
                answering(f"http://127.0.0.1:{port}/healthz")
                yield f"http://127.0.0.1:{port}"
            finally:
                web.terminate()
                web.wait(30)
