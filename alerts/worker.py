"""The worker process: reads sources, evaluates rules, sends messages. Only its leader works.

APScheduler starts the jobs; the tick itself runs in the main thread, as soon as a source was read
and at least once per interval, so that silence is noticed too.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from apscheduler.events import EVENT_JOB_ERROR, EVENT_JOB_MAX_INSTANCES, EVENT_JOB_MISSED
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from alerts import heartbeat
from alerts.book import AlertBook, SourceWatch, rule_book
from alerts.delivery import Delivery, Post
from alerts.digest.gather import Shop
from alerts.digest.jobs import DigestJob, DigestPlan
from alerts.digest.settings import DigestSettings
from alerts.errors import LeadershipLost
from alerts.leader import Leadership, open_leadership
from alerts.numbers import Numbers
from alerts.pipeline import Reading, TickResult, evaluate_and_record
from alerts.polling import SourcePolling
from alerts.receivers import ReceiverSettings
from alerts.render import Wording
from alerts.settings import AlertsSettings, RuleSettings, rules_of
from alerts.store import begin_term
from connectors.errors import StoreError
from connectors.settings import SourceSettings
from connectors.store import Store, open_store
from metrics.kpi import Registry
from metrics.live import LiveSettings
from metrics.refresh import fill, refresh_dirty, refresh_late
from metrics.text import Language

log = logging.getLogger(__name__)
logging.getLogger("apscheduler").setLevel(logging.ERROR)  # skips are counted by a listener instead
BEAT_EVERY = timedelta(seconds=5)
STANDBY_EVERY_S = 1.0
LONGEST_PAUSE_S = 3.0
STOP_WITHIN = timedelta(seconds=5)
LATE_EVERY_S = 120
DIGESTS_EVERY_S = 20


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
    name: str = ""  # of the shop


def run_worker(
    plan: WorkerPlan,
    stop: threading.Event,
    *,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> None:
    """Work, or stand by until the leader is gone, until `stop` is set. Creates the store."""
    store = open_store(plan.store_url, migrate=True)
    beat = heartbeat.first_beat(clock())
    leadership = open_leadership(plan.store_url, worker=beat.worker_id)
    try:
        while not stop.is_set():
            if _stand_by(leadership, stop):
                _Leader(plan, store, leadership, clock, beat).run(stop)
    finally:
        leadership.release()
        store.close()


def _stand_by(leadership: Leadership, stop: threading.Event) -> bool:
    """Wait until this worker leads; True when it does, False when it is to stop."""
    said = False
    while not stop.is_set():
        if leadership.acquire():
            return True
        if not said:
            log.warning("event=standing_by another worker leads: %s", leadership.holder())
            said = True
        stop.wait(STANDBY_EVERY_S)
    return False


class _Leader:
    """One term of leading: from taking the lock to losing it or being told to stop."""

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
        rules = rules_of(plan.rules, receivers=names)
        self._rules = rule_book(rules, watch, plan.kpis)
        self._numbers = Numbers(
            plan.live, rules, plan.zone, [s.name for s in plan.sources], plan.kpis
        )
        self._book = AlertBook()
        self._delivery = Delivery(plan.receivers, self._post())
        self._skipped = 0

    def run(self, stop: threading.Event) -> None:
        log.info("event=leading worker=%s sources=%d rules=%d", self._beat.worker_id,
                 len(self._polls), len(self._plan.rules))  # fmt: skip
        with self._store.begin() as connection:
            term = begin_term(connection)
        self._delivery.start()
        scheduler = self._scheduler(self._digests(term))
        scheduler.start()
        try:
            self._ticks(stop, term)
        finally:
            scheduler.shutdown(wait=False)
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
                stop.wait(STANDBY_EVERY_S)
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
        reading = Reading(now, measurements, readings)
        return evaluate_and_record(self._store, self._book, self._rules, reading, term=term)

    def _digests(self, term: int) -> DigestJob:
        plan = self._plan
        sources = tuple(source.name for source in plan.sources)
        shop = Shop(plan.name, plan.zone, sources, plan.kpis)
        receivers = [receiver.name for receiver in plan.receivers]
        return DigestJob(
            self._store, DigestPlan(plan.digests, receivers, shop), term=term, clock=self._clock
        )

    def _tell_digests(self, digests: DigestJob) -> None:
        try:
            if digests.run():
                self._delivery.wake()
        except (StoreError, LeadershipLost) as error:  # the tick notices by itself who leads
            log.error("event=digests_failed error=%s", error)

    def _scheduler(self, digests: DigestJob) -> BackgroundScheduler:
        scheduler = BackgroundScheduler(
            timezone=UTC,
            executors={"default": ThreadPoolExecutor(len(self._polls) + 4)},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )
        scheduler.add_listener(
            self._noticed, EVENT_JOB_ERROR | EVENT_JOB_MISSED | EVENT_JOB_MAX_INSTANCES
        )
        now = datetime.now(UTC)
        for poll in self._polls:
            seconds = poll.settings.poll.total_seconds()
            scheduler.add_job(poll.poll, "interval", seconds=seconds, next_run_time=now,
                              id=f"poll {poll.settings.name}")  # fmt: skip
        scheduler.add_job(self._refresh, "interval", seconds=1, id="intervals")
        scheduler.add_job(
            self._refresh_late,
            "interval",
            seconds=LATE_EVERY_S,
            next_run_time=now + timedelta(seconds=LATE_EVERY_S / 10),
            id="late",
        )
        if self._plan.digests:
            scheduler.add_job(self._tell_digests, "interval", seconds=DIGESTS_EVERY_S,
                              next_run_time=now, args=[digests], id="digests")  # fmt: skip
        return scheduler

    def _refresh(self) -> None:
        try:
            refresh_dirty(self._store, self._plan.kpis)
            fill(self._store, self._plan.kpis)
        except StoreError as error:
            log.error("event=intervals_failed error=%s", error)

    def _refresh_late(self) -> None:
        try:
            refresh_late(self._store, self._plan.kpis)
        except StoreError as error:
            log.error("event=late_intervals_failed error=%s", error)

    def _noticed(self, event: object) -> None:
        error = getattr(event, "exception", None)
        if error is not None:
            log.error("event=job_failed job=%s error=%r", getattr(event, "job_id", "?"), error,
                      exc_info=error)  # fmt: skip
        else:
            self._skipped += 1

    def _record_beat(self, *, leader: bool) -> None:
        self._beat = replace(
            self._beat, beat_at=self._clock(), leader=leader, skipped=self._skipped
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
