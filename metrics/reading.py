"""Reads KPI values out of the store, for windows and filters; ways to sum them up are values.py's.

Few values are read exactly, a million of them as histogram buckets (percentiles within 1 %).
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

import numpy as np
import sqlalchemy as sa

from connectors.columns import from_micros, to_micros
from connectors.delivered import delivered_columns
from connectors.dirty import SLOT, is_dirty
from connectors.schema import FACTS, sources
from metrics.ahead import read_ahead, read_labels_ahead, read_parts_ahead
from metrics.columns import Columns
from metrics.errors import BadWindow, NothingSynced, UnknownLabel
from metrics.filling import Behind, behind
from metrics.filtered import EVERYTHING, Only, Where
from metrics.kpi import Kpi, Registry
from metrics.label_sets import LabelSets, read_label_sets
from metrics.needs import mute
from metrics.rows import KpiRow, Labels, ratio
from metrics.states import count_state
from metrics.stored import read_columns
from metrics.stored_rows import StoredRows, Works
from metrics.values import Values, slot_of
from metrics.windowed import once_per_contact

_BEGINS = {"order": "orders", "case": "cases"}  # unit -> the fact whose first row begins it
EXACT = 100_000  # values up to which durations are read themselves, not as buckets


@dataclass(frozen=True)
class Reader:
    """KPI values as of the last read. `names`: the sources of the configuration, so that one that
    was taken out of it does not hold back `as_of`."""

    connection: sa.Connection
    zone: ZoneInfo
    registry: Registry
    names: Sequence[str] = ()
    _allowing: dict[Hashable, Only] = field(default_factory=dict)

    @cached_property
    def as_of(self) -> datetime:
        """The last successful read, the oldest of the sources. Raises NothingSynced."""
        return last_read(self.connection, self.names)

    @cached_property
    def filling(self) -> Mapping[str, Behind]:
        """The KPIs whose history is still being computed, by key."""
        return {one.key: one for one in behind(self.connection)}

    @cached_property
    def sources(self) -> tuple[str, ...]:
        """Names of the sources: those of the configuration, else all that were ever read."""
        found = self.connection.execute(sa.select(sources.c.source)).scalars()
        return tuple(self.names) or tuple(sorted(found))

    @cached_property
    def delivered(self) -> Mapping[str, frozenset[str]]:
        """The fact columns that each source delivers, as far as a sync has told."""
        return delivered_columns(self.connection)

    def read_ahead(
        self,
        keys: Sequence[str],
        since: datetime,
        until: datetime,
        *,
        where: Where = EVERYTHING,
        by_label: bool,
        recent: timedelta = timedelta(0),
    ) -> None:
        """Read at once what several KPIs need of [since, until), to be summed up in a moment: by
        time, or `by_label`, and then the `recent` values of durations and shares as well."""
        kpis = [self.registry.find(key) for key in keys]
        parts = {one.key: one for kpi in kpis for one in self.registry.parts(kpi) if one.is_stored}
        span = slot_of(since), slot_of(until)
        by_works: dict[Works | None, list[Kpi]] = {}
        for one in parts.values():
            with suppress(UnknownLabel):  # a filter that it cannot have: nothing will be asked
                only = self._only(one, where)
                by_works.setdefault(only.works if only else None, []).append(one)
        for works, some in by_works.items():
            read_ahead(self._rows, some, *span, times=works is None and not by_label)
            summed = [one for one in some if works is None or one.shape != "duration"]
            if by_label:  # sums by label set are known, but percentiles of a few sets
                slots = recent // timedelta(microseconds=SLOT)
                read_labels_ahead(self._rows, summed, *span, recent=slots)
            if works is not None:
                some = [one for one in some if not by_label or one not in summed]
                read_parts_ahead(self._rows, some, *span, works=works)

    def values(
        self, key: str, since: datetime, until: datetime, where: Where = EVERYTHING
    ) -> Values:
        """The values of a KPI in [since, until), read as they are asked for. Borders on quarter
        hours are exact.

        Sources that lack a column it needs are left out; where only they are left, and where no
        fact carries the values of a filter, nothing is known.

        Raises UnknownKpi, UnknownLabel (a filter the KPI cannot have), BadWindow. A ratio has no
        values of its own: see `rows`.
        """
        kpi = self.registry.find(key)
        if kpi.is_state or kpi.is_ratio:
            raise BadWindow(f"{key} has no values of its own; it is a {kpi.shape}")
        if since >= until:
            raise BadWindow("the window is empty; --since must lie before --until")
        known = self._known_until(kpi, until)
        last = max(known, since)
        span = slot_of(since), slot_of(last)
        if kpi.is_stored:
            only = self._only(kpi, where)
            columns = read_columns(self._rows, kpi, *span, exact=EXACT, only=only)
        else:
            columns = self._from_facts(kpi, *span)
            only = self._only(kpi, where)  # by now their label sets are known
            columns = columns.of_sets(only.allowed) if only else columns
        if only is not None and not only.allowed.any():
            known = since
        return Values(kpi, self.zone, since, until, known, columns, self._names)

    def begins(self, kpi: Kpi) -> datetime | None:
        """When the first contact, order or case that facts know of began; None without any."""
        table = FACTS[_BEGINS.get(kpi.of_unit, "contacts")]
        column = table.c.placed_at if table.name == "orders" else table.c.opened_at
        first: datetime | None = self.connection.execute(
            sa.select(sa.func.min(column, type_=column.type))
        ).scalar()
        return first

    def rows(
        self,
        key: str,
        since: datetime,
        until: datetime,
        *,
        where: Where = EVERYTHING,
        by: str | None = None,
        every: timedelta | None = None,
    ) -> list[KpiRow]:
        """Rows of any KPI: in all, by label, by interval or by both. States take no interval."""
        kpi = self.registry.find(key)
        self.require_label(kpi, by)
        if kpi.is_state:
            only = self._only(kpi, where)
            if only is not None and not only.allowed.any():
                return [] if by else [KpiRow(None, None, (), 0, None)]
            return count_state(self.connection, kpi, self.as_of, by, where.asked)
        if kpi.is_ratio:
            above, below = (
                self.rows(one.key, since, until, where=where, by=by, every=every)
                for one in self.registry.parts(kpi)
            )
            return ratio(kpi, above, below)
        return _summed(self.values(key, since, until, where), by, every)

    def require_label(self, kpi: Kpi, by: str | None) -> None:
        """Raises UnknownLabel when the KPI cannot be split by it."""
        allowed = self.registry.labels(kpi)
        if by is not None and by not in allowed:
            raise UnknownLabel(
                f"{kpi.key} cannot be split by '{by}'; use one of {', '.join(allowed) or 'none'}"
            )

    @cached_property
    def _rows(self) -> StoredRows:
        return StoredRows(self.connection)

    @cached_property
    def _names(self) -> LabelSets:
        return read_label_sets(self.connection)

    def _only(self, kpi: Kpi, where: Where) -> Only | None:
        """Which label sets count; None when all of them do."""
        asked = where.asked
        for name in asked:
            if name not in kpi.labels:
                raise UnknownLabel(f"{kpi.key} cannot be filtered by '{name}'")
        silent = mute(kpi, self.sources, self.delivered)
        if not asked and not silent:
            return None
        key = (kpi.labels, silent, where, len(self._names))
        if key not in self._allowing:
            self._allowing[key] = Only.of(self._names, kpi.labels, where, silent)
        only = self._allowing[key]
        return None if only.everything else only

    def _known_until(self, kpi: Kpi, until: datetime) -> datetime:
        if kpi.matures is None:
            return until
        known = to_micros(self.as_of - kpi.matures) // SLOT * SLOT
        return min(until, from_micros(known))

    def _from_facts(self, kpi: Kpi, first: int, last: int) -> Columns:
        """Values that are not kept. Their label sets are put after those of the store."""
        window = (first * SLOT, max(first, last) * SLOT)
        found = once_per_contact(self.connection, kpi, self.registry, window)
        first = self._names.add(found.labels)
        sets = (found.sets + first).astype(np.uint32)
        slots = found.slots.astype(np.int32)
        return Columns.of(slots, lambda: sets, lambda: found.values, None, found.who)


def _summed(values: Values, by: str | None, every: timedelta | None) -> list[KpiRow]:
    if by is not None:
        return values.by(by) if every is None else values.by_every(by, every)
    return [values.total()] if every is None else values.every(every)


def last_read(connection: sa.Connection, names: Sequence[str] = ()) -> datetime:
    """The last successful read whose KPIs are computed, the oldest of the sources ever read.

    A poll commits its facts at once and leaves the slots they touch dirty for a moment.
    """
    read: sa.ColumnElement[datetime] = sources.c.as_of
    if is_dirty(connection):
        read = sa.func.coalesce(sources.c.kpis_as_of, read)
    query = sa.select(sa.func.min(read, type_=sources.c.as_of.type))
    if names:
        query = query.where(sources.c.source.in_(list(names)))
    oldest: datetime | None = connection.execute(query).scalar()
    if oldest is None:
        raise NothingSynced("no source has been read yet; run `deskpulse sync` first")
    return oldest.astimezone(UTC)


__all__ = ["EVERYTHING", "Labels", "Reader", "Where", "last_read"]
