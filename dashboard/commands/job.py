"""`job`: the worker's jobs, how they went last, and running one now."""

from __future__ import annotations

import os
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path
from queue import Queue
from typing import NoReturn

import click

from alerts import job_log
from alerts.job_process import ANSWER
from alerts.jobs import Job, JobHealth, JobRun, next_start
from dashboard.commands.options import config_option, settings_of, store_of
from dashboard.jobs import jobs_of
from dashboard.settings import Settings

LESS_URGENT = 10  # nice: the ticks come first


@click.command()
@click.argument("name", required=False)
@click.option("--tied", is_flag=True, hidden=True, help="End when standard input ends.")
@config_option
def job(name: str | None, tied: bool, config: Path) -> None:
    """List the worker's jobs, or run the job NAME now.

    Example: deskpulse job retention
    """
    settings = settings_of(config)
    jobs = {one.name: one for one in jobs_of(settings)}
    if name is None:
        _list(jobs, settings)
        return
    if name not in jobs:
        raise click.BadParameter(f"there is no job '{name}'; known: {', '.join(jobs)}")
    turns: Queue[str] = Queue()
    if tied:
        os.nice(LESS_URGENT)
        threading.Thread(target=_end_with_input, args=(turns,), daemon=True).start()
    if tied and jobs[name].stays:
        _stay(jobs[name], settings, turns)
    click.echo(_run(jobs[name], settings))


def _stay(wanted: Job, settings: Settings, turns: Queue[str]) -> NoReturn:
    """Run whenever the worker asks, until it ends."""
    while True:
        turns.get()
        click.echo(ANSWER + _run(wanted, settings))


def _run(wanted: Job, settings: Settings) -> str:
    """What was done: the worker reads the last line, which also says what went wrong."""
    store = store_of(settings)
    try:
        note = wanted.run(JobRun(store=store, now=datetime.now(UTC), stop=threading.Event()))
    finally:
        store.close()
    return note or "done"


def _end_with_input(turns: Queue[str]) -> None:
    for line in sys.stdin:
        turns.put(line)
    os._exit(1)


def _list(jobs: dict[str, Job], settings: Settings) -> None:
    store = store_of(settings)
    with store.read() as connection:
        known = job_log.load(connection)
    store.close()
    now, zone = datetime.now(UTC), settings.app.timezone
    for one in jobs.values():
        health = known.get(one.name)
        turn = next_start(one, health, now=now, zone=zone).astimezone(zone)
        click.echo(f"{one.name:20} next {turn:%Y-%m-%d %H:%M}  {_went(health)}")


def _went(health: JobHealth | None) -> str:
    if health is None:
        return "never ran"
    if health.ended_at is None:
        return "runs now, or its worker ended before it did"
    length = (health.ended_at - health.started_at).total_seconds()
    how = f"failed: {health.error}" if health.error else health.note or "done"
    return f"took {length:.1f} s, {how}"
