"""A store full of random facts beside what the oracle says about them, and how both compare."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from itertools import pairwise
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from connectors.store import Store
from metrics.kpi import Registry
from metrics.packs import available, load_registry
from metrics.reading import Reader, Where
from metrics.rows import KpiRow
from metrics.settings import ServiceSettings, clocks
from tests.metrics.oracle import KPIS, RATIOS, summary
from tests.metrics.oracle.desk import SERVICE
from tests.metrics.oracle.facts import Counted, Facts
from tests.metrics.oracle.facts import read as read_facts
from tests.metrics.oracle.own import OWN
from tests.metrics.oracle.summary import Numbers

HOURS = ServiceSettings.model_validate(SERVICE)


def registry_of(zone: ZoneInfo) -> Registry:
    """Every shipped pack and our own KPIs, by the service hours of the tests."""
    return load_registry(available(), own=OWN, clocks=clocks(HOURS, zone), zone=zone.key)


def where_of(**allowed: tuple[str, ...]) -> Where:
    """A filter by any labels."""
    named = {name: values for name, values in allowed.items() if hasattr(Where(), name)}
    more = tuple((name, values) for name, values in allowed.items() if name not in named)
    return Where(**named, more=more)


def differences(row: KpiRow, wanted: Numbers, what: str) -> list[str]:
    """What a row shows otherwise than the oracle."""
    found = Numbers(row.n, row.value, row.p50, row.p90, row.p95, row.mean)
    agree = row.n == wanted.n and all(
        same(getattr(found, name), getattr(wanted, name))
        for name in ("value", "p50", "p90", "p95", "mean")
    )
    return [] if agree else [f"{what}: {found}, by definition {wanted}"]


def utc(moment: datetime | None) -> datetime | None:
    """The same instant in UTC: moments of an hour that comes twice never equal those elsewhere."""
    return None if moment is None else moment.astimezone(UTC)


def same(found: float | None, wanted: float | None) -> bool:
    """Equal but for the order in which floats were added up; None only equals None."""
    if found is None or wanted is None:
        return found is wanted
    return math.isclose(found, wanted, rel_tol=1e-9, abs_tol=1e-9)


@dataclass
class World:
    """What a store shows (`reader`) and what it must show (`facts`)."""

    reader: Reader
    facts: Facts
    as_of: datetime

    @classmethod
    def of(
        cls, store: Store, connection: sa.Connection, registry: Registry, as_of: datetime
    ) -> World:
        zone = ZoneInfo(registry.zone)
        return cls(Reader(connection, zone, registry), read_facts(store, zone), as_of)

    @cached_property
    def counted(self) -> Mapping[str, Sequence[Counted]]:
        return {key: list(definition.rows(self.facts)) for key, definition in KPIS.items()}

    def wanted(
        self,
        key: str,
        since: datetime,
        until: datetime,
        where: Mapping[str, Sequence[str]] | None = None,
    ) -> list[Counted]:
        """What counts in a window, as far as it is known yet."""
        known = summary.known_until(KPIS[key], self.as_of, until)
        return summary.within(self.counted[key], since, known, where or {})

    def wrong_total(self, key: str, since: datetime, until: datetime) -> list[str]:
        known = summary.known_until(KPIS[key], self.as_of, until)
        wanted = summary.numbers(KPIS[key], self.wanted(key, since, until), known=known >= until)
        values = self.reader.values(key, since, until)
        wrong = differences(values.total(), wanted, f"{key} {since} – {until}")
        if values.known_until != known:
            wrong.append(f"{key} known until {values.known_until}, by definition {known}")
        return wrong

    def wrong_intervals(self, key: str, edges: Sequence[datetime], step: timedelta) -> list[str]:
        since, until = edges[0], edges[-1]
        known = summary.known_until(KPIS[key], self.as_of, until)
        wanted = summary.by_interval(KPIS[key], self.wanted(key, since, until), edges, known)
        rows = self.reader.values(key, since, until).every(step)
        if [(utc(one.start), utc(one.end)) for one in rows] != list(pairwise(edges)):
            return [f"{key}: other intervals than {edges}"]
        return [one for row, numbers in zip(rows, wanted, strict=True)
                for one in differences(row, numbers, f"{key} {row.start} {step}")]  # fmt: skip

    def wrong_labels(
        self,
        key: str,
        since: datetime,
        until: datetime,
        where: Mapping[str, tuple[str, ...]] | None = None,
    ) -> list[str]:
        """By each label the KPI has, of what the filter allows."""
        values = self.reader.values(key, since, until, where_of(**(where or {})))
        found = self.wanted(key, since, until, where)
        wrong = []
        for label in self.reader.registry.find(key).labels:
            wanted = summary.by_label(KPIS[key], found, label)
            rows = {dict(row.labels)[label]: row for row in values.by(label)}
            what = f"{key} by {label} {where}"
            if rows.keys() != wanted.keys():
                wrong.append(f"{what}: {sorted(rows)}, by definition {sorted(wanted)}")
                continue
            wrong += [one for name, numbers in wanted.items()
                      for one in differences(rows[name], numbers, f"{what} {name}")]  # fmt: skip
        return wrong

    def ratio(
        self,
        key: str,
        since: datetime,
        until: datetime,
        where: Mapping[str, Sequence[str]] | None = None,
    ) -> float | None:
        """factor × the one ÷ the other, None without anything to divide by."""
        ratio = RATIOS[key]
        above, below = (
            summary.numbers(KPIS[part], self.wanted(part, since, until, where)).value or 0.0
            for part in (ratio.of, ratio.per)
        )
        return ratio.factor * above / below if below else None
