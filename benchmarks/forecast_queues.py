"""Fifty queues of half-hours, 14 days ahead, as one run of the command: time and memory.

A year of history, every fifth queue four months; levels from one to a hundred contacts per
half-hour.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.figures import head, say

QUEUES = 50
YEAR, SHORT = 365, 120
LOOK_EVERY_S = 0.2


def run() -> None:
    head(f"{QUEUES} queues of half-hours, 14 days ahead, one run")
    with tempfile.TemporaryDirectory() as folder:
        given = Path(folder) / "queues.csv"
        pd.concat([_queue(number) for number in range(QUEUES)]).to_csv(given, index=False)
        for what, extra in (("all models", []), ("fast path", ["--fast"])):
            wall, cpu, peak = _timed(given, Path(folder) / "ahead.csv", extra)
            say(f"{what}: wall", f"{wall:.1f} s", "≤ 60 s on two cores")
            say("  CPU per series", f"{cpu / QUEUES:.2f} s", "fast path ≤ 1 s, with Prophet ≤ 3 s")
            say("  peak of the largest process", f"{peak:.0f} MB", "≤ 350 MB")


def _queue(number: int) -> pd.DataFrame:
    dice = np.random.default_rng(number)
    days = SHORT if number % 5 == 0 else YEAR
    stamps = pd.date_range(end="2026-10-31 23:30", periods=days * 48, freq="30min")
    hour = np.asarray(stamps.hour + stamps.minute / 60)
    shape = np.clip(np.sin((hour - 8) / 14 * np.pi), 0, None) * (hour >= 8)
    week = np.where(np.asarray(stamps.day_of_week) >= 5, 0.6, 1.0)
    drift = np.repeat(np.exp(np.cumsum(dice.normal(0, 0.03, days))), 48)
    counts = dice.poisson(dice.lognormal(2.3, 1.0) * shape * week * drift)
    return pd.DataFrame({"unique_id": f"queue {number:02d}", "ds": stamps, "y": counts})


def _timed(given: Path, out: Path, extra: list[str]) -> tuple[float, float, float]:
    """Wall seconds, CPU seconds of all processes, and the most memory of one of them."""
    command = [
        str(Path(sys.executable).with_name("deskpulse")), "forecast", "volume",
        "--input", str(given), "--every", "30min", "--horizon", "14d",
        "--timezone", "Asia/Shanghai", "--country", "CN", "--output", str(out), *extra,
    ]  # fmt: skip
    before, start = _cpu(), time.perf_counter()
    peak = 0.0
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as running:
        while running.poll() is None:
            peak = max(peak, *(_peak(one) for one in _family(running.pid)))
            time.sleep(LOOK_EVERY_S)
    if running.returncode:
        raise SystemExit(f"the command ended with exit code {running.returncode}")
    return time.perf_counter() - start, _cpu() - before, peak


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _family(first: int) -> list[int]:
    """A process and all that it started (Linux)."""
    found = [first]
    for one in found:
        try:
            text = Path(f"/proc/{one}/task/{one}/children").read_text()
        except OSError:
            continue
        found += [int(child) for child in text.split()]
    return found


def _peak(process: int) -> float:
    """Megabytes; 0 when it is over."""
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return max((int(one.split()[1]) / 1024 for one in lines if one.startswith("VmHWM")), default=0)
