"""Staffing: exactness against 50-digit sums, least agents in 20,000 random cases, and speed."""

from __future__ import annotations

from fractions import Fraction

import mpmath
import numpy as np
import pandas as pd

from benchmarks.figures import head, median_ms, say
from forecasting.staffing.erlang import serve
from forecasting.staffing.needs import demand_of, staff
from forecasting.staffing.requirement import Demand, least_agents, scheduled
from forecasting.staffing.rules import StaffingRules, exact_share
from forecasting.staffing.what_if import Change, what_if
from tests.forecasting.staffing import chance, exact

PATIENT_CASES, IMPATIENT_CASES = 15_000, 5_000
QUEUES, SLOTS, STEP_S, AHT_S = 50, 336, 1800, 240
LOADS = np.exp(np.linspace(np.log(0.01), np.log(5000), 40))


def run() -> None:
    head("Staffing: Erlang B, C and A from 0.01 to 5,000 Erlang; 16,800 slots")
    _exactness()
    _random_cases()
    _shrinkage()
    for load in (20, 507):
        _speed(load)


def _exactness() -> None:
    worst_c, worst_a = 0.0, 0.0
    for load in LOADS:
        for score in (0.1, 1.0, 3.0):
            servers = int(load + score * np.sqrt(load)) + 1
            true = exact.erlang_c(servers, load, 0.125)
            found = _one(servers, load, np.inf)
            worst_c = max(worst_c, abs(float(found[0] / true.missed - 1)),
                          abs(float(found[1] / true.waiting - 1)))  # fmt: skip
            for part in (0.3, 0.9, 1.0):
                few = max(1, round(servers * part))
                true = exact.erlang_a(few, load, 0.125, 0.5)
                found = _one(few, load, 0.5)
                errors = [abs(float(x - y)) for x, y in zip(found, true, strict=True)]
                worst_a = max(worst_a, *errors)
    say("Erlang C, worst relative error against 50 digits", f"{worst_c:.1e}", "≤ 1e-9")
    say("Erlang A, worst error of a share against 50 digits", f"{worst_a:.1e}", "≤ 1e-9")


def _one(servers: int, load: float, patience: float) -> tuple[float, float, float]:
    found = serve(
        np.array([float(servers)]), np.array([load]),
        within=np.array([0.125]), patience=np.array([patience]),
    )  # fmt: skip
    return float(found.missed[0]), float(found.waiting[0]), float(found.abandoned[0])


def _random_cases() -> None:
    rng = np.random.default_rng(50)
    cases = chance.cases(rng, PATIENT_CASES, highest=800, impatient=0)
    wrong = sum(
        int(found) != chance.least_agents(case)
        for case, found in zip(cases, _least(cases), strict=True)
    )
    impatient = chance.cases(rng, IMPATIENT_CASES, highest=300, impatient=1)
    wrong += sum(
        not _is_least(case, int(found))
        for case, found in zip(impatient, _least(impatient), strict=True)
    )
    say(f"least agents wrong, of {PATIENT_CASES + IMPATIENT_CASES:,} random cases", str(wrong), "0")


def _least(cases: list[chance.Case]) -> np.ndarray:
    columns = np.array([(one.load, one.within, one.patience, one.share) for one in cases]).T
    return least_agents(Demand(*columns, seats=np.ones(len(cases))))


def _is_least(case: chance.Case, agents: int) -> bool:
    allowed = 1 - mpmath.mpf(case.share)
    met = [
        exact.erlang_a(n, case.load, case.within, case.patience).missed <= allowed
        for n in (agents, agents - 1)
        if n > 0
    ]
    return met in ([True, False], [True])


def _shrinkage() -> None:
    wrong = 0
    agents = np.arange(1, 1001)
    for percent in range(100):
        share = exact_share(f"{percent / 100:.2f}")
        planned = scheduled(agents, share)
        wrong += sum(
            not (int(p) - 1) * (100 - percent) < 100 * int(a) <= int(p) * (100 - percent)
            for a, p in zip(agents, planned, strict=True)
        )
    say("scheduled agents wrong, of 100,000 pairs of agents and shrinkage", str(wrong), "0")
    say("21 agents at 30 %", str(scheduled(np.array([21]), Fraction(3, 10))[0]), "30")


def _speed(load: float) -> None:
    volume = pd.DataFrame(
        {
            "unique_id": np.repeat([f"q{i}" for i in range(QUEUES)], SLOTS),
            "ds": np.tile(pd.date_range("2026-11-09", periods=SLOTS, freq="30min"), QUEUES),
            "y": np.random.default_rng(1).gamma(4, load / 4, QUEUES * SLOTS) * STEP_S / AHT_S,
        }
    )
    c, a = (
        {
            f"q{i}": StaffingRules(0.8, 30, AHT_S + i, patience_s=patience,
                                   shrinkage=Fraction(3, 10))
            for i in range(QUEUES)
        }
        for patience in (None, 120)
    )  # fmt: skip
    for name, rules in (("Erlang C", c), ("Erlang A", a)):
        demand = demand_of(volume, rules, step_s=STEP_S)
        wall, cpu = median_ms(lambda demand=demand: least_agents(demand))
        say(f"{name}, least agents of 16,800 slots, mean load {load:g}",
            f"{wall:.0f} ms, CPU {cpu:.0f}", "≤ 50 ms")  # fmt: skip
        before = staff(volume, rules, step_s=STEP_S)
        wall, cpu = median_ms(
            lambda rules=rules, before=before: what_if(
                volume, rules, Change(volume=1.1), step_s=STEP_S, before=before
            )
        )
        say(f"{name}, what-if of a week of 50 queues, mean load {load:g}",
            f"{wall:.0f} ms, CPU {cpu:.0f}", "≤ 100 ms")  # fmt: skip


if __name__ == "__main__":
    run()
