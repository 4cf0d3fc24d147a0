"""Erlang B, C and A against 50-digit sums, their known limits, and an event simulation."""

from __future__ import annotations

import ciw
import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forecasting.staffing.erlang import Service, erlang_b, serve
from forecasting.staffing.mills import inverse_erlang_b, lower
from tests.forecasting.staffing import exact

LOADS = (0.01, 0.09, 0.5, 0.97, 1.0, 3.3, 12.5, 19.99, 20.0, 61.7, 200.0, 507.0, 1250.5, 5000.0)


def one(servers: float, load: float, within: float, patience: float = np.inf) -> Service:
    return serve(
        np.array([servers]), np.array([load]),
        within=np.array([within]), patience=np.array([patience]),
    )  # fmt: skip


@pytest.mark.parametrize("load", LOADS)
def test_erlang_b_equals_its_50_digit_sum(load: float) -> None:
    for servers in {1, int(load) + 1, int(load / 3), int(load + 4 * np.sqrt(load))} - {0}:
        true = exact.erlang_b(servers, load)
        found = erlang_b(np.array([float(servers)]), np.array([load]))[0]
        assert abs(found / true - 1) < 1e-9


@pytest.mark.parametrize("load", LOADS)
@pytest.mark.parametrize("within", [0.0, 0.125, 1.5])
def test_erlang_c_equals_its_50_digit_sum(load: float, within: float) -> None:
    for more in (1, 1 + int(np.sqrt(load)), 2 + int(3 * np.sqrt(load))):
        servers = int(load) + more
        found, true = one(servers, load, within), exact.erlang_c(servers, load, within)
        assert abs(found.waiting[0] / true.waiting - 1) < 1e-9
        assert abs(found.missed[0] / true.missed - 1) < 1e-9
        assert found.abandoned[0] == 0
        assert found.occupancy[0] == pytest.approx(load / servers, rel=1e-15)


@pytest.mark.parametrize("load", LOADS)
@pytest.mark.parametrize(("within", "patience"), [(0.125, 0.5), (0.0, 3.0), (0.4, 0.02), (1, 1)])
def test_erlang_a_equals_its_50_digit_sum(load: float, within: float, patience: float) -> None:
    for part in (0.2, 0.9, 1.0, 1.1, 1.6):
        servers = max(1, round(load * part))
        found = one(servers, load, within, patience)
        true = exact.erlang_a(servers, load, within, patience)
        for mine, theirs in (
            (found.missed, true.missed), (found.waiting, true.waiting),
            (found.abandoned, true.abandoned),
        ):  # fmt: skip
            assert abs(mine[0] - theirs) < 1e-9
        served = load * (1 - float(true.abandoned))
        assert found.occupancy[0] == pytest.approx(served / servers, rel=1e-9)
        assert found.wait[0] == pytest.approx(float(true.abandoned) * patience, rel=1e-6, abs=1e-12)


def test_the_gamma_ratios_hold_all_over_their_plane() -> None:
    rng = np.random.default_rng(5)
    c = np.exp(rng.uniform(np.log(0.05), np.log(20_000), 300))
    y = c * np.where(c < 200, rng.uniform(0.01, 2.3, 300), rng.uniform(0.01, 1.1, 300))
    with mpmath.workdps(40):
        true = [
            mpmath.hyp1f1(1, mpmath.mpf(float(a)) + 1, float(b)) for a, b in zip(c, y, strict=True)
        ]
        worst = max(abs(mine / theirs - 1) for mine, theirs in zip(lower(c, y), true, strict=True))
    assert worst < 1e-11
    servers, load = np.arange(1.0, 160.0), np.full(159, 40.0)
    true = [1 / exact.erlang_b(int(n), 40.0) for n in servers]
    found = inverse_erlang_b(servers, load)
    assert max(abs(mine / theirs - 1) for mine, theirs in zip(found, true, strict=True)) < 1e-11


def test_patience_gives_a_steady_state_where_erlang_c_has_none() -> None:
    """500 Erlang on 500 agents, 2 minutes of patience at 4 minutes of handling."""
    assert one(500, 500, 0.125, 0.5).abandoned[0] == pytest.approx(0.0209, abs=5e-5)
    stuck = one(500, 500, 0.125)
    assert (stuck.missed[0], stuck.occupancy[0], stuck.wait[0]) == (1.0, 1.0, np.inf)


def test_long_patience_tends_to_erlang_c() -> None:
    patient, endless = one(25, 21, 0.125, 1e7), one(25, 21, 0.125)
    assert patient.missed[0] == pytest.approx(endless.missed[0], rel=1e-4)


def test_nobody_offered_misses_nobody_and_nobody_there_misses_all() -> None:
    for patience in (np.inf, 0.5):
        empty = one(3, 0.0, 0.125, patience)
        assert (empty.service_level[0], empty.occupancy[0], empty.abandoned[0]) == (1, 0, 0)
        alone = one(0, 2.0, 0.125, patience)
        assert (alone.service_level[0], alone.occupancy[0]) == (0, 0)
    assert one(0, 2.0, 0.125, 0.5).abandoned[0] == 1
    assert one(0, 0.0, 0.125).service_level[0] == 1


@settings(max_examples=150, deadline=None)
@given(
    load=st.floats(0.01, 2000), servers=st.integers(1, 2500), within=st.floats(0, 5),
    patience=st.one_of(st.just(np.inf), st.floats(0.01, 100)),
)  # fmt: skip
def test_shares_stay_shares_and_more_agents_never_hurt(
    load: float, servers: int, within: float, patience: float
) -> None:
    fewer, more = one(servers, load, within, patience), one(servers + 1, load, within, patience)
    for service in (fewer, more):
        for share in (service.missed, service.waiting, service.abandoned, service.occupancy):
            assert 0 <= share[0] <= 1 + 1e-12
    assert more.missed[0] <= fewer.missed[0] + 1e-12
    assert more.abandoned[0] <= fewer.abandoned[0] + 1e-12


def test_elements_don_t_depend_on_their_neighbours() -> None:
    rng = np.random.default_rng(8)
    load = np.exp(rng.uniform(-4, 8, 200))
    servers = np.rint(load * rng.uniform(0, 2, 200))
    within, patience = rng.uniform(0, 2, 200), rng.choice([np.inf, 0.1, 1.0, 30.0], 200)
    together = serve(servers, load, within=within, patience=patience)
    for i in range(0, 200, 7):
        alone = one(servers[i], load[i], within[i], patience[i])
        assert together.missed[i] == pytest.approx(alone.missed[0], rel=1e-12, abs=1e-15)


@pytest.mark.parametrize("patience", [np.inf, 0.5])
def test_chats_agree_with_an_event_simulation(patience: float) -> None:
    """4 agents with 3 chats each, 10 Erlang, answered within 0.125 handle times."""
    shares = []
    for seed in range(6):
        ciw.seed(seed)
        reneging = {} if np.isinf(patience) else {
            "reneging_time_distributions": [ciw.dists.Exponential(1 / patience)]
        }  # fmt: skip
        network = ciw.create_network(
            arrival_distributions=[ciw.dists.Exponential(10.0)],
            service_distributions=[ciw.dists.Exponential(1.0)],
            number_of_servers=[4 * 3], **reneging,
        )  # fmt: skip
        run = ciw.Simulation(network)
        run.simulate_until_max_time(420)
        records = [r for r in run.get_all_records() if 20 <= r.arrival_date < 400]
        in_time = [r.record_type == "service" and r.waiting_time <= 0.125 for r in records]
        shares.append(np.mean(in_time))
    found = one(4 * 3, 10.0, 0.125, patience).service_level[0]
    error = np.std(shares, ddof=1) / np.sqrt(len(shares))
    assert abs(np.mean(shares) - found) < 4 * error + 0.002
