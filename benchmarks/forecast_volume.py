"""Rolling-origin accuracy, band coverage and cost of the volume forecast on real series.

Six origins per series at the end of what ../shared/data/volume holds, beside the same-slot median,
the weekly naive forecast, default and tuned Prophet, and LightGBM alone. `earlier` measures periods
that end weeks before, beside the two quick ones. Counts of slots that are never open count for
nothing.
"""

from __future__ import annotations

import json
import resource
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from benchmarks.figures import head, say
from benchmarks.volume_rivals import MEDIAN, PROPHET, QUICK, RIVALS, SHARED, rival
from forecasting.volume.forecast import Options, forecast_history
from forecasting.volume.history import History
from forecasting.volume.scores import coverage, interval_score, wape
from forecasting.volume.steps import parse_step

ORIGINS = 6
STEPS = {"30min": "30min", "60min": "1h", "1D": "1d"}
ZONES = {"US": "America/New_York", "IL": "Asia/Jerusalem", "GB": "Europe/London",
         "BR": "America/Sao_Paulo"}  # fmt: skip
BARS = {"intervals": "≤ .74 → .70", "days": "≤ .95 → .93"}
BANDS = ("lo-80", "hi-80", "lo-95", "hi-95")


@dataclass(frozen=True, slots=True)
class Case:
    """A series and how it is asked for."""

    name: str
    counts: pd.Series[float]
    every: str
    country: str
    days: int  # ahead
    apart: int  # days between origins

    @property
    def kind(self) -> str:
        return "days" if self.every == "1d" else "intervals"


def run() -> None:
    intervals()
    days()


def intervals() -> None:
    _report("intervals, 14 days ahead", [c for c in cases() if c.kind == "intervals"], [*RIVALS])


def days() -> None:
    _report("days, 28 ahead", [c for c in cases() if c.kind == "days"], [*RIVALS])


def earlier() -> None:
    """The same six and twelve weeks (days: six and twelve months of those of years) before."""
    for back in (1, 2):
        found = [ended(case, back) for case in cases()]
        for kind in BARS:
            mine = [case for case in found if case.kind == kind]
            _report(f"{kind}, period {back} before the last", mine, [*QUICK])


def ended(case: Case, back: int) -> Case:
    """The case without its last weeks: `back` times as many as six origins span."""
    index = pd.DatetimeIndex(case.counts.index)
    end = index[-1].normalize() - pd.Timedelta(days=case.apart * ORIGINS * back)
    kept = case.counts[index < end + pd.Timedelta(days=1)]
    return Case(case.name, kept, case.every, case.country, case.days, case.apart)


def _report(title: str, found: Sequence[Case], rivals: Sequence[str]) -> None:
    head(f"Volume forecast: {title}, {ORIGINS} rolling origins")
    table = []
    for case in found:
        rows = pd.DataFrame([measure(case, origin, rivals) for origin in origins(case)])
        mean = rows.mean()
        table.append(mean.rename(case.name))
        best = min(rivals, key=lambda name: mean[name])
        others = ", ".join(f"{name} {mean[name]:.4f}" for name in rivals)
        say(f"{case.name}: WAPE", f"{mean['wape']:.4f}",
            f"{mean['wape'] / mean[best]:.3f} × {best}; {others}")  # fmt: skip
        say("  80 and 95 % bands cover", f"{mean['in80']:.1%} {mean['in95']:.1%}",
            f"interval score {_over(mean, '80'):.3f} and {_over(mean, '95'):.3f} × the median's, "
            f"CPU {mean['cpu']:.2f} s")  # fmt: skip
    whole = pd.DataFrame(table)
    whole = whole[~whole.index.str.endswith("full0")]
    say("pooled: 80 and 95 % bands cover", f"{whole['in80'].mean():.1%} {whole['in95'].mean():.1%}",
        f"77-85, 93-97; interval score {_pooled(whole, '80'):.3f} and {_pooled(whole, '95'):.3f} × "
        "the median's, ≤ 1")  # fmt: skip
    over = PROPHET if PROPHET in rivals else MEDIAN
    kind = found[0].kind
    figure = float(np.exp(np.log(whole["wape"] / whole[over]).mean()))
    say(f"geometric mean of WAPE over the {over}'s", f"{figure:.3f}",
        BARS[kind] if over == PROPHET else "")  # fmt: skip
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    say("peak memory, rivals included", f"{peak:.0f} MB")


def _over(mean: pd.Series[float], level: str) -> float:
    return float(mean[f"score{level}"] / mean[f"median{level}"])


def _pooled(whole: pd.DataFrame, level: str) -> float:
    return float(np.exp(np.log(whole[f"score{level}"] / whole[f"median{level}"]).mean()))


def cases() -> Iterator[Case]:
    folder = SHARED / "data" / "volume"
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


def origins(case: Case) -> list[pd.Timestamp]:
    end = pd.DatetimeIndex(case.counts.index)[-1].normalize() + pd.Timedelta("1D")
    return [end - pd.Timedelta(days=case.days + case.apart * k) for k in range(ORIGINS)]


def measure(case: Case, origin: pd.Timestamp, rivals: Sequence[str]) -> dict[str, float]:
    """One origin: our figures, and the WAPE of each rival by its name."""
    step = parse_step(case.every)
    index = pd.DatetimeIndex(case.counts.index)
    before = case.counts[index < origin]
    coming = case.counts[(index >= origin) & (index < origin + pd.Timedelta(days=case.days))]
    options = Options(
        step, case.days * step.slots, ZoneInfo(ZONES[case.country]), country=case.country
    )
    spent = _cpu()
    frame = forecast_history(history_of(case.name, before), options).frame.set_index("ds")
    spent = _cpu() - spent
    found = frame.drop(columns=["unique_id", "model"]).reindex(coming.index).fillna(0.0)
    y, mean = coming.to_numpy(dtype=float), found["mean"].to_numpy()
    is_open = (found["hi-95"] > 0).to_numpy() | (y > 0)
    ours = {name: found[name].to_numpy() for name in BANDS}
    figures = {"wape": wape(y, mean), "cpu": spent, **_banded(y, ours, is_open, "score")}
    for name in rivals:
        other = rival(name, before, pd.DatetimeIndex(coming.index), days=case.days,
                      country=case.country, daily=case.kind == "days")  # fmt: skip
        figures[name] = wape(y, other.mean)
        if name == MEDIAN:
            scored = _banded(y, other.bands, is_open, "median")
            figures |= {key: value for key, value in scored.items() if key.startswith("median")}
    return figures


def history_of(name: str, counts: pd.Series[float]) -> History:
    return History(name, pd.DatetimeIndex(counts.index), counts.to_numpy(dtype=float), ())


def _banded(
    y: np.ndarray, bands: dict[str, np.ndarray], is_open: np.ndarray, name: str
) -> dict[str, float]:
    """Coverage, and interval scores under `name`, over open slots, relative to their mean."""
    kept = {key: band[is_open] for key, band in bands.items()}
    there = y[is_open]
    found = {}
    for level in (80, 95):
        low, high = kept[f"lo-{level}"], kept[f"hi-{level}"]
        found[f"in{level}"] = coverage(there, low, high)
        found[f"{name}{level}"] = interval_score(there, low, high, level) / there.mean()
    return found


def _cpu() -> float:
    """CPU seconds of this process and its children: Prophet fits in one."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)
