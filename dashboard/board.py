"""Everything a wallboard shows, as plain values, and how it is derived. Pure: no store, no HTML.

Loading is data.py, drawing is strip.py, tiles.py, table.py and charts.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import IntEnum
from zoneinfo import ZoneInfo

from alerts.alert import Alert, Severity, Status


class State(IntEnum):
    """How bad a number is, mildest first, so that max() finds the worst."""

    CALM = 0
    UNKNOWN = 1
    WATCH = 2
    BREACH = 3


@dataclass(frozen=True, slots=True)
class Tile:
    """One key figure. `value` None = not known; `reason` is then the key of the words why."""

    key: str
    unit: str  # count, s, percent, score
    value: float | None
    n: int | None = None
    state: State = State.CALM
    p90: float | None = None
    low: float | None = None  # interval of a share, in the tile's unit
    high: float | None = None
    target: float | None = None
    target_is_least: bool = False  # True: the value should reach the target, not stay below it
    usual: float | None = None  # the same weekdays before, up to the same time
    before: float | None = None  # the days before, together
    unassigned: int | None = None
    over_cut: int = 0  # waits left out of `value` because they are beyond the cut
    spark: tuple[float | None, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class QueueRow:
    source: str
    queue: str
    channel: str
    waiting: int
    longest_wait_s: float | None
    waiting_over_cut: int
    bands: tuple[int, ...]
    agents: int | None
    unassigned: int
    service_level: float | None
    service_level_n: int
    cut_s: float | None = None  # waits beyond it are counted apart
    state: State = State.CALM
    wait_state: State = State.CALM
    waits_known: bool = True  # False: its source cannot tell who waits, whatever the counts say
    reachable: bool = True  # False: its source is down, so these are its last figures


@dataclass(frozen=True, slots=True)
class SourceView:
    """One source as a viewer needs it. `age_s` None = it was never read."""

    name: str
    status: str  # ok, stale, down, backfill
    as_of: datetime | None
    age_s: float | None
    poll_s: float
    error: str | None
    filling: bool = False  # its history is still being read
    backfill_done: int | None = None
    backfill_total: int | None = None
    failing: bool = False  # its latest read failed


@dataclass(frozen=True, slots=True)
class DayPoint:
    """A half-hour of today: `minute` of the local day it starts at."""

    minute: int
    today: float | None
    usual: float | None
    partial: bool = False
    ahead: float | None = None  # the forecast of a half-hour still to come, and its 80 % band
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class ResponsePoint:
    minute: int
    p50: float | None
    p90: float | None
    n: int
    partial: bool = False


@dataclass(frozen=True, slots=True)
class SatisfactionPoint:
    day: date
    value: float | None
    low: float | None
    high: float | None
    n: int
    partial: bool = False


@dataclass(frozen=True, slots=True)
class Trends:
    """The three charts of the right side."""

    volume: tuple[DayPoint, ...] = ()
    response: tuple[ResponsePoint, ...] = ()
    satisfaction: tuple[SatisfactionPoint, ...] = ()
    response_target_s: float | None = None
    satisfaction_target: float | None = None
    now_minute: int = 0
    today: date | None = None

    def is_empty(self, chart: str) -> bool:
        """Whether a chart would show axes without data."""
        known = {
            "volume": any(p.today or p.usual for p in self.volume),
            "response": any(p.p50 is not None for p in self.response),
            "satisfaction": any(p.value is not None for p in self.satisfaction),
        }
        return not known[chart]


@dataclass(frozen=True, slots=True)
class Board:
    name: str
    now: datetime  # in the shop's zone
    zone: ZoneInfo
    as_of: datetime | None  # the oldest of all sources; None = never read
    poll_s: float
    beat_age_s: float | None  # since the worker's last sign of life; None = never seen
    sources: tuple[SourceView, ...]
    tiles: tuple[Tile, ...]
    rows: tuple[QueueRow, ...]
    alerts: tuple[Alert, ...]  # firing ones
    band_edges_s: tuple[int, ...] = ()
    shop: tuple[Tile, ...] = ()

    @property
    def synced(self) -> bool:
        return any(source.as_of is not None for source in self.sources)


@dataclass(frozen=True, slots=True)
class Pulse:
    """The ages a browser needs, the same for every viewer: at /healthz and with each rerun."""

    sources: tuple[SourceView, ...]
    beat_age_s: float | None
    store_ok: bool

    @property
    def tick_s(self) -> float:
        """Seconds between polls, of the slowest source."""
        return max((source.poll_s for source in self.sources), default=2.0)

    @property
    def age_s(self) -> float | None:
        """The oldest of all sources that were ever read."""
        return max((s.age_s for s in self.sources if s.age_s is not None), default=None)

    def as_json(self) -> dict[str, object]:
        return {
            "status": "ok" if self.store_ok else "down",
            "store": "ok" if self.store_ok else "down",
            "age_s": self.age_s,
            "tick_s": self.tick_s,
            "beat": self.beat_age_s,
            "sources": [
                {
                    "name": s.name,
                    "status": s.status,
                    "failing": s.failing,
                    "age": s.age_s,
                    "poll": s.poll_s,
                }
                for s in self.sources
            ],
        }


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the queue table."""

    number: int  # from 0
    count: int
    rows: tuple[QueueRow, ...]


def by_trouble(rows: Iterable[QueueRow]) -> tuple[QueueRow, ...]:
    """Worst first: state, longest wait, how many wait; then by name, to stay still."""
    return tuple(
        sorted(
            rows,
            key=lambda row: (
                -max(row.state, row.wait_state),
                -(row.longest_wait_s or 0.0),
                -row.waiting,
                row.queue,
                row.source,
            ),
        )
    )


def pages_of(rows: Sequence[QueueRow], *, size: int) -> tuple[Page, ...]:
    """The rows in pages of `size`, always at least one page."""
    count = max(1, -(-len(rows) // size))
    return tuple(
        Page(number, count, tuple(rows[number * size : (number + 1) * size]))
        for number in range(count)
    )


def page_number(now: datetime, *, count: int, turn_s: int = 15) -> int:
    """Which page is up at this moment, the same for every viewer."""
    return int(now.timestamp() // turn_s) % count


_RANK = {Severity.CRITICAL: 0, Severity.WARNING: 1, Severity.INFO: 2}


def most_urgent_first(alerts: Iterable[Alert]) -> tuple[Alert, ...]:
    """Those that nobody is on, then severity, then the oldest."""

    def urgency(one: Alert) -> tuple[bool, int, datetime, str]:
        taken = one.status is Status.ACKNOWLEDGED
        return taken, _RANK[one.severity], one.pending_since, one.fingerprint

    return tuple(sorted(alerts, key=urgency))


def change(tile: Tile) -> float | None:
    """Percent above (+) or below (-) the same weekdays before; None when that is not known."""
    if tile.value is None or tile.usual is None or tile.usual <= 0:
        return None
    return (tile.value / tile.usual - 1) * 100
