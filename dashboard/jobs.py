"""The jobs that the worker runs beside its ticks. A new one is one entry in JOBS.

What a job is, and when it runs, is alerts/jobs.py; the work itself lies in the layer it belongs to.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import time, timedelta
from functools import cache, partial
from typing import TYPE_CHECKING

from alerts.jobs import Job, JobRun
from alerts.retention import prune
from dashboard import forecast_jobs
from dashboard.settings import Settings
from metrics.errors import NothingSynced
from metrics.live import live_state
from metrics.samples import sample

if TYPE_CHECKING:  # pandas and scipy take a second, and a worker that starts is to alert at once
    from forecasting.risk.rescoring import Rescoring

MakeJob = Callable[[Settings], Job | None]


def _retention(settings: Settings) -> Job:
    keep = settings.store.keep
    return Job(
        name="retention",
        at=time(4, 10),
        limit=timedelta(minutes=30),
        apart=False,
        run=lambda run: f"{prune(run.store, now=run.now, keep=keep, stop=run.stop)} rows forgotten",
    )


def _risk_scores(settings: Settings) -> Job:
    @cache  # what one run prepared serves the next
    def scoring() -> Rescoring:
        from forecasting.risk.jobs import RiskPlan
        from forecasting.risk.rescoring import Rescoring

        return Rescoring(RiskPlan(settings.risk, settings.app.timezone))

    return Job(
        name="risk-scores",
        every=settings.risk.rescore,
        limit=timedelta(minutes=30),
        stays=True,
        run=lambda run: scoring().run(run.store, now=run.now),
    )


def _risk_model(settings: Settings) -> Job:
    return Job(
        name="risk-model",
        at=time(3, 30),
        limit=timedelta(hours=2),
        run=partial(_tend, settings=settings),
    )


def _tend(run: JobRun, *, settings: Settings) -> str | None:
    from forecasting.risk.jobs import RiskPlan
    from forecasting.risk.tending import tend

    plan = RiskPlan(settings.risk, settings.app.timezone)
    return tend(run.store, plan, now=run.now)


def _samples(settings: Settings) -> Job:
    return Job(
        name="samples",
        every=timedelta(seconds=30),  # of two looks within a minute the second does nothing
        limit=timedelta(minutes=1),
        apart=False,
        run=partial(_sample, settings=settings),
    )


def _sample(run: JobRun, *, settings: Settings) -> str | None:
    with run.store.read() as connection:  # what takes long holds up no writer
        try:
            live = live_state(
                connection,
                now=run.now,
                settings=settings.live.settings(),
                names=settings.source_names,
            )
        except NothingSynced:
            return None
    with run.store.begin() as connection:
        minutes = sample(connection, live, run.now)
    return f"{minutes} minutes" if minutes > 1 else None


# Makes a job of the configuration, or None where it has nothing to do.
JOBS: tuple[MakeJob, ...] = (
    _retention,
    _samples,
    forecast_jobs.nightly,
    forecast_jobs.today,
    _risk_scores,
    _risk_model,
)


def jobs_of(settings: Settings) -> tuple[Job, ...]:
    """The jobs of a configuration."""
    return tuple(job for make in JOBS if (job := make(settings)) is not None)
