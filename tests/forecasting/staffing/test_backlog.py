"""Back-log queues against an event simulation of their own, and in their limits."""

from __future__ import annotations

from collections import deque

import numpy as np
import pytest

from forecasting.staffing.backlog import (
    BacklogPlan,
    backlog_agents,
    backlog_service,
    backlog_share,
)
from forecasting.staffing.errors import BadVolume
from forecasting.staffing.rules import StaffingRules

STEP_S = 1800.0
RULES = StaffingRules(0.9, within_s=3600, aht_s=300)
PLAN = BacklogPlan(
    contacts=np.array([20, 40, 60, 50, 30, 20, 10, 5, 5, 5, 0, 0], dtype=float),
    agents=np.array([0, 3, 5, 5, 5, 5, 5, 5, 3, 3, 3, 0], dtype=float),
    opening=4,
)


def simulate(rng: np.random.Generator) -> tuple[list[int], list[float], list[float]]:
    """One day: open contacts at the steps' ends; arrivals and waits (infinite: not begun)."""
    arrivals = np.sort(
        np.concatenate([i + rng.random(rng.poisson(x)) for i, x in enumerate(PLAN.contacts)])
    ).tolist()
    rate, waiting, waits = STEP_S / RULES.aht_s, deque([-1] * PLAN.opening), {}
    now, coming, in_service, ends = 0.0, 0, 0, []
    for i, servers in enumerate(PLAN.agents.astype(int).tolist()):
        while now < i + 1:
            while in_service < servers and waiting:
                contact = waiting.popleft()
                waits[contact] = now - arrivals[contact] if contact >= 0 else 0.0
                in_service += 1
            busy = min(in_service, servers)
            finish = now + rng.exponential(1 / (busy * rate)) if busy else np.inf
            arrival = arrivals[coming] if coming < len(arrivals) else np.inf
            now = min(finish, arrival, i + 1.0)
            if now == arrival:
                waiting.append(coming)
                coming += 1
            elif now == finish:
                in_service -= 1
        ends.append(in_service + len(waiting))
    return ends, arrivals, [waits.get(j, np.inf) for j in range(len(arrivals))]


def test_a_day_agrees_with_an_event_simulation() -> None:
    rng, runs = np.random.default_rng(77), 1500
    open_, in_time, came = np.zeros((runs, 12)), np.zeros((runs, 12)), np.zeros((runs, 12))
    for run in range(runs):
        ends, arrivals, waits = simulate(rng)
        open_[run] = ends
        steps = np.array(arrivals, dtype=int)
        np.add.at(came[run], steps, 1)
        np.add.at(in_time[run], steps, np.array(waits) <= RULES.within_s / STEP_S)
    found = backlog_service(PLAN, RULES, step_s=STEP_S)
    error = open_.std(axis=0, ddof=1) / np.sqrt(runs)
    assert (np.abs(found["open"] - open_.mean(axis=0)) < 4 * error + 0.01).all()
    judged = found["judged"].to_numpy() & (PLAN.contacts > 0)
    share = in_time.sum(axis=0) / np.maximum(came.sum(axis=0), 1)
    spread = (
        (in_time - share * came).std(axis=0, ddof=1) / np.sqrt(runs) / came.mean(axis=0).clip(1)
    )
    assert (np.abs(found["in_time"] - share) < 4 * spread + 0.005)[judged].all()


def test_a_steady_queue_tends_to_erlang_c() -> None:
    from forecasting.staffing.erlang import erlang_c

    rules = StaffingRules(0.8, within_s=60, aht_s=300)
    plan = BacklogPlan(np.full(60, 24.0), np.full(60, 5.0))
    found = backlog_service(plan, rules, step_s=STEP_S)["in_time"].to_numpy()
    true = erlang_c(np.array([5.0]), np.array([4.0]), np.array([60 / 300])).service_level[0]
    assert found[50] == pytest.approx(true, abs=1e-4)


def test_what_comes_is_finished_or_open() -> None:
    found = backlog_service(PLAN, RULES, step_s=STEP_S)
    left = PLAN.opening + PLAN.contacts.sum() - found["served"].sum()
    assert found["open"].iloc[-1] == pytest.approx(left)
    assert (found["served"] >= -1e-9).all()


def test_a_back_log_too_large_for_the_chain_flows_like_the_chain() -> None:
    heavy = BacklogPlan(PLAN.contacts * 60, PLAN.agents * 60)
    found = backlog_service(heavy, RULES, step_s=STEP_S)
    # 60 times the queue: capacity 1,800 per step against the same shape of arrivals
    assert found["open"].tolist()[:5] == pytest.approx([1200, 2520, 4320, 5520, 5520], rel=1e-9)


def test_the_least_agents_meet_the_target_and_one_fewer_does_not() -> None:
    rules = StaffingRules(0.9, within_s=7200, aht_s=300)
    agents = backlog_agents(PLAN, rules, step_s=STEP_S)
    assert agents is not None
    shares = [
        backlog_share(
            BacklogPlan(PLAN.contacts, np.where(PLAN.agents > 0, float(n), 0.0), PLAN.opening),
            rules, step_s=STEP_S,
        )
        for n in (agents - 1, agents)
    ]  # fmt: skip
    fewer, enough = (share or 0.0 for share in shares)
    assert fewer < 0.9 <= enough


def test_a_time_that_ends_before_anybody_works_is_said_to_be_unreachable() -> None:
    night = BacklogPlan(np.array([50.0, 0, 0, 0]), np.array([0.0, 0, 0, 1]))
    assert backlog_agents(night, RULES, step_s=STEP_S) is None


def test_bad_numbers_are_refused() -> None:
    with pytest.raises(BadVolume, match="contacts of a back-log"):
        BacklogPlan(np.array([np.nan]), np.array([1.0]))
    with pytest.raises(BadVolume, match="as many agents"):
        BacklogPlan(np.array([1.0, 2.0]), np.array([1.0]))
