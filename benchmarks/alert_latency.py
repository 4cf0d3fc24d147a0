"""Commit to webhook, side by side with the peer and with a bare loop, on the shared harness."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from benchmarks.figures import head
from tests.daemon import ADMIN
from tests.servers import PostgresServer

HERE = Path(__file__).resolve().parent
SHARED = Path(os.environ.get("DESKPULSE_SHARED") or HERE.parent.parent / "shared")
HARNESS = SHARED / "bench" / "alert_latency"
OFTEN = ("--breaches", "60", "--spacing", "1.5")
DURABLE = {"fsync": "on", "full_page_writes": "on"}  # a store that is trusted with alerts


def run() -> None:
    head("Alert latency: commit in the source to webhook, 100,000 contacts, 30 rules")
    if not HARNESS.is_dir():
        print("the harness lies beside the checkout, in shared/bench/alert_latency; it is not here")
        return
    ours = ["--contestant", "command", "--config", str(HERE / "alert_latency.toml"), *OFTEN]
    print("SQLite store")
    _harness(ours)
    print("PostgreSQL store")
    with PostgresServer(settings=DURABLE) as server:
        _harness([*ours, "--set", f"store={_plain(server)}"])
    _harness(["--contestant", "example_poller", *OFTEN])
    if shutil.which("prometheus") and shutil.which("prometheus-alertmanager"):
        _harness(["--contestant", "prometheus", "--profile", "tight", *OFTEN])
    else:
        print("Prometheus and Alertmanager are not installed: measured earlier 1.50 / 2.40 s")
    print("promised: p50 ≤ 0.6 s, p95 ≤ 1.2 s")


def faults() -> None:
    """Every fault case of the harness, with a store of each kind; takes about an hour."""
    head("Alert faults: what is lost, doubled or wrongly resolved when a part dies")
    if not HARNESS.is_dir():
        print("the harness lies beside the checkout, in shared/bench/alert_latency; it is not here")
        return
    ours = ["--contestant", "command", "--config", str(HERE / "alert_latency.toml"),
            "--breaches", "0", "--observe", "30", "--sink-down", "60", "--db-down", "30",
            "--faults", "all"]  # fmt: skip
    print("SQLite store")
    _harness(ours)
    print("PostgreSQL store")
    with PostgresServer() as server:
        _harness([*ours, "--set", f"store={_plain(server)}"])


def _plain(server: PostgresServer) -> str:
    """The address of a store as people write it."""
    return server.url("store", user=ADMIN).replace("+psycopg", "")


def _harness(arguments: list[str]) -> None:
    subprocess.run([sys.executable, "run.py", *arguments], cwd=HARNESS, check=True)
