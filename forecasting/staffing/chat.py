"""How many chats at once: a volume staffed for each concurrency whose handle time is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from forecasting.staffing.needs import AGENTS, SERVICE_LEVEL, staff
from forecasting.staffing.rules import StaffingRules


def by_concurrency(
    volume: pd.DataFrame, rules: StaffingRules, aht_s: Mapping[int, float], *, step_s: float
) -> pd.DataFrame:
    """Staff per concurrency; `aht_s` holds the measured wall-clock handle time at each.

    A chat takes longer beside others, so that more at once need not save agents. Columns
    concurrency, aht_s, agent_hours (sum over the slots), most_agents, service_level (mean over the
    contacts), best: the fewest agent hours, of equals the lowest concurrency.
    """
    weights = volume["y"] / max(float(volume["y"].sum()), 1e-300)
    rows = []
    for concurrency, aht in sorted(aht_s.items()):
        one = replace(rules, concurrency=concurrency, aht_s=aht)
        needs = staff(volume, one, step_s=step_s)
        rows.append(
            (concurrency, aht, float(needs[AGENTS].sum()) * step_s / 3600,
             int(needs[AGENTS].max()), float((weights * needs[SERVICE_LEVEL]).sum()))
        )  # fmt: skip
    columns = ["concurrency", "aht_s", "agent_hours", "most_agents", "service_level"]
    table = pd.DataFrame(rows, columns=columns)
    table["best"] = False
    if len(table):
        table.loc[table["agent_hours"].idxmin(), "best"] = True
    return table
