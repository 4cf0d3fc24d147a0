"""The worker when what it stands on fails: a store that hangs or is full, a clock that is set."""

from __future__ import annotations

import json
import resource
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pytest

from alerts.worker import run_worker
from dashboard.commands.serve import worker_plan
from dashboard.settings import load_settings
from tests.connectors.desk import Desk
from tests.flow.processes import started, write_config
from tests.servers import PostgresServer, WebhookSink

Notice = tuple[str, str, str]


def notices(sink: WebhookSink) -> list[Notice]:
    """(status, rule, queue) of all that arrived, in order."""
    bodies = [json.loads(request.body) for request in sink.requests]
    return [
        (alert["status"], alert["rule"], alert["labels"].get("queue", ""))
        for body in bodies
        for alert in body["alerts"]
    ]


def about(sink: WebhookSink, queue: str) -> list[str]:
    return [status for status, _, name in notices(sink) if name == queue]


def wait_for(sink: WebhookSink, queue: str, status: str, *, within_s: float = 60) -> None:
    deadline = time.monotonic() + within_s
    while status not in about(sink, queue):
        assert time.monotonic() < deadline, f"{queue} {status} not in {notices(sink)}"
        time.sleep(0.02)


def breach(desk: Desk, queue: str, first: int) -> None:
    for number in range(first, first + 3):
        desk.contact(number, queue=queue, waiting_since=0)


def clear(desk: Desk, first: int) -> None:
    for number in range(first, first + 3):
        desk.change(number, status="closed", closed_at=60, waiting_since=None)


def test_a_store_that_hangs_stops_nothing_for_good(
    tmp_path: Path, webhook_sink: WebhookSink, postgres_server: PostgresServer
) -> None:
    desk, database = Desk(tmp_path / "desk.db"), postgres_server.create_database()
    config = write_config(tmp_path, source=desk.url, webhook=webhook_sink.url, store=database.url)
    with started("worker", "-c", str(config), log=tmp_path / "w.log") as worker:
        worker.wait_for("event=backfilled")
        breach(desk, "before", 1)
        wait_for(webhook_sink, "before", "firing")
        worker.wait_for("event=sent")
        with postgres_server.frozen():
            breach(desk, "meanwhile", 11)
            clear(desk, 1)
            worker.wait_for("event=tick_failed")
            worker.wait_for("does not answer; it hangs")
        wait_for(webhook_sink, "meanwhile", "firing")
        wait_for(webhook_sink, "before", "resolved")
        worker.wait_for("event=tick_failed_over")
        assert worker.terminate() == 0
        assert "leadership_lost" not in worker.text()
        assert worker.text().count("event=tick_failed error") <= 2, (
            "it says so, and doesn't go on and on"
        )
    assert about(webhook_sink, "before") == ["firing", "resolved"]
    assert about(webhook_sink, "meanwhile") == ["firing"]
    postgres_server.drop_database(database)


@contextmanager
def no_room(process: int) -> Iterator[None]:
    """The process may write no file: what a full disk is to it."""
    held = psutil.Process(process)
    usual = held.rlimit(resource.RLIMIT_FSIZE)
    held.rlimit(resource.RLIMIT_FSIZE, (0, usual[1]))
    try:
        yield
    finally:
        held.rlimit(resource.RLIMIT_FSIZE, usual)


def test_a_full_disk_is_said_and_loses_nothing(tmp_path: Path, webhook_sink: WebhookSink) -> None:
    desk = Desk(tmp_path / "desk.db")
    config = write_config(tmp_path, source=desk.url, webhook=webhook_sink.url)
    with started("worker", "-c", str(config), log=tmp_path / "w.log", through_pipe=True) as worker:
        worker.wait_for("event=backfilled")
        breach(desk, "before", 1)
        wait_for(webhook_sink, "before", "firing")
        worker.wait_for("event=sent")
        with no_room(worker.process.pid):
            breach(desk, "meanwhile", 11)
            clear(desk, 1)
            worker.wait_for("its disk fails or is full")
        wait_for(webhook_sink, "meanwhile", "firing")
        wait_for(webhook_sink, "before", "resolved")
        assert worker.terminate() == 0
    assert about(webhook_sink, "before") == ["firing", "resolved"]
    assert about(webhook_sink, "meanwhile") == ["firing"]


class SetClock:
    """A clock that somebody sets."""

    def __init__(self) -> None:
        self.by = timedelta(0)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.by


@pytest.mark.parametrize("hours", [1, -1])
def test_a_clock_set_by_an_hour_is_told_and_neither_loses_nor_invents(
    tmp_path: Path, webhook_sink: WebhookSink, hours: int
) -> None:
    desk, clock, stop = Desk(tmp_path / "desk.db"), SetClock(), threading.Event()
    config = write_config(tmp_path, source=desk.url, webhook=webhook_sink.url)
    plan = worker_plan(load_settings(config), config)
    worker = threading.Thread(target=run_worker, args=(plan, stop), kwargs={"clock": clock})
    worker.start()
    try:
        breach(desk, "before", 1)
        wait_for(webhook_sink, "before", "firing")
        clock.by = timedelta(hours=hours)
        wait_for(webhook_sink, "", "firing")
        breach(desk, "after", 11)
        wait_for(webhook_sink, "after", "firing")
        assert about(webhook_sink, "before") == ["firing"], "an hour is no end of a breach"
        clear(desk, 1)
        wait_for(webhook_sink, "before", "resolved")
    finally:
        stop.set()
        worker.join(30)
    assert [rule for _, rule, queue in notices(webhook_sink) if not queue] == ["clock-set"]
    assert about(webhook_sink, "before") == ["firing", "resolved"]
