"""Filters, and the values they let through: of whole months from their parts where that reads less,
of what lies beside them from all values. What a part holds is parts.py's."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from connectors.schema import kpi_months
from metrics.ahead import MONTHS, PART
from metrics.bundles import MONTH, months_within
from metrics.columns import Columns, Times
from metrics.histogram import Codes
from metrics.kpi import Kpi
from metrics.label_sets import LabelSets
from metrics.packing import unpacked, unpacked_sets
from metrics.population import Bools, Floats
from metrics.stored_rows import StoredRows, Works

_RUN = 2**16 // MONTH  # months whose quarter hours 16 bits can number
MOST_WORKS = 1_024  # of them that one statement asks for
MOST = 0.5  # share of the kinds of work from which on reading everything is quicker


@dataclass(frozen=True, slots=True)
class Where:
    """Allowed label values; an empty tuple allows any."""

    queue: tuple[str, ...] = ()
    channel: tuple[str, ...] = ()
    source: tuple[str, ...] = ()
    team: tuple[str, ...] = ()
    agent: tuple[str, ...] = ()
    more: tuple[tuple[str, tuple[str, ...]], ...] = ()  # other labels: category, kind, reason …

    @property
    def asked(self) -> dict[str, tuple[str, ...]]:
        """The labels that are filtered by."""
        named = {n: getattr(self, n) for n in ("queue", "channel", "source", "team", "agent")}
        return {name: values for name, values in (*named.items(), *self.more) if values}


EVERYTHING = Where()


@dataclass(frozen=True, slots=True)
class Only:
    """What a filter lets through. allowed: by label set; works: their kinds of work, None where
    these are most of all."""

    allowed: Bools
    works: Works | None

    @property
    def everything(self) -> bool:
        """Whether nothing is filtered out."""
        return len(self.allowed) > 1 and bool(self.allowed[1:].all())  # ids begin at 1

    @classmethod
    def of(
        cls, labels: LabelSets, names: Collection[str], where: Where, silent: Collection[str] = ()
    ) -> Only:
        """names: the labels of the KPI, which its own sets have; silent: sources that don't
        count."""
        asked, works = where.asked, labels.works()
        counts = [
            one is not None
            and one.get("source") not in silent
            and all(one.get(name, "") in few for name, few in asked.items())
            for one in labels
        ]
        allowed = np.asarray(counts, np.bool_)
        own = np.asarray([one is not None and one.keys() >= set(names) for one in labels], np.bool_)
        wanted, known = (set(works[some].tolist()) - {0} for some in (own & allowed, own))
        few = len(wanted) <= min(MOST * len(known), MOST_WORKS)
        return cls(allowed, tuple(sorted(wanted)) if few else None)


@dataclass(frozen=True)
class Filtered:
    """A KPI in the quarter hours from `first` up to and without `last`, filtered. part: all values
    of a stretch of them."""

    rows: StoredRows
    kpi: Kpi
    first: int
    last: int
    part: Callable[[int, int], Columns]
    only: Only

    def columns(self, *, coarse: bool) -> Columns | None:
        """None where there are no parts, or reading all values is quicker."""
        if self.only.works is None or not self._months:
            return None
        return _joined(list(self._pieces()), coarse=coarse)

    @cached_property
    def _months(self) -> list[int]:
        low, high = months_within(self.first, self.last)
        return [row[0] for row in self.rows.of(kpi_months, MONTHS, self.kpi.key, low, high)]

    def _pieces(self) -> Iterator[Columns]:
        start = self.first
        for low, high in _runs(self._months):
            yield from self._beside(start, low * MONTH)
            yield self._of_months(low, high)
            start = (high + 1) * MONTH
        yield from self._beside(start, self.last)

    def _beside(self, first: int, last: int) -> Iterator[Columns]:
        if first < last:
            yield self.part(first, last).of_sets(self.only.allowed)

    def _of_months(self, low: int, high: int) -> Columns:
        """Those of several parts in order of time; within a quarter hour as the parts lie."""
        read = self._read(PART, low, high)
        n = [one for _, one, *_ in read]
        slots = np.frombuffer(b"".join(one for *_, one, _ in read), np.uint16)
        slots = slots + np.repeat(np.asarray([(at - low) * MONTH for at, *_ in read], np.uint16), n)
        sets = unpacked_sets([(of, one) for _, of, _, one in read])
        let = self.only.allowed[sets]  # all, but for a filter by agent
        places = slice(None) if let.all() else np.flatnonzero(let)
        order = np.argsort(slots[places], kind="stable")  # of 16 bits: a radix sort
        order = order if isinstance(places, slice) else places[order]
        slots, sets = slots[order], sets[order]

        def data() -> Floats | None:
            if self.kpi.shape == "count":
                return None
            joined = b"".join(one for _, one in self._read(("month", "data"), low, high))
            return unpacked(self.kpi, joined, sum(n))[order]

        def codes() -> Codes:
            joined = b"".join(one for _, one in self._read(("month", "codes"), low, high))
            return np.frombuffer(joined, np.uint16)[order]

        times = slots.astype(np.int32) + low * MONTH
        timed = self.kpi.shape == "duration"
        return Columns.of(times, lambda: sets, data, codes if timed else None)

    def _read(self, columns: tuple[str, ...], low: int, high: int) -> list[tuple[Any, ...]]:
        assert self.only.works is not None  # noqa: S101 - `columns` saw to it
        return self.rows.of_works(columns, self.kpi.key, self.only.works, low, high)


def _runs(months: Iterable[int]) -> list[tuple[int, int]]:
    """The first and last of each run of months without a gap, of at most `_RUN` months."""
    found: list[tuple[int, int]] = []
    for month in months:
        if found and found[-1][1] == month - 1 and month < found[-1][0] + _RUN:
            found[-1] = (found[-1][0], month)
        else:
            found.append((month, month))
    return found


def _joined(parts: Sequence[Columns], *, coarse: bool) -> Columns:
    """Values of one stretch of time after another's. coarse: whether to look at buckets."""

    def times() -> Times:
        return Times(
            np.concatenate([np.zeros(0, np.int32), *(one.quarters for one in parts)]),
            np.concatenate([np.zeros(0, np.int64), *(one.sizes for one in parts)]),
        )

    def data() -> Floats | None:
        found = [one.data for one in parts]
        known = [one for one in found if one is not None]
        return np.concatenate(known) if len(known) == len(found) else None

    return Columns(
        times,
        lambda: np.concatenate([one.sets for one in parts]),
        data,
        (lambda: np.concatenate([one.codes for one in parts])) if coarse else None,
    )
