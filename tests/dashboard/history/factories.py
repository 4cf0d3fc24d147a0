"""Rows and questions for tests of the history pages, with defaults."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from dashboard.history.asked import Asked, read_asked
from dashboard.history.known import Known
from dashboard.history.tiles import Headline
from dashboard.words import Language
from metrics.kpi import Kpi
from metrics.packs import default_registry
from metrics.rows import KpiRow

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 21, 18, 4, 30, tzinfo=ZONE)  # a Saturday
KNOWN = Known({"queue": ("天猫", "京东"), "channel": ("chat",), "agent": ("7", "8")}, {"7": "小北"})


def kpi_of(key: str) -> Kpi:
    return default_registry().find(key)


def make_asked(
    query: Mapping[str, Sequence[str]] | None = None,
    *,
    kpis: Sequence[str] = ("first_response", "service_level"),
    language: Language = "en",
    now: datetime = NOW,
) -> Asked:
    known = KNOWN.labels
    return read_asked("response", query or {}, kpis=kpis, known=known, language=language, now=now)


def make_row(value: float | None, n: int = 100, **changes: Any) -> KpiRow:
    start = changes.pop("start", NOW.replace(hour=0, minute=0, second=0))
    end = changes.pop("end", start + timedelta(days=1))
    labels = tuple(changes.pop("labels", {}).items())
    return KpiRow(start, end, labels, n, value, **changes)


def make_timed(p50: float, n: int = 100, **changes: Any) -> KpiRow:
    """A row of a duration: p90 is three times its median, p95 five times."""
    return make_row(p50, n, **({"p50": p50, "p90": 3 * p50, "p95": 5 * p50, "mean": p50} | changes))


def days_of(values: Sequence[float | None], first: datetime = NOW, **changes: Any) -> list[KpiRow]:
    """One row per day from the local midnight before `first` on."""
    start = first.replace(hour=0, minute=0, second=0, microsecond=0)
    return [
        make_row(value, 0 if value is None else 100, start=start + timedelta(days=at), **changes)
        for at, value in enumerate(values)
    ]


def make_headline(key: str, row: KpiRow, before: KpiRow | None = None, **changes: Any) -> Headline:
    return Headline(kpi_of(key), row, before, **changes)
