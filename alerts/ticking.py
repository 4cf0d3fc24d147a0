"""The loop of a term: when to tick, what to do after a pause or a failure, and what is counted.

What a tick does is given to it (leading.py); whether time went on as usual is clock_watch.py.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from alerts.clock_watch import ClockWatch, Jump
from alerts.errors import LeadershipLost
from alerts.tick_times import TickTimes
from alerts.trouble import Trouble
from connectors.errors import StoreError

log = logging.getLogger(__name__)
TROUBLE_PAUSE_S = 1.0
ASK_WHO_LEADS_S = 1.0
LATE = 1.25  # spans a read may be late: a tick before it would be in the way of the one it brings
BEAT_EVERY = timedelta(seconds=5)


@dataclass(slots=True)
class TickCounts:
    """Of one worker since it started. `error`: why the last tick failed; None when it did not."""

    ticks: int = 0
    failed: int = 0
    jumps: int = 0
    last_ms: float | None = None
    error: str | None = None
    times: TickTimes = field(default_factory=TickTimes)


@dataclass(frozen=True, slots=True, kw_only=True)
class TickSteps:
    """What the loop calls. `tick` raises LeadershipLost, StoreError, or what went wrong."""

    tick: Callable[[], None]
    held: Callable[[], bool]  # whether this worker still leads
    jumped: Callable[[Jump], None]  # before the next tick
    beat: Callable[[], None]


def keep_ticking(
    steps: TickSteps,
    counts: TickCounts,
    *,
    stop: threading.Event,
    news: threading.Event,
    span: timedelta,
    clock: Callable[[], datetime],
) -> None:
    """Tick at every news, or soon after a `span` without any, until told to stop or the lead is
    lost."""
    pause_s = span.total_seconds() * LATE
    watch, trouble = ClockWatch(clock(), time.monotonic()), Trouble(log, "tick_failed")
    asked = beaten = -math.inf
    while not stop.is_set():
        jump = watch.look(clock(), time.monotonic(), expected_s=math.inf)
        news.wait(pause_s)
        news.clear()
        jump = watch.look(clock(), time.monotonic(), expected_s=pause_s) or jump
        if jump is not None:
            counts.jumps += 1
            log.warning("event=time_jumped by_s=%.0f stood_still_s=%.0f",
                        jump.by.total_seconds(), jump.still_s)  # fmt: skip
        if time.monotonic() - asked > ASK_WHO_LEADS_S:
            asked = time.monotonic()
            if not steps.held():
                log.error("event=leadership_lost")
                return
        try:
            if jump is not None:
                steps.jumped(jump)
            _tick(steps, counts)
        except LeadershipLost as error:
            log.error("event=leadership_lost error=%s", error)
            return
        except Exception as error:  # noqa: BLE001 - one bad tick must not end the watch
            trouble.failed(error, trace=not isinstance(error, StoreError))
            counts.failed, counts.error = counts.failed + 1, trouble.error
            stop.wait(TROUBLE_PAUSE_S)
            continue
        trouble.over()
        counts.error = None
        if time.monotonic() - beaten > BEAT_EVERY.total_seconds():
            beaten = time.monotonic()
            steps.beat()


def _tick(steps: TickSteps, counts: TickCounts) -> None:
    started = time.perf_counter()
    steps.tick()
    spent = time.perf_counter() - started
    counts.ticks += 1
    counts.last_ms = spent * 1000
    counts.times.add(spent)
