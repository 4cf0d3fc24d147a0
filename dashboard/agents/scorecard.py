"""What the agents page shows, as frozen data without words of any language: Scorecard."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from dashboard.history.study import Answer
from dashboard.history.tiles import Headline
from metrics.fairness import Fair, Standing
from metrics.rows import KpiRow

# Names that cells, columns and sorting share, beside the keys of KPIs.
P90 = ".p90"


@dataclass(frozen=True, slots=True)
class Column:
    """A figure of the scorecard. `head` is everybody's; `rows` and `fair` are by agent, and whoever
    is missing in them isn't known."""

    head: Headline
    rows: Mapping[str, KpiRow]
    fair: Mapping[str, Fair]

    @property
    def key(self) -> str:
        return self.head.kpi.key


@dataclass(frozen=True, slots=True)
class Agent:
    id: str
    team: str


@dataclass(frozen=True, slots=True)
class Scorecard:
    """`agents`: those to be shown, who handled most first. `present_s`: seconds at the desk, of
    agents whose presence is known. `before`: the chosen figure in the days before. `looks`: how
    many figures were judged together."""

    answer: Answer
    agents: tuple[Agent, ...]
    handled: Column | None
    columns: tuple[Column, ...]  # those that are compared
    times: tuple[Column, ...]
    present_s: Mapping[str, float]
    before: Mapping[str, KpiRow]
    looks: int

    @property
    def as_of(self) -> datetime:
        return self.answer.as_of

    @property
    def chosen(self) -> Column:
        """What the comparison shows."""
        key = self.answer.study.head.kpi.key
        return next(one for one in self.columns if one.key == key)

    @property
    def known(self) -> tuple[Column, ...]:
        """The compared figures that some agent has."""
        return tuple(one for one in self.columns if one.rows)

    def standings(self, column: Column) -> list[Standing]:
        """Of the agents shown."""
        return [column.fair[one.id].standing for one in self.agents if one.id in column.fair]
