"""Volumes to staff as frames: what a file must hold, the step of its stamps.

No staffing here. Stamps stay as they were written; only their spacing is used.
"""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pandas as pd

from connectors.durations import format_duration
from forecasting.staffing.cases import BAND, CENTRES, volume_of_case
from forecasting.staffing.errors import BadRules, BadVolume

_ENCODINGS = ("utf-8-sig", "gb18030")  # what spreadsheets write
_RUN = 8  # equal spacings in a row, longer than the step, that are no closed hours but another step
_LONGEST_RUN = pd.Timedelta(hours=12)


def read_volume(path: Path, *, case: float | None = None) -> pd.DataFrame:
    """The rows of a CSV file as `unique_id, ds, y`: ids and stamps as written, y contacts per step.

    A forecast is read as well: without a `y`, `mean` is the volume. `case` asks for the volume that
    isn't exceeded in that share of cases, from the bands. BadVolume names the line.
    """
    frame = _read_text(path)
    for name in ("unique_id", "ds"):
        if name not in frame:
            raise BadVolume(
                f"'{path.name}' has no column '{name}'; give unique_id, ds and y with a header line"
            )
    if not len(frame):
        raise BadVolume(f"'{path.name}' has a header but no rows; give one row per slot")
    for name in ("unique_id", "ds"):
        _refuse(frame[name].str.strip() == "", frame[name], f"{name} is empty; fill it in")
    numbers = frame[["unique_id", "ds"]].copy()
    for name in frame.columns:
        if name in CENTRES or (case is not None and BAND.fullmatch(name)):
            numbers[name] = _counts(frame[name])
    if case is not None:
        return numbers[["unique_id", "ds"]].assign(y=volume_of_case(numbers, case))
    centre = next((name for name in ("y", "mean") if name in numbers), None)
    if centre is None:
        raise BadVolume(
            f"'{path.name}' has no column 'y'; give the contacts per slot, or a forecast's 'mean'"
        )
    return numbers[["unique_id", "ds"]].assign(y=numbers[centre])


def check_stamps(volume: pd.DataFrame) -> pd.Series:
    """`ds` as times, for their spacing only; BadVolume on unreadable or repeated stamps."""
    if isinstance(volume["ds"].dtype, np.dtype) and volume["ds"].dtype.kind == "M":
        stamps = volume["ds"]
    else:
        text = volume["ds"].astype(str).str.strip()
        text = text.str.replace(r"^(\d{4})/(\d{1,2})/(\d{1,2})", r"\1-\2-\3", regex=True)
        stamps = pd.to_datetime(text, format="ISO8601", utc=True, errors="coerce")
        _refuse(stamps.isna(), volume["ds"], "isn't a time; write 2026-11-21 10:30", name="ds")
    twice = pd.DataFrame({"unique_id": volume["unique_id"], "ds": stamps}).duplicated()
    if twice.any():
        at = int(np.argmax(twice.to_numpy()))
        row = volume.iloc[at]
        raise BadVolume(
            f"line {at + 2}: '{row['unique_id']}' has {row['ds']} twice; keep one row per slot"
        )
    return stamps


def step_seconds(volume: pd.DataFrame, *, every_s: float | None = None) -> float:
    """Seconds of a step, from the spacing of the stamps or as given; closed slots may be absent.

    BadRules for a step of 0, BadVolume when stamps repeat, don't fit the step, or when two steps
    are mixed.
    """
    if every_s is not None and not every_s > 0:
        raise BadRules(f"a step of {every_s:g} s is impossible; write for example 30min")
    stamps = check_stamps(volume)
    order = pd.DataFrame({"unique_id": volume["unique_id"], "ds": stamps})
    order = order.sort_values(["unique_id", "ds"])
    gaps = order.groupby("unique_id")["ds"].diff()
    known = gaps.dropna()
    if every_s is None and known.empty:
        raise BadVolume("one row per series has no spacing; give the step with --every, e.g. 30min")
    step = known.min() if every_s is None else pd.Timedelta(seconds=every_s)
    steps = gaps.dt.total_seconds() / step.total_seconds()
    off = gaps.notna() & (steps != np.floor(steps))
    if off.any():
        _mixed(order, gaps, off, step)
    if every_s is None:
        _one_step(order, gaps, step)
    return float(step.total_seconds())


def in_order(volume: pd.DataFrame) -> bool:
    """Whether every series' stamps ascend; staff doesn't depend on it."""
    gaps = check_stamps(volume).groupby(volume["unique_id"]).diff().dropna()
    return bool((gaps > pd.Timedelta(0)).all())


def _one_step(order: pd.DataFrame, gaps: pd.Series, step: pd.Timedelta) -> None:
    least = gaps.groupby(order["unique_id"]).transform("min")
    several = gaps.groupby(order["unique_id"]).transform("count") >= 2
    other = several & (least > step)
    if other.any():
        _mixed(order, least, other, step)
    block = (gaps != gaps.shift()).cumsum()
    long = gaps.groupby(block).transform("size") >= _RUN
    run = long & (gaps > step) & (gaps < _LONGEST_RUN)
    if run.any():
        _mixed(order, gaps, run, step)


def _mixed(order: pd.DataFrame, gaps: pd.Series, where: pd.Series, step: pd.Timedelta) -> None:
    row = order.loc[where].iloc[0]
    raise BadVolume(
        f"'{row['unique_id']}' moves by {_span(gaps.loc[where].iloc[0])} near "
        f"{row['ds']:%Y-%m-%d %H:%M} where the step is {_span(step)}; "
        "give one step per file, or name it with --every"
    )


def _span(gap: pd.Timedelta) -> str:
    return format_duration(gap.to_pytimedelta())


def _read_text(path: Path) -> pd.DataFrame:
    for encoding in _ENCODINGS:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter(
                    "error", pd.errors.ParserWarning
                )  # rows longer than the header
                frame = pd.read_csv(
                    path, dtype=str, encoding=encoding, keep_default_na=False, index_col=False
                )
        except UnicodeDecodeError:
            continue
        except pd.errors.EmptyDataError:
            raise BadVolume(
                f"'{path.name}' is empty; give a header line unique_id,ds,y and one row per slot"
            ) from None
        except (pd.errors.ParserError, pd.errors.ParserWarning, ValueError) as error:
            reason = str(error).strip().splitlines()[-1][:120]
            raise BadVolume(f"'{path.name}' isn't a CSV table: {reason}") from None
        return frame.rename(columns=str.strip).fillna("")
    raise BadVolume(f"'{path.name}' is neither UTF-8 nor GB18030 text; save it as UTF-8 CSV")


def _counts(text: pd.Series) -> pd.Series:
    numbers = pd.to_numeric(text.str.strip(), errors="coerce")
    name = str(text.name)
    _refuse(text.str.strip() == "", text, f"{name} is empty; write 0 for no contacts, or leave a "
            "closed slot out")  # fmt: skip
    _refuse(~np.isfinite(numbers), text, "isn't a number; give contacts per slot", name=name)
    _refuse(numbers < 0, text, "is negative; a volume is 0 or more", name=name)
    return numbers.astype(float)


def _refuse(bad: pd.Series, values: pd.Series, why: str, *, name: str = "") -> None:
    """Name the first bad line; line 1 is the header."""
    if bad.any():
        at = int(np.argmax(bad.to_numpy()))
        what = f"{name} '{str(values.iloc[at])[:40]}' " if name else ""
        more = int(bad.sum()) - 1
        rest = f" ({more} more such lines)" if more else ""
        raise BadVolume(f"line {at + 2}: {what}{why}{rest}")
