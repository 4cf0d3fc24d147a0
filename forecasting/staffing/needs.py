"""Staff for a frame of volumes, and the service that given agents offer in it: frame in, frame out.

Volumes come as `unique_id, ds, y`, one row per queue and step, y contacts in the step (fractions
are fine). The index and the order of the rows are kept. Rules are one for all or one per unique_id.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from forecasting.staffing.erlang import Service, serve
from forecasting.staffing.errors import BadRules, BadVolume
from forecasting.staffing.mills import Floats
from forecasting.staffing.requirement import Demand, capped, least_agents, scheduled
from forecasting.staffing.rules import StaffingRules

Rules: TypeAlias = StaffingRules | Mapping[str, StaffingRules]
AGENTS, SCHEDULED = "agents", "scheduled"
SERVICE_LEVEL, OCCUPANCY, ABANDONMENT = "service_level", "occupancy", "abandonment"
WAIT = "wait_s"
HIGHEST_LOAD = 1e6  # Erlang; far above any queue, and whole numbers stay exact below it
_WORTH = 0.7  # distinct slots of all, below which each is computed only once


def staff(volume: pd.DataFrame, rules: Rules, *, step_s: float) -> pd.DataFrame:
    """Least agents per row for the target, and the service they then give.

    Columns unique_id, ds, agents (on seat), scheduled (with shrinkage), service_level, occupancy,
    abandonment (shares), wait_s (mean of all offered contacts). A slot without contacts needs 0
    agents, misses nobody and keeps nobody busy.
    """
    slots = _slots(volume, rules, step_s)
    slots, where = _distinct(slots)
    agents = least_agents(slots.demand)
    agents = capped(slots.demand, agents, most_occupancy=slots.by(_cap))
    least = slots.by(lambda one: one.minimum)
    always = slots.by(lambda one: one.minimum_always) > 0
    agents = np.where((slots.demand.load > 0) | always, np.maximum(agents, least), agents)
    return _frame(volume, slots, agents.astype(np.int64), where)


def service(
    volume: pd.DataFrame, agents: npt.ArrayLike, rules: Rules, *, step_s: float
) -> pd.DataFrame:
    """What service `agents` on seat (one number, or one per row) give; columns as `staff`.

    Without patience, too few agents have no steady state: service level 0, wait_s infinite.
    """
    counts = np.broadcast_to(np.asarray(agents, dtype=float), len(volume))
    if not np.isfinite(counts).all() or (counts < 0).any() or (counts != np.floor(counts)).any():
        raise BadVolume("agents must be whole numbers, 0 or more; mend the column of agents")
    slots = _slots(volume, rules, step_s)
    return _frame(volume, slots, counts.astype(np.int64), np.arange(len(volume)))


def demand_of(volume: pd.DataFrame, rules: Rules, *, step_s: float) -> Demand:
    """The rows as arrays for `requirement`: Erlang loads and times in handle times."""
    return _slots(volume, rules, step_s).demand


@dataclass(frozen=True, slots=True)
class _Slots:
    """Rows as arrays; `kind` points each at its rules."""

    demand: Demand
    kinds: tuple[StaffingRules, ...]
    kind: npt.NDArray[np.intp]

    def by(self, value: Callable[[StaffingRules], float]) -> Floats:
        return np.array([float(value(one)) for one in self.kinds])[self.kind]


def _cap(rules: StaffingRules) -> float:
    return np.inf if rules.most_occupancy is None else rules.most_occupancy


def _slots(volume: pd.DataFrame, rules: Rules, step_s: float) -> _Slots:
    contacts = volume["y"].to_numpy(dtype=float)
    if not (np.isfinite(contacts).all() and (contacts >= 0).all()):
        raise BadVolume("a volume is negative or missing; give contacts per step, 0 or more")
    if not 0 < step_s < np.inf:
        raise BadVolume(
            f"a step of {step_s:g} s is impossible; give the seconds of a step, above 0"
        )
    kinds, kind = _kinds(volume, rules)
    aht, within, patience, share, seats = (
        np.array(values, dtype=float)[kind]
        for values in zip(*map(_numbers, kinds), strict=True)
    )  # fmt: skip
    load = contacts * aht / step_s
    if (load > HIGHEST_LOAD).any():
        raise BadVolume(
            f"a slot of {load.max():g} Erlang is beyond {HIGHEST_LOAD:g}; check y, aht and the step"
        )
    demand = Demand(load, within / aht, patience / aht, share, seats)
    return _Slots(demand, kinds, kind)


def _numbers(rules: StaffingRules) -> tuple[float, float, float, float, float]:
    patience = np.inf if rules.patience_s is None else rules.patience_s
    return rules.aht_s, rules.within_s, patience, rules.share, float(rules.concurrency)


def _kinds(
    volume: pd.DataFrame, rules: Rules
) -> tuple[tuple[StaffingRules, ...], npt.NDArray[np.intp]]:
    if isinstance(rules, StaffingRules):
        return (rules,), np.zeros(len(volume), dtype=np.intp)
    kind, names = pd.factorize(volume["unique_id"])
    for name in names:
        if name not in rules:
            raise BadRules(f"queue '{name}' has no staffing rules; give it a target and an aht")
    numbers: dict[StaffingRules, int] = {}
    of_name = [numbers.setdefault(rules[name], len(numbers)) for name in names]
    return tuple(numbers), np.array(of_name, dtype=np.intp)[kind]


def _distinct(slots: _Slots) -> tuple[_Slots, npt.NDArray[np.intp]]:
    """Slots that differ, and which of them each row is."""
    load = slots.demand.load
    values, code = np.unique(load, return_inverse=True)
    if len(slots.kinds) > 1:
        _, first, where = np.unique(
            code * len(slots.kinds) + slots.kind, return_index=True, return_inverse=True
        )
    else:
        first, where = np.zeros(values.size, dtype=np.intp), code
        first[code] = np.arange(load.size)
    if first.size > _WORTH * load.size:
        return slots, np.arange(load.size)
    demand = slots.demand
    fewer = Demand(
        load[first], demand.within[first], demand.patience[first], demand.share[first],
        demand.seats[first],
    )  # fmt: skip
    return _Slots(fewer, slots.kinds, slots.kind[first]), where


def _frame(
    volume: pd.DataFrame,
    slots: _Slots,
    agents: npt.NDArray[np.int64],
    where: npt.NDArray[np.intp],
) -> pd.DataFrame:
    demand = slots.demand
    given: Service = serve(
        agents * demand.seats, demand.load, within=demand.within, patience=demand.patience
    )
    planned = np.zeros_like(agents)
    off_queue = np.array([one.shrinkage for one in slots.kinds])
    for shrinkage in set(off_queue):
        mine = (off_queue == shrinkage)[slots.kind]
        planned[mine] = scheduled(agents[mine], shrinkage)
    aht = slots.by(lambda one: one.aht_s)
    return pd.DataFrame(
        {
            "unique_id": volume["unique_id"], "ds": volume["ds"],
            AGENTS: agents[where], SCHEDULED: planned[where],
            SERVICE_LEVEL: given.service_level[where], OCCUPANCY: given.occupancy[where],
            ABANDONMENT: given.abandoned[where], WAIT: (given.wait * aht)[where],
        },
        index=volume.index,
    )  # fmt: skip
