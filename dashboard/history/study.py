"""One KPI from all sides, and the headline figures beside it: Reader → frozen rows. No language and
no drawing here, so that all viewers share an answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

import sqlalchemy as sa

from connectors.columns import from_micros
from connectors.schema import kpi_blocks
from dashboard.history.asked import Asked
from dashboard.history.filters import LABELS
from dashboard.history.period import Period
from dashboard.history.tiles import Headline
from metrics.errors import UnknownLabel
from metrics.intervals import BLOCK
from metrics.kpi import Kpi
from metrics.months import ROUND
from metrics.needs import lacks_of
from metrics.reading import Reader, Where
from metrics.rows import Band, KpiRow, WeekHour
from metrics.values import Values

_WEEK_DAYS = 7
_LEEWAY = timedelta(days=1)  # a history may begin within its first day


@dataclass(frozen=True, slots=True)
class Split:
    """A KPI by one label, over the period and the days before."""

    label: str
    rows: tuple[KpiRow, ...]
    earlier: tuple[KpiRow, ...]


@dataclass(frozen=True, slots=True)
class Study:
    """The KPI that the charts show. Empty tuples: not asked, or it has none."""

    head: Headline
    course: tuple[KpiRow, ...]
    earlier: tuple[KpiRow, ...]  # the course of the days before, as long
    week: tuple[WeekHour, ...]
    bands: tuple[Band, ...]
    splits: tuple[Split, ...]
    reach: tuple[datetime, datetime] | None = (
        None  # where there are values, when the period has none
    )


@dataclass(frozen=True, slots=True)
class Answer:
    """`filled`: the share of the history that figures are computed from so far; 1.0 is all."""

    as_of: datetime
    headlines: tuple[Headline, ...]
    study: Study
    filled: float = 1.0


@dataclass(frozen=True)
class Window:
    """A KPI over one period, read once and summed up in any way. A ratio of two KPIs has rows only,
    no values of its own."""

    reader: Reader
    kpi: Kpi
    period: Period
    where: Where

    @cached_property
    def values(self) -> Values | None:
        if self.kpi.is_ratio:
            return None
        return self.reader.values(self.kpi.key, self.period.since, self.period.until, self.where)

    def total(self) -> KpiRow:
        return self.values.total() if self.values else self._rows()[0]

    @cached_property
    def course(self) -> tuple[KpiRow, ...]:
        """One row per step of the period."""
        step = self.period.step
        return tuple(self.values.every(step) if self.values else self._rows(every=step))

    def by(self, label: str) -> tuple[KpiRow, ...]:
        return tuple(self.values.by(label) if self.values else self._rows(by=label))

    def _rows(self, *, by: str | None = None, every: timedelta | None = None) -> list[KpiRow]:
        since, until = self.period.since, self.period.until
        return self.reader.rows(self.kpi.key, since, until, where=self.where, by=by, every=every)


def answer(reader: Reader, asked: Asked, keys: Sequence[str]) -> Answer:
    """The figures of `keys`, as far as the configuration has them, and the study of the one that
    was asked for."""
    keys = [key for key in keys if key in reader.registry]
    since, until = asked.period.since, asked.period.until
    reader.read_ahead(keys, since, until, where=asked.where, by_label=False)
    pairs = {key: windows(reader, key, asked) for key in dict.fromkeys((*keys, asked.kpi))}
    heads = {key: headline(now, earlier) for key, (now, earlier) in pairs.items()}
    return Answer(
        reader.as_of,
        tuple(heads[key] for key in keys),
        study(heads[asked.kpi], *pairs[asked.kpi]),
        min((one.share for key, one in reader.filling.items() if key in heads), default=1.0),
    )


def windows(reader: Reader, key: str, asked: Asked) -> tuple[Window, Window | None]:
    """A KPI over the period, and over the days it is compared with."""
    kpi = reader.registry.find(key)
    now = Window(reader, kpi, asked.period, asked.where)
    if asked.before is None or not known_then(reader, kpi, asked.before):
        return now, None
    return now, Window(reader, kpi, asked.before, asked.where)


def known_then(reader: Reader, kpi: Kpi, before: Period) -> bool:
    """Whether the history reaches back that far: less than the days before would not compare."""
    begun = [reader.begins(one) for one in reader.registry.parts(kpi)]
    return all(one is not None and one <= before.since + _LEEWAY for one in begun)


def headline(now: Window, earlier: Window | None) -> Headline:
    reader = now.reader
    lacks = lacks_of(now.kpi, reader.registry, reader.sources, reader.delivered)
    try:
        # The course first: it has counted all that the whole needs.
        course = tuple(row.value for row in now.course)
        whole = now.total()
        return Headline(now.kpi, whole, earlier.total() if earlier else None, course, lacks)
    except UnknownLabel:  # a filter of the page that this KPI knows nothing of
        return Headline(now.kpi, _unknown(now.period), None, (), lacks, filtered_out=True)


def study(head: Headline, now: Window, earlier: Window | None) -> Study:
    """All sides of the KPI; empty where there is nothing to look at."""
    if head.row.value is None or not head.row.n:
        return Study(head, (), (), (), (), (), reach=reach_of(now.reader, now.kpi))
    labels = sorted(now.reader.registry.labels(now.kpi), key=_place)
    splits = [Split(one, now.by(one), earlier.by(one) if earlier else ()) for one in labels]
    values = now.values
    timed = values is not None and now.kpi.shape == "duration"
    return Study(
        head=head,
        course=now.course,
        earlier=earlier.course if earlier else (),
        week=tuple(values.week()) if values and now.period.days >= _WEEK_DAYS else (),
        bands=tuple(values.distribution(edges_for(head.row))) if values and timed else (),
        splits=tuple(one for one in splits if len(one.rows) > 1),
    )


def reach_of(reader: Reader, kpi: Kpi) -> tuple[datetime, datetime] | None:
    """The first and the last local day, roughly, that the KPI has stored values of."""
    table, key = kpi_blocks.c, reader.registry.parts(kpi)[0].key
    ends = sa.select(sa.func.min(table.block), sa.func.max(table.block)).where(table.kpi == key)
    first, last = reader.connection.execute(ends).one()
    if first is None:
        return None
    since, until = from_micros(first * BLOCK), from_micros((last + 1) * BLOCK)
    return since.astimezone(reader.zone), min(until, reader.as_of).astimezone(reader.zone)


def _place(label: str) -> int:
    return LABELS.index(label) if label in LABELS else len(LABELS)


def _unknown(period: Period) -> KpiRow:
    return KpiRow(period.since, period.until, (), 0, None)


def label_of(row: KpiRow) -> str:
    return row.labels[0][1] if row.labels else ""


def edges_for(row: KpiRow) -> tuple[float, ...]:
    """Borders in seconds between the bands of a distribution: round ones around its middle."""
    if row.p50 is None or row.p95 is None:
        return (0.0,)
    low, high = row.p50 / 8, max(row.p95 * 1.5, row.p50 * 2)
    return (0.0, *(edge for edge in ROUND if low <= edge <= high))
