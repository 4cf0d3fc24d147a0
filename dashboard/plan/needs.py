"""What the Staffing page shows, loaded and derived: volumes, handle times, roster, and what follows
from other assumptions. No Streamlit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from dashboard.settings import Settings
from forecasting.refresh.plan import midnight
from forecasting.staffing.cost import Prices
from forecasting.staffing.from_store import to_staff
from forecasting.staffing.handle_times import HandleTime
from forecasting.staffing.needs import AGENTS, SCHEDULED, service, staff
from forecasting.staffing.rules import StaffingRules
from forecasting.staffing.what_if import Change, WhatIf, what_if
from metrics.reading import Reader

DAYS = 7


@dataclass(frozen=True, slots=True)
class StaffingBase:
    """A week of volumes (unique_id, ds µs, y per case) and what is known beside them. `planned` has
    a head count per row of `volume`, NaN where no roster is known."""

    now: datetime
    zone: ZoneInfo
    step: timedelta
    cases: Mapping[float, pd.DataFrame]
    times: Mapping[str, HandleTime]
    rules: Mapping[str, StaffingRules]
    planned: np.ndarray[tuple[int], np.dtype[np.float64]]
    before: pd.DataFrame
    prices: Prices
    made_at: datetime | None
    pools: Mapping[str, tuple[str, ...]]  # the queues of each that is staffed as one

    @property
    def queues(self) -> list[str]:
        return sorted(self.times)

    @property
    def step_s(self) -> float:
        return self.step.total_seconds()

    @property
    def rostered(self) -> bool:
        return bool(np.isfinite(self.planned).any())


CASES = (0.5, 0.8, 0.9)


def load_base(reader: Reader, settings: Settings, now: datetime) -> StaffingBase | None:
    """From the start of tomorrow for a week, today's rest before it; None without a forecast."""
    zone, staffing = settings.app.timezone, settings.staffing
    today = midnight(now.astimezone(zone))
    since = now - (now - datetime.min.replace(tzinfo=UTC)) % settings.forecast.step
    until = (today + timedelta(days=DAYS + 1)).astimezone(UTC)
    found = to_staff(reader, staffing, now=now, since=since, until=until)
    if found is None:
        return None
    cases = {case: found.volume(case) for case in {*CASES, staffing.case}}
    volume, step = cases[staffing.case], found.step
    heads = found.heads(reader.connection, since=since, until=until)
    return StaffingBase(
        now.astimezone(zone), zone, step, cases, found.times, found.rules,
        _planned(volume, heads), staff(volume, found.rules, step_s=step.total_seconds()),
        Prices(staffing.cost_per_hour, staffing.cost_per_abandoned),
        max((one.updated_at or one.made_at for one in found.found), default=None), found.pools,
    )  # fmt: skip


def _planned(volume: pd.DataFrame, heads: pd.DataFrame | None) -> Any:
    if heads is None:
        return np.full(len(volume), np.nan)
    both = volume[["unique_id", "ds"]].merge(heads, on=["unique_id", "ds"], how="left")
    return both["planned"].to_numpy(dtype=np.float64)


def changed(base: StaffingBase, change: Change, *, case: float, queue: str) -> WhatIf:
    """Needs after the change for one queue or all (""), and what today's staff would then give."""
    volume = base.cases[case]
    if queue:
        mine = (volume["unique_id"] == queue).to_numpy()
        return what_if(volume[mine], base.rules[queue], change, step_s=base.step_s,
                       before=base.before[mine], prices=base.prices)  # fmt: skip
    return what_if(volume, base.rules, change, step_s=base.step_s, before=base.before,
                   prices=base.prices)  # fmt: skip


def summed(base: StaffingBase, needs: pd.DataFrame, volume: pd.DataFrame) -> pd.DataFrame:
    """ds, y, scheduled, agents, planned: over the queues of `needs`, per step."""
    rows = needs.index.to_numpy()
    table = pd.DataFrame({
        "ds": needs["ds"].to_numpy(dtype=np.int64), "y": volume["y"].to_numpy(),
        SCHEDULED: needs[SCHEDULED].to_numpy(), AGENTS: needs[AGENTS].to_numpy(),
        "planned": base.planned[rows],
    })  # fmt: skip
    found = table.groupby("ds", sort=True).agg(
        y=("y", "sum"), scheduled=(SCHEDULED, "sum"), agents=(AGENTS, "sum"),
        planned=("planned", lambda one: one.sum(min_count=1)),
    )  # fmt: skip
    return found.reset_index()


def of_roster(
    base: StaffingBase, change: Change, *, case: float, queue: str
) -> pd.DataFrame | None:
    """The service that the roster gives: heads less shrinkage, rounded down; None without one."""
    if not base.rostered:
        return None
    volume = base.cases[case]
    mine = (volume["unique_id"] == queue).to_numpy() if queue else np.ones(len(volume), bool)
    rules = {name: change.of(one) for name, one in base.rules.items()}
    left = {name: float(1 - one.shrinkage) for name, one in rules.items()}
    share = volume["unique_id"].map(left).to_numpy(dtype=np.float64)
    mine &= np.isfinite(base.planned)
    seats = np.floor(np.nan_to_num(base.planned) * share + 1e-9)
    moved = volume[mine].assign(y=volume["y"][mine] * change.volume)
    return service(moved, seats[mine], rules, step_s=base.step_s)


def with_agents(
    base: StaffingBase, change: Change, agents: int, *, case: float, queue: str
) -> pd.DataFrame:
    """The service of so many agents on seat in every step of one queue."""
    volume = base.cases[case]
    mine = volume[(volume["unique_id"] == queue).to_numpy()]
    moved = mine.assign(y=mine["y"] * change.volume)
    return service(moved, agents, change.of(base.rules[queue]), step_s=base.step_s)


def weighed(found: pd.DataFrame, volume: pd.DataFrame, column: str) -> float | None:
    """The mean over contacts; None without any."""
    y = volume["y"].to_numpy()
    total = float(y.sum())
    return float((found[column].to_numpy() * y).sum() / total) if total > 0 else None


@dataclass(frozen=True, slots=True)
class Sliders:
    """volume, aht, patience: percent of what is; shrinkage, share: percent; within: seconds."""

    volume: int = 100
    aht: int = 100
    patience: int = 100
    shrinkage: int = 30
    share: int = 80
    within: int = 30

    def change(self) -> Change:
        return Change(
            self.volume / 100, self.aht / 100, self.patience / 100, Fraction(self.shrinkage, 100),
            self.share / 100, float(self.within),
        )  # fmt: skip
