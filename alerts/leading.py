"""One term of leading: from taking the lock to losing it or being told to stop.

APScheduler starts what runs beside the ticks (pacing.py); the tick itself runs in the main thread,
as soon as a source was read and soon after an interval without, so that silence is noticed too.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from alerts import heartbeat, outbox
from alerts.ack_links import open_ack_links
from alerts.book import AlertBook, SourceWatch, rule_book
from alerts.clock_watch import Jump
from alerts.condition import Gathering
from alerts.delivery import Delivery, Post
from alerts.job_runner import JobDesk, JobRunner
from alerts.leader import Leadership
from alerts.memory_store import keep_pasts, recall_pasts
from alerts.numbers import Numbers
from alerts.own_jobs import leaders_jobs
from alerts.pacing import Pace
from alerts.ping import Ping
from alerts.pipeline import Reading, evaluate_and_record
from alerts.polling import SourcePolling
from alerts.render import Wording
from alerts.rule_store import StoredRules
from alerts.self_watch import SelfWatch, observe_watch
from alerts.settings import rules_of
from alerts.situation import Trends
from alerts.store import begin_term
from alerts.telling.book import TellingBook
from alerts.ticking import TickCounts, TickSteps, keep_ticking
from alerts.trouble import Trouble
from alerts.worker_plan import WorkerPlan
from connectors.errors import StoreError
from connectors.store import Store
from metrics.refresh import fill, refresh_dirty

log = logging.getLogger(__name__)
TROUBLES = ("jobs_failed", "intervals_failed", "beat_failed", "memory_failed")
STORE_WITHIN = timedelta(seconds=8)
LONGEST_PAUSE_S = 3.0
STOP_WITHIN = timedelta(seconds=5)
JOBS_EVERY = timedelta(seconds=2)
HEAVY_AFTER = timedelta(minutes=1)
INTERVALS_EVERY = timedelta(seconds=1)
ASIDE = timedelta(seconds=0.5)  # or half a shorter poll: between the polls and what follows them
FILLING_S = 0.5  # of each of those intervals: polls write between the steps


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
        self._prompt = store.within(STORE_WITHIN)  # a store that hangs must not stop the watch
        self._leadership = leadership
        self._clock = clock
        self._beat = replace(beat, leader=True)
        self._counts = TickCounts()
        self._troubles = {name: Trouble(log, name) for name in TROUBLES}
        self._news = threading.Event()
        self._polls = [
            SourcePolling(store, source, plan.folder, clock=clock, on_turn=self._news.set)
            for source in plan.sources
        ]
        names = tuple(receiver.name for receiver in plan.receivers)
        watch = SourceWatch(plan.alerts.source_down, plan.alerts.source_down_after, names)
        self._stored = StoredRules(plan.rules, plan.kpis, names)
        rules = rules_of(plan.rules, receivers=names, zone=plan.zone)
        self._rules = rule_book(rules, watch, plan.kpis)
        self._numbers = Numbers(
            plan.live, rules, plan.zone, [s.name for s in plan.sources], plan.kpis,
            plan.staffing,
        )  # fmt: skip
        self._book = AlertBook(telling=TellingBook(plan.telling))
        self._trends = Trends()
        self._delivery = Delivery(plan.receivers, self._post())
        self._pace = Pace()
        self._watch = SelfWatch(plan.alerts.self_watch, plan.alerts.blocked_after, names)
        turns = sum(1 / source.poll.total_seconds() for source in plan.sources)
        self._gathering = Gathering(names, turns_per_s=turns)
        url = plan.alerts.heartbeat_url
        every = plan.alerts.heartbeat_every
        self._ping = Ping(url.get_secret_value(), every) if url else None

    def run(self, stop: threading.Event) -> None:
        log.info("event=leading worker=%s sources=%d rules=%d", self._beat.worker_id,
                 len(self._polls), len(self._plan.rules))  # fmt: skip
        with self._prompt.begin() as connection:
            term = begin_term(connection)
            self._gathering.begin(connection, self._clock(), time.monotonic())
            recall_pasts(connection, self._numbers.memory, self._clock())
        self._delivery.start()
        if self._ping:
            self._ping.start()
        jobs = self._jobs(term)
        self._schedule(jobs)
        try:
            self._ticks(stop, term, jobs)
        finally:
            if self._ping:
                self._ping.stop()
            self._pace.stop()
            jobs.stop(within=STOP_WITHIN)
            self._delivery.stop(within=STOP_WITHIN)
            for poll in self._polls:
                poll.close()
            self._record_beat(leader=False)
            log.info("event=stopped worker=%s ticks=%d", self._beat.worker_id, self._counts.ticks)

    def _ticks(self, stop: threading.Event, term: int, jobs: JobRunner) -> None:
        steps = TickSteps(
            tick=partial(self._tick, term, jobs),
            held=self._leadership.held,
            jumped=self._jumped,
            beat=partial(self._record_beat, leader=True),
        )
        keep_ticking(
            steps, self._counts, stop=stop, news=self._news, span=self._plan.tick, clock=self._clock
        )

    def _jumped(self, jump: Jump) -> None:
        """Read every source once before judging anybody: their last reads are of another time."""
        if jump.by:
            self._gathering.jumped(jump.by.total_seconds(), time.monotonic())
        if jump.set_back:
            with self._prompt.begin() as connection:
                outbox.hasten(connection, now=self._clock())
            self._delivery.wake()
        seen = [poll.turns for poll in self._polls]
        self._pace.rouse()
        deadline = time.monotonic() + LONGEST_PAUSE_S
        while any(poll.turns == turns for poll, turns in zip(self._polls, seen, strict=True)):
            if not self._news.wait(max(0.0, deadline - time.monotonic())):
                return
            self._news.clear()

    def _follow_rules(self) -> None:
        """Take up rules that were made or changed in the page since the last tick."""
        changed = self._stored.news(self._prompt)
        if changed is None:
            return
        names = self._rules.sources.receivers
        rules = rules_of(changed, receivers=names, zone=self._plan.zone)
        self._rules = rule_book(rules, self._rules.sources, self._plan.kpis)
        self._numbers.follow(rules)

    def _tick(self, term: int, jobs: JobRunner) -> None:
        now, steady = self._clock(), time.monotonic()
        self._follow_rules()
        measurements = self._numbers.read(self._prompt, now)
        readings = [poll.reading() for poll in self._polls]
        condition = self._gathering.condition(self._prompt, jobs.known, now, steady)
        watch = observe_watch(condition, self._watch)
        reading = Reading(now, measurements, readings, self._numbers.failures, watch)
        done = evaluate_and_record(self._prompt, self._book, self._rules, reading, term=term)
        self._trends.sample(self._book.lively(), now)
        if done.queued:
            self._delivery.wake()
        self._gathering.ticked(steady, self._pace.skipped)
        if self._ping:
            self._ping.tick_done()
        self._attempt(
            "memory_failed", partial(keep_pasts, self._prompt, self._numbers.memory, now, term=term)
        )

    def _schedule(self, jobs: JobRunner) -> None:
        for poll in self._polls:
            name = f"poll {poll.settings.name}"
            self._pace.every(poll.settings.poll, poll.poll, name=name, promised=True)
        aside = min([ASIDE, *(source.poll / 2 for source in self._plan.sources)])
        refresh = partial(self._attempt, "intervals_failed", self._refresh)
        self._pace.every(INTERVALS_EVERY, refresh, name="intervals", after=aside)
        self._pace.every(
            JOBS_EVERY, partial(self._attempt, "jobs_failed", jobs.look), name="jobs", after=aside
        )
        self._pace.start()

    def _attempt(self, name: str, work: Callable[[], None]) -> None:
        """What no tick depends on: a store in trouble is said, and it is tried again."""
        try:
            work()
        except StoreError as error:
            self._troubles[name].failed(error)
        else:
            self._troubles[name].over()

    def _jobs(self, term: int) -> JobRunner:
        plan = self._plan
        jobs = leaders_jobs(
            plan, self._store, term=term, clock=self._clock, queued=self._delivery.wake
        )
        desk = JobDesk(self._store, plan.zone, self._clock, term, plan.job_argv, HEAVY_AFTER)
        return JobRunner(jobs, desk)

    def _refresh(self) -> None:
        """KPIs of what the last polls brought: apart from them, or every notice would wait."""
        refresh_dirty(self._store, self._plan.kpis)
        until = time.monotonic() + FILLING_S
        fill(self._store, self._plan.kpis, go_on=lambda: time.monotonic() < until)

    def _record_beat(self, *, leader: bool) -> None:
        counts = self._counts
        self._beat = replace(
            self._beat,
            beat_at=self._clock(),
            leader=leader,
            ticks=counts.ticks,
            failed=counts.failed,
            skipped=self._pace.skipped,
            jumps=counts.jumps,
            tick_ms=counts.last_ms,
            tick_seconds=counts.times.text(),
            error=counts.error,
        )

        def record() -> None:
            with self._prompt.begin() as connection:
                heartbeat.record(connection, self._beat)

        self._attempt("beat_failed", record)

    def _post(self) -> Post:
        plan = self._plan
        links = open_ack_links(self._store, plan.alerts)
        wordings = {
            receiver.name: Wording(
                receiver.language or plan.language, plan.zone, plan.alerts.public_url, plan.kpis,
                ack_links=links,
            )
            for receiver in plan.receivers
        }  # fmt: skip
        return Post(self._prompt, self._beat.worker_id, wordings, plan.alerts.give_up_after,
                    trends=self._trends, clock=self._clock)  # fmt: skip
