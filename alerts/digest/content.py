"""What a digest says, as values: numbers, changes, charts, open items. No words, no language.

It is made once, when the digest is due, and travels whole in the outbox: however often a receiver
has to be tried, it gets the same numbers. Instants are aware UTC, days are local dates.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Literal

Direction = Literal["better", "worse", "neither"]


class Verdict(StrEnum):
    """What a comparison with the usual says."""

    CHANGED = "changed"  # beyond what this number swings by anyway, and enough to care
    STEADY = "steady"
    THIN = "thin"  # too few values to judge
    NO_HISTORY = "no_history"  # too few earlier spans to know what is usual
    NO_DATA = "no_data"


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """What a KPI is called and how its values are written, so that nothing is looked up later."""

    kpi: str
    shape: str
    unit: str
    decimals: int | None
    titles: tuple[tuple[str, str], ...]  # (language, text)
    abouts: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One KPI over the digest's span, beside the span before and the usual.

    `usual`: the median of the same weekdays (weeks) of the four weeks before. `swing`: how far from
    it a value lies nineteen times out of twenty anyway, in the KPI's own unit.
    """

    kpi: str
    queue: str | None = None
    value: float | None
    n: int
    before: float | None
    before_n: int
    usual: float | None
    usual_n: int
    low: float | None = None
    high: float | None = None
    verdict: Verdict
    direction: Direction


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A figure worth telling first. `hit`: about how many customers (cases, orders) it concerns."""

    figure: Figure
    hit: float | None
    importance: float
    queues: tuple[Figure, ...] = ()


@dataclass(frozen=True, slots=True)
class DayPoint:
    day: date
    value: float | None
    n: int


@dataclass(frozen=True, slots=True)
class TrendChart:
    """A KPI per day up to the span's end; the last `span_days` are the digest's."""

    kpi: str
    points: tuple[DayPoint, ...]
    span_days: int
    usual: float | None


@dataclass(frozen=True, slots=True)
class HourPoint:
    at: datetime
    value: float | None
    usual: float | None


@dataclass(frozen=True, slots=True)
class ProfileChart:
    """A count per hour of the day, or per day of the week, beside the usual."""

    kpi: str
    points: tuple[HourPoint, ...]
    by_hour: bool


@dataclass(frozen=True, slots=True)
class QueueChart:
    """A KPI per queue beside the usual, the largest queues; `more` are left out."""

    kpi: str
    rows: tuple[Figure, ...]
    more: int


Chart = TrendChart | ProfileChart | QueueChart


@dataclass(frozen=True, slots=True)
class OpenReview:
    ref: str
    stars: float  # of five
    rated_at: datetime


@dataclass(frozen=True, slots=True)
class OpenCase:
    ref: str
    kind: str | None
    reason: str | None
    opened_at: datetime
    amount: float | None


@dataclass(frozen=True, slots=True)
class Outage:
    """A source that couldn't be read; `until` None: still."""

    source: str
    since: datetime
    until: datetime | None


@dataclass(frozen=True, slots=True)
class AlertCount:
    """A rule's alerts of the span on one series. `seconds` in alarm, within the span."""

    rule: str
    where: str
    severity: str
    times: int
    seconds: float
    firing: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenItems:
    """What waits for somebody. None: not of interest to this audience, or it can't be known."""

    reviews: tuple[OpenReview, ...] = ()
    reviews_open: int | None = None
    cases: tuple[OpenCase, ...] = ()
    cases_open: int | None = None
    outages: tuple[Outage, ...] = ()
    alerts: tuple[AlertCount, ...] = ()
    alerts_more: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """The whole message. `as_of`: how far the sources were read; before `until` it isn't whole."""

    name: str
    shop: str
    every: Literal["daily", "weekly"]
    audience: str
    queues: tuple[str, ...]
    due_at: datetime
    since: datetime
    until: datetime
    as_of: datetime | None
    terms: tuple[Term, ...] = ()
    filling: tuple[str, ...] = ()  # sources whose history is still being read
    computing: tuple[str, ...] = ()  # KPIs whose history is still being computed
    changes: tuple[Change, ...] = ()
    figures: tuple[Figure, ...] = ()
    silent: tuple[str, ...] = ()  # KPIs without any value in five weeks
    charts: tuple[Chart, ...] = ()
    items: OpenItems = OpenItems()


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestNote:
    """A digest for one receiver. `key` stays the same however often it is sent."""

    key: str
    receiver: str
    digest: Digest
