"""How long a contact takes in each queue: as set, as measured, or as assumed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from forecasting.settings import ASSUMED_AHT, StaffingSettings
from metrics.errors import MetricsError
from metrics.reading import Reader

MEASURED_OVER = timedelta(days=28)
FEWEST = 30  # handled contacts below which a queue's own handle time is no measure
SET, MEASURED, SHARED, POOLED, ASSUMED = "set", "measured", "shared", "pooled", "assumed"


@dataclass(frozen=True, slots=True)
class HandleTime:
    """Wall-clock seconds of a contact at its queue's concurrency, and where that is from: `set`,
    `measured` in the queue, `shared` (measured over all queues), `pooled` (of several queues, by
    their volumes), `assumed`."""

    seconds: float
    origin: str
    n: int = 0


def handle_times(
    reader: Reader, settings: StaffingSettings, queues: Sequence[str], now: datetime
) -> dict[str, HandleTime]:
    """Of each queue, from the KPI `handle_time` (its median: contacts that nobody closes would
    stretch the mean). Where agents serve one at a time, its level is that of `aht`, which has the
    time beside other contacts taken out."""
    measured, alone = _measured(reader, now)
    total = sum(n for _, n in measured.values())
    mean = sum(value * n for value, n in measured.values()) / total if total else None
    found = {}
    for queue in queues:
        at_once = settings.concurrency_of(queue)
        given = settings.aht_of(queue)
        if given is not None:
            found[queue] = HandleTime(given.total_seconds(), SET)
        elif queue in measured:
            value, n = measured[queue]
            found[queue] = HandleTime(max(1.0, value * (alone if at_once == 1 else 1)), MEASURED, n)
        elif mean is not None:
            level = mean * (alone if at_once == 1 else 1)
            found[queue] = HandleTime(max(1.0, level), SHARED, total)
        else:
            found[queue] = HandleTime(ASSUMED_AHT.total_seconds(), ASSUMED)
    return found


def _measured(reader: Reader, now: datetime) -> tuple[dict[str, tuple[float, int]], float]:
    """Median handle time and contacts per queue; what it is to be multiplied by for agents who
    serve one contact at a time."""
    since = now - MEASURED_OVER
    try:
        found = {
            row.labels[0][1]: (row.p50, row.n)
            for row in reader.rows("handle_time", since, now, by="queue")
            if row.p50 is not None and row.n >= FEWEST
        }
        [whole] = reader.rows("aht", since, now)
    except (MetricsError, ValueError):
        return {}, 1.0  # no source tells when contacts were closed
    total = sum(n for _, n in found.values())
    if not total or whole.value is None:
        return found, 1.0
    mean = sum(value * n for value, n in found.values()) / total
    return found, min(1.0, whole.value / mean) if mean > 0 else 1.0
