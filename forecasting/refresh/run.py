"""The jobs: everything forecast anew, and the rest of today. Each run is published as a whole.

Results are saved as they come, so that a run that was killed goes on where it stopped. Where tasks
are done is executors.py's.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import groupby
from threading import Event

import numpy as np

from connectors.columns import to_micros
from connectors.dirty import SLOT
from connectors.store import Store
from forecasting.errors import LostProcess
from forecasting.published import runs, store
from forecasting.published.agree import agreed
from forecasting.published.events import planned
from forecasting.published.series import Published, SeriesKey
from forecasting.refresh.executors import executor_for, spread
from forecasting.refresh.plan import (
    ForecastPlan,
    kind_due,
    midnight,
    tallies_of,
    whole_tasks,
)
from forecasting.refresh.task import Made, SeriesTask, TodayTask, forecast_rest, forecast_series
from forecasting.settings import ForecastSettings
from forecasting.volume.series_from_store import Tally, reaches

SAVE_EVERY_S = 2.0
RESUME_WITHIN = timedelta(hours=6)
TODAY_PAST = timedelta(days=120)  # that the rest of a day is learned from
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run did. `run` 0: there was nothing to do, `why` says why (filling, empty,
    no_forecast); `published` False: told to stop half-way."""

    kind: str
    run: int = 0
    series: int = 0
    without: int = 0
    published: bool = False
    why: str = ""
    cutoff: datetime | None = None


def refresh_all(  # noqa: PLR0913 - what to do, and four hooks around it
    kept: Store, plan: ForecastPlan, *, now: datetime, kind: str | None = None,
    stop: Event | None = None, progress: Progress | None = None,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Outcome:  # fmt: skip
    """Forecast every series anew over the whole horizon. `kind` None: what is due.

    NoCluster when the Dask scheduler of the settings can't be used.
    """
    with kept.read() as connection:
        kind = kind or kind_due(
            plan.settings, runs.latest(connection, (runs.CHOICE,)), now, plan.zone
        )
        found = reaches(connection, plan.sources)
    read = [one.as_of for one in found.values() if one.as_of is not None]
    if not read:
        return Outcome(kind, why="empty")
    if any(one.filling for one in found.values()):
        return Outcome(kind, why="filling")
    with kept.begin() as connection:
        run = runs.begin_or_resume(
            connection, kind, plan.floor(min(now, max(read))), now=now,
            resume_since=now - RESUME_WITHIN,
        )  # fmt: skip
    return _Whole(kept, plan, run, clock).go(stop or Event(), progress)


class _Whole:
    """One run over all series."""

    def __init__(
        self, kept: Store, plan: ForecastPlan, run: runs.Run, clock: Callable[[], datetime]
    ) -> None:
        self._kept, self._plan, self._run, self._clock = kept, plan, run, clock

    def go(self, stop: Event, progress: Progress | None) -> Outcome:
        tasks, twins, done = self._tasks()
        total = len(tasks) + len(twins) + done
        if not total:
            with self._kept.begin() as connection:
                runs.fail(connection, self._run.id, "no series", now=self._clock())
            return Outcome(self._run.kind, why="empty")
        try:
            done = self._work(tasks, twins, done, total, stop, progress)
        except BrokenProcessPool:
            raise LostProcess(
                "a process that forecasts was ended from outside, perhaps for want of memory; the "
                "next run goes on where this one stopped"
            ) from None
        except Exception as error:
            with self._kept.begin() as connection:
                runs.fail(connection, self._run.id, str(error)[:300], now=self._clock())
            raise
        if done < total:
            return Outcome(self._run.kind, self._run.id, done)
        return self._publish()

    def _tasks(self) -> tuple[list[SeriesTask], dict[SeriesKey, list[SeriesKey]], int]:
        """What is left to do; series with the very same counts are forecast once."""
        cutoff = self._run.cutoff
        with self._kept.read() as connection:
            events = planned(connection)
            found = tallies_of(
                connection, self._plan, events, until=cutoff,
                since=cutoff - self._plan.settings.past,
            )  # fmt: skip
            saved = store.saved_keys(connection, self._run.id)
            pinned = {}
            if self._run.kind != runs.CHOICE:
                last = store.current(connection, now=self._clock())
                pinned = {one.key: one.weights for one in last if one.origins}
        left = [one for one in found if one.key not in saved]
        first, twins = _twins(left)
        # Large ones first: the last to end should be a short one.
        ordered = sorted(first, key=lambda one: -len(one.slots))
        tasks = whole_tasks(ordered, self._plan, events, cutoff, pinned)
        return tasks, twins, len(found) - len(left)

    def _work(
        self, tasks: Sequence[SeriesTask], twins: dict[SeriesKey, list[SeriesKey]], done: int,
        total: int, stop: Event, progress: Progress | None,
    ) -> int:  # fmt: skip
        settings = self._plan.settings
        waiting: list[Made] = []
        saved_at = time.monotonic()
        self._note(done, total, progress)
        alive = (task for task in tasks if not stop.is_set())
        with executor_for(len(tasks), processes=settings.processes, dask=settings.dask) as runner:
            for made in spread(runner, forecast_series, alive, workers=_workers(settings)):
                waiting += [made, *_copies(made, twins.get(made.forecast.key, ()))]
                if time.monotonic() - saved_at > SAVE_EVERY_S:
                    done += self._save(waiting)
                    saved_at, waiting = time.monotonic(), []
                    self._note(done, total, progress)
        done += self._save(waiting)
        self._note(done, total, progress)
        return done

    def _save(self, found: Sequence[Made]) -> int:
        with self._kept.begin() as connection:
            for one in found:
                store.save(connection, self._run.id, one.forecast, one.scores)
        return len(found)

    def _note(self, done: int, total: int, progress: Progress | None) -> None:
        with self._kept.begin() as connection:
            runs.progress(connection, self._run.id, done=done, total=total, now=self._clock())
        if progress:
            progress(done, total)

    def _publish(self) -> Outcome:
        with self._kept.begin() as connection:
            found = store.unpublished(connection, self._run.id)
            together = [
                one
                for _, mine in groupby(found, key=lambda one: one.key.measure)
                for one in agreed(list(mine))
            ]
            for before, after in zip(found, together, strict=True):
                if after is not before:
                    store.change_points(connection, after)
            runs.publish(connection, self._run.id, now=self._clock())
        without = sum(one.model is None for one in found)
        return Outcome(
            self._run.kind, self._run.id, len(found), without, True, cutoff=self._run.cutoff
        )


def _workers(settings: ForecastSettings) -> int:
    """Roughly, for how much is handed out at a time; a cluster says no number beforehand."""
    return 64 if settings.dask else settings.processes or os.cpu_count() or 1


def _twins(found: Sequence[Tally]) -> tuple[list[Tally], dict[SeriesKey, list[SeriesKey]]]:
    """Series of which each is unlike the others, and those that are the same as one of them: a
    queue of one channel, and without bots all contacts are handed to people."""
    first: dict[tuple[object, ...], SeriesKey] = {}
    unlike: list[Tally] = []
    twins: dict[SeriesKey, list[SeriesKey]] = {}
    for one in found:
        mark = (one.key.queue, one.first, one.end, one.unknown,
                one.slots.tobytes(), one.counts.tobytes())  # fmt: skip
        if mark in first:
            twins.setdefault(first[mark], []).append(one.key)
        else:
            first[mark] = one.key
            unlike.append(one)
    return unlike, twins


def _copies(made: Made, keys: Sequence[SeriesKey]) -> Iterator[Made]:
    for key in keys:
        yield Made(replace(made.forecast, key=key), made.scores)


def refresh_today(
    kept: Store, plan: ForecastPlan, *, now: datetime,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Outcome:  # fmt: skip
    """Forecast the rest of today anew from what has come so far."""
    with kept.read() as connection:
        read = [one.as_of for one in reaches(connection, plan.sources).values() if one.as_of]
        whole = runs.latest(connection, runs.WHOLE)
        if whole is None or not read:
            return Outcome(runs.INTRADAY, why="no_forecast")
        cutoff = plan.floor(min(now, max(read)))
        last = runs.latest(connection, (runs.INTRADAY,))
        if cutoff <= whole.cutoff or (last is not None and cutoff <= last.cutoff):
            return Outcome(runs.INTRADAY, why="nothing_new")
        events = planned(connection)
        found = tallies_of(connection, plan, events, until=cutoff, since=cutoff - TODAY_PAST)
        start = midnight(cutoff.astimezone(plan.zone)).astimezone(UTC)
        plans = _plans_of_day(kept, plan, start)
    tasks = [
        TodayTask(one, plan.options(events, one.key), plans[one.key])
        for one in found
        if one.key in plans and not one.filling
    ]
    settings = plan.settings
    with executor_for(len(tasks) // 25, processes=settings.processes, dask=settings.dask) as runner:
        done = spread(runner, forecast_rest, tasks, workers=_workers(settings))
        made = [one for one in done if one is not None]
    made.sort(key=lambda one: one.forecast.key)
    return _publish_today(kept, made, cutoff, clock())


def _publish_today(kept: Store, made: Sequence[Made], cutoff: datetime, now: datetime) -> Outcome:
    with kept.begin() as connection:
        run = runs.begin_or_resume(connection, runs.INTRADAY, cutoff, now=now, total=len(made))
        for _, mine in groupby((one.forecast for one in made), key=lambda one: one.key.measure):
            for one in agreed(list(mine)):
                store.save(connection, run.id, one)
        runs.progress(connection, run.id, done=len(made), total=len(made), now=now)
        runs.publish(connection, run.id, now=now)
    return Outcome(runs.INTRADAY, run.id, len(made), published=True, cutoff=cutoff)


def _plans_of_day(kept: Store, plan: ForecastPlan, start: datetime) -> dict[SeriesKey, Published]:
    """What the whole runs said of each step of the local day, the newest that still could."""
    end = midnight(start.astimezone(plan.zone) + timedelta(days=1)).astimezone(UTC)
    low, high = to_micros(start) // SLOT, to_micros(end) // SLOT
    found: dict[SeriesKey, Published] = {}
    with kept.read() as connection:
        for measure in plan.settings.measures:
            made = store.versions(
                connection, since=start, until=end, measure=measure,
                made_since=start - timedelta(days=3),
            )  # fmt: skip
            for one in made:
                mine = one.between(low, high)
                found[one.key] = joined(found[one.key], mine) if one.key in found else mine
    return found


def joined(old: Published, new: Published) -> Published:
    """The new one, and before it what only the old one covers."""
    before = old.only(old.slots < (new.slots[0] if len(new.slots) else np.inf))
    values = {
        name: np.concatenate([before.values[name], column]) for name, column in new.values.items()
    }
    return replace(new, slots=np.concatenate([before.slots, new.slots]), values=values)
