"""The measurements of one tick: the live state, the KPIs that rules name, what kinds make of them.

KPIs and what is read from the store are read less often than the live state: they move slowly and
cost more. A number that cannot be read is noted with why, and holds up no other.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from alerts.alert import Rule
from alerts.conditions.asked import Asked
from alerts.conditions.kinds import KINDS
from alerts.conditions.memory import Memory, Metric
from alerts.conditions.naming import COMPOSITE, PLAIN, series_name
from connectors.errors import StoreError
from connectors.store import Store
from forecasting.settings import StaffingSettings
from metrics.errors import NothingSynced
from metrics.kpi import Registry
from metrics.live import LiveSettings, LiveState, live_state, measurements
from metrics.measurement import Measurement
from metrics.trailing import trailing

log = logging.getLogger(__name__)
KPI_EVERY = timedelta(seconds=5)
CALM = timedelta(minutes=1)  # between two tries of a number that could not be read


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A KPI as a rule needs it."""

    key: str
    window: timedelta | None
    by: tuple[str, ...]

    @property
    def metric(self) -> Metric:
        return self.key, None if self.window is None else self.window.total_seconds()


@dataclass(slots=True)
class _Kept:
    """Numbers as last read; `error` says why there are none."""

    found: list[Measurement]
    due: datetime
    read_at: datetime
    error: str | None = None

    def holds(self, now: datetime) -> bool:
        return self.read_at <= now < self.due


class Numbers:
    """Reads what the rules compare; keeps what is read seldom, and what must be remembered."""

    def __init__(
        self,
        live: LiveSettings,
        rules: Sequence[Rule],
        zone: ZoneInfo,
        sources: Sequence[str],
        kpis: Registry,
        staffing: StaffingSettings | None = None,
    ) -> None:
        self._live = live
        self._zone = zone
        self._sources = tuple(sources)
        self._registry = kpis
        self._staffing = staffing or StaffingSettings()
        self._kept: dict[_Wanted | str, _Kept] = {}
        self.memory = Memory()
        self.follow(rules)

    def follow(self, rules: Sequence[Rule]) -> None:
        """Read for these rules from now on; what is known of others stays, if they come back."""
        single = [one for rule in rules for one in (rule.parts or (rule,))]
        self._metrics = frozenset(rule.metric for rule in single)
        self._wanted = sorted({one for rule in single for one in self._needs(rule)}, key=repr)
        made = {series_name(rule): rule for rule in single if rule.kind not in COMPOSITE | PLAIN}
        self._derived = [rule for rule in made.values() if KINDS[rule.kind].derive]
        self._read = [rule for rule in made.values() if KINDS[rule.kind].read]

    @property
    def failures(self) -> dict[Metric, str]:
        """The numbers that could not be read at the last try, with why."""
        asked: dict[_Wanted | str, Metric] = {one: one.metric for one in self._wanted}
        asked |= {series_name(one): (series_name(one), None) for one in self._read}
        failed: dict[Metric, str] = {}
        for name, metric in asked.items():
            kept = self._kept.get(name)
            if kept is not None and kept.error is not None:
                failed[metric] = kept.error
        for rule in self._derived:
            for one in self._needs(rule):
                if one.metric in failed:
                    failed[series_name(rule), None] = failed[one.metric]
        return failed

    def read(self, store: Store, now: datetime) -> list[Measurement]:
        """Nothing while no source was ever read. Raises StoreError."""
        with store.read() as connection:
            try:
                live = live_state(connection, now=now, settings=self._live, names=self._sources)
            except NothingSynced:
                return []
        found = measurements(live, self._metrics)
        for wanted in self._wanted:
            found += self._known(store, wanted, now, KPI_EVERY, self._kpi(wanted, live))
        for rule in self._read:
            every = KINDS[rule.kind].every
            found += self._known(store, series_name(rule), now, every, self._asked(rule, live, now))
        return found + self._made(found, now)

    def _made(self, found: Iterable[Measurement], now: datetime) -> list[Measurement]:
        """What kinds make of this tick's numbers."""
        if not self._derived:
            return []
        by_metric: dict[Metric, list[Measurement]] = defaultdict(list)
        for one in found:
            by_metric[one.metric, one.window_s].append(one)
        made: list[Measurement] = []
        for rule in self._derived:
            if derive := KINDS[rule.kind].derive:
                made += derive(rule, by_metric, self.memory, now)
        return made

    def _needs(self, rule: Rule) -> list[_Wanted]:
        """The KPIs behind a rule's number."""
        kind = KINDS[rule.kind]
        if kind.read is not None or rule.kind in COMPOSITE or rule.metric not in self._registry:
            return []
        by = tuple(sorted(rule.by))
        spans = [rule.window]
        if rule.signal.short_window is not None:
            spans.append(rule.signal.short_window)
        return [_Wanted(rule.metric, span, by) for span in spans]

    def _known(
        self,
        store: Store,
        name: _Wanted | str,
        now: datetime,
        every: timedelta,
        read: Callable[[sa.Connection], list[Measurement]],
    ) -> list[Measurement]:
        kept = self._kept.get(name)
        if kept is not None and kept.holds(now):
            return kept.found
        try:
            with store.read() as connection:  # its own: a statement that fails ends a transaction
                kept = _Kept(read(connection), now + every, now)
        except StoreError:
            raise
        except Exception as error:  # a mistake in one number must not end the watch of all others
            log.exception("event=number_failed number=%s", name)
            kept = _Kept([], now + CALM, now, f"{type(error).__name__}: {error}")
        self._kept[name] = kept
        return kept.found

    def _asked(
        self, rule: Rule, live: LiveState, now: datetime
    ) -> Callable[[sa.Connection], list[Measurement]]:
        def read(connection: sa.Connection) -> list[Measurement]:
            asked = Asked(
                connection, now, live.as_of, self._zone, self._registry, self._sources,
                self._staffing,
            )  # fmt: skip
            reader = KINDS[rule.kind].read
            found = list(reader(rule, asked)) if reader else []
            return self._whole(found, live)

        return read

    def _kpi(
        self, wanted: _Wanted, live: LiveState
    ) -> Callable[[sa.Connection], list[Measurement]]:
        def read(connection: sa.Connection) -> list[Measurement]:
            found: list[Measurement] = []
            known = {one.name: one.as_of for one in live.sources if one.as_of is not None}
            # Each source is measured at its own last read; without that label, at the newest.
            moments = known if "source" in wanted.by else {"": max(known.values())}
            for source, as_of in moments.items():
                rows = trailing(
                    connection, wanted.key, window=wanted.window, by=wanted.by, as_of=as_of,
                    zone=self._zone, registry=self._registry,
                )  # fmt: skip
                found += [one for one in rows if not source or ("source", source) in one.labels]
            return self._whole(found, live)

        return read

    def _whole(self, found: list[Measurement], live: LiveState) -> list[Measurement]:
        if any(source.filling for source in live.sources):
            return [replace(one, value=None) for one in found]  # half a history is no history
        return found
