"""One KPI as the command line, the wallboard and the digest ask for it: a window and its rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from metrics.errors import BadWindow
from metrics.kpi import Kpi, Registry
from metrics.packs import default_registry
from metrics.reading import EVERYTHING, Reader, Where
from metrics.rows import KpiRow

__all__ = ["KpiResult", "KpiRow", "kpi"]


@dataclass(frozen=True, slots=True)
class KpiResult:
    """Values of one KPI with what they are valid for."""

    kpi: Kpi
    zone: ZoneInfo
    since: datetime | None
    until: datetime | None
    as_of: datetime
    rows: tuple[KpiRow, ...]


def kpi(  # noqa: PLR0913 - a window is three of them
    connection: sa.Connection,
    key: str,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    every: timedelta | None = None,
    by: str | None = None,
    zone: ZoneInfo,
    names: Sequence[str] = (),
    where: Where = EVERYTHING,
    registry: Registry | None = None,
) -> KpiResult:
    """The KPI of `key` over [since, until), one row per label, or per interval and label.

    Without a window: from local midnight to as_of. Raises UnknownKpi, UnknownLabel, BadWindow,
    NothingSynced.
    """
    reader = Reader(connection, zone, default_registry() if registry is None else registry, names)
    found = reader.registry.find(key)
    reader.require_label(found, by)
    as_of = reader.as_of
    if found.is_state:
        if since or until or every:
            raise BadWindow(
                f"{key} is a state and takes no window; leave out --since, --until, --every"
            )
        rows = reader.rows(key, as_of, as_of, by=by, where=where)
        return KpiResult(found, zone, None, None, as_of, tuple(rows))
    start = (since or datetime.combine(as_of.astimezone(zone).date(), time(), zone)).astimezone(
        zone
    )
    end = (until or as_of).astimezone(zone)
    rows = reader.rows(key, start, end, by=by, every=every, where=where)
    return KpiResult(found, zone, start, end, as_of, tuple(rows))
