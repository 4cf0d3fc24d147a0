"""Shift suggestions: which patterns to start when, as an integer program (HiGHS through scipy).

Stamps are naive local times and shifts run by the wall clock. Who works them is not decided here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csc_array, eye_array, hstack

from forecasting.staffing.errors import BadShifts

MOST_CHOICES = 20_000  # starts of patterns in one program; beyond, split the horizon
_DAY = timedelta(days=1)
_Choice: TypeAlias = tuple["ShiftPattern", pd.Timestamp]


@dataclass(frozen=True, slots=True)
class Break:
    """Off the queue: from `after` the shift's start on, for `length`."""

    after: timedelta
    length: timedelta
    paid: bool = False


@dataclass(frozen=True, slots=True)
class ShiftPattern:
    """A kind of shift; starts are times of day since midnight. A shift may run past midnight."""

    name: str
    length: timedelta
    starts: tuple[timedelta, ...]
    breaks: tuple[Break, ...] = ()
    cost_per_hour: float = 1.0

    def __post_init__(self) -> None:
        if not timedelta(0) < self.length <= _DAY or not self.starts:
            raise BadShifts(f"shift '{self.name}' needs starts and a length of up to 24 h")
        if any(not timedelta(0) <= one < _DAY for one in self.starts):
            raise BadShifts(f"shift '{self.name}' must start between 00:00 and 23:59")
        if any(one.after < timedelta(0) or one.after + one.length > self.length
               for one in self.breaks):  # fmt: skip
            raise BadShifts(f"shift '{self.name}' has a break outside its hours; move the break")
        if not 0 <= self.cost_per_hour < float("inf"):
            raise BadShifts(f"shift '{self.name}' must cost 0 or more per hour")

    @property
    def paid_hours(self) -> float:
        unpaid = sum((one.length for one in self.breaks if not one.paid), timedelta(0))
        return (self.length - unpaid) / timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class ShiftLimits:
    """most_per_day: shifts started in a day. shortage_cost: money per missing agent hour; None: so
    high that a shortage stays only where no shift can cover. time_limit_s, gap: when to stop
    looking."""

    most_per_day: int | None = None
    shortage_cost: float | None = None
    time_limit_s: float = 10.0
    gap: float = 1e-4


@dataclass(frozen=True, slots=True)
class ShiftPlan:
    """shifts: pattern, start, end, breaks (text HH:MM-HH:MM), agents, paid_hours (of all), cost.
    coverage: ds, required, planned, gap. optimal: proved within the limits' gap; bound_gap: how far
    the cost may be from the least, as a share, None when unknown."""

    shifts: pd.DataFrame
    coverage: pd.DataFrame
    cost: float
    optimal: bool
    bound_gap: float | None

    @property
    def short_slots(self) -> int:
        return int((self.coverage["gap"] < 0).sum())


def suggest_shifts(
    required: pd.DataFrame,
    patterns: Sequence[ShiftPattern],
    *,
    step: timedelta,
    limits: ShiftLimits = ShiftLimits(),
) -> ShiftPlan:
    """The cheapest shifts that cover `required` (ds, agents: heads per slot, at most one row per
    ds).

    A slot counts as covered by a shift that works the whole of it. BadShifts when nothing fits.
    """
    if required.empty or required["ds"].duplicated().any() or (required["agents"] < 0).any():
        raise BadShifts("requirements need one row per slot, with agents of 0 or more")
    ordered = required[["ds", "agents"]].assign(ds=pd.to_datetime(required["ds"])).sort_values("ds")
    choices = _choices(ordered["ds"], patterns)
    covers = _coverage(ordered["ds"], choices, step)
    need = ordered["agents"].to_numpy(dtype=float)
    counts, optimal, bound_gap = _solve(need, covers, choices, step, limits)
    planned = (covers @ counts).astype(np.int64)
    coverage = pd.DataFrame(
        {"ds": ordered["ds"], "required": ordered["agents"], "planned": planned,
         "gap": planned - ordered["agents"]}
    ).reset_index(drop=True)  # fmt: skip
    shifts = _table(choices, counts)
    return ShiftPlan(shifts, coverage, float(shifts["cost"].sum()), optimal, bound_gap)


def _choices(stamps: pd.Series, patterns: Sequence[ShiftPattern]) -> list[_Choice]:
    days = pd.date_range(stamps.iloc[0].normalize() - _DAY, stamps.iloc[-1].normalize(), freq="D")
    first, last = stamps.iloc[0], stamps.iloc[-1]
    found = [
        (pattern, day + start)
        for pattern in patterns
        for day in days
        for start in pattern.starts
        if day + start <= last and day + start + pattern.length > first
    ]
    if not found:
        raise BadShifts("no shift falls into the required hours; give patterns that start in them")
    if len(found) > MOST_CHOICES:
        raise BadShifts(
            f"{len(found)} starts of shifts are too many for one plan; plan fewer days or starts"
        )
    return found


def _coverage(stamps: pd.Series, choices: Sequence[_Choice], step: timedelta) -> csc_array:
    begin = stamps.to_numpy()
    end = (stamps + step).to_numpy()
    columns = []
    for pattern, start in choices:
        works = (begin >= start.to_datetime64()) & (end <= (start + pattern.length).to_datetime64())
        for one in pattern.breaks:
            off = start + one.after
            works &= (end <= off.to_datetime64()) | (begin >= (off + one.length).to_datetime64())
        columns.append(csc_array(works.astype(float)[:, None]))
    return csc_array(hstack(columns))


def _solve(
    need: npt.NDArray[np.float64],
    covers: csc_array,
    choices: Sequence[_Choice],
    step: timedelta,
    limits: ShiftLimits,
) -> tuple[npt.NDArray[np.float64], bool, float | None]:
    slots, many = covers.shape
    prices = np.array([pattern.paid_hours * pattern.cost_per_hour for pattern, _ in choices])
    hours = step / timedelta(hours=1)
    # Dearer than the dearest shift for a single slot: then a shortage never pays.
    missing = 10 * float(prices.max()) + 1 if limits.shortage_cost is None else (
        limits.shortage_cost * hours
    )  # fmt: skip
    rows = [LinearConstraint(hstack([covers, eye_array(slots)]), lb=need)]
    if limits.most_per_day is not None:
        days = pd.Series([start.normalize() for _, start in choices])
        for _, mine in days.groupby(days):
            chosen = np.zeros((1, many + slots))
            chosen[0, mine.index] = 1
            rows.append(LinearConstraint(csc_array(chosen), ub=limits.most_per_day))
    result = milp(
        np.concatenate([prices, np.full(slots, missing)]),
        integrality=np.concatenate([np.ones(many), np.zeros(slots)]),
        bounds=Bounds(0, np.concatenate([np.full(many, need.max()), need])),
        constraints=rows,
        options={"time_limit": limits.time_limit_s, "mip_rel_gap": limits.gap},
    )
    if result.x is None:
        raise BadShifts(
            f"no shifts were found within {limits.time_limit_s:g} s; plan fewer days or starts"
        )
    gap = getattr(result, "mip_gap", None)
    return np.rint(result.x[:many]), result.status == 0, None if gap is None else float(gap)


def _table(choices: Sequence[_Choice], counts: npt.NDArray[np.float64]) -> pd.DataFrame:
    rows = [
        (pattern.name, start, start + pattern.length,
         " ".join(f"{start + one.after:%H:%M}-{start + one.after + one.length:%H:%M}"
                  for one in pattern.breaks),
         int(count), int(count) * pattern.paid_hours,
         int(count) * pattern.paid_hours * pattern.cost_per_hour)
        for (pattern, start), count in zip(choices, counts, strict=True)
        if count
    ]  # fmt: skip
    columns = ["pattern", "start", "end", "breaks", "agents", "paid_hours", "cost"]
    table = pd.DataFrame(rows, columns=columns)
    return table.sort_values(["start", "pattern"]).reset_index(drop=True)
