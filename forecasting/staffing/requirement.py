"""The least agents for a target: search, occupancy cap, minimum, shrinkage, fractional positions.

Arrays in, arrays out; reading files and shaping frames is `needs`, the formulas are `erlang`.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from forecasting.staffing.erlang import serve
from forecasting.staffing.mills import Floats

_SLACK = (
    1e-12  # of the allowed misses: rounding must not cost an agent where the target is met exactly
)
_STEEPEST = 37.0  # standard scores beyond which the normal distribution leaves the floats
_BLOCK = 4200  # slots at a time, of like loads: they take the same branches and fit the cache
_GUESSES = 8  # false-position rounds before plain bisection

_Flags: TypeAlias = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Demand:
    """Slots to staff; flat arrays of one size.

    load: Erlang (contacts per step x handle time / step). within, patience: handle times, patience
    infinite for Erlang C. share: the target. seats: contacts an agent serves at once.
    """

    load: Floats
    within: Floats
    patience: Floats
    share: Floats
    seats: Floats

    def missed(self, agents: Floats, rows: npt.NDArray[np.intp]) -> Floats:
        """Share of contacts not answered in time, for these agents in these rows."""
        return serve(
            agents * self.seats[rows], self.load[rows],
            within=self.within[rows], patience=self.patience[rows],
        ).missed  # fmt: skip

    def occupancy(self, agents: Floats, rows: npt.NDArray[np.intp]) -> Floats:
        """Busy share of the seats, likewise."""
        return serve(
            agents * self.seats[rows], self.load[rows],
            within=self.within[rows], patience=self.patience[rows],
        ).occupancy  # fmt: skip


def least_agents(demand: Demand) -> Floats:
    """Least whole agents per slot whose service level is at least the share; 0 without load.

    Exact: both the answer and one agent fewer were evaluated, or fewer is no steady state.
    """
    agents = np.zeros(demand.load.size)
    offered = np.flatnonzero(demand.load > 0)
    by_load = offered[np.argsort(demand.load[offered])]
    for rows in np.array_split(by_load, -(-offered.size // _BLOCK) or 1):
        agents[rows] = _search(demand, rows)
    return agents


def capped(demand: Demand, agents: Floats, *, most_occupancy: Floats) -> Floats:
    """Least agents, not below `agents`, that keep the busy share of seats at or under the cap."""
    raised = agents.copy()
    rows = np.flatnonzero((demand.load > 0) & np.isfinite(most_occupancy))
    cap = most_occupancy[rows] * (1 + _SLACK)
    over = demand.occupancy(agents[rows], rows) > cap
    rows, cap = rows[over], cap[over]
    low, high = agents[rows], np.ceil(demand.load[rows] / demand.seats[rows] / cap)
    while (high - low > 1).any():
        middle = np.floor((low + high) / 2)
        held = demand.occupancy(middle, rows) <= cap
        low, high = np.where(held, low, middle), np.where(held, middle, high)
    raised[rows] = high
    return raised


def scheduled(agents: npt.NDArray[np.int64], shrinkage: Fraction) -> npt.NDArray[np.int64]:
    """ceil(agents / (1 - shrinkage)) in whole-number arithmetic: 21 at 3/10 is 30."""
    some, where = np.unique(agents, return_inverse=True)
    left = 1 - shrinkage
    planned = [-(-int(n) * left.denominator // left.numerator) for n in some]
    return np.asarray(planned, dtype=np.int64)[where].reshape(agents.shape)


def fractional(demand: Demand, agents: Floats) -> Floats:
    """Positions as a part of the time: with agents - 1 for part of a slot and `agents` for the
    rest, the service level of the mix is the share.

    For sums over small queues, which whole positions overstate. Equals agents where one fewer has
    no steady state; at most `agents`, above agents - 1; 0 without load.
    """
    positions = agents.astype(float)
    rows = np.flatnonzero((demand.load > 0) & (agents > 0))
    with_all = demand.missed(positions[rows], rows)
    with_fewer = demand.missed(positions[rows] - 1, rows)
    allowed = 1 - demand.share[rows]
    needed = np.clip((with_fewer - allowed) / (with_fewer - with_all), 0, 1)
    least = with_fewer > allowed  # otherwise a cap or a minimum asks for more than the target does
    positions[rows] = np.where(least, positions[rows] - 1 + needed, positions[rows])
    return positions


def _search(demand: Demand, rows: npt.NDArray[np.intp]) -> Floats:
    share = demand.share[rows]
    allowed, aim = (1 - share) * (1 + _SLACK), ndtri(share)
    low, trial = _start(demand, rows, aim)
    spread = np.sqrt(demand.load[rows]) / demand.seats[rows]
    found = _Bracket(low, np.full(rows.size, -np.inf), *np.full((2, rows.size), np.inf))
    open_, rounds = np.arange(rows.size), 0
    while open_.size:
        tried = trial[open_]
        missed = demand.missed(tried, rows[open_])
        score = np.clip(-ndtri(missed), -_STEEPEST, _STEEPEST)
        found.narrow(open_, tried, score, met=missed <= allowed[open_], aim=aim[open_])
        open_ = open_[found.high[open_] - found.low[open_] > 1]
        rounds += 1
        spread *= 2 if rounds > 1 else 1  # a side still unknown is further away than thought
        trial[open_] = found.between(open_, aim[open_], spread[open_], bisect=rounds > _GUESSES)
    return found.high


def _start(demand: Demand, rows: npt.NDArray[np.intp], aim: Floats) -> tuple[Floats, Floats]:
    """Agents known to miss the target, and where to try first.

    Patient: no steady state up to the load. Impatient: the fluid limit, where the wait w of all
    solves load exp(-w / patience) = servers. Both plus some multiple of the load's standard
    deviation.
    """
    load, seats, within = demand.load[rows], demand.seats[rows], demand.within[rows]
    patience, root = demand.patience[rows], np.sqrt(load)
    endless = np.isinf(patience)
    low = np.where(endless, np.floor(load / seats), 0.0)
    fluid = load * np.where(endless, 1, np.maximum(demand.share[rows], np.exp(-within / patience)))
    trial = np.ceil((fluid + aim * root / (1 + within * root)) / seats)
    return low, np.maximum(trial, low + 1)


@dataclass(frozen=True, slots=True)
class _Bracket:
    """Agents known to miss and to meet the target; the standard score of their service level."""

    low: Floats
    low_score: Floats
    high: Floats
    high_score: Floats

    def narrow(
        self, rows: npt.NDArray[np.intp], tried: Floats, score: Floats, *, met: _Flags, aim: Floats
    ) -> None:
        """Take in a trial. An end that stays has its score pulled to the aim (Illinois' rule)."""
        up, down = rows[met], rows[~met]
        self.high[up], self.high_score[up] = tried[met], score[met]
        self.low[down], self.low_score[down] = tried[~met], score[~met]
        self.low_score[up] = (self.low_score[up] + aim[met]) / 2
        self.high_score[down] = (self.high_score[down] + aim[~met]) / 2

    def between(
        self, rows: npt.NDArray[np.intp], aim: Floats, spread: Floats, *, bisect: bool
    ) -> Floats:
        """Where to try next: the score is close to linear in the agents."""
        low, high = self.low[rows], self.high[rows]
        if bisect:
            return np.where(np.isfinite(high), np.floor((low + high) / 2), 2 * low + 1)
        below, above = aim - self.low_score[rows], self.high_score[rows] - aim
        with np.errstate(invalid="ignore"):
            line = low + below / (below + above) * (high - low)
            one_sided = np.where(np.isinf(high), low + below * spread, high - above * spread)
        root = np.where(np.isfinite(line), line, one_sided)
        return np.clip(np.ceil(root), low + 1, high - 1)
