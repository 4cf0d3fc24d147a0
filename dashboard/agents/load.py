"""Reader → Scorecard. Each KPI is read once; figures, counts and percentiles come from its values.

Everybody is the measure, whoever is shown: the filter by agent chooses rows, not what is expected.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from connectors.schema import agents as agents_table
from dashboard.agents.counting import EFFECT, Tally, tally
from dashboard.agents.scorecard import Agent, Column, Scorecard
from dashboard.history.asked import Asked
from dashboard.history.filters import only
from dashboard.history.period import Period
from dashboard.history.study import Answer, Study, label_of, reach_of
from dashboard.history.tiles import Headline
from metrics.errors import UnknownLabel
from metrics.kpi import Kpi
from metrics.needs import lacks_of
from metrics.reading import Reader, Where
from metrics.rows import KpiRow, ratio

COMPARED: Final = ("first_response", "reply_time", "handle_time", "csat", "transfer_rate",
                   "reopen_rate", "fcr")  # fmt: skip
HANDLED: Final = "contacts_handled"
TIMES: Final = ("occupancy", "concurrency")
PRESENCE: Final = "presence_time"


@dataclass(frozen=True, slots=True)
class _Figure:
    """A KPI by agent. `tally` is None where nothing can be compared."""

    head: Headline
    rows: Mapping[str, KpiRow]
    tally: Tally | None = None

    def column(self, looks: int) -> Column:
        fair = self.tally.compared(self.rows, looks) if self.tally else {}
        return Column(self.head, self.rows, fair)


def load(reader: Reader, asked: Asked) -> Scorecard:
    """Raises the errors of metrics."""
    window = _Window(reader, asked.period, only(asked.where, "agent", ()))
    keys = [key for key in (*COMPARED, HANDLED, *TIMES) if key in reader.registry]
    since, until = asked.period.since, asked.period.until
    reader.read_ahead(keys, since, until, where=window.where, by_label=True, recent=EFFECT)
    figures = [window.figure(key) for key in COMPARED if key in reader.registry]
    handled = window.figure(HANDLED) if HANDLED in reader.registry else None
    times = _times(window)
    present = times[PRESENCE].rows if PRESENCE in times else {}
    seconds = {name: row.value for name, row in present.items() if row.value}
    looks = sum(one.tally.looks for one in figures if one.tally)
    columns = tuple(one.column(looks) for one in figures)
    return Scorecard(
        answer=_answer(reader, asked, columns),
        agents=_agents(reader, asked, [*([handled] if handled else []), *figures]),
        handled=handled.column(looks) if handled else None,
        columns=columns,
        times=tuple(window.time(key, times, seconds) for key in TIMES if key in reader.registry),
        present_s=seconds,
        before=_before(window, asked),
        looks=looks,
    )


@dataclass(frozen=True)
class _Window:
    """What is read: a period, with the filters of the page but for the one by agent."""

    reader: Reader
    period: Period
    where: Where

    def figure(self, key: str) -> _Figure:
        kpi = self.reader.registry.find(key)
        try:
            values = self.reader.values(key, self.period.since, self.period.until, self.where)
        except UnknownLabel:  # a filter of the page that this KPI knows nothing of
            return _Figure(self._head(kpi, None), {})
        rows = by_agent(values.by("agent"))  # first: they have counted all that the whole needs
        return _Figure(self._head(kpi, values.total()), rows, tally(values))

    def time(self, key: str, parts: Mapping[str, _Figure], present: Mapping[str, float]) -> Column:
        """A ratio of agents' times, of those whose presence is known."""
        kpi = self.reader.registry.find(key)
        above, below = (parts[part.key] for part in self.reader.registry.parts(kpi))
        if above.head.filtered_out or below.head.filtered_out:
            return Column(self._head(kpi, None), {}, {})
        rows = ratio(kpi, list(above.rows.values()), list(below.rows.values()))
        known = {name: row for name, row in by_agent(rows).items() if name in present}
        [whole] = ratio(kpi, [above.head.row], [below.head.row])
        return Column(self._head(kpi, whole if known else _nothing(self.period)), known, {})

    def _head(self, kpi: Kpi, row: KpiRow | None) -> Headline:
        """Everybody's; without a row the KPI cannot be filtered as asked."""
        reader = self.reader
        lacks = lacks_of(kpi, reader.registry, reader.sources, reader.delivered)
        return Headline(
            kpi, row or _nothing(self.period), None, (), lacks, filtered_out=row is None
        )


def _times(window: _Window) -> dict[str, _Figure]:
    """The sums that the ratios are made of; two of them may share one."""
    registry = window.reader.registry
    kpis = [registry.find(key) for key in TIMES if key in registry]
    keys = dict.fromkeys(part.key for kpi in kpis for part in registry.parts(kpi))
    return {key: window.figure(key) for key in keys}


def by_agent(rows: Iterable[KpiRow]) -> dict[str, KpiRow]:
    """Rows with a value, by agent; what nobody is named for is nobody's."""
    return {label_of(row): row for row in rows if label_of(row) and row.n and row.value is not None}


def _answer(reader: Reader, asked: Asked, columns: Sequence[Column]) -> Answer:
    shown = next(one.head for one in columns if one.key == asked.kpi)
    reach = None if shown.row.n else reach_of(reader, shown.kpi)
    keys = {one.key for one in columns}
    filled = min((one.share for key, one in reader.filling.items() if key in keys), default=1.0)
    study = Study(shown, (), (), (), (), (), reach)
    return Answer(reader.as_of, tuple(one.head for one in columns), study, filled)


def _before(window: _Window, asked: Asked) -> Mapping[str, KpiRow]:
    if asked.before is None:
        return {}
    span = asked.before
    values = window.reader.values(asked.kpi, span.since, span.until, window.where)
    return by_agent(values.by("agent"))


def _agents(reader: Reader, asked: Asked, figures: Sequence[_Figure]) -> tuple[Agent, ...]:
    """Those with any figure, as far as the page's filter lets them through."""
    table = agents_table.c
    query = sa.select(table.agent_id, table.team).where(table.team.is_not(None))
    teams = {row.agent_id: row.team for row in reader.connection.execute(query)}
    found = {name for one in figures for name in one.rows}
    if asked.where.agent:
        found &= set(asked.where.agent)

    def place(name: str) -> tuple[float, str]:
        row = figures[0].rows.get(name) if figures else None
        return -(row.n if row else 0), name

    return tuple(Agent(name, teams.get(name, "")) for name in sorted(found, key=place))


def _nothing(period: Period) -> KpiRow:
    return KpiRow(period.since, period.until, (), 0, None)
