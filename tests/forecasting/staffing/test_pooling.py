"""Pooled skills: the simulation against Erlang where it applies, and what pooling saves."""

from __future__ import annotations

import numpy as np
import pytest

from forecasting.staffing.erlang import serve
from forecasting.staffing.errors import BadRules
from forecasting.staffing.pooling import AgentGroup, PooledQueue, least_pool, simulate_pool
from forecasting.staffing.rules import StaffingRules

RULES = StaffingRules(0.8, within_s=30, aht_s=240, patience_s=120)
CALLS, MAILS = PooledQueue("calls", 150, RULES), PooledQueue("mails", 75, RULES)


def group(name: str, agents: int, *skills: str) -> AgentGroup:
    return AgentGroup(name, agents, frozenset(skills))


@pytest.mark.parametrize("patience_s", [None, 120.0])
def test_one_queue_and_one_group_are_erlang(patience_s: float | None) -> None:
    rules = StaffingRules(0.8, within_s=30, aht_s=240, patience_s=patience_s)
    found = simulate_pool(
        [PooledQueue("calls", 150, rules)], [group("g", 12, "calls")],
        rng=np.random.default_rng(4), contacts=100_000,
    ).iloc[0]  # fmt: skip
    patience = np.inf if patience_s is None else patience_s / 240
    true = serve(
        np.array([12.0]), np.array([10.0]), within=np.array([0.125]), patience=np.array([patience])
    )
    assert abs(found["service_level"] - true.service_level[0]) < 4 * found["standard_error"]
    assert found["abandonment"] == pytest.approx(true.abandoned[0], abs=0.006)


def test_groups_that_share_skills_serve_better_than_apart() -> None:
    queues = [CALLS, MAILS]
    apart = [group("a", 12, "calls"), group("b", 6, "mails")]
    pooled = [group("ab", 18, "calls", "mails")]
    alone, together = (
        simulate_pool(queues, groups, rng=np.random.default_rng(1), contacts=20_000)
        for groups in (apart, pooled)
    )
    assert (together["service_level"] > alone["service_level"] + 0.03).all()


def test_the_pool_found_meets_every_target() -> None:
    queues = [CALLS, MAILS]
    groups = [group("a", 0, "calls"), group("b", 0, "mails"), group("ab", 2, "calls", "mails")]
    found = least_pool(queues, groups, seed=3, contacts=8_000)
    assert found[2].agents >= 2
    served = simulate_pool(queues, found, rng=np.random.default_rng(3), contacts=8_000)
    assert (served["service_level"] >= 0.8).all()
    again = simulate_pool(queues, found, rng=np.random.default_rng(99), contacts=60_000)
    assert (again["service_level"] >= 0.8 - 0.04).all()


def test_what_cannot_be_pooled_is_refused() -> None:
    rng = np.random.default_rng(1)
    with pytest.raises(BadRules, match="nobody serves queue 'mails'"):
        simulate_pool([CALLS, MAILS], [group("a", 3, "calls")], rng=rng)
    with pytest.raises(BadRules, match="no queue here"):
        simulate_pool([CALLS], [group("a", 3, "calls", "faxes")], rng=rng)
    with pytest.raises(BadRules, match="nothing to simulate"):
        simulate_pool([PooledQueue("calls", 0, RULES)], [group("a", 3, "calls")], rng=rng)
    with pytest.raises(BadRules, match="can't be pooled"):
        chats = StaffingRules(0.8, 30, 240, concurrency=3)
        simulate_pool([PooledQueue("calls", 1, chats)], [group("a", 3, "calls")], rng=rng)
