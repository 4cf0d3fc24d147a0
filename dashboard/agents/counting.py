"""KPI values → counts by agent and kind of work, as metrics/fairness.py compares them. Pure.

A kind of work is a queue and channel of one source. Values without an agent are nobody's: they
count neither for an agent nor in what is expected.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np
import numpy.typing as npt

from metrics.fairness import (
    Better,
    Fair,
    Ints,
    Width,
    compare_medians,
    compare_shares,
    design_effect,
    judged,
)
from metrics.groups import Groups
from metrics.histogram import Codes, codes_of
from metrics.rows import KpiRow
from metrics.values import Values, slot_of

KIND = ("source", "queue", "channel")
_WEEK = timedelta(days=7)
_HOUR, _DAY = 4, 96  # quarter hours
EFFECT = timedelta(days=56)  # the end of a period, which tells its design effect well enough


@dataclass(frozen=True)
class Tally:
    """One KPI, counted. `n` by agent and kind of work, in the order of `agents`; of a duration
    `of_work` and `of_agents` are bucket counts, of a share `hits` are those that count."""

    agents: tuple[str, ...]
    better: Better
    n: Ints
    effect: float  # values that tell as much as one independent one
    hits: npt.NDArray[np.float64] | None = None
    of_work: Ints | None = None
    of_agents: Ints | None = None

    @property
    def looks(self) -> int:
        """How many agents it can judge."""
        return int(judged(self.n).sum())

    def compared(self, rows: Mapping[str, KpiRow], looks: int) -> dict[str, Fair]:
        """By agent; `rows` are the agents' own values, `looks` all figures judged beside these."""
        width = Width(looks, self.effect)
        if self.hits is not None:
            found = compare_shares(self.n, self.hits, better=self.better, width=width)
        else:
            assert self.of_work is not None and self.of_agents is not None  # noqa: S101
            medians = np.asarray([_median(rows.get(name)) for name in self.agents])
            found = compare_medians(
                self.n, self.of_work, self.of_agents, medians, better=self.better, width=width
            )
        return {name: one for name, one in zip(self.agents, found, strict=True) if one}


@dataclass(frozen=True)
class _Places:
    """For each label set which agent and which kind of work it is; the last of both is nobody's.
    Sets that no value has are nobody's too."""

    agents: tuple[str, ...]
    kinds: int
    agent: Ints
    kind: Ints


def tally(values: Values) -> Tally | None:
    """None for KPIs that cannot be compared: sums, counts, means, or without a better side."""
    kpi = values.kpi
    timed = kpi.shape == "duration" and kpi.headline != "mean"
    if kpi.better == "neither" or not (timed or kpi.shape == "percent") or not values.n:
        return None
    by_set = values.columns.by_set
    where = _places(values, by_set.n)
    shape = (len(where.agents) + 1, where.kinds + 1)
    n = np.zeros(shape, np.int64)
    np.add.at(n, (where.agent, where.kind), by_set.n)
    if timed:
        return _timed(values, where, n)
    hits = np.zeros(shape)
    np.add.at(hits, (where.agent, where.kind), by_set.sums)
    effect = _effect(values, where.agent)
    return Tally(where.agents, kpi.better, n[:-1, :-1], effect, hits[:-1, :-1])


def _timed(values: Values, where: _Places, n: Ints) -> Tally:
    columns, better = values.columns, values.kpi.better
    assert better != "neither"  # noqa: S101 - `tally` saw to it
    if not columns.coarse:
        codes = codes_of(np.ones(values.n) if columns.data is None else columns.data)
        values = replace(values, columns=replace(columns, read_codes=lambda: codes))
    names, by_agent = values.groups_by("agent")
    of_agents = by_agent.histograms[[at for at, name in enumerate(names) if name]]
    of_work = Groups(values.columns, n.shape[1], of_sets=where.kind).histograms[:-1]
    half = of_agents.sum(axis=1, keepdims=True) / 2
    middle = np.append((of_agents.cumsum(axis=1) < half).sum(axis=1), 0)
    effect = _effect(values, where.agent, middle.astype(np.uint16))
    return Tally(where.agents, better, n[:-1, :-1], effect, None, of_work, of_agents)


def _effect(values: Values, agents: Ints, middle: Codes | None = None) -> float:
    """Contacts of one day are alike; within a week there are too few days, and hours are taken.

    agents: by label set. Of durations those above the agent's middle bucket are counted.
    """
    # The window starts at a local midnight: days are the shop's, but for hours of daylight saving.
    step = _HOUR if values.until - values.since <= _WEEK else _DAY
    columns = values.columns
    span = EFFECT.days * step
    newest = columns.since(slot_of(values.known_until) - span)
    last = (newest if newest.n else columns).quarters[-1]
    recent = columns.since(int(last) - span)
    if middle is not None:
        hit = recent.codes > middle[agents][recent.sets]
    else:
        hit = np.ones(recent.n, np.bool_) if recent.data is None else recent.data > 0
    day = (recent.quarters - recent.quarters[0]).astype(np.int64) // step
    days, count = int(day[-1]) + 1, int(agents.max()) + 1
    width = 2 * days
    place = Groups(recent, count * width, of_sets=agents * width, of_quarters=2 * day).values + hit
    table = np.bincount(place, minlength=count * width).reshape(count, days, 2)[:-1]
    return design_effect(table.sum(axis=2), table[:, :, 1].astype(np.float64))


def _places(values: Values, by_set: Ints) -> _Places:
    used = np.flatnonzero(by_set)
    found, agent = values.labels.among(("agent",), used)
    mine = used[agent[used] > 0] if found[0] == ("",) else used
    agents, at = values.labels.among(("agent",), mine)
    kinds, kind_at = values.labels.among(KIND, mine)
    size = int(used[-1]) + 1
    agent = np.full(size, len(agents), np.int64)
    kind = np.full(size, len(kinds), np.int64)
    agent[mine], kind[mine] = at[mine], kind_at[mine]
    return _Places(tuple(name for (name,) in agents), len(kinds), agent, kind)


def _median(row: KpiRow | None) -> float:
    return row.p50 if row is not None and row.p50 is not None else float("nan")
