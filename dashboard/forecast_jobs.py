"""The forecasts as jobs of the worker: the whole every night, the rest of today every quarter hour.

What they do is forecasting/refresh; this is when, how long, and what they say about it.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from alerts.jobs import Job, JobRun

if TYPE_CHECKING:  # both take long to import, and every command reads the list of jobs
    from dashboard.settings import Settings
    from forecasting.refresh.run import Outcome

NIGHTLY, TODAY = "forecast", "forecast-today"
# A new shop's history is read within minutes, a large one's within ten: wait for it rather than for
# the next night.
PATIENCE = timedelta(minutes=15)
LOOK_EVERY_S = 3.0
_WHY = {
    "filling": "the history is still being read; forecasts follow when it is there",
    "empty": "nothing was read yet that could be forecast",
    "no_forecast": "there is no whole forecast yet",
    "nothing_new": "nothing came since the last forecast",
}


def nightly(settings: Settings) -> Job | None:
    if not settings.forecast.enabled or not settings.sources:
        return None
    return Job(
        name=NIGHTLY,
        at=settings.forecast.nightly,
        limit=timedelta(hours=4),
        run=lambda run: told(_whole(settings, run, patience=PATIENCE)),
    )


def today(settings: Settings) -> Job | None:
    if not settings.forecast.enabled or not settings.sources:
        return None
    return Job(
        name=TODAY,
        every=settings.forecast.intraday,
        limit=timedelta(hours=1),
        run=lambda run: told(_rest_or_whole(settings, run)),
    )


def _rest_or_whole(settings: Settings, run: JobRun) -> Outcome:
    """The rest of today; everything where the night's forecast never came about."""
    from forecasting.refresh.run import refresh_today

    plan = settings.forecast_plan()
    outcome = refresh_today(run.store, plan, now=run.now)
    if outcome.why == "no_forecast":
        return _whole(settings, run, patience=timedelta(0))
    return outcome


def _whole(settings: Settings, run: JobRun, *, patience: timedelta) -> Outcome:
    from forecasting.refresh.run import refresh_all

    plan, waited = settings.forecast_plan(), timedelta(0)
    while True:
        outcome = refresh_all(run.store, plan, now=run.now + waited, stop=run.stop)
        if outcome.why not in ("filling", "empty") or waited >= patience:
            return outcome
        if run.stop.wait(LOOK_EVERY_S):
            return outcome
        waited += timedelta(seconds=LOOK_EVERY_S)


def told(outcome: Outcome) -> str:
    """A few words about a run, for the list of jobs."""
    if outcome.why:
        return _WHY.get(outcome.why, outcome.why)
    if not outcome.published:
        return f"stopped after {outcome.series} series; the next run goes on there"
    without = f", {outcome.without} without a forecast" if outcome.without else ""
    return f"{outcome.series} series forecast ({outcome.kind}){without}"
