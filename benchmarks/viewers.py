"""Fifty live viewers of the wallboard, and one with a cold browser, on a running Deskpulse."""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa
from playwright.sync_api import sync_playwright

from benchmarks.answering import answering
from benchmarks.figures import head, say
from connectors.simulator.feed import write_history
from connectors.simulator.settings import SimulatorSettings
from dashboard.processes import CONFIG_VARIABLE, deskpulse_argv, web_argv
from tests.daemon import free_port
from tests.servers import PostgresServer

SHARED = Path(os.environ.get("DESKPULSE_SHARED") or Path(__file__).resolve().parents[2] / "shared")
LOAD = SHARED / "bench" / "streamlit_load.py"
SECONDS = 60
# A canvas or an SVG with marks in it: what a viewer sees of a chart.
DRAWN = (
    "document.querySelectorAll('[data-testid=stVegaLiteChart] canvas, "
    "[data-testid=stVegaLiteChart] svg').length"
)
CHARTS = 3


@dataclass(frozen=True, slots=True)
class Site:
    """A running worker and web server on a simulated help desk in PostgreSQL."""

    url: str
    web_pid: int
    postgres: PostgresServer


def run() -> None:
    with _site() as site:
        _viewers(site)
        _cold_loads(site)


@contextmanager
def _site() -> Iterator[Site]:
    with PostgresServer() as postgres, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        database = postgres.create_database()
        engine = sa.create_engine(database.url)
        settings = SimulatorSettings(days=30, contacts_per_day=800, orders_per_day=0,
                                     layout="chatwoot")  # fmt: skip
        write_history(engine, settings, now=datetime.now(UTC))
        engine.dispose()
        config = folder / "deskpulse.toml"
        config.write_text(
            '[store]\nurl = "sqlite:///store.db"\n[[sources]]\nname = "desk"\npreset = "chatwoot"\n'
            f'url = "{database.readonly_url}"\nparams = {{ account_id = 1 }}\n'
        )
        subprocess.run(deskpulse_argv("sync", "-c", str(config)), check=True, capture_output=True)
        port = free_port()
        environment = {**os.environ, CONFIG_VARIABLE: str(config)}
        with (folder / "log").open("wb") as log:
            worker = subprocess.Popen(
                deskpulse_argv("worker", "-c", str(config)), stdout=log, stderr=log
            )
            web = subprocess.Popen(
                web_argv(port, "127.0.0.1"), env=environment, stdout=log, stderr=log
            )
            try:
                answering(f"http://127.0.0.1:{port}/healthz")
                yield Site(f"http://127.0.0.1:{port}/", web.pid, postgres)
            finally:
                for process in (worker, web):
                    process.terminate()
                    process.wait(30)


def _viewers(site: Site) -> None:
    head(f"Live viewers at 5 s, {SECONDS} s each")
    if not LOAD.is_file():
        print("the load client lies beside the checkout, in shared/bench; it is not here")
        return
    for sessions in (1, 50):
        before = site.postgres.statements()
        started = time.monotonic()
        done = subprocess.run(
            [sys.executable, str(LOAD), f"{site.url}?refresh=5", "--sessions", str(sessions),
             "--seconds", str(SECONDS), "--pid", str(site.web_pid)],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        minutes = (time.monotonic() - started) / 60
        calls = site.postgres.statements().calls - before.calls
        report = json.loads(done.stdout)
        rerun = report["rerun_ms"]
        say(f"{sessions} viewers: rerun p50 / p95", f"{rerun['p50']} / {rerun['p95']} ms",
            "p95 ≤ 120 ms")  # fmt: skip
        say(f"{sessions} viewers: skipped ticks, failed sessions",
            f"{report['skipped_ticks']}, {report['failed_sessions']}", "0, 0")  # fmt: skip
        say(
            f"{sessions} viewers: server CPU, memory",
            f"{report['server']['cpu_percent_steady']} %, {report['server']['rss_mib_end']} MiB",
        )
        say(f"{sessions} viewers: source queries per minute", f"{calls / minutes:.0f}", "the same")


def _cold_loads(site: Site) -> None:
    head("Cold load of the wallboard in Chromium, to the last chart")
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    times = []
    with sync_playwright() as playwright:
        for _ in range(3):
            browser = playwright.chromium.launch(
                executable_path=program, args=["--no-sandbox", "--disable-gpu"]
            )
            page = browser.new_page(viewport={"width": 1920, "height": 1080})
            started = time.perf_counter()
            page.goto(f"{site.url}?board=1", wait_until="commit")
            page.wait_for_function(f"{DRAWN} >= {CHARTS}", polling=20, timeout=60_000)
            times.append(time.perf_counter() - started)
            browser.close()
    shown = ", ".join(f"{one:.2f}" for one in times)
    say("median of three", f"{statistics.median(times):.2f} s", f"≤ 2.5 s ({shown})")
