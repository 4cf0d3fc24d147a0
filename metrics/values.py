"""Values of a KPI within a window, and every way to sum them up: in all, by interval, by label.

Pure. Values and histogram buckets are summed up exactly as asked: no average of averages. Reading
them from the store is reading.py's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pandas as pd

from connectors.columns import to_micros
from connectors.write import SLOT
from metrics.errors import BadWindow
from metrics.histogram import CODES, MIDDLES, codes_of, of_histograms
from metrics.kpi import Kpi
from metrics.population import Floats, Ints
from metrics.rows import Band, KpiRow, Labels, WeekHour, quantiles, value_of

DAY = timedelta(days=1)
MAX_ROWS = 200_000
MAX_HISTOGRAMS = 2_000  # groups for which buckets are counted; of more, sorted codes are faster
SHARES = (0.5, 0.9, 0.95)
_SHIFT = 11  # bits of a histogram code


@dataclass(frozen=True)
class Columns:
    """Values as they are stored: quarter hour (ascending), label set, and data or bucket codes.

    Label sets, and the values where there are codes, are read when somebody asks for them: most
    sums don't. `data` is None where every value is 1.
    """

    slots: npt.NDArray[np.int32]
    read_sets: Callable[[], npt.NDArray[np.uint32]]
    read_data: Callable[[], Floats | None]
    codes: npt.NDArray[np.uint16] | None
    who: Ints | None = None  # whose value it is, where each counts once per interval asked for

    @cached_property
    def sets(self) -> npt.NDArray[np.uint32]:
        return self.read_sets()

    @cached_property
    def data(self) -> Floats | None:
        return self.read_data()

    def only(self, keep: npt.NDArray[np.bool_] | Ints | slice) -> Columns:
        return Columns(
            self.slots[keep],
            lambda: self.sets[keep],
            lambda: None if self.data is None else self.data[keep],
            None if self.codes is None else self.codes[keep],
            None if self.who is None else self.who[keep],
        )


@dataclass(frozen=True)
class Values:
    """The values of one KPI in [since, until). `labels`: label sets by id, as name -> value.

    `known_until` is earlier than `until` where values are only known after a while (`matures`).
    """

    kpi: Kpi
    zone: ZoneInfo
    since: datetime
    until: datetime
    known_until: datetime
    columns: Columns
    labels: Sequence[dict[str, str] | None]

    @property
    def n(self) -> int:
        return len(self.columns.slots)

    def total(self) -> KpiRow:
        """All values as one row."""
        return self._rows(np.zeros(self.n, np.int64), [(self.since, self.until, ())])[0]

    def every(self, step: timedelta) -> list[KpiRow]:
        """One row per interval, also when nothing lies in it; whole days are local days."""
        edges = self.borders(step)
        return self._rows(self._intervals(edges), [(a, b, ()) for a, b in pairwise(edges)])

    def by(self, label: str) -> list[KpiRow]:
        """One row per value of the label, sorted by name."""
        names, groups = self._grouped(label)
        return self._rows(groups, [(self.since, self.until, ((label, n),)) for n in names])

    def by_every(self, label: str, step: timedelta) -> list[KpiRow]:
        """One row per value of the label and interval."""
        edges = self.borders(step)
        names, groups = self._grouped(label)
        count = len(edges) - 1
        if len(names) * count > MAX_ROWS:
            raise BadWindow("that window has too many intervals; choose a longer --every")
        heads = [(a, b, ((label, name),)) for name in names
                 for a, b in pairwise(edges)]  # fmt: skip
        return self._rows(groups * count + self._intervals(edges), heads)

    def week(self) -> list[WeekHour]:
        """The 168 hours of the local week."""
        heads: list[tuple[datetime, datetime, Labels]] = [(self.since, self.until, ())] * 168
        rows = self._rows(self._hours_of_week, heads)
        return [WeekHour(at // 24, at % 24, row.n, row.value) for at, row in enumerate(rows)]

    def distribution(self, edges: Sequence[float]) -> list[Band]:
        """How values spread over bands that start at each edge; the last has no end."""
        starts = np.asarray(edges, dtype=np.float64)
        data, codes = self.columns.data, self.columns.codes
        if data is None:
            data = np.ones(self.n)
        counts = np.zeros(len(edges) + 1, np.int64)
        if codes is not None:
            # Only values in a bucket that an edge cuts need a look of their own.
            band = np.searchsorted(starts, MIDDLES, side="right")
            cut = np.zeros(len(MIDDLES), np.bool_)
            cut[codes_of(starts)] = True
            whole = np.where(cut, 0, np.bincount(codes, minlength=len(MIDDLES)))
            counts += np.bincount(band, whole, minlength=len(counts)).astype(np.int64)
            data = data[cut[codes]]
        counts += np.bincount(np.searchsorted(starts, data, side="right"), minlength=len(counts))
        ends: list[float | None] = [*edges[1:], None]
        bands = zip(edges, ends, counts[1:], strict=True)
        return [Band(low, high, int(n)) for low, high, n in bands]

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

    def _intervals(self, edges: Sequence[datetime]) -> Ints:
        """Which interval each value lies in, looked up by its quarter hour."""
        if not self.n:
            return np.zeros(0, np.int64)
        first, last = int(self.columns.slots[0]), int(self.columns.slots[-1])
        quarters = np.arange(first, last + 1)
        lookup = np.searchsorted(_slots(edges), quarters, side="right") - 1
        return lookup[self.columns.slots - first]

    @cached_property
    def _hours_of_week(self) -> Ints:
        if not self.n:
            return np.zeros(0, np.int64)
        first, last = int(self.columns.slots[0]), int(self.columns.slots[-1])
        stamps = np.arange(first, last + 1, dtype=np.int64) * SLOT
        local = pd.DatetimeIndex(stamps.view("datetime64[us]")).tz_localize(UTC)
        local = local.tz_convert(self.zone.key)
        hours = np.asarray(local.day_of_week) * 24 + np.asarray(local.hour)
        found: Ints = hours.astype(np.int64)[self.columns.slots - first]
        return found

    def _grouped(self, label: str) -> tuple[list[str], Ints]:
        """The names there are, and the number of each value's name."""
        if not self.n:
            return [], np.zeros(0, np.int64)
        used = np.flatnonzero(np.bincount(self.columns.sets)).tolist()
        named = {one: (self.labels[one] or {}).get(label, "") for one in used}
        names = sorted(set(named.values()))
        number = {name: at for at, name in enumerate(names)}
        lookup = np.zeros(used[-1] + 1, np.int64)
        for one, name in named.items():
            lookup[one] = number[name]
        return names, lookup[self.columns.sets]

    def _rows(
        self, groups: Ints, heads: Sequence[tuple[datetime, datetime, Labels]]
    ) -> list[KpiRow]:
        if self.columns.who is not None:
            once = last_of_each(groups, self.columns.who)
            alone = replace(self.columns.only(once), who=None)
            return replace(self, columns=alone)._rows(groups[once], heads)
        counts = np.bincount(groups, minlength=len(heads)).tolist()
        local = [(a.astimezone(self.zone), b.astimezone(self.zone), c) for a, b, c in heads]
        if self.kpi.shape == "duration":
            return self._durations(groups, counts, local)
        if self.columns.data is None:
            sums = [float(n) for n in counts]
        else:
            sums = np.bincount(groups, self.columns.data, minlength=len(heads)).tolist()
        return [
            KpiRow(*head, n, value_of(self.kpi, n, total, head[1] <= self._known))
            for head, n, total in zip(local, counts, sums, strict=True)
        ]

    @property
    def _known(self) -> datetime:
        return self.known_until if self.known_until < self.until else _FOREVER

    def _durations(
        self,
        groups: Ints,
        counts: Sequence[int],
        heads: Sequence[tuple[datetime, datetime, Labels]],
    ) -> list[KpiRow]:
        codes = self.columns.codes
        if codes is not None and len(heads) <= MAX_HISTOGRAMS:
            table = self._table(groups, codes, len(heads))
            shares = {share: of_histograms(table, share) for share in SHARES}
            sums: Floats = table @ MIDDLES
        else:
            ordered, starts = self._sorted(groups, len(heads))
            shares = {share: quantiles(ordered, starts, counts, share) for share in SHARES}
            sums = _sums(groups, self._worth, len(heads))
        if codes is not None and self.kpi.headline == "mean":  # exact where it is the headline
            sums = _sums(groups, self.columns.data, len(heads))
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

    def _table(self, groups: Ints, codes: npt.NDArray[np.uint16], count: int) -> Ints:
        """How many values of each group lie in each bucket, one row per group."""
        if count == 1:
            return self._histogram[None, :]
        counts = np.bincount((groups << _SHIFT) | codes, minlength=count << _SHIFT)
        table: Ints = counts.reshape(count, 1 << _SHIFT)[:, :CODES]
        # All groups together are all values: whoever asks for the whole next has it already.
        self.__dict__.setdefault("_histogram", table.sum(axis=0))
        return table

    @cached_property
    def _histogram(self) -> Ints:
        codes = self.columns.codes
        return np.bincount(np.zeros(0, np.uint16) if codes is None else codes, minlength=CODES)

    @cached_property
    def _worth(self) -> Floats:
        """Each value, or the middle of its bucket."""
        if self.columns.codes is not None:
            return MIDDLES[self.columns.codes]
        return np.ones(self.n) if self.columns.data is None else self.columns.data

    @cached_property
    def _by_size(self) -> tuple[Ints, Floats]:
        """Places of the values from the smallest to the largest, and those values."""
        order = np.argsort(self._worth)
        return order, self._worth[order]

    def _sorted(self, groups: Ints, count: int) -> tuple[Floats, Ints]:
        """Values ordered by group and size, and where each group starts."""
        order, ordered = self._by_size
        # Few groups fit 16 bits, whose stable sort is a radix sort: no comparing at all.
        mine = groups[order].astype(np.uint16 if count < 2**16 else np.int64)
        places = np.argsort(mine, kind="stable")
        starts = np.concatenate(([0], np.cumsum(np.bincount(groups, minlength=count))[:-1]))
        return ordered[places], starts


_FOREVER = datetime.max.replace(tzinfo=UTC)


def _sums(groups: Ints, worth: Floats | None, count: int) -> Floats:
    return np.bincount(groups, worth, minlength=count).astype(np.float64)


def last_of_each(groups: Ints, who: Ints) -> Ints:
    """Places of everybody's last value within each group; values are in order of time."""
    order = np.lexsort((who, groups))  # stable: equals stay in order of time
    ends = np.ones(len(order), np.bool_)
    ends[:-1] = (np.diff(groups[order]) != 0) | (np.diff(who[order]) != 0)
    return np.sort(order[ends])


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
