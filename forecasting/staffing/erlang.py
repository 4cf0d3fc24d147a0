"""Erlang B, C and A for arrays of servers and loads: exact steady states, no search, no calendars.

Everything is in units of the mean handle time: `load` = arrivals per handle time (Erlang), `within`
and `patience` = seconds / handle time, waits likewise. Servers are whole and at least 0.

Erlang C is M/M/n. Erlang A is M/M/n+M: patience is exponential; with c = n patience, y = load
patience, rho = load / n, B = Erlang B of n - 1 servers, A(z) = lower(c, z) of mills.py and
E = exp(y - y' - n within) where y' = y exp(-within / patience):

    P(wait > 0)             = B rho A(y) / (1 + B rho A(y))
    P(abandon)              = B (1 - (1 - rho) A(y)) / (1 + B rho A(y))
    P(not answered in time) = B (1 - (1 - rho) A(y) + E (A(y') - 1)) / (1 + B rho A(y))

The first two are Palm's (Garnett, Mandelbaum & Reiman 2002, MSOM 4, 208-227); the third is the
integral of the offered wait's density (Mandelbaum & Zeltyn 2007) up to `within`, by parts.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import NamedTuple

import numpy as np
from scipy.special import gammainc, gammaln

from forecasting.staffing.mills import Floats, excess, inverse_erlang_b, lower

_HIGHEST = 2.3  # y / c up to which `lower` holds
_LARGEST = 600.0  # ln A beyond which A would leave the floats


@dataclass(frozen=True, slots=True)
class Service:
    """What contacts meet; arrays of one shape.

    missed: share of all offered contacts not answered within the time (1 - service level).
    waiting: share that finds all servers busy. abandoned: share that leaves unanswered.
    occupancy: share of the servers that is busy. wait: mean wait of all offered contacts, in handle
    times; infinite where Erlang C has no steady state (servers <= load).
    """

    missed: Floats
    waiting: Floats
    abandoned: Floats
    occupancy: Floats
    wait: Floats

    @property
    def service_level(self) -> Floats:
        return 1 - self.missed


def erlang_b(servers: Floats, load: Floats) -> Floats:
    """Share of contacts lost by M/M/n/n; 0 without load."""
    servers, load = np.broadcast_arrays(servers, load)
    busy = load > 0
    blocked = np.zeros(load.shape)
    blocked[busy] = 1 / inverse_erlang_b(servers[busy], load[busy])
    return blocked


def serve(servers: Floats, load: Floats, *, within: Floats, patience: Floats) -> Service:
    """The steady state per element; infinite patience is Erlang C. Shapes broadcast.

    Nobody offered (load 0): nothing is missed, nobody waits. No servers: all is missed.
    """
    arrays = np.broadcast_arrays(servers, load, within, patience)
    n, a, t, p = (np.asarray(one, dtype=float).ravel() for one in arrays)
    found = np.zeros((len(fields(Service)), n.size))
    endless = np.isinf(p)
    swamped = (a > 0) & np.where(endless, n <= a, n <= 0)
    found[:, swamped] = _swamped(n[swamped], p[swamped])
    steady_c, steady_a = ((a > 0) & ~swamped & kind for kind in (endless, ~endless))
    if steady_c.any():
        found[:, steady_c] = _rows(erlang_c(n[steady_c], a[steady_c], t[steady_c]))
    if steady_a.any():
        some = steady_a
        found[:, some] = _rows(erlang_a(n[some], a[some], t[some], p[some]))
    return Service(*found.reshape(len(found), *arrays[0].shape))


def erlang_c(n: Floats, load: Floats, within: Floats) -> Service:
    """M/M/n for n > load > 0; flat arrays of one size."""
    idle = (n - load) / n
    blocked = load / n / inverse_erlang_b(n - 1, load)
    waiting = blocked / (blocked + idle)
    missed = waiting * np.exp(-(n - load) * within)
    return Service(missed, waiting, np.zeros_like(n), load / n, waiting / (n - load))


def erlang_a(n: Floats, load: Floats, within: Floats, patience: Floats) -> Service:
    """M/M/n+M for n >= 1, load > 0, finite patience > 0; flat arrays of one size."""
    c, y = n * patience, load * patience
    extreme = y > c
    extreme[extreme] = (y[extreme] > _HIGHEST * c[extreme]) | (
        c[extreme] * excess((y[extreme] - c[extreme]) / c[extreme]) > _LARGEST
    )
    if not extreme.any():
        return _by_ratios(n, load, within, patience)
    found = np.empty((len(fields(Service)), n.size))
    for some, formula in ((~extreme, _by_ratios), (extreme, _overloaded)):
        found[:, some] = _rows(formula(n[some], load[some], within[some], patience[some]))
    return Service(*found)


def _by_ratios(n: Floats, load: Floats, within: Floats, patience: Floats) -> Service:
    c, y = n * patience, load * patience
    blocked = 1 / inverse_erlang_b(n - 1, load)
    here = lower(c, y)
    there = lower(c, y * np.exp(-within / patience))
    waits = blocked * load / n * here
    leaves = blocked * (1 - (n - load) / n * here)
    late = blocked * np.exp(-y * np.expm1(-within / patience) - n * within) * (there - 1)
    whole = 1 + waits
    return _service(n, load, patience, Shares(waits / whole, leaves / whole, late / whole))


def _overloaded(n: Floats, load: Floats, within: Floats, patience: Floats) -> Service:
    """The same, all terms times f(c, y) / B, for loads so high that A would overflow."""
    c, y = n * patience, load * patience
    f = np.exp(c * np.log(y) - y - gammaln(c + 1))
    inner = gammainc(c, y)
    waits = load / n * inner
    leaves = f - (n - load) / n * inner
    late = gammainc(c + 1, y * np.exp(-within / patience))
    whole = inverse_erlang_b(n - 1, load) * f + waits
    return _service(n, load, patience, Shares(waits / whole, leaves / whole, late / whole))


class Shares(NamedTuple):
    """Of all offered: those that wait, that leave, that are answered or still there too late."""

    waits: Floats
    leaves: Floats
    late: Floats


def _service(n: Floats, load: Floats, patience: Floats, shares: Shares) -> Service:
    leaves = np.clip(shares.leaves, 0, 1)  # rounding may leave -1e-17
    return Service(
        np.clip(leaves + shares.late, 0, 1), shares.waits, leaves,
        load * (1 - leaves) / n, leaves * patience,
    )  # fmt: skip


def _swamped(n: Floats, patience: Floats) -> Floats:
    """Erlang C with too few servers, or no servers at all."""
    endless = np.isinf(patience)
    one = np.ones_like(n)
    return np.stack([one, one, np.where(endless, 0, one), np.where(n > 0, one, 0), patience])


def _rows(service: Service) -> Floats:
    return np.stack([getattr(service, one.name) for one in fields(Service)])
