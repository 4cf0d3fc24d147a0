"""Outlook, needs and accuracy → the columns that charts.py names, texts included. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC

import numpy as np
import pandas as pd

from dashboard.markup import shorten
from dashboard.plan.charts import MARK_ROWS
from dashboard.plan.outlook import Mark, Outlook
from dashboard.words import UNKNOWN, Words
from forecasting.published.accuracy import Accuracy

_LABEL = 14  # cells of an event's label


def course_frame(found: Outlook, say: Words) -> pd.DataFrame:
    """A row per step, one for now, one per event."""
    points = found.points
    wall = pd.DatetimeIndex(points["wall"])
    rows = pd.DataFrame({
        "wall": _ms(wall), "wall_end": _ms(wall + found.step), "actual": points["actual"],
        "mean": points["mean"], "baseline": points["baseline"],
        "plain": points["plain"].where(points["plain"] != points["mean"]),
        **{f"{side}_{level}": points[f"{side}-{level}"] for side in ("lo", "hi")
           for level in (80, 95)},
    })  # fmt: skip
    rows["when"] = [f"{say.day(at)} {at:%H:%M}" for at in wall]
    rows["actual_said"] = [figure(value, say) for value in points["actual"]]
    rows["mean_said"] = [figure(value, say) for value in points["mean"]]
    rows["baseline_said"] = [figure(value, say) for value in points["baseline"]]
    rows["band_said"] = [
        UNKNOWN if np.isnan(low) else f"{figure(low, say)}–{figure(high, say)}"
        for low, high in zip(points["lo-80"], points["hi-80"], strict=True)
    ]
    now = pd.DataFrame({"now": _ms(pd.DatetimeIndex([found.now.replace(tzinfo=None)]))})
    return pd.concat([rows, now, _marks(found.marks, say)], ignore_index=True)


def _marks(marks: Sequence[Mark], say: Words) -> pd.DataFrame:
    rows = []
    for at, one in enumerate(marks):
        name = mark_name(one, say)
        rows.append((_ms(pd.DatetimeIndex([one.first.replace(tzinfo=None)]))[0], at % MARK_ROWS,
                     shorten(name, _LABEL), f"{say.day(one.first)} {name}"))  # fmt: skip
    return pd.DataFrame(rows, columns=["mark", "mark_row", "mark_said", "mark_full"])


def mark_name(one: Mark, say: Words) -> str:
    if one.kind == "holiday":
        key = f"holiday.{one.name}"
        return say(key) if say.has(key) else one.name
    key = f"event.{one.kind}"
    kind = say(key) if say.has(key) else one.kind
    return one.name if one.name and one.name != one.kind else kind


def figure(value: float, say: Words) -> str:
    """A count that may be a fraction."""
    if not np.isfinite(value):
        return UNKNOWN
    return f"{value:.1f}" if abs(value) < 10 and value != round(value) else say.count(value)


def _ms(stamps: pd.DatetimeIndex) -> list[int]:
    whole = stamps.as_unit("ms").asi8
    return [int(one) for one in whole]


def local_of(at_us: pd.Series, zone: str) -> pd.DatetimeIndex:
    """Microseconds since 1970 UTC as naive wall clock."""
    stamps = pd.DatetimeIndex(at_us.to_numpy(dtype=np.int64).view("datetime64[us]"))
    return stamps.tz_localize(UTC).tz_convert(zone).tz_localize(None)


def heat_frame(needs: pd.DataFrame, zone: str, say: Words) -> pd.DataFrame:
    """`needs`: ds (µs), y, scheduled, planned (NaN without a roster), summed over queues → a cell
    per half-hour: day, time, short, ink, texts."""
    wall = local_of(needs["ds"], zone)
    known = needs["planned"].notna().to_numpy()
    gap = (needs["planned"] - needs["scheduled"]).to_numpy(dtype=np.float64)
    need = needs["scheduled"].to_numpy(dtype=np.float64)
    top = max(1.0, float(np.nanmax(np.abs(gap))) if known.any() else float(need.max(initial=0.0)))
    shown = np.where(known, gap, need)
    cell = [
        "" if value == 0 or not np.isfinite(value) else (f"{value:+.0f}" if k else f"{value:.0f}")
        for value, k in zip(shown, known, strict=True)
    ]
    return pd.DataFrame({
        "day": [say.day(at) for at in wall], "time": [f"{at:%H:%M}" for at in wall],
        "short": known & (gap < -0.5), "ink": np.minimum(1.0, np.abs(shown) / top) ** 0.8,
        "cell": cell, "when": [f"{say.day(at)} {at:%H:%M}" for at in wall],
        "needed_said": [figure(value, say) for value in need],
        "planned_said": [figure(value, say) for value in needs["planned"]],
        "gap_said": [UNKNOWN if not k else f"{value:+.1f}"
                     for value, k in zip(gap, known, strict=True)],
        "y_said": [figure(value, say) for value in needs["y"]],
    })  # fmt: skip


def errors_frame(found: Sequence[Accuracy], names: Sequence[str], say: Words) -> pd.DataFrame:
    """A bar per group, in percent."""
    return pd.DataFrame({
        "group_said": list(names),
        "wape": [_percent(one.wape) for one in found],
        "baseline": [_percent(one.baseline) for one in found],
        "wape_said": [share(one.wape) for one in found],
        "baseline_said": [share(one.baseline) for one in found],
        "bias_said": [share(one.bias, sign=True) for one in found],
        "cover_said": [share(one.within_80) for one in found],
        "n_said": [say.count(one.n) for one in found],
    })  # fmt: skip


def _percent(value: float | None) -> float | None:
    return None if value is None or not np.isfinite(value) else 100 * value


def share(value: float | None, *, sign: bool = False) -> str:
    """A share in per cent with one decimal; unknown stays unknown."""
    if value is None or not np.isfinite(value):
        return UNKNOWN
    return f"{100 * value:+.1f}%" if sign else f"{100 * value:.1f}%"
