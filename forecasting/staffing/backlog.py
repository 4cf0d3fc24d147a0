"""Back-log queues: contacts that may wait for hours, worked first come, first served.

In a step contacts arrive as a Poisson process, handle times are exponential, the agents of the step
serve up to concurrency contacts each; when fewer come on, work begun rests and goes on later. That
chain is solved exactly (uniformisation, Jensen 1953), so the mean back-log and the share begun in
time hold also where a fluid would have no back-log at all. Erlang's steady state is not assumed.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd
from scipy.stats import poisson

from forecasting.staffing.errors import BadVolume
from forecasting.staffing.fluid import fluid_backlog, fluid_in_time
from forecasting.staffing.mills import Floats
from forecasting.staffing.rules import StaffingRules

MOST_STATES = 6000  # beyond, a fluid is as good: the noise of so many contacts is below 2 %
_LOST = 1e-12  # probability that may be cut off
_MOST_AGENTS = 100_000


@dataclass(frozen=True, slots=True)
class BacklogPlan:
    """Contacts and agents on seat per step, flat arrays of one size; what is open at the start."""

    contacts: Floats
    agents: Floats
    opening: int = 0

    def __post_init__(self) -> None:
        for name, values in (("contacts", self.contacts), ("agents", self.agents)):
            if not (np.isfinite(values).all() and (values >= 0).all()):
                raise BadVolume(f"the {name} of a back-log must be numbers, 0 or more; mend them")
        if self.contacts.shape != self.agents.shape or self.opening < 0:
            raise BadVolume(
                "a back-log needs as many agents as contacts, and a first back-log of 0+"
            )


def backlog_service(plan: BacklogPlan, rules: StaffingRules, *, step_s: float) -> pd.DataFrame:
    """What becomes of a back-log; one row per step.

    open: mean contacts not finished at the step's end (in service or waiting). served: mean
    finished in the step. in_time: share of those arriving in the step that an agent begins within
    rules.within_s. judged: whether their last moment lies within the plan; after it nobody works.
    """
    servers = np.floor(plan.agents) * rules.concurrency
    capacity = step_s / rules.aht_s  # contacts a server finishes in a step
    steps = _Steps(plan.contacts, servers, capacity, rules.within_s / step_s)
    if _states(plan, steps) > MOST_STATES:
        open_ = fluid_backlog(plan.contacts, servers * capacity, opening=plan.opening)
        in_time = fluid_in_time(
            plan.contacts, servers * capacity, steps.within, opening=plan.opening
        )
    else:
        open_, in_time = _exact(plan, steps)
    before = np.concatenate([[float(plan.opening)], open_[:-1]])
    ends = np.arange(1, plan.contacts.size + 1)
    return pd.DataFrame(
        {
            "open": open_, "served": before + plan.contacts - open_, "in_time": in_time,
            "judged": ends + steps.within <= plan.contacts.size,
        }
    )  # fmt: skip


def backlog_share(plan: BacklogPlan, rules: StaffingRules, *, step_s: float) -> float | None:
    """Share of all judged contacts begun in time; None without any."""
    rows = backlog_service(plan, rules, step_s=step_s)
    weights = np.where(rows["judged"], plan.contacts, 0.0)
    if weights.sum() <= 0:
        return None
    return float((weights * rows["in_time"]).sum() / weights.sum())


def backlog_agents(plan: BacklogPlan, rules: StaffingRules, *, step_s: float) -> int | None:
    """Least agents, the same number in every step where plan.agents > 0, that meet the target.

    None when no number does: contacts arrive whose time ends before anybody works again, or no
    contact's time ends within the plan.
    """
    works = plan.agents > 0

    def share(agents: int) -> float:
        trial = BacklogPlan(plan.contacts, np.where(works, float(agents), 0.0), plan.opening)
        return backlog_share(trial, rules, step_s=step_s) or 0.0

    load = plan.contacts.sum() + plan.opening
    low, high = (
        0,
        max(1, int(load * rules.aht_s / step_s / rules.concurrency / max(works.sum(), 1))),
    )
    best = 0.0
    while (reached := share(high)) < rules.share:
        if (reached <= best and high > load) or high > _MOST_AGENTS:
            return None
        low, high, best = high, 2 * high, reached
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if share(middle) >= rules.share else (middle, high)
    return high


@dataclass(frozen=True, slots=True)
class _Steps:
    """Per step: arrivals and servers; contacts a server finishes in a step; the time in steps."""

    contacts: Floats
    servers: Floats
    capacity: float
    within: float


def _states(plan: BacklogPlan, steps: _Steps) -> int:
    open_ = fluid_backlog(plan.contacts, steps.servers * steps.capacity, opening=plan.opening)
    highest = max(float(open_.max(initial=0.0)), float(plan.opening))
    load = float((plan.contacts / steps.capacity).max(initial=0.0))
    spread = np.sqrt(plan.contacts.sum() + plan.opening)
    return int(highest + load + steps.servers.max(initial=0) + 8 * spread + 60)


def _exact(plan: BacklogPlan, steps: _Steps) -> tuple[Floats, Floats]:
    chance = np.zeros(_states(plan, steps) + 1)
    chance[plan.opening] = 1.0
    numbers = np.arange(chance.size)
    open_, in_time = np.empty(plan.contacts.size), np.empty(plan.contacts.size)
    first = _begun_in_time(chance, steps, 0.0)
    for i in range(plan.contacts.size):
        chance = _after_half(chance, steps, i)
        middle = _begun_in_time(chance, steps, i + 0.5)
        chance = _after_half(chance, steps, i)
        last = _begun_in_time(chance, steps, i + 1.0)
        open_[i] = float(chance @ numbers)
        in_time[i] = min((first + 4 * middle + last) / 6, 1.0)  # Simpson's rule over the step
        first = last
    return open_, in_time


def _after_half(chance: Floats, steps: _Steps, i: int) -> Floats:
    """The number of open contacts half a step later."""
    arrivals, servers = steps.contacts[i] / 2, steps.servers[i]
    busy = np.minimum(np.arange(chance.size), servers) * steps.capacity / 2
    rate = arrivals + servers * steps.capacity / 2
    if rate == 0:
        return chance
    up, down = arrivals / rate, busy / rate
    stay = 1 - up - down
    stay[-1] += up
    weights = _poisson(float(rate))
    total = weights[0] * chance
    for weight in weights[1:]:
        moved = stay * chance
        moved[1:] += up * chance[:-1]
        moved[:-1] += down[1:] * chance[1:]
        chance = moved
        total += weight * chance
    return np.asarray(total / total.sum())


@lru_cache(maxsize=4096)
def _poisson(mean: float) -> Floats:
    """Probabilities of 0, 1, … as far as they matter; for reading only."""
    return np.asarray(poisson.pmf(np.arange(int(poisson.isf(_LOST, mean)) + 2), mean))


def _begun_in_time(chance: Floats, steps: _Steps, at: float) -> float:
    """Share of contacts arriving at `at` (in steps) that are begun within the time.

    While `servers` or more are ahead, those ahead finish as a Poisson process.
    """
    ahead, begun, until = chance.copy(), 0.0, at + steps.within
    i = int(at)
    while i < steps.servers.size:
        servers = int(min(steps.servers[i], ahead.size))
        begun += float(ahead[:servers].sum())
        ahead[:servers] = 0.0
        length = min(i + 1, until) - at
        if length > 0 and servers and begun < 1 - _LOST:
            done = length * servers * steps.capacity
            waited = ahead.sum()
            ahead = np.convolve(ahead[::-1], _poisson(done))[: ahead.size][::-1].copy()
            ahead[:servers] = 0.0
            begun += float(waited - ahead.sum())
        if i + 1 > until or begun >= 1 - _LOST:
            break
        at, i = float(i + 1), i + 1
    return begun
