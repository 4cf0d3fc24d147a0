"""Random queues to staff, and the least agents by trying one after the other in exact sums."""

from __future__ import annotations

from dataclasses import dataclass

import mpmath
import numpy as np

from tests.forecasting.staffing import exact


@dataclass(frozen=True, slots=True)
class Case:
    """Erlang, share, time and patience in handle times (inf: Erlang C)."""

    load: float
    share: float
    within: float
    patience: float


def cases(rng: np.random.Generator, n: int, *, highest: float, impatient: float) -> list[Case]:
    """Loads log-uniform from 0.01 to `highest`; a part `impatient` of them with patience."""
    return [
        Case(
            load=float(np.exp(rng.uniform(np.log(0.01), np.log(highest)))),
            share=float(rng.uniform(0.3, 0.99)),
            within=float(rng.choice([0.0, 0.05, 0.125, 0.5, 2.0])),
            patience=float(rng.uniform(0.05, 5)) if rng.random() < impatient else np.inf,
        )
        for _ in range(n)
    ]


def least_agents(case: Case) -> int:
    """The least agents by exact sums: upwards in Erlang C, by halving in Erlang A."""
    return _least_c(case) if np.isinf(case.patience) else _least_a(case)


def _least_c(case: Case) -> int:
    with mpmath.workdps(exact.DIGITS):
        load, within = mpmath.mpf(case.load), mpmath.mpf(case.within)
        inverse, n = mpmath.mpf(1), 0
        while True:
            n += 1
            inverse = 1 + n / load * inverse
            if n > load:
                waiting = 1 / (1 + (1 - load / n) * (inverse - 1))
                if waiting * mpmath.exp(-(n - load) * within) <= 1 - mpmath.mpf(case.share):
                    return n


def _least_a(case: Case) -> int:
    def met(n: int) -> bool:
        missed = exact.erlang_a(n, case.load, case.within, case.patience).missed
        return bool(missed <= 1 - mpmath.mpf(case.share))

    low, high = 0, 1
    while not met(high):
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if met(middle) else (middle, high)
    return high
