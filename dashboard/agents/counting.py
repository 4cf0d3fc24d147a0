"""KPI values → counts by agent and kind of work, as metrics/fairness.py compares them. Pure.

A kind of work is a queue and channel of one source. Values without an agent are nobody's: they
count neither for an agent nor in what is expected.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
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
from metrics.histogram import CODES, codes_of
from metrics.rows import KpiRow
from metrics.values import Values

KIND = ("source", "queue", "channel")
_SHIFT = 11  # bits of a histogram code
_WEEK = timedelta(days=7)
_HOUR, _DAY = 4, 96  # quarter hours
_MOST_DAYS = 91


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
    sets = values.columns.sets
    by_set = np.bincount(sets)
    where = _places(values, by_set)
    shape = (len(where.agents) + 1, where.kinds + 1)
    n = np.zeros(shape, np.int64)
    np.add.at(n, (where.agent, where.kind), by_set)
    if timed:
        return _timed(values, where, n)
    data = values.columns.data
    worth = np.ones(values.n) if data is None else data
    hits = np.zeros(shape)
    hits_by_set = np.bincount(sets, worth)
    np.add.at(hits, (where.agent, where.kind), hits_by_set)
    effect = _effect(values, where.agent, worth > 0)
    return Tally(where.agents, kpi.better, n[:-1, :-1], effect, hits[:-1, :-1])


def _timed(values: Values, where: _Places, n: Ints) -> Tally:
    columns, better = values.columns, values.kpi.better
    assert better != "neither"  # noqa: S101 - `tally` saw to it
    codes = columns.codes
    if codes is None:
        codes = codes_of(np.ones(values.n) if columns.data is None else columns.data)
    agent = where.agent[columns.sets]
    of_agents = _histograms(agent, codes, n.shape[0])[:-1]
    of_work = _histograms(where.kind[columns.sets], codes, n.shape[1])[:-1]
    half = of_agents.sum(axis=1, keepdims=True) / 2
    middle = np.append((of_agents.cumsum(axis=1) < half).sum(axis=1), 0)
    effect = _effect(values, where.agent, codes > middle.astype(np.uint16)[agent])
    return Tally(where.agents, better, n[:-1, :-1], effect, None, of_work, of_agents)


def _histograms(groups: Ints, codes: npt.NDArray[np.uint16], count: int) -> Ints:
    table = np.bincount((groups << _SHIFT) | codes, minlength=count << _SHIFT)
    found: Ints = table.reshape(count, 1 << _SHIFT)[:, :CODES]
    return found


def _effect(values: Values, agents: Ints, hit: npt.NDArray[np.bool_]) -> float:
    """Contacts of one day are alike; within a week there are too few days, and hours are taken.

    agents: by label set. The last three months tell it well enough.
    """
    slots, sets = values.columns.slots, values.columns.sets
    # The window starts at a local midnight: days are the shop's, but for hours of daylight saving.
    step = _HOUR if values.until - values.since <= _WEEK else _DAY
    first = int(np.searchsorted(slots, slots[-1] - _MOST_DAYS * step))
    day = (slots[first:] - slots[first]) // step
    days, count = int(day[-1]) + 1, int(agents.max()) + 1
    place = (agents * (2 * days))[sets[first:]] + 2 * day + hit[first:]
    table = np.bincount(place, minlength=count * days * 2).reshape(count, days, 2)[:-1]
    return design_effect(table.sum(axis=2), table[:, :, 1].astype(np.float64))


def _places(values: Values, by_set: Ints) -> _Places:
    used = np.flatnonzero(by_set).tolist()
    labels = {one: values.labels[one] or {} for one in used}
    mine = {one: known for one, known in labels.items() if known.get("agent")}
    agents = tuple(sorted({known["agent"] for known in mine.values()}))
    kinds = sorted({_kind(known) for known in mine.values()})
    at = {name: number for number, name in enumerate(agents)}
    kind_at = {name: number for number, name in enumerate(kinds)}
    size = used[-1] + 1
    agent = np.full(size, len(agents), np.int64)
    kind = np.full(size, len(kinds), np.int64)
    for one, known in mine.items():
        agent[one], kind[one] = at[known["agent"]], kind_at[_kind(known)]
    return _Places(agents, len(kinds), agent, kind)


def _kind(labels: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(labels.get(name, "") for name in KIND)


def _median(row: KpiRow | None) -> float:
    return row.p50 if row is not None and row.p50 is not None else float("nan")
