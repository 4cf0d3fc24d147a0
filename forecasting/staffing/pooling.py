"""Pooled skills by simulation: several queues, agent groups that serve some of them each.

No closed formula exists for general skill sets; a steady hour is simulated event by event. A
contact takes the free group with the fewest skills; a free agent takes the longest waiting contact
among its skills. Patience and handle times are exponential.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from forecasting.staffing.errors import BadRules
from forecasting.staffing.rules import StaffingRules

_BATCHES = 20  # for the standard error
_WARM_UP = 0.1  # of the contacts, before counting
_MOST_AGENTS = 10_000


@dataclass(frozen=True, slots=True)
class PooledQueue:
    """Contacts per hour of a skill, and its rules (concurrency must be 1)."""

    name: str
    contacts_per_hour: float
    rules: StaffingRules


@dataclass(frozen=True, slots=True)
class AgentGroup:
    """Agents on seat who serve the same queues."""

    name: str
    agents: int
    skills: frozenset[str]


def simulate_pool(
    queues: Sequence[PooledQueue],
    groups: Sequence[AgentGroup],
    *,
    rng: np.random.Generator,
    contacts: int = 50_000,
) -> pd.DataFrame:
    """Service per queue in the steady state; one row per queue.

    Columns queue, offered, service_level, standard_error (of it, by batch means), abandonment.
    BadRules for a queue nobody serves, unknown skills or chats.
    """
    _check(queues, groups)
    run = _Run(queues, groups, rng, contacts)
    run.play()
    rows = []
    for number, queue in enumerate(queues):
        mine = run.queue == number
        mine[: int(_WARM_UP * contacts)] = False
        in_time = run.answered[mine] & (run.waited[mine] <= queue.rules.within_s)
        if not in_time.size:
            rows.append((queue.name, 0, 1.0, 0.0, 0.0))
            continue
        means = [float(part.mean()) for part in np.array_split(in_time, _BATCHES) if part.size]
        error = float(np.std(means, ddof=1) / np.sqrt(len(means))) if len(means) > 1 else 1.0
        left = float(1 - run.answered[mine].mean())
        rows.append((queue.name, in_time.size, float(in_time.mean()), error, left))
    columns = ["queue", "offered", "service_level", "standard_error", "abandonment"]
    return pd.DataFrame(rows, columns=columns)


def least_pool(
    queues: Sequence[PooledQueue],
    groups: Sequence[AgentGroup],
    *,
    seed: int,
    contacts: int = 20_000,
) -> tuple[AgentGroup, ...]:
    """Few agents per group so that every queue meets its target; `agents` given are the least each.

    Greedy: from the loads up, the agent who closes most of the shortfall; then those nobody misses
    are taken away. Each trial repeats the same random numbers. An approximation: met within the
    noise of the simulation, not proved least.
    """
    _check(queues, groups, staffed=False)
    least = tuple(one.agents for one in groups)
    staffed = _from_loads(queues, groups)

    def short(trial: Sequence[AgentGroup]) -> float:
        found = simulate_pool(queues, trial, rng=np.random.default_rng(seed), contacts=contacts)
        wanted = np.array([one.rules.share for one in queues])
        return float(np.maximum(wanted - found["service_level"].to_numpy(), 0).sum())

    missing = short(staffed)
    while missing > 0:
        if sum(one.agents for one in staffed) > _MOST_AGENTS:
            raise BadRules(
                "the pool's targets need more than 10,000 agents; check loads and targets"
            )
        trials = [_with(staffed, i, +1) for i in range(len(staffed))]
        misses = [short(trial) for trial in trials]
        best = int(np.argmin(misses))
        staffed, missing = trials[best], misses[best]
    for i in range(len(staffed)):
        while staffed[i].agents > least[i] and short(fewer := _with(staffed, i, -1)) <= 0:
            staffed = fewer
    return staffed


def _with(groups: tuple[AgentGroup, ...], i: int, more: int) -> tuple[AgentGroup, ...]:
    changed = replace(groups[i], agents=groups[i].agents + more)
    return (*groups[:i], changed, *groups[i + 1 :])


def _from_loads(
    queues: Sequence[PooledQueue], groups: Sequence[AgentGroup]
) -> tuple[AgentGroup, ...]:
    """Each queue's load shared evenly by the groups that serve it, rounded down."""
    shares = np.array([float(one.agents) for one in groups])
    loads = np.zeros(len(groups))
    for queue in queues:
        able = [i for i, one in enumerate(groups) if queue.name in one.skills]
        loads[able] += queue.contacts_per_hour * queue.rules.aht_s / 3600 / len(able)
    return tuple(
        replace(one, agents=int(max(share, np.floor(load))))
        for one, share, load in zip(groups, shares, loads, strict=True)
    )


def _check(
    queues: Sequence[PooledQueue], groups: Sequence[AgentGroup], *, staffed: bool = True
) -> None:
    names = {one.name for one in queues}
    for group in groups:
        if unknown := sorted(group.skills - names):
            raise BadRules(f"group '{group.name}' serves '{unknown[0]}', which is no queue here")
    for queue in queues:
        if not 0 <= queue.contacts_per_hour < np.inf or queue.rules.concurrency != 1:
            raise BadRules(
                f"queue '{queue.name}' can't be pooled; give contacts per hour, 0 or more, and a "
                "concurrency of 1"
            )
        able = [one for one in groups if queue.name in one.skills]
        if not able or (staffed and not any(one.agents for one in able)):
            raise BadRules(
                f"nobody serves queue '{queue.name}'; give a group that skill and agents"
            )
    if not any(queue.contacts_per_hour for queue in queues):
        raise BadRules("no queue of the pool has contacts; there is nothing to simulate")


class _Run:
    """One simulated stretch, in seconds; `waited` and `answered` are per contact, by arrival."""

    def __init__(
        self,
        queues: Sequence[PooledQueue],
        groups: Sequence[AgentGroup],
        rng: np.random.Generator,
        contacts: int,
    ) -> None:
        rates = np.array([one.contacts_per_hour / 3600 for one in queues])
        patience = np.array([one.rules.patience_s or np.inf for one in queues])
        self.queue = rng.choice(len(queues), size=contacts, p=rates / rates.sum())
        self.arrives = np.cumsum(rng.exponential(1 / rates.sum(), contacts))
        self.handle = rng.exponential(1.0, contacts) * np.array(
            [one.rules.aht_s for one in queues]
        )[self.queue]  # fmt: skip
        self.leaves = self.arrives + rng.exponential(1.0, contacts) * patience[self.queue]
        self.waited = np.zeros(contacts)
        self.answered = np.zeros(contacts, dtype=bool)
        self.free = [one.agents for one in groups]
        self.skills = [
            [i for i, queue in enumerate(queues) if queue.name in one.skills] for one in groups
        ]
        self.able = [
            sorted((g for g, skills in enumerate(self.skills) if i in skills),
                   key=lambda g: len(self.skills[g]))
            for i in range(len(queues))
        ]  # fmt: skip
        self.waiting: list[deque[int]] = [deque() for _ in queues]
        self.finishing: list[tuple[float, int]] = []

    def play(self) -> None:
        for contact, (at, queue) in enumerate(
            zip(self.arrives.tolist(), self.queue.tolist(), strict=True)
        ):
            self._finish_until(at)
            group = next((g for g in self.able[queue] if self.free[g]), None)
            if group is None:
                self.waiting[queue].append(contact)
            else:
                self._begin(contact, group, at)
        self._finish_until(np.inf)

    def _finish_until(self, until: float) -> None:
        while self.finishing and self.finishing[0][0] <= until:
            at, group = heapq.heappop(self.finishing)
            self.free[group] += 1
            if (contact := self._longest_waiting(group, at)) is not None:
                self._begin(contact, group, at)

    def _longest_waiting(self, group: int, at: float) -> int | None:
        first: int | None = None
        for queue in self.skills[group]:
            line = self.waiting[queue]
            while line and self.leaves[line[0]] < at:
                line.popleft()
            if line and (first is None or line[0] < first):
                first = line[0]
        if first is not None:
            self.waiting[int(self.queue[first])].popleft()
        return first

    def _begin(self, contact: int, group: int, at: float) -> None:
        self.free[group] -= 1
        self.waited[contact] = at - self.arrives[contact]
        self.answered[contact] = True
        heapq.heappush(self.finishing, (at + float(self.handle[contact]), group))
