"""One term of leading: from taking the lock to losing it or being told to stop.

APScheduler starts what runs beside the ticks (pacing.py); the tick itself runs in the main thread,
as soon as a source was read and at least once per interval, so that silence is noticed too.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

from alerts import heartbeat
from alerts.book import AlertBook, SourceWatch, rule_book
from alerts.delivery import Delivery, Post
from alerts.digest.gather import Shop
from alerts.digest.jobs import DigestJob, DigestPlan
from alerts.digest.settings import DigestSettings
from alerts.errors import LeadershipLost
from alerts.job_runner import JobDesk, JobRunner
from alerts.jobs import Job, JobRun
from alerts.leader import Leadership
from alerts.numbers import Numbers
from alerts.pacing import Pace
from alerts.pipeline import Reading, TickResult, evaluate_and_record
from alerts.polling import SourcePolling
from alerts.receivers import ReceiverSettings
from alerts.render import Wording
from alerts.settings import AlertsSettings, RuleSettings, rules_of
from alerts.store import begin_term
from alerts.telling.book import TellingBook
from alerts.telling.plan import PLAIN, TellingPlan
from connectors.errors import StoreError
from connectors.settings import SourceSettings
from connectors.store import Store
from metrics.kpi import Registry
from metrics.live import LiveSettings
from metrics.refresh import fill, refresh_dirty, refresh_late
from metrics.text import Language

log = logging.getLogger(__name__)
BEAT_EVERY = timedelta(seconds=5)
TROUBLE_PAUSE_S = 1.0
LONGEST_PAUSE_S = 3.0
STOP_WITHIN = timedelta(seconds=5)
JOBS_EVERY = timedelta(seconds=2)
INTERVALS_EVERY = timedelta(seconds=1)
LATE_EVERY = timedelta(minutes=2)
DIGESTS_EVERY = timedelta(seconds=20)


@dataclass(frozen=True, slots=True)
class WorkerPlan:
    """All that the worker is to do, from the configuration."""

    store_url: str
    folder: Path
    zone: ZoneInfo
    language: Language
    tick: timedelta
    live: LiveSettings
    sources: Sequence[SourceSettings]
    alerts: AlertsSettings
    receivers: Sequence[ReceiverSettings]
    rules: Sequence[RuleSettings]
    kpis: Registry
    digests: Sequence[DigestSettings] = ()
    telling: TellingPlan = PLAIN
    name: str = ""  # of the shop
    jobs: Sequence[Job] = ()
    job_argv: Callable[[str], Sequence[str]] | None = None  # see JobDesk


class Leader:
    """What one worker does while it leads."""

    def __init__(
        self,
        plan: WorkerPlan,
        store: Store,
        leadership: Leadership,
        clock: Callable[[], datetime],
        beat: heartbeat.Beat,
    ) -> None:
        self._plan = plan
        self._store = store
        self._leadership = leadership
        self._clock = clock
        self._beat = replace(beat, leader=True)
        self._news = threading.Event()
        self._polls = [
            SourcePolling(
                store, source, plan.folder, kpis=plan.kpis, clock=clock, on_read=self._news.set
            )
            for source in plan.sources
        ]
        names = tuple(receiver.name for receiver in plan.receivers)
        watch = SourceWatch(plan.alerts.source_down, plan.alerts.source_down_after, names)
        rules = rules_of(plan.rules, receivers=names, zone=plan.zone)
        self._rules = rule_book(rules, watch, plan.kpis)
        self._numbers = Numbers(
            plan.live, rules, plan.zone, [s.name for s in plan.sources], plan.kpis
        )
        self._book = AlertBook(telling=TellingBook(plan.telling))
        self._delivery = Delivery(plan.receivers, self._post())
        self._pace = Pace()

    def run(self, stop: threading.Event) -> None:
        log.info("event=leading worker=%s sources=%d rules=%d", self._beat.worker_id,
                 len(self._polls), len(self._plan.rules))  # fmt: skip
        with self._store.begin() as connection:
            term = begin_term(connection)
        self._delivery.start()
        jobs = self._jobs(term)
        self._schedule(jobs)
        try:
            self._ticks(stop, term)
        finally:
            self._pace.stop()
            jobs.stop(within=STOP_WITHIN)
            self._delivery.stop(within=STOP_WITHIN)
            for poll in self._polls:
                poll.close()
            self._record_beat(leader=False)
            log.info("event=stopped worker=%s ticks=%d", self._beat.worker_id, self._beat.ticks)

    def _ticks(self, stop: threading.Event, term: int) -> None:
        watched, beaten = time.monotonic(), 0.0
        while not stop.is_set():
            waited = time.monotonic()
            self._news.wait(self._plan.tick.total_seconds())
            self._news.clear()
            if time.monotonic() - waited > self._plan.tick.total_seconds() + LONGEST_PAUSE_S:
                # This process stood still (suspended, starved): read once before judging anybody.
                log.warning("event=stood_still seconds=%.0f", time.monotonic() - waited)
                self._news.wait(LONGEST_PAUSE_S)
            if time.monotonic() - watched > 1.0:
                watched = time.monotonic()
                if not self._leadership.held():
                    log.error("event=leadership_lost worker=%s", self._beat.worker_id)
                    return
            started = time.perf_counter()
            try:
                if self._tick(term).queued:
                    self._delivery.wake()
            except LeadershipLost as error:
                log.error("event=leadership_lost error=%s", error)
                return
            except Exception as error:  # one bad tick must not end the watch
                known = isinstance(error, StoreError)
                log.error("event=tick_failed error=%s", error, exc_info=not known)
                self._beat = replace(self._beat, error=str(error))
                stop.wait(TROUBLE_PAUSE_S)
                continue
            spent = (time.perf_counter() - started) * 1000
            self._beat = replace(self._beat, ticks=self._beat.ticks + 1, tick_ms=spent, error=None)
            if time.monotonic() - beaten > BEAT_EVERY.total_seconds():
                beaten = time.monotonic()
                self._record_beat(leader=True)

    def _tick(self, term: int) -> TickResult:
        now = self._clock()
        measurements = self._numbers.read(self._store, now)
        readings = [poll.reading() for poll in self._polls]
        reading = Reading(now, measurements, readings, self._numbers.failures)
        return evaluate_and_record(self._store, self._book, self._rules, reading, term=term)

    def _schedule(self, jobs: JobRunner) -> None:
        for poll in self._polls:
            self._pace.every(poll.settings.poll, poll.poll, name=f"poll {poll.settings.name}")
        self._pace.every(INTERVALS_EVERY, self._refresh, name="intervals")
        self._pace.every(JOBS_EVERY, partial(self._look, jobs), name="jobs")
        self._pace.start()

    def _look(self, jobs: JobRunner) -> None:
        try:
            jobs.look()
        except StoreError as error:
            log.error("event=jobs_failed error=%s", error)

    def _jobs(self, term: int) -> JobRunner:
        """Those of the configuration, and our own."""
        plan = self._plan
        jobs = [
            *plan.jobs,
            Job(name="late-intervals", every=LATE_EVERY, limit=timedelta(minutes=10), apart=False,
                run=self._refresh_late),
        ]  # fmt: skip
        if plan.digests:
            digests = self._digests(term)
            jobs.append(
                Job(name="digests", every=DIGESTS_EVERY, limit=timedelta(minutes=10), apart=False,
                    run=partial(self._tell, digests))
            )  # fmt: skip
        desk = JobDesk(self._store, plan.zone, self._clock, term, plan.job_argv)
        return JobRunner(jobs, desk)

    def _digests(self, term: int) -> DigestJob:
        plan = self._plan
        sources = tuple(source.name for source in plan.sources)
        shop = Shop(plan.name, plan.zone, sources, plan.kpis)
        receivers = [receiver.name for receiver in plan.receivers]
        return DigestJob(
            self._store, DigestPlan(plan.digests, receivers, shop), term=term, clock=self._clock
        )

    def _tell(self, digests: DigestJob, _run: JobRun) -> str | None:
        queued = digests.run()
        if queued:
            self._delivery.wake()
        return f"{queued} messages queued" if queued else None

    def _refresh(self) -> None:
        try:
            refresh_dirty(self._store, self._plan.kpis)
            fill(self._store, self._plan.kpis)
        except StoreError as error:
            log.error("event=intervals_failed error=%s", error)

    def _refresh_late(self, _run: JobRun) -> None:
        refresh_late(self._store, self._plan.kpis)

    def _record_beat(self, *, leader: bool) -> None:
        self._beat = replace(
            self._beat, beat_at=self._clock(), leader=leader, skipped=self._pace.skipped
        )
        try:
            with self._store.begin() as connection:
                heartbeat.record(connection, self._beat)
        except StoreError as error:
            log.error("event=beat_failed error=%s", error)

    def _post(self) -> Post:
        plan = self._plan
        wordings = {
            receiver.name: Wording(
                receiver.language or plan.language, plan.zone, plan.alerts.public_url, plan.kpis
            )
            for receiver in plan.receivers
        }
        return Post(self._store, self._beat.worker_id, wordings, plan.alerts.give_up_after,
                    clock=self._clock)  # fmt: skip
