"""`deskpulse demo`: a simulated shop in an ordinary SQLite database, watched like a real one.

The shop is written by a process of its own; the worker and the pages know nothing of it and read
it through the `generic` preset. All files are under one folder and serve the next start too.
"""

from __future__ import annotations

import sys
import threading
from dataclasses import dataclass
from pathlib import Path

import click

from dashboard.processes import (
    CONFIG_VARIABLE,
    Child,
    deskpulse_argv,
    end,
    keep_running,
    web_argv,
)

CONFIG = """\
# Written by `deskpulse demo`; the shop is simulated, everything else is as in earnest.
[app]
timezone = "Asia/Shanghai"
language = "zh"

[store]
url = "sqlite:///deskpulse.db"

[[sources]]
name = "shop"
preset = "generic"
url = "sqlite:///shop.db"
poll = "2s"

[risk]
quiet = "10d"
capacity = 40
outcome_after = "14d"

[staffing]
target = "0.8/30s"
concurrency = 4
shrinkage = 0.15
cost_per_hour = 35

[staffing.pools]
"全店客服" = ["*"]

[[rules]]
name = "queue-too-long"
metric = "queue_length"
by = ["queue"]
when = "> 12"
clear = "< 8"
for = "30s"
severity = "critical"

[[rules]]
name = "wait-too-long"
metric = "longest_wait"
by = ["queue"]
when = "> 10m"
clear = "< 6m"
for = "1m"

[[rules]]
name = "service-level-low"
metric = "service_level"
window = "30m"
when = "< 60"
clear = "> 70"
for = "2m"
"""


@dataclass(frozen=True, slots=True)
class DemoSettings:
    """`speed`: how many seconds of the shop pass in one of ours."""

    folder: Path
    port: int
    days: int
    seed: int
    speed: float
    contacts_per_day: int


def run_demo(settings: DemoSettings, stop: threading.Event) -> None:
    """Start all processes and keep them until `stop`. Prints the address."""
    settings.folder.mkdir(parents=True, exist_ok=True)
    config = settings.folder / "deskpulse.toml"
    if not config.exists():
        config.write_text(CONFIG, encoding="utf-8")
    file = str(config.resolve())
    click.echo(f"http://127.0.0.1:{settings.port}")
    sys.stdout.flush()
    click.echo("Ctrl-C ends the demo; its data stay in this folder.", err=True)
    pages = Child("dashboard", web_argv(settings.port, "127.0.0.1"), {CONFIG_VARIABLE: file})
    pages.start()  # first: it has much to load, and says itself that no data is there yet
    history = Child("history", [*_shop_argv(settings), "--history-only"])
    history.start()
    if not _finished(history, stop):
        end([history, pages])
        return
    keep_running(
        [
            pages,
            Child("shop", _shop_argv(settings)),
            Child("worker", deskpulse_argv("worker", "-c", file)),
        ],
        stop,
    )


def _finished(child: Child, stop: threading.Event) -> bool:
    """Wait until the child has ended well; False when told to stop or when it failed."""
    while child.process is not None and child.process.poll() is None:
        if stop.wait(0.1):
            return False
    return child.process is not None and child.process.returncode == 0


def _shop_argv(settings: DemoSettings) -> list[str]:
    shop = (settings.folder / "shop.db").resolve()
    return [
        sys.executable, "-m", "connectors.simulator", "--url", f"sqlite:///{shop}",
        "--days", str(settings.days), "--seed", str(settings.seed),
        "--speed", str(settings.speed), "--contacts-per-day", str(settings.contacts_per_day),
    ]  # fmt: skip
