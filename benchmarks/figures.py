"""Printing what was measured beside what was promised."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable


def say(what: str, figure: str, promised: str = "") -> None:
    """One line of the report."""
    print(f"{what:<64} {figure:>18}   {promised}", flush=True)


def head(title: str) -> None:
    load = os.getloadavg()[0]
    print(f"\n{title} (load {load:.1f} on {os.cpu_count()} cores)", flush=True)


def median_ms(action: Callable[[], object], *, times: int = 9) -> tuple[float, float]:
    """Median wall and CPU milliseconds of an action."""
    walls, cpus = [], []
    for _ in range(times):
        cpu, wall = time.process_time(), time.perf_counter()
        action()
        walls.append((time.perf_counter() - wall) * 1000)
        cpus.append((time.process_time() - cpu) * 1000)
    return statistics.median(walls), statistics.median(cpus)
