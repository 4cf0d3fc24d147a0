"""Agents planned against agents needed, per slot, and as the table of a heat map."""

from __future__ import annotations

import pandas as pd

from forecasting.staffing.errors import BadVolume
from forecasting.staffing.needs import AGENTS

PLANNED, GAP = "planned", "gap"


def gap(needs: pd.DataFrame, planned: pd.DataFrame, *, needed: str = AGENTS) -> pd.DataFrame:
    """`unique_id, ds, needed, planned, gap` per row of `needs`; gap below 0: too few.

    `planned` holds unique_id, ds, planned: heads of the same kind as the column `needed` (on seat
    against agents, on the roster against scheduled). Slots without a plan count as 0 planned.
    """
    if planned.duplicated(["unique_id", "ds"]).any():
        raise BadVolume("the plan holds a slot of a queue twice; keep one row per slot")
    both = needs[["unique_id", "ds", needed]].merge(
        planned[["unique_id", "ds", PLANNED]], on=["unique_id", "ds"], how="left"
    )
    both = both.rename(columns={needed: "needed"}).fillna({PLANNED: 0})
    both[GAP] = both[PLANNED] - both["needed"]
    return both


def heat_map(gaps: pd.DataFrame) -> pd.DataFrame:
    """Gaps summed over queues: rows times of day, columns days; absent slots are missing values."""
    stamps = pd.to_datetime(gaps["ds"])
    table = pd.DataFrame({"day": stamps.dt.date, "time": stamps.dt.time, GAP: gaps[GAP]})
    return table.pivot_table(index="time", columns="day", values=GAP, aggfunc="sum")
