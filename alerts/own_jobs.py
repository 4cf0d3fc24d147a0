"""The jobs of a leader: those of the configuration, late numbers and digests.

How jobs run is job_runner.py; what a digest says is digest/.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from alerts.digest.gather import Shop
from alerts.digest.jobs import DigestJob, DigestPlan
from alerts.jobs import Job, JobRun
from alerts.worker_plan import WorkerPlan
from connectors.store import Store
from metrics.refresh import refresh_late

LATE_EVERY = timedelta(minutes=2)
DIGESTS_EVERY = timedelta(seconds=20)
LIMIT = timedelta(minutes=10)


def leaders_jobs(
    plan: WorkerPlan,
    store: Store,
    *,
    term: int,
    clock: Callable[[], datetime],
    queued: Callable[[], None],
) -> list[Job]:
    """Of one term; `queued` is called when there are new messages."""

    def late(_run: JobRun) -> None:
        refresh_late(store, plan.kpis)

    jobs = [
        *plan.jobs,
        Job(name="late-intervals", every=LATE_EVERY, limit=LIMIT, apart=False, run=late),
    ]
    if plan.digests:
        digests = _digests(plan, store, term, clock)

        def tell(_run: JobRun) -> str | None:
            count = digests.run()
            if count:
                queued()
            return f"{count} messages queued" if count else None

        jobs.append(Job(name="digests", every=DIGESTS_EVERY, limit=LIMIT, apart=False, run=tell))
    return jobs


def _digests(plan: WorkerPlan, store: Store, term: int, clock: Callable[[], datetime]) -> DigestJob:
    sources = tuple(source.name for source in plan.sources)
    shop = Shop(plan.name, plan.zone, sources, plan.kpis)
    receivers = [receiver.name for receiver in plan.receivers]
    return DigestJob(store, DigestPlan(plan.digests, receivers, shop), term=term, clock=clock)
