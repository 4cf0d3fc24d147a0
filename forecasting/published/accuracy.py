"""How good published forecasts were: against what came, with the version that planners saw then.

A step's forecast for a lead time is the newest whole forecast whose cutoff lay at least so long
before it. Overrides count as they stood at that moment. Pure but for the arguments.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import numpy as np
import pandas as pd

from connectors.columns import to_micros
from connectors.dirty import SLOT
from forecasting.published.series import BASELINE, MEAN, PLAIN, Published, Slots
from forecasting.volume.history import Floats
from forecasting.volume.scores import bias, coverage, wape

# Name of a lead time → at least so long before the step.
LEADS: Final = {
    "day": timedelta(0), "days3": timedelta(days=2), "week": timedelta(days=6),
    "weeks2": timedelta(days=13),
}  # fmt: skip
FEWEST: Final = 8  # steps with anything forecast or come, below which nothing is judged
_KEPT: Final = (MEAN, PLAIN, BASELINE, "lo-80", "hi-80", "lo-95", "hi-95")


@dataclass(frozen=True, slots=True)
class Accuracy:
    """One group of steps. Shares; None where too few steps say anything. `plain`: WAPE before
    overrides."""

    group: str
    n: int
    contacts: float
    wape: float | None
    plain: float | None
    baseline: float | None
    bias: float | None
    within_80: float | None
    within_95: float | None


def seen(versions: Sequence[Published], *, first: int, end: int, lead: timedelta) -> pd.DataFrame:
    """One row per step in [first, end) (quarter hours): slot, the columns of the version in force
    `lead` before it, made_at (µs). `versions` are of one series, oldest first."""
    early = lead // timedelta(minutes=15)
    width = max(0, end - first)
    table = {name: np.full(width, np.nan) for name in _KEPT}
    made_at, there = np.zeros(width, np.int64), np.zeros(width, bool)
    for one in versions:
        known = max(to_micros(one.made_at), to_micros(one.cutoff)) // SLOT + early
        keep = (one.slots >= max(first, known)) & (one.slots < end)
        at = one.slots[keep] - first
        for name, column in table.items():
            column[at] = one.values.get(name, one.values[MEAN])[keep]  # PLAIN is the mean unchanged
        made_at[at], there[at] = to_micros(one.made_at), True
    where = np.flatnonzero(there)
    kept = {name: column[where] for name, column in table.items()}
    return pd.DataFrame({"slot": where + first, **kept, "made_at": made_at[where]})


def with_actual(forecast: pd.DataFrame, slots: Slots, counts: Floats) -> pd.DataFrame:
    """The forecast's rows with `actual`, NaN where it isn't known; `slots` ascend."""
    if forecast.empty or not len(slots):
        return forecast.assign(actual=np.nan)
    mine = forecast["slot"].to_numpy(dtype=np.int64)
    where = np.clip(np.searchsorted(slots, mine), 0, len(slots) - 1)
    actual = np.where(slots[where] == mine, counts[where], np.nan)
    return forecast.assign(actual=actual)


def measured(rows: pd.DataFrame, group: str, *, fewest: int = FEWEST) -> Accuracy:
    """The figures of these rows (as `with_actual` gives them); steps that are never open, where
    nothing was forecast and nothing came, say nothing."""
    return _measured(_columns(rows), group, fewest)


def _columns(rows: pd.DataFrame) -> dict[str, Floats]:
    return {name: rows[name].to_numpy(dtype=np.float64) for name in ("actual", *_KEPT)}


def _measured(columns: Mapping[str, Floats], group: str, fewest: int = FEWEST) -> Accuracy:
    actual, mean = columns["actual"], columns[MEAN]
    keep = np.isfinite(actual) & ((mean > 0) | (actual > 0))
    actual, mean, plain, baseline, low80, high80, low95, high95 = (
        columns[name][keep]
        for name in ("actual", MEAN, PLAIN, BASELINE, "lo-80", "hi-80", "lo-95", "hi-95")
    )
    n, came = int(keep.sum()), float(actual.sum())
    if n < fewest or came <= 0:
        return Accuracy(group, n, came, None, None, None, None, None, None)
    return Accuracy(
        group, n, came, wape(actual, mean), wape(actual, plain), wape(actual, baseline),
        bias(actual, mean), coverage(actual, low80, high80), coverage(actual, low95, high95),
    )  # fmt: skip


def by(rows: pd.DataFrame, group: Callable[[pd.DataFrame], pd.Series]) -> tuple[Accuracy, ...]:
    """Accuracy per value of the group, in the values' order."""
    if rows.empty:
        return ()
    names, where = np.unique(group(rows).to_numpy(dtype=str), return_inverse=True)
    columns = _columns(rows)
    return tuple(
        _measured({one: column[where == at] for one, column in columns.items()}, str(name))
        for at, name in enumerate(names)
    )
