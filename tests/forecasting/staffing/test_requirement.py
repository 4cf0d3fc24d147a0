"""The least agents: exact, with cap, minimum and shrinkage, and as fractional positions."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from forecasting.staffing.requirement import Demand, capped, fractional, least_agents, scheduled
from forecasting.staffing.rules import exact_share
from tests.forecasting.staffing import chance


def demand(cases: list[chance.Case], *, seats: int = 1) -> Demand:
    load, within, patience, share = np.array(
        [(c.load, c.within, c.patience, c.share) for c in cases]
    ).T
    return Demand(load, within, patience, share, np.full(len(cases), float(seats)))


@pytest.mark.parametrize(("impatient", "highest", "n"), [(0.0, 400.0, 400), (1.0, 60.0, 60)])
def test_the_least_agents_are_exact(impatient: float, highest: float, n: int) -> None:
    cases = chance.cases(np.random.default_rng(20), n, highest=highest, impatient=impatient)
    found = least_agents(demand(cases))
    assert found.tolist() == [chance.least_agents(case) for case in cases]


def test_extremes_are_found_and_bracketed() -> None:
    """Loads, times, patience and shares over many orders of magnitude; warnings are errors here."""
    rng, n = np.random.default_rng(9), 4000
    share = np.where(
        rng.random(n) < 0.5, rng.uniform(1e-6, 1, n), 1 - 10 ** rng.uniform(-12, -1, n)
    )
    within = np.where(rng.random(n) < 0.2, 0, 10 ** rng.uniform(-5, 3, n))
    patience = np.where(rng.random(n) < 0.3, np.inf, 10 ** rng.uniform(-5, 5, n))
    seats = rng.integers(1, 8, n).astype(float)
    slots = Demand(10 ** rng.uniform(-9, 5.9, n), within, patience, share, seats)
    agents, rows = least_agents(slots), np.arange(n)
    allowed = (1 - share) * (1 + 1e-12)
    assert (slots.missed(agents, rows) <= allowed).all()
    assert (slots.missed(agents - 1, rows) > allowed).all()
    assert (capped(slots, agents, most_occupancy=rng.uniform(0.05, 1, n)) >= agents).all()


def test_a_load_whose_fraction_is_above_one_half_needs_no_agent_more() -> None:
    """Where a start at round(load + 1) skips the least stable number."""
    case = chance.Case(load=0.9, share=0.1, within=0.0, patience=np.inf)
    assert least_agents(demand([case])).tolist() == [1]


def test_a_target_met_exactly_is_met() -> None:
    """One agent, 0.2 Erlang: exactly 80 % find him free."""
    case = chance.Case(load=0.2, share=0.8, within=0.0, patience=np.inf)
    assert least_agents(demand([case])).tolist() == [1]


def test_no_load_needs_nobody() -> None:
    case = chance.Case(load=0.0, share=0.8, within=0.1, patience=np.inf)
    assert least_agents(demand([case])).tolist() == [0]
    assert fractional(demand([case]), np.array([0.0])).tolist() == [0]


def test_concurrency_fills_whole_agents() -> None:
    cases = chance.cases(np.random.default_rng(3), 50, highest=50, impatient=0.5)
    for seats in (2, 5):
        servers, agents = least_agents(demand(cases)), least_agents(demand(cases, seats=seats))
        assert agents.tolist() == np.ceil(servers / seats).tolist()


def test_the_occupancy_cap_raises_to_the_least_that_keeps_it() -> None:
    cases = chance.cases(np.random.default_rng(4), 200, highest=300, impatient=0.5)
    slots = demand(cases)
    agents, rows = least_agents(slots), np.arange(len(cases))
    raised = capped(slots, agents, most_occupancy=np.full(len(cases), 0.8))
    assert (raised > agents).any()
    assert (slots.occupancy(raised, rows) <= 0.8 + 1e-9).all()
    more = raised > agents
    assert (slots.occupancy(raised - 1, rows)[more] > 0.8).all()
    assert (raised >= agents).all()


def test_shrinkage_is_rounded_in_whole_numbers() -> None:
    assert scheduled(np.array([21, 63, 0, 7]), Fraction(3, 10)).tolist() == [30, 90, 0, 10]
    assert scheduled(np.array([5]), Fraction(0)).tolist() == [5]
    for text in ("0.1", "0.15", "0.3", "0.35", "0.333", "0.99"):
        share = exact_share(text)
        agents = np.arange(500)
        for raw, planned in zip(agents.tolist(), scheduled(agents, share).tolist(), strict=True):
            assert planned * (1 - share) >= raw > (planned - 1) * (1 - share) or raw == 0


def test_fractional_positions_mix_two_whole_ones_to_the_target() -> None:
    cases = chance.cases(np.random.default_rng(6), 100, highest=40, impatient=1.0)
    slots = demand(cases)
    agents, rows = least_agents(slots), np.arange(len(cases))
    positions = fractional(slots, agents)
    part = positions - (agents - 1)
    assert ((part > 0) & (part <= 1)).all()
    mixed = part * slots.missed(agents, rows) + (1 - part) * slots.missed(agents - 1, rows)
    assert mixed == pytest.approx(1 - slots.share, abs=1e-12)
