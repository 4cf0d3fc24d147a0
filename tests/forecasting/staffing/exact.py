"""Erlang's formulas in 50 digits by plain sums: nothing is shared with the code they check."""

from __future__ import annotations

from typing import NamedTuple

import mpmath

DIGITS = 50


class Exact(NamedTuple):
    missed: mpmath.mpf
    waiting: mpmath.mpf
    abandoned: mpmath.mpf


def erlang_b(servers: int, load: float) -> mpmath.mpf:
    with mpmath.workdps(DIGITS + 10):
        inverse = mpmath.mpf(1)
        for j in range(1, servers + 1):
            inverse = 1 + j / mpmath.mpf(load) * inverse
        return 1 / inverse


def erlang_c(servers: int, load: float, within: float) -> Exact:
    """M/M/n; `within` in handle times."""
    with mpmath.workdps(DIGITS + 10):
        blocked, rho = erlang_b(servers, load), mpmath.mpf(load) / servers
        waiting = blocked / (1 - rho * (1 - blocked))
        missed = waiting * mpmath.exp(-(servers - mpmath.mpf(load)) * mpmath.mpf(within))
        return Exact(missed, waiting, mpmath.mpf(0))


def erlang_a(servers: int, load: float, within: float, patience: float) -> Exact:
    """M/M/n+M state by state; times in handle times, patience exponential.

    Who finds n + j others waits, in units of the patience, the sum of exponentials with rates c … c
    + j where c = n patience; e to minus that sum is Beta(c, j + 1), so that he is served in time
    with probability c / (c + j + 1) times the regularised incomplete beta of (j + 1, c + 1) at 1 -
    exp(-within / patience), which is 1 minus negative binomial weights.
    """
    with mpmath.workdps(DIGITS + 15):
        p = mpmath.mpf(patience)
        c, y = servers * p, mpmath.mpf(load) * p
        gone = -mpmath.expm1(-mpmath.mpf(within) / p)
        states_below = 1 / erlang_b(servers, load) - 1  # 0 … n - 1, relative to state n
        state = mpmath.mpf(1)
        weight = mpmath.power(1 - gone, c + 1)  # of the negative binomial
        later = weight
        waiting = leaving = answered = mpmath.mpf(0)
        j = 0
        while True:
            served = c / (c + j + 1)
            waiting += state
            leaving += state * (1 - served)
            answered += state * served * (1 - later)
            j += 1
            state *= y / (c + j)
            if j > y - c and state < waiting * mpmath.mpf(10) ** -DIGITS:
                break
            weight *= gone * (j + c) / j
            later += weight
        whole = states_below + waiting
        return Exact(1 - (states_below + answered) / whole, waiting / whole, leaving / whole)
