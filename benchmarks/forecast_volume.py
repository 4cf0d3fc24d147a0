"""Rolling-origin accuracy, band coverage and cost of the volume forecast on real series.

Six origins per series at the end of what ../shared/data/volume holds, against default Prophet,
the same-slot median and the weekly naive forecast.
"""

from __future__ import annotations

import json
import os
import resource
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from benchmarks.figures import head, say
from forecasting.volume.day_calendar import make_calendar
from forecasting.volume.forecast import Options, forecast_history
from forecasting.volume.grid import build_grid, raw_grid
from forecasting.volume.history import History
from forecasting.volume.models.prophet_level import quiet
from forecasting.volume.models.registry import BASELINE, MODELS
from forecasting.volume.scores import coverage, interval_score, wape
from forecasting.volume.steps import Step, parse_step

DATA = Path(os.environ.get("DESKPULSE_SHARED") or Path(__file__).parents[2] / "shared")
ORIGINS = 6
STEPS = {"30min": "30min", "60min": "1h", "1D": "1d"}
ZONES = {"US": "America/New_York", "IL": "Asia/Jerusalem", "GB": "Europe/London",
         "BR": "America/Sao_Paulo"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Case:
    """A series and how it is asked for."""

    name: str
    counts: pd.Series[float]
    every: str
    country: str
    days: int  # ahead
    apart: int  # days between origins


def run() -> None:
    head(f"Volume forecast, {ORIGINS} rolling origins")
    ratios: dict[str, list[float]] = {"intervals": [], "days": []}
    for case in _cases():
        rows = [_measure(case, origin) for origin in _origins(case)]
        mean = pd.DataFrame(rows).mean()
        ratio = mean["wape"] / mean["prophet"]
        kind = "days" if case.every == "1d" else "intervals"
        if not case.name.endswith("full0"):
            ratios[kind].append(ratio)
        say(f"{case.name}: WAPE", f"{mean['wape']:.4f}",
            f"median {mean['median']:.4f}, naive {mean['naive']:.4f}, "
            f"default Prophet {mean['prophet']:.4f}")  # fmt: skip
        say("  80 and 95 % bands cover", f"{mean['in80']:.1%} {mean['in95']:.1%}",
            f"interval score 80 % {mean['score']:.3f}, CPU {mean['cpu']:.2f} s")  # fmt: skip
    for kind, bar in (("intervals", "≤ .74 → .70"), ("days", "≤ .95 → .93")):
        figure = float(np.exp(np.log(ratios[kind]).mean()))
        say(f"{kind}: geometric mean of WAPE over default Prophet's", f"{figure:.3f}", bar)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    say("peak memory", f"{peak:.0f} MB", "≤ 350 MB")


def _cases() -> Iterator[Case]:
    folder = DATA / "data" / "volume"
    for meta in json.loads((folder / "manifest.json").read_text()):
        if meta["freq"] not in STEPS:
            continue
        frame = pd.read_csv(folder / meta["file"], parse_dates=["ts"])
        for name, group in frame.groupby("series_id"):
            yield from _variants(str(name), group.set_index("ts")["y"].astype(float), meta)


def _variants(name: str, counts: pd.Series[float], meta: dict[str, str]) -> Iterator[Case]:
    country, every = meta["country"], STEPS[meta["freq"]]
    index = pd.DatetimeIndex(counts.index)
    if every == "1d":
        yield Case(name, counts, "1d", country, 28, 28)
        return
    if "closed" in meta["hours"]:
        yield Case(f"{name}/open", counts, every, country, 14, 7)
        days = pd.date_range(index[0].normalize(), index[-1].normalize() + pd.Timedelta("1D"),
                             freq=meta["freq"], inclusive="left")  # fmt: skip
        yield Case(f"{name}/full0", counts.reindex(days, fill_value=0.0), every, country, 14, 7)
    else:
        yield Case(name, counts, every, country, 14, 7)
    yield Case(f"{name}/daily", counts.groupby(index.normalize()).sum(), "1d", country, 28, 7)


def _origins(case: Case) -> list[pd.Timestamp]:
    end = pd.DatetimeIndex(case.counts.index)[-1].normalize() + pd.Timedelta("1D")
    return [end - pd.Timedelta(days=case.days + case.apart * k) for k in range(ORIGINS)]


def _measure(case: Case, origin: pd.Timestamp) -> dict[str, float]:
    step = parse_step(case.every)
    index = pd.DatetimeIndex(case.counts.index)
    before = case.counts[index < origin]
    coming = case.counts[(index >= origin) & (index < origin + pd.Timedelta(days=case.days))]
    history = History(case.name, pd.DatetimeIndex(before.index), before.to_numpy(dtype=float), ())
    options = Options(
        step, case.days * step.slots, ZoneInfo(ZONES[case.country]), country=case.country
    )
    spent = _cpu()
    frame = forecast_history(history, options).frame.set_index("ds")
    spent = _cpu() - spent
    found = frame.drop(columns=["unique_id", "model"]).reindex(coming.index).fillna(0.0)
    y, mean = coming.to_numpy(dtype=float), found["mean"].to_numpy()
    open_now = (found["hi-95"] > 0).to_numpy() | (y > 0)
    bands = {c: found[c].to_numpy()[open_now] for c in ("lo-80", "hi-80", "lo-95", "hi-95")}
    y_open = y[open_now]
    plain = _plain(case, history, step, pd.DatetimeIndex(coming.index))
    return {
        "wape": wape(y, mean), "cpu": spent,
        "in80": coverage(y_open, bands["lo-80"], bands["hi-80"]),
        "in95": coverage(y_open, bands["lo-95"], bands["hi-95"]),
        "score": interval_score(y_open, bands["lo-80"], bands["hi-80"], 80) / y_open.mean(),
        **{name: wape(y, forecast) for name, forecast in plain.items()},
    }  # fmt: skip


def _plain(
    case: Case, history: History, step: Step, coming: pd.DatetimeIndex
) -> dict[str, np.ndarray]:
    dates, raw = raw_grid(history, step)
    days = pd.date_range(dates[0], coming[-1].normalize())
    grid = build_grid(dates, raw, make_calendar(days, None))
    stamps = pd.date_range(days[len(dates)], periods=grid.ahead * step.slots, freq=step.offset)
    open_now = grid.opening.ahead(grid.calendar)
    found = {}
    for name, model in (("median", BASELINE), ("naive", "weekly-naive")):
        table = np.where(open_now, MODELS[model].learn(grid).forecast(grid), 0.0)
        found[name] = pd.Series(table.ravel(), index=stamps).reindex(coming).fillna(0).to_numpy()
    found["prophet"] = _default_prophet(case, history, coming)
    return found


def _default_prophet(case: Case, history: History, coming: pd.DatetimeIndex) -> np.ndarray:
    quiet()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from prophet import Prophet

        season = "auto" if case.every == "1d" else True
        recent = history.stamps >= history.last - pd.Timedelta(days=540)
        use = np.ones(len(recent), bool) if case.every == "1d" else recent
        model = Prophet(uncertainty_samples=0, daily_seasonality=season, weekly_seasonality=season)
        model.fit(pd.DataFrame({"ds": history.stamps[use], "y": history.counts[use]}))
        found = model.predict(pd.DataFrame({"ds": coming}))["yhat"].to_numpy()
    return np.asarray(np.clip(found, 0, None))


def _cpu() -> float:
    """CPU seconds of this process and its children: Prophet fits in one."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)
