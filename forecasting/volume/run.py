"""Many series: forecast each, spread over processes, reconcile a total with its parts."""

from __future__ import annotations

import logging
import multiprocessing
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field

import pandas as pd

from forecasting.volume.errors import VolumeError
from forecasting.volume.forecast import Options, VolumeForecast, forecast_history
from forecasting.volume.history import History, Reading, read_frame
from forecasting.volume.reconcile import reconcile

log = logging.getLogger(__name__)

ALONE = 4  # series below which starting processes costs more than it saves


@dataclass(frozen=True, slots=True)
class Forecasts:
    """`frame` of all series; what must be said about each; series that gave none, with why."""

    frame: pd.DataFrame
    notes: tuple[tuple[str, str], ...]
    unusable: tuple[tuple[str, str], ...]
    each: tuple[VolumeForecast, ...] = field(default=())


def forecast_frame(history: pd.DataFrame, options: Options, *, processes: int = 1) -> pd.DataFrame:
    """`unique_id, ds, y` in, `unique_id, ds, mean, lo-NN, hi-NN, model` out; for other layers."""
    reading = read_frame(history, step=options.step, zone=options.zone)
    return forecast_all(reading, options, processes=processes).frame


def forecast_all(
    reading: Reading, options: Options, *, processes: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> Forecasts:  # fmt: skip
    """Every usable series; one that breaks is reported, the others go on."""
    histories = reading.histories
    made = _spread_out(histories, options, processes, progress)
    found, notes, unusable = [], [], list(reading.unusable)
    for history, forecast in zip(histories, made, strict=True):
        if isinstance(forecast, str):
            unusable.append((history.unique_id, forecast))
            continue
        found.append(forecast)
        notes += [(history.unique_id, note) for note in forecast.notes]
    frames = [forecast.frame for forecast in found]
    frame = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()
    if len(found) > 2:
        frame, told = reconcile(frame, histories, options.levels)
        notes += told
    return Forecasts(frame, tuple(notes), tuple(unusable), tuple(found))


def _spread_out(
    histories: Sequence[History], options: Options, processes: int,
    progress: Callable[[int, int], None] | None,
) -> list[VolumeForecast | str]:  # fmt: skip
    made: list[VolumeForecast | str] = []
    total = len(histories)
    if processes <= 1 or total < ALONE:
        for history in histories:
            made.append(_one(history, options))
            if progress:
                progress(len(made), total)
        return made
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(processes, total), mp_context=context) as pool:
        for one in pool.map(_one, histories, [options] * total, chunksize=1):
            made.append(one)
            if progress:
                progress(len(made), total)
    return made


def _one(history: History, options: Options) -> VolumeForecast | str:
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    try:
        with threadpool_limits(limits=1):  # small matrices: threads would only spin
            return forecast_history(history, options)
    except VolumeError:
        raise  # the options are at fault, for every series alike
    except Exception as error:
        log.warning("event=series_failed series=%s", history.unique_id, exc_info=True)
        return f"the forecast failed ({type(error).__name__}); run it with --debug"
