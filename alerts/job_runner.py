"""Starting the leader's jobs, each in a thread or process of its own, and ending slow ones.

`look` is called every few seconds and never waits; when a job is due is jobs.py.
"""

from __future__ import annotations

import logging
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from alerts import job_log
from alerts.errors import AlertsError
from alerts.job_process import JobProcess
from alerts.jobs import Job, JobHealth, JobRun, ended, next_start, put_off, started
from connectors.durations import format_duration
from connectors.errors import ConnectorError
from connectors.store import Store
from metrics.errors import MetricsError

log = logging.getLogger(__name__)
LOOK_AT_PROCESS_S = 0.2
LONGEST_NOTE = 300  # characters
RECORD_WITHIN = timedelta(seconds=2)  # that jobs were broken off, when a term ends


@dataclass(frozen=True, slots=True)
class JobDesk:
    """What every job of a term is run with.

    `argv` makes the command that runs a job in a process of its own: it ends when its standard
    input does, says in a last line what was done or went wrong, and exits with 0 if all went well.
    That of a job that stays is asked for each run instead (job_process.py).
    `calm`: no such command starts for so long after the term began, when a worker has much to
    catch up with and needs the processor for itself.
    """

    store: Store
    zone: ZoneInfo
    clock: Callable[[], datetime]
    term: int
    argv: Callable[[str], Sequence[str]] | None = None
    calm: timedelta = timedelta(0)


class JobRunner:
    """The jobs of one term of leading. `known`: how each went last, by name."""

    def __init__(self, jobs: Sequence[Job], desk: JobDesk) -> None:
        self._jobs = jobs
        self._desk = desk
        self.known: dict[str, JobHealth] = {}
        self._loaded = False
        self._calm_until = time.monotonic() + desk.calm.total_seconds()
        self._running: dict[str, _Running] = {}
        self._staying: dict[str, JobProcess] = {}

    def look(self) -> None:
        """Start what is due. Raises StoreError; nothing was started then that isn't recorded."""
        now = self._desk.clock()
        if not self._loaded:
            names = {job.name for job in self._jobs}
            with self._desk.store.read() as connection:
                known = job_log.load(connection)
            self.known = {name: one for name, one in known.items() if name in names}
            self._loaded = True
        self._running = {name: one for name, one in self._running.items() if not self._over(one)}
        waiting = [job for job in self._jobs if job.name not in self._running]
        turns = {job: next_start(job, self.known.get(job.name), now=now, zone=self._desk.zone)
                 for job in waiting}  # fmt: skip
        for job in sorted(waiting, key=lambda job: turns[job]):
            if turns[job] <= now and not (job.apart and self._crowded()):
                self._start(job, now)

    def stop(self, *, within: timedelta) -> None:
        """End processes, ask threads to; one that doesn't is left behind."""
        deadline = time.monotonic() + within.total_seconds()
        going = [one for one in self._running.values() if one.thread.is_alive()]
        for one in self._running.values():
            one.stop.set()
        for process in self._staying.values():
            process.kill()
        for one in self._running.values():
            one.thread.join(max(0.0, deadline - time.monotonic()))
        if going:
            self._put_off([one.health for one in going])

    def _put_off(self, health: Sequence[JobHealth]) -> None:
        """Record that these were broken off, unless another leader has started them again: nobody
        shall be alerted of a worker that was stopped on purpose."""
        try:
            with self._desk.store.within(RECORD_WITHIN).begin() as connection:
                known = job_log.load(connection)
                for one in health:
                    if known.get(one.name) == one:
                        job_log.record(connection, put_off(one, now=self._desk.clock()))
        except ConnectorError as error:
            log.warning("event=jobs_not_put_off error=%s", error)

    def _crowded(self) -> bool:
        """Whether a job in a process of its own has to wait."""
        calm = self._desk.argv is not None and time.monotonic() < self._calm_until
        return calm or any(one.job.apart for one in self._running.values())

    def _start(self, job: Job, now: datetime) -> None:
        health = started(self.known.get(job.name), job, now=now)
        with self._desk.store.begin() as connection:
            job_log.record(connection, health)
        self.known[job.name] = health
        self._running[job.name] = _Running(job, health, self._desk, self._process(job))

    def _process(self, job: Job) -> JobProcess | None:
        """The one that stayed for this job, or another where it ended."""
        if not (job.apart and job.stays and self._desk.argv):
            return None
        stayed = self._staying.get(job.name)
        if stayed is None or not stayed.alive:
            if stayed is not None:
                stayed.kill()  # closes its pipes
            stayed = self._staying[job.name] = JobProcess(self._desk.argv(job.name))
        return stayed

    def _over(self, running: _Running) -> bool:
        """Whether a run ended and is recorded; says once when it takes too long."""
        running.watch()
        if running.thread.is_alive():
            return False
        if running.stop.is_set() and not running.overdue:
            return True  # ended by us with the term: the next leader runs it again
        job, error = running.job, running.error
        health = ended(running.health, job, now=self._desk.clock(), note=running.note, error=error)
        with self._desk.store.begin() as connection:
            job_log.record(connection, health)
        self.known[job.name] = health
        if error:
            log.error("event=job_failed job=%s error=%s", job.name, error)
        return True


class _Running:
    """One run of a job. `note` and `error` hold when the thread has ended."""

    def __init__(
        self, job: Job, health: JobHealth, desk: JobDesk, staying: JobProcess | None = None
    ) -> None:
        self.job, self.health = job, health
        self.stop = threading.Event()
        self.note: str | None = None
        self.error: str | None = None
        self.overdue = False
        self._desk = desk
        self._staying = staying
        self._since = time.monotonic()
        work: Callable[[], None] = self._here
        if staying is not None:
            work = partial(self._again, staying)
        elif job.apart and desk.argv:
            work = partial(self._in_process, desk.argv(job.name))
        self.thread = threading.Thread(target=work, name=f"job {job.name}", daemon=True)
        self.thread.start()

    def watch(self) -> None:
        limit = self.job.limit.total_seconds()
        if self.overdue or time.monotonic() - self._since <= limit or not self.thread.is_alive():
            return
        self.overdue = True
        self.stop.set()
        if self._staying is not None:
            self._staying.kill()
        log.error("event=job_overdue job=%s limit_s=%.0f", self.job.name, limit)

    def _here(self) -> None:
        desk = self._desk
        run = JobRun(store=desk.store, now=desk.clock(), stop=self.stop, term=desk.term)
        try:
            note = self.job.run(run)
        except Exception as error:  # a job must not take the worker down
            known = isinstance(error, ConnectorError | MetricsError | AlertsError)
            if not known:
                log.exception("event=job_trouble job=%s", self.job.name)
            self.error = _short(str(error)) if known else f"{type(error).__name__}; see the log"
            return
        self.note = note and _short(note)
        if self.overdue:
            self.error = self._too_long()

    def _in_process(self, argv: Sequence[str]) -> None:
        with (
            tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as said,
            # Its input ends with us, however we end, and then so does the job.
            subprocess.Popen(  # noqa: S603 - our own command
                list(argv),
                stdin=subprocess.PIPE,
                stdout=said,
                stderr=subprocess.STDOUT,
            ) as process,
        ):
            while process.poll() is None and not self.stop.wait(LOOK_AT_PROCESS_S):
                pass
            process.kill()
            code = process.wait()
            said.seek(0)
            lines = said.read().splitlines()
        for line in lines[:-1]:
            self._log(line)
        self._ended(code, lines[-1] if lines else None)

    def _again(self, process: JobProcess) -> None:
        try:
            code, last = process.ask(self._log)
        except ValueError:  # its pipes were closed: it was killed
            code, last = 1, None
        self._ended(code, last)

    def _ended(self, code: int, last: str | None) -> None:
        said = _short(last.removeprefix("deskpulse: ")) if last else None
        if self.overdue:
            self.error = self._too_long()
        elif code:
            self.error = said or f"it ended with code {code}; see the log"
        else:
            self.note = said

    def _log(self, line: str) -> None:
        log.info("event=job_said job=%s %s", self.job.name, line)

    def _too_long(self) -> str:
        return f"it took longer than {format_duration(self.job.limit)}"


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_NOTE else f"{text[: LONGEST_NOTE - 1]}…"
