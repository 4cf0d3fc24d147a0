"""Queues sum to the whole: a series that is the total of the others and their forecasts agree.

Both sides give way in proportion to their error variance (Wickramasuriya et al. 2019, JASA 114,
with a diagonal covariance), so the surer forecast moves less.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from forecasting.volume.history import DS, ID, History


def total_of(histories: Sequence[History]) -> str | None:
    """The series whose counts are the sum of all others', where all are known; else None."""
    if len(histories) < 3:
        return None
    table = pd.concat({h.unique_id: pd.Series(h.counts, index=h.stamps) for h in histories}, axis=1)
    filled = table.fillna(0)
    whole = filled.sum(axis=1)
    largest = filled.sum().idxmax()
    near = np.abs(whole - 2 * filled[largest]) <= 0.5
    return str(largest) if near.all() and whole.sum() > 0 else None


def reconcile(
    frame: pd.DataFrame, histories: Sequence[History], levels: Sequence[int]
) -> tuple[pd.DataFrame, list[tuple[str, str]]]:
    """The frame with the total and its parts agreeing, and what was done."""
    total = total_of(histories)
    ends = {history.last for history in histories}
    if total is None or len(ends) > 1:
        return frame, []
    mean = frame.pivot(index=DS, columns=ID, values="mean").fillna(0.0)
    wide = f"hi-{levels[-1]}", f"lo-{levels[-1]}"
    width = (
        frame.pivot(index=DS, columns=ID, values=wide[0])
        - frame.pivot(index=DS, columns=ID, values=wide[1])
    ).fillna(0.0)
    parts = [name for name in mean.columns if name != total]
    variance = width**2 + 1e-9
    gap = mean[total] - mean[parts].sum(axis=1)
    share = variance.div(variance.sum(axis=1), axis=0)
    agreed = mean.copy()
    for name in parts:
        agreed[name] = (mean[name] + gap * share[name]).clip(lower=0)
    agreed[total] = agreed[parts].sum(axis=1)
    moved = (agreed - mean).reset_index().melt(DS, var_name=ID, value_name="moved")
    joined = frame.merge(moved, on=[DS, ID], how="left", validate="one_to_one")
    shift = joined.pop("moved").fillna(0.0).to_numpy()
    for column in ["mean", *(f"{side}-{level}" for level in levels for side in ("lo", "hi"))]:
        joined[column] = (joined[column] + shift).clip(lower=0)
    note = f"is the sum of the other {len(parts)} series; forecasts were made to add up"
    return joined, [(total, note)]
