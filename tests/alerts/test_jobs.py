"""Jobs: when they start, that a slow or broken one disturbs nobody, what is kept of each run."""

from __future__ import annotations

import sys
import threading
import time as clock
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from alerts import job_log
from alerts.job_runner import JobDesk, JobRunner
from alerts.jobs import TRY_AGAIN, Job, JobHealth, JobRun, ended, next_start, started
from connectors.errors import StoreUnavailable
from connectors.store import Store
from tests.alerts.factories import SHANGHAI, START, at, seconds

HOURLY = timedelta(hours=1)


def nothing(_run: JobRun) -> None:
    return None


def job(**changes: Any) -> Job:
    values: dict[str, Any] = {
        "name": "forecast", "run": nothing, "every": HOURLY, "limit": seconds(60), "apart": False,
    }  # fmt: skip
    if "at" in changes:
        del values["every"]
    return Job(**(values | changes))


def due(one: Job, health: JobHealth | None, now: datetime) -> datetime:
    return next_start(one, health, now=now, zone=SHANGHAI)


def run_at(begin: float, length: float = 10, error: str | None = None) -> JobHealth:
    return ended(started(None, job(), now=at(begin)), job(), now=at(begin + length), error=error)


def test_a_job_that_never_ran_is_due_at_once_and_then_by_its_interval():
    assert due(job(), None, START) == START
    assert due(job(), run_at(0), at(20)) == at(3600)


def test_a_failed_job_is_tried_again_sooner():
    assert due(job(), run_at(0, error="no"), at(20)) == at(10) + TRY_AGAIN
    assert due(job(every=seconds(60)), run_at(0, error="no"), at(20)) == at(60)


def test_a_daily_job_runs_at_its_time_in_the_shops_zone():
    nightly = job(at=time(4, 10))
    assert due(nightly, run_at(0), at(20)) == datetime(2026, 11, 11, 20, 10, tzinfo=UTC)


def test_a_clock_set_back_does_not_hold_a_job_up():
    assert due(job(), run_at(0), START - HOURLY) == START - HOURLY


def test_a_run_that_died_with_its_worker_is_a_failure_and_tried_again():
    died = started(None, job(), now=START)
    assert due(job(), died, at(20)) == START + TRY_AGAIN
    assert started(died, job(), now=at(900)).failures == 1


@given(st.integers(0, 400_000), st.integers(0, 30))
def test_a_turn_is_never_left_out_by_more_than_a_day(after: int, length: int):
    nightly = job(at=time(2, 30))
    turn = due(nightly, run_at(after, length), at(after + length))
    assert at(after) < turn <= at(after) + timedelta(days=1)
    assert turn.astimezone(SHANGHAI).time() == time(2, 30)


def runner(store: Store, *jobs: Job, argv: Callable[[str], list[str]] | None = None) -> JobRunner:
    return JobRunner(jobs, JobDesk(store, SHANGHAI, lambda: datetime.now(UTC), 1, argv))


def settle(one: JobRunner, store: Store, *, runs: int = 1) -> dict[str, JobHealth]:
    """Look until every job known has ended that often."""
    deadline = clock.monotonic() + 30
    while clock.monotonic() < deadline:
        one.look()
        with store.read() as connection:
            known = job_log.load(connection)
        if known and all(h.ended_at is not None and h.runs >= runs for h in known.values()):
            return known
        clock.sleep(0.02)
    raise AssertionError("the jobs did not end")


def test_what_a_job_did_is_kept_and_it_does_not_run_again_before_its_turn(store: Store):
    calls: list[int | None] = []

    def work(run: JobRun) -> str:
        calls.append(run.term)
        return "12 series"

    one = runner(store, job(run=work))
    health = settle(one, store)["forecast"]
    one.look()
    assert calls == [1]
    assert (health.note, health.error, health.failures, health.runs) == ("12 series", None, 0, 1)
    assert health.good_at == health.ended_at
    settle(runner(store, job(run=work)), store)  # another leader, the same store
    assert calls == [1]


def test_a_slow_job_holds_up_neither_the_look_nor_another_job(store: Store):
    go_on, quick = threading.Event(), threading.Event()

    def slow(_run: JobRun) -> None:
        assert go_on.wait(20)

    def fast(_run: JobRun) -> None:
        quick.set()

    one = runner(store, job(name="slow", run=slow), job(name="fast", run=fast))
    one.look()
    assert quick.wait(20)
    go_on.set()
    assert {h.error for h in settle(one, store).values()} == {None}


def test_a_job_that_fails_says_why_and_one_that_stumbles_shows_no_values(store: Store):
    def unavailable(_run: JobRun) -> None:
        raise StoreUnavailable("the store cannot be used")

    def broken(_run: JobRun) -> None:
        raise KeyError("a customer's name")

    known = settle(runner(store, job(run=unavailable), job(name="b", run=broken)), store)
    assert known["forecast"].error == "the store cannot be used"
    assert known["b"].error == "KeyError; see the log"


def test_a_thread_that_takes_too_long_is_told_to_stop_and_counts_as_failed(store: Store):
    def patient(run: JobRun) -> None:
        assert run.stop.wait(20)

    health = settle(runner(store, job(run=patient, limit=seconds(0))), store)["forecast"]
    assert health.error == "it took longer than 0s"
    assert health.failures == 1


def command(code: str) -> Callable[[str], list[str]]:
    return lambda _name: [sys.executable, "-c", code]


def test_a_job_apart_ends_with_a_word_or_a_sentence_or_is_killed(store: Store):
    apart = job(apart=True)
    well = runner(store, apart, argv=command("print('working'); print('12 series')"))
    assert settle(well, store)["forecast"].note == "12 series"
    name = {"name": "bad"}
    bad = runner(store, job(apart=True, **name),
                 argv=command("import sys; sys.exit('deskpulse: no such series')"))  # fmt: skip
    assert settle(bad, store)["bad"].error == "no such series"
    hung = runner(store, job(name="hung", apart=True, limit=seconds(0.3)),
                  argv=command("import time; time.sleep(60)"))  # fmt: skip
    assert settle(hung, store)["hung"].error == "it took longer than 300ms"


def test_a_worker_that_is_stopped_breaks_jobs_off_without_a_failure(store: Store):
    now = [START]
    hangs = command("import time; time.sleep(60)")
    for turn in range(1, 4):
        one = JobRunner([job(apart=True)], JobDesk(store, SHANGHAI, lambda: now[0], turn, hangs))
        one.look()
        now[0] += seconds(9)
        one.stop(within=seconds(5))
        with store.read() as connection:
            health = job_log.load(connection)["forecast"]
        assert (health.failures, health.runs, health.ended_at) == (0, turn, now[0])
        assert health.error == "its worker was stopped before it ended"
        now[0] += TRY_AGAIN
        assert due(job(), health, now[0]) == now[0]


def test_a_leader_that_stops_late_leaves_the_next_ones_record_alone(store: Store):
    one = runner(store, job(apart=True), argv=command("import time; time.sleep(60)"))
    one.look()
    other = replace(one.known["forecast"], started_at=datetime.now(UTC), runs=2)
    with store.begin() as connection:
        job_log.record(connection, other)
    one.stop(within=seconds(5))
    with store.read() as connection:
        assert job_log.load(connection)["forecast"] == other


STAYING = """
import sys
for n, line in enumerate(sys.stdin, start=1):
    print("working", flush=True)
    if n == 3:
        sys.exit("deskpulse: no such series")
    print(f"\\x1erun {n}", flush=True)
"""


def test_a_process_that_stays_is_asked_again_and_replaced_when_it_ended(store: Store):
    now = [START]
    desk = JobDesk(store, SHANGHAI, lambda: now[0], 1, command(STAYING))
    one = JobRunner([job(apart=True, stays=True)], desk)
    told: list[str | None] = []
    for runs in range(1, 5):
        health = settle(one, store, runs=runs)["forecast"]
        told.append(health.error or health.note)
        now[0] += HOURLY
    one.stop(within=seconds(10))
    assert told == ["run 1", "run 2", "no such series", "run 1"]


def test_a_staying_process_that_takes_too_long_is_killed(store: Store):
    hung = runner(store, job(apart=True, stays=True, limit=seconds(0.3)),
                  argv=command("import time; time.sleep(60)"))  # fmt: skip
    assert settle(hung, store)["forecast"].error == "it took longer than 300ms"
    hung.stop(within=seconds(10))


def test_a_job_apart_waits_until_the_worker_has_caught_up_and_a_light_one_does_not(store: Store):
    desk = JobDesk(store, SHANGHAI, lambda: datetime.now(UTC), 1, command("pass"), calm=HOURLY)
    one = JobRunner([job(name="heavy", apart=True), job(name="light")], desk)
    assert settle(one, store).keys() == {"light"}
    one.look()
    assert one.known.keys() == {"light"}
