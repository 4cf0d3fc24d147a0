"""The measurements of one tick: the live state, and the KPIs that rules name.

KPIs are read less often than the live state: they move slowly and cost more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from alerts.alert import Rule
from connectors.store import Store
from metrics.errors import NothingSynced
from metrics.kpi import Registry
from metrics.live import LiveSettings, LiveState, live_state, measurements
from metrics.measurement import Measurement
from metrics.trailing import trailing

KPI_EVERY = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A KPI as a rule needs it."""

    key: str
    window: timedelta | None
    by: tuple[str, ...]


class Numbers:
    """Reads what the rules compare; keeps KPI values for a few seconds."""

    def __init__(
        self,
        live: LiveSettings,
        rules: Sequence[Rule],
        zone: ZoneInfo,
        sources: Sequence[str],
        kpis: Registry,
    ) -> None:
        self._live = live
        self._zone = zone
        self._sources = sources
        self._registry = kpis
        self._wanted = sorted(
            {_Wanted(r.metric, r.window, tuple(sorted(r.by))) for r in rules if r.metric in kpis},
            key=repr,
        )
        self._kpis: list[Measurement] = []
        self._kpis_at: datetime | None = None

    def read(self, store: Store, now: datetime) -> list[Measurement]:
        """Nothing while no source was ever read."""
        with store.read() as connection:
            try:
                live = live_state(connection, now=now, settings=self._live, names=self._sources)
            except NothingSynced:
                return []
            if self._kpis_at is None or now - self._kpis_at >= KPI_EVERY:
                self._kpis = [
                    one
                    for wanted in self._wanted
                    for one in self._measure(connection, wanted, live)
                ]
                self._kpis_at = now
        return [*measurements(live), *self._kpis]

    def _measure(
        self, connection: sa.Connection, wanted: _Wanted, live: LiveState
    ) -> list[Measurement]:
        found: list[Measurement] = []
        read = {one.name: one.as_of for one in live.sources if one.as_of is not None}
        # Each source is measured at its own last read; without that label, at the newest.
        moments = read if "source" in wanted.by else {"": max(read.values())}
        for source, as_of in moments.items():
            rows = trailing(
                connection, wanted.key, window=wanted.window, by=wanted.by, as_of=as_of,
                zone=self._zone, registry=self._registry,
            )  # fmt: skip
            found += [one for one in rows if not source or ("source", source) in one.labels]
        if any(source.filling for source in live.sources):
            return [replace(one, value=None) for one in found]  # half a history is no history
        return found
