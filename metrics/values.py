"""Values of a KPI within a window, and every way to sum them up: in all, by interval, by label.

Pure. Values and histogram buckets are summed up exactly as asked: no average of averages. Reading
them from the store is reading.py's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np

from connectors.columns import to_micros
from connectors.dirty import SLOT
from metrics.columns import Columns
from metrics.errors import BadWindow
from metrics.groups import Groups, last_of_each
from metrics.histogram import CODES, MIDDLES, of_histograms
from metrics.kpi import Kpi
from metrics.label_sets import LabelSets
from metrics.population import Floats, Ints
from metrics.rows import Band, KpiRow, Labels, WeekHour, quantiles, value_of

DAY = timedelta(days=1)
MAX_ROWS = 200_000
MAX_HISTOGRAMS = 2_000  # groups for which buckets are counted; of more, sorted codes are faster
SHARES = (0.5, 0.9, 0.95)


@dataclass(frozen=True)
class Values:
    """The values of one KPI in [since, until).

    `known_until` is earlier than `until` where values are only known after a while (`matures`).
    """

    kpi: Kpi
    zone: ZoneInfo
    since: datetime
    until: datetime
    known_until: datetime
    columns: Columns
    labels: LabelSets

    @property
    def n(self) -> int:
        return self.columns.n

    def total(self) -> KpiRow:
        """All values as one row."""
        return self._rows(Groups(self.columns, 1), [(self.since, self.until, ())])[0]

    def every(self, step: timedelta) -> list[KpiRow]:
        """One row per interval, also when nothing lies in it; whole days are local days."""
        edges = self.borders(step)
        groups = self._in_time(self._intervals(edges), len(edges) - 1)
        return self._rows(groups, [(a, b, ()) for a, b in pairwise(edges)])

    def by(self, label: str) -> list[KpiRow]:
        """One row per value of the label, sorted by name."""
        names, groups = self.groups_by(label)
        return self._rows(groups, [(self.since, self.until, ((label, n),)) for n in names])

    def groups_by(self, label: str) -> tuple[list[str], Groups]:
        """The values of a label, sorted, and which of them each value is of."""
        known: dict[str, tuple[list[str], Groups]] = self.__dict__.setdefault("_by_label", {})
        if label not in known:
            found, of_sets = self._grouped(label)
            known[label] = found, Groups(self.columns, len(found), of_sets=of_sets)
        return known[label]

    def by_every(self, label: str, step: timedelta) -> list[KpiRow]:
        """One row per value of the label and interval."""
        edges = self.borders(step)
        names, of_sets = self._grouped(label)
        count = len(edges) - 1
        if len(names) * count > MAX_ROWS:
            raise BadWindow("that window has too many intervals; choose a longer --every")
        heads = [(a, b, ((label, name),)) for name in names
                 for a, b in pairwise(edges)]  # fmt: skip
        groups = Groups(
            self.columns, len(heads), of_sets=of_sets * count, of_quarters=self._intervals(edges)
        )
        return self._rows(groups, heads)

    def week(self) -> list[WeekHour]:
        """The 168 hours of the local week."""
        heads: list[tuple[datetime, datetime, Labels]] = [(self.since, self.until, ())] * 168
        rows = self._rows(self._in_time(self._hours_of_week, 168), heads)
        return [WeekHour(at // 24, at % 24, row.n, row.value) for at, row in enumerate(rows)]

    def distribution(self, edges: Sequence[float]) -> list[Band]:
        """How values spread over bands that start at each edge; the last has no end."""
        below = self.columns.below(np.asarray(edges, dtype=np.float64))
        counts = np.diff(below, append=self.n)
        ends: list[float | None] = [*edges[1:], None]
        return [Band(low, high, int(n)) for low, high, n in zip(edges, ends, counts, strict=True)]

    def borders(self, step: timedelta) -> list[datetime]:
        """The edges of intervals of `step`, in UTC, the last one cut off at the end."""
        if step < timedelta(minutes=15) or step % timedelta(minutes=15):
            raise BadWindow("--every must be a multiple of 15 min, such as 30min, 1h or 1d")
        if (self.until - self.since) / step > MAX_ROWS:
            raise BadWindow("that window has too many intervals; choose a longer --every")
        # Compared in UTC: within one zone Python compares wall clocks, which turn back in autumn.
        edges, last = [self.since.astimezone(UTC)], self.until.astimezone(UTC)
        while edges[-1] < last:
            edges.append(min(_next(edges[-1], step, self.zone).astimezone(UTC), last))
        return edges

    def _in_time(self, of_quarters: Ints, count: int) -> Groups:
        return Groups(self.columns, count, of_quarters=of_quarters)

    def _intervals(self, edges: Sequence[datetime]) -> Ints:
        """Which interval each quarter hour with values lies in."""
        return np.searchsorted(_slots(edges), self.columns.quarters, side="right") - 1

    @cached_property
    def _hours_of_week(self) -> Ints:
        """The hour of the week of each quarter hour with values."""
        stamps = self.columns.quarters.astype(np.int64) * SLOT
        import pandas as pd  # takes most of a second, and most commands need no wall clock

        local = pd.DatetimeIndex(stamps.view("datetime64[us]")).tz_localize(UTC)
        local = local.tz_convert(self.zone.key)
        hours = np.asarray(local.day_of_week) * 24 + np.asarray(local.hour)
        found: Ints = hours.astype(np.int64)
        return found

    def _grouped(self, label: str) -> tuple[list[str], Ints]:
        """The names there are, and by label set the place of its name; 0 where no value has it."""
        used = np.flatnonzero(self.columns.by_set.n)
        found, lookup = self.labels.among((label,), used)
        return [name for (name,) in found], lookup

    def _rows(
        self, groups: Groups, heads: Sequence[tuple[datetime, datetime, Labels]]
    ) -> list[KpiRow]:
        if self.columns.who is not None:
            return self._once(groups.values, heads)
        local = [(a.astimezone(self.zone), b.astimezone(self.zone), c) for a, b, c in heads]
        if self.kpi.shape == "duration":
            return self._durations(groups, local)
        return [
            KpiRow(*head, n, value_of(self.kpi, n, total, head[1] <= self._known))
            for head, n, total in zip(local, groups.n.tolist(), groups.sums.tolist(), strict=True)
        ]

    def _once(
        self, groups: Ints, heads: Sequence[tuple[datetime, datetime, Labels]]
    ) -> list[KpiRow]:
        """Rows of everybody's last value within each group."""
        assert self.columns.who is not None  # noqa: S101 - `_rows` saw to it
        once = last_of_each(groups, self.columns.who)
        alone = replace(self.columns.only(once), who=None)
        values = replace(self, columns=alone)
        return values._rows(Groups(alone, len(heads), of_values=groups[once]), heads)

    @property
    def _known(self) -> datetime:
        return self.known_until if self.known_until < self.until else _FOREVER

    def _durations(
        self, groups: Groups, heads: Sequence[tuple[datetime, datetime, Labels]]
    ) -> list[KpiRow]:
        coarse, counts = self.columns.coarse, groups.n.tolist()
        if coarse and len(heads) <= MAX_HISTOGRAMS:
            table = self._histograms(groups)
            shares = {share: of_histograms(table, share) for share in SHARES}
            sums: Floats = table @ MIDDLES
        else:
            ordered, starts = self._sorted(groups)
            shares = {share: quantiles(ordered, starts, counts, share) for share in SHARES}
            sums = np.bincount(groups.values, self._worth, minlength=len(heads)).astype(np.float64)
        if coarse and self.kpi.headline == "mean":  # exact where it is the headline
            sums = groups.sums
        rows = []
        for at, (head, n) in enumerate(zip(heads, counts, strict=True)):
            if n == 0:
                rows.append(KpiRow(*head, 0, None))
                continue
            p50, p90, p95 = (float(shares[share][at]) for share in SHARES)
            mean = float(sums[at]) / n
            value = mean if self.kpi.headline == "mean" else p50
            rows.append(KpiRow(*head, n, value, p50, p90, p95, mean))
        return rows

    def _histograms(self, groups: Groups) -> Ints:
        """How many values of each group lie in each bucket, one row per group."""
        if groups.count == 1:
            return self._histogram[None, :]
        table = groups.histograms
        # All groups together are all values: whoever asks for the whole next has it already.
        self.__dict__.setdefault("_histogram", table.sum(axis=0))
        return table

    @cached_property
    def _histogram(self) -> Ints:
        return np.bincount(self.columns.codes, minlength=CODES)

    @cached_property
    def _worth(self) -> Floats:
        """Each value, or the middle of its bucket."""
        if self.columns.coarse:
            return MIDDLES[self.columns.codes]
        return np.ones(self.n) if self.columns.data is None else self.columns.data

    @cached_property
    def _by_size(self) -> tuple[Ints, Floats]:
        """Places of the values from the smallest to the largest, and those values."""
        order = np.argsort(self._worth)
        return order, self._worth[order]

    def _sorted(self, groups: Groups) -> tuple[Floats, Ints]:
        """Values ordered by group and size, and where each group starts."""
        order, ordered = self._by_size
        # Few groups fit 16 bits, whose stable sort is a radix sort: no comparing at all.
        mine = groups.values[order].astype(np.uint16 if groups.count < 2**16 else np.int64)
        places = np.argsort(mine, kind="stable")
        starts = np.concatenate(([0], np.cumsum(groups.n)[:-1]))
        return ordered[places], starts


_FOREVER = datetime.max.replace(tzinfo=UTC)


def _next(moment: datetime, every: timedelta, zone: ZoneInfo) -> datetime:
    """The next border; whole days are local days, also when the clock changes."""
    if every % DAY:
        return (moment.astimezone(UTC) + every).astimezone(zone)
    local = moment.astimezone(zone)
    return datetime.combine(local.date() + every, local.time(), zone)


def slot_of(moment: datetime) -> int:
    """The first quarter hour that starts at or after a moment."""
    return -(-to_micros(moment) // SLOT)


def _slots(moments: Sequence[datetime]) -> Ints:
    return np.asarray([slot_of(one) for one in moments], dtype=np.int64)
