"""The rest of today, re-forecast at noon, against the forecast made the night before.

The last six weeks of every series within the day in ../shared/data/volume. Judged are days whose
total left the night's plan by more than 10 %: by the sum of what came after noon, and slot by slot.
"""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from benchmarks.figures import head, say
from benchmarks.forecast_volume import ZONES, Case, cases, ended, history_of
from forecasting.volume.forecast import Options, forecast_history, update_today
from forecasting.volume.steps import Step, parse_step

DAYS = 42
APART = 0.1


def run() -> None:
    head("Rest of the day from noon, on days more than 10 % from their plan")
    for case in cases():
        if case.kind == "days" or case.name.endswith("full0"):
            continue
        for back in (0, 1):
            _report(case if back == 0 else ended(case, back), "" if back == 0 else ", before that")


def _report(case: Case, when: str) -> None:
    rows = pd.DataFrame(_days(case))
    apart = rows[np.abs(rows["day"] / rows["planned"] - 1) > APART]
    fall = {
        how: 1 - apart[f"new_{how}"].sum() / apart[f"old_{how}"].sum() for how in ("sum", "slots")
    }
    say(f"{case.name}{when}: error falls by, of the sum and by slot",
        f"{fall['sum']:.0%} {fall['slots']:.0%}",
        f"≥ 25 %; {len(apart)} of {len(rows)} days; ordinary days: by "
        f"{_ordinary(rows.drop(apart.index)):.0%}")  # fmt: skip


def _ordinary(rows: pd.DataFrame) -> float:
    return float(1 - rows["new_sum"].sum() / rows["old_sum"].sum())


def _days(case: Case) -> list[dict[str, float]]:
    step = parse_step(case.every)
    index = pd.DatetimeIndex(case.counts.index)
    options = Options(step, 2 * step.slots, ZoneInfo(ZONES[case.country]), country=case.country,
                      fast=True)  # fmt: skip
    found, noon = [], step.slots // 2
    for number, day in enumerate(index.normalize().unique()[-DAYS:]):
        if number % 7 == 0:  # models are chosen anew once a week
            options = replace(options, pinned=())
        made = forecast_history(history_of(case.name, case.counts[index < day]), options)
        options = replace(options, pinned=made.choice.weights)
        stamps = pd.date_range(day, periods=step.slots, freq=step.offset)
        plan = made.frame.set_index("ds")["mean"].reindex(stamps).to_numpy()
        came = case.counts.reindex(stamps).to_numpy()
        rest = slice(noon, step.slots)
        known = np.isfinite(came) & np.isfinite(plan)
        factor = _factor(case, step, day, plan, options)
        error = np.where(known, came - plan, 0)[rest]
        moved = np.where(known, came - plan * factor, 0)[rest]
        found.append({
            "day": float(came[known].sum()), "planned": float(plan[known].sum()),
            "old_sum": abs(error.sum()), "new_sum": abs(moved.sum()),
            "old_slots": float(np.abs(error).sum()), "new_slots": float(np.abs(moved).sum()),
        })  # fmt: skip
    return found


def _factor(case: Case, step: Step, day: pd.Timestamp, plan: np.ndarray, options: Options) -> float:
    index = pd.DatetimeIndex(case.counts.index)
    until = case.counts[index < day + pd.Timedelta(hours=12)]
    if until.index[-1] < day:
        return 1.0
    update = update_today(history_of(case.name, until), plan, replace(options, ahead=step.slots))
    return 1.0 if update is None else update.factor
