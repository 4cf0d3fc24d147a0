"""Counts as they come, from CSV or a frame, checked; not yet judged for closures or outages.

The frame shape everywhere: `unique_id`, `ds` (naive local start of the interval), `y` (a count).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pandas as pd

from forecasting.volume.errors import BadSeries
from forecasting.volume.steps import Step

ID, DS, Y = "unique_id", "ds", "y"
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
SANE = 1e9  # a count above this is a damaged number
APART = 6  # hours between rows that no spreading can turn into slots
EVEN = 6  # rows a day, evenly apart, that show a coarser step
WHOLE = 3  # days on end of one midnight row each, too large for a step, that are day totals


@dataclass(frozen=True, slots=True)
class History:
    """One series: sorted, unique stamps on the step's grid; NaN where a count is unknown."""

    unique_id: str
    stamps: pd.DatetimeIndex
    counts: Floats
    notes: tuple[str, ...]

    @property
    def last(self) -> pd.Timestamp:
        return self.stamps[-1]


@dataclass(frozen=True, slots=True)
class Reading:
    """The series of a file, what was remarkable, and how its stamps were written."""

    histories: tuple[History, ...]
    unusable: tuple[tuple[str, str], ...]  # unique_id, why
    stamp_form: str  # for strftime


def read_csv(path: Path, *, step: Step, zone: ZoneInfo) -> Reading:
    """`unique_id, ds, y` from a CSV file (.gz too); BadSeries in a sentence."""
    try:
        # Categories: stamps and counts repeat, and are then read once and kept small.
        frame = pd.read_csv(
            path, usecols=lambda name: name in (ID, DS, Y), dtype="category",
            keep_default_na=False, encoding="utf-8-sig",
        )  # fmt: skip
    except FileNotFoundError:
        raise BadSeries(f"the file '{path}' does not exist; check --input") from None
    except (OSError, ValueError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise BadSeries(f"the file '{path}' cannot be read as CSV ({reason})") from None
    return read_frame(frame, step=step, zone=zone)


def read_frame(frame: pd.DataFrame, *, step: Step, zone: ZoneInfo) -> Reading:
    """The same from a frame; `ds` may carry an offset, which is turned to `zone` local time."""
    lacking = [name for name in (ID, DS, Y) if name not in frame.columns]
    if lacking:
        raise BadSeries(
            f"the column '{lacking[0]}' is missing; the columns must be unique_id, ds, y"
        )
    if frame.empty:
        raise BadSeries("there is no row of data below the header; nothing can be forecast")
    rows = pd.DataFrame({
        ID: frame[ID].astype("category"), DS: _stamps(frame[DS], zone), Y: _counts(frame[Y]),
    })  # fmt: skip
    good, bad = [], []
    for name, group in rows.groupby(ID, sort=False, observed=True):
        history = _history(str(name), group, step, zone)
        if isinstance(history, str):
            bad.append((str(name), history))
        else:
            good.append(history)
    return Reading(tuple(good), tuple(bad), _form(frame[DS], step))


def _counts(given: pd.Series[Any]) -> Floats:
    codes, found = pd.factorize(given, use_na_sentinel=True)
    text = pd.Series(found.astype("str")) if not _numeric(given) else pd.Series(found)
    parsed = pd.to_numeric(text, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    counts = np.append(parsed, np.nan)[codes]
    counts[~np.isfinite(counts) | (counts < 0) | (counts > SANE)] = np.nan
    return np.asarray(counts)


def _numeric(given: pd.Series[Any]) -> bool:
    return bool(pd.api.types.is_numeric_dtype(given.dtype))


def _stamps(given: pd.Series[Any], zone: ZoneInfo) -> pd.DatetimeIndex:
    codes, found = pd.factorize(given, use_na_sentinel=True)
    if pd.api.types.is_datetime64_any_dtype(given.dtype):
        parsed = pd.DatetimeIndex(found)
    else:
        text = pd.Series(found.astype("str")).str.strip().str.replace("/", "-", regex=False)
        aware = bool(text.str.contains(r"(?:[+-]\d\d:?\d\d|Z)$").any())
        parsed = pd.DatetimeIndex(
            pd.to_datetime(text, errors="coerce", format="ISO8601", utc=aware)
        )
    if parsed.tz is not None:
        parsed = parsed.tz_convert(zone).tz_localize(None)
    known = parsed.as_unit("s").append(pd.DatetimeIndex([pd.NaT]).as_unit("s"))
    return pd.DatetimeIndex(known[codes])


def _form(given: pd.Series[Any], step: Step) -> str:
    """The strftime form of the stamps given, so that the forecast is written alike."""
    if pd.api.types.is_datetime64_any_dtype(given):
        return "%Y-%m-%d" if step.daily else "%Y-%m-%d %H:%M:%S"
    first = next((text for text in (str(one).strip() for one in given) if text), "")
    form = "%Y-%m-%d"
    if len(first) > 10:
        colons = first[10:19].count(":")
        form += first[10] + ("%H:%M:%S" if colons > 1 else "%H:%M")
    elif not step.daily:
        form += " %H:%M:%S"
    return form


def _history(name: str, rows: pd.DataFrame, step: Step, zone: ZoneInfo) -> History | str:
    notes = []
    dated = rows[rows[DS].notna()]
    if len(dated) < len(rows):
        notes.append(f"{len(rows) - len(dated)} rows have no readable time and were left out")
    if dated[Y].notna().sum() == 0:
        return "not enough history: no row has a readable time and a count of 0 or more"
    unknown = int(dated[Y].isna().sum())
    if unknown:
        notes.append(f"{unknown} counts are not numbers of 0 or more and count as unknown")
    if not dated[DS].is_monotonic_increasing:
        dated = dated.sort_values(DS, kind="stable")
    series, doubled = _one_per_stamp(dated.set_index(DS)[Y], step, zone)
    notes += doubled
    series, whole = _without_day_totals(series, step)
    series, coarse = _spread_coarse(series, step)
    notes += [*whole, *coarse]
    stamps = pd.DatetimeIndex(series.index)
    apart = np.median(np.diff(stamps.to_numpy())) if len(stamps) > 2 else np.timedelta64(0)
    if apart > np.timedelta64(step.offset) and apart >= np.timedelta64(APART, "h"):
        return f"its rows are mostly {pd.Timedelta(apart)} apart; give --every the step they have"
    counts = np.asarray(series, dtype=np.float64)
    return History(name, stamps, counts, tuple(notes))


def _one_per_stamp(
    series: pd.Series[float], step: Step, zone: ZoneInfo
) -> tuple[pd.Series[float], list[str]]:
    """Equal doubles fall together; in a repeated DST hour counts are averaged; else the last."""
    notes: list[str] = []
    index = pd.DatetimeIndex(series.index)
    if index.has_duplicates:
        double = index.duplicated(keep=False)
        repeated = double & _repeated_hour(index, zone)
        grouped = series.groupby(level=0)
        differ = (grouped.nunique() > 1).sum()
        averaged = series[repeated].groupby(level=0).mean()
        series = grouped.last()
        series.loc[averaged.index] = averaged
        differ -= len(averaged)
        if differ > 0:
            notes.append(f"{differ} stamps come twice with different counts; the last was taken")
        index = pd.DatetimeIndex(series.index)
    floored = index.floor(step.offset) if not step.daily else index.normalize()
    if not floored.equals(index):
        finer = series.groupby(floored).sum(min_count=1)
        notes.append("stamps between the steps were summed into their step")
        return finer, notes
    return series, notes


def _repeated_hour(index: pd.DatetimeIndex, zone: ZoneInfo) -> Bools:
    first = index.tz_localize(
        zone, ambiguous=np.ones(len(index), bool), nonexistent="shift_forward"
    )
    second = index.tz_localize(
        zone, ambiguous=np.zeros(len(index), bool), nonexistent="shift_forward"
    )
    return np.asarray(first != second)


def _without_day_totals(series: pd.Series[float], step: Step) -> tuple[pd.Series[float], list[str]]:
    """Days of one large midnight row, in a file of slots, are totals: their slots are unknown."""
    index = pd.DatetimeIndex(series.index)
    days = series.groupby(index.normalize()).agg(["size", "sum"])
    usual = days[days["size"] >= EVEN]
    if step.daily or usual.empty or len(usual) == len(days):
        return series, []
    alone = (days["size"] == 1) & (days["sum"] > 0.5 * usual["sum"].median())
    alone &= days.index.isin(index[index == index.normalize()])
    run = alone.groupby((~alone).cumsum()).transform("sum")
    totals = days.index[alone & (run >= WHOLE)]
    if totals.empty:
        return series, []
    note = f"{len(totals)} days come as one total, not by slot, and were left out"
    return series[~index.normalize().isin(totals)], [note]


def _spread_coarse(series: pd.Series[float], step: Step) -> tuple[pd.Series[float], list[str]]:
    """Days given at a multiple of the step are spread evenly over its slots."""
    if step.daily or len(series) < 2:
        return series, []
    index = pd.DatetimeIndex(series.index)
    table = pd.DataFrame({"at": index, "day": index.normalize()})
    table["gap"] = table.groupby("day")["at"].diff().dt.total_seconds() // step.span.total_seconds()
    days = table.groupby("day")["gap"].agg(["min", "max", "size"])
    coarse = days[(days["min"] > 1) & (days["min"] == days["max"]) & (days["size"] >= EVEN)]
    if coarse.empty:
        return series, []
    factor = table["day"].map(coarse["min"]).fillna(1).astype(int).to_numpy()
    values = np.repeat(series.to_numpy(dtype=float) / factor, factor)
    shift = np.concatenate([np.arange(one) for one in factor]) * step.offset
    spread = pd.Series(values, index=index.repeat(factor) + pd.TimedeltaIndex(shift))
    spread = spread[~spread.index.duplicated()]
    note = f"{len(coarse)} days come at a coarser step; their counts were spread evenly"
    return spread.sort_index(), [note]
