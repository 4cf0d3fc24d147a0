"""A worker killed outright, at the worst moment and at random ones: nothing lost, nothing false."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from connectors import alert_tables
from connectors.store import Store
from tests.servers import Answer, WebhookSink

BREACHES, KILLS = 24, 8


class Worker:
    """tests.alerts.crashing as a process."""

    def __init__(self, store_url: str, lengths: Path, sink: WebhookSink) -> None:
        arguments = [store_url, str(lengths), sink.url]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.alerts.crashing", *arguments],
            stdout=subprocess.PIPE,
            text=True,
        )
        self.wait_for("ready")

    def wait_for(self, word: str) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            if line.startswith(word):
                return
        raise AssertionError(f"the worker ended without saying {word!r}")

    def kill(self) -> None:
        with self._process as process:  # waits, and closes its output
            process.kill()


class Shop:
    """The queue lengths that the worker reads; replaced at once, so that no half is ever read."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "lengths.json"
        self._lengths: dict[str, int] = {}
        self.set("q0", 3)

    def set(self, queue: str, length: int) -> None:
        self._lengths[queue] = length
        draft = self.path.with_suffix(".new")
        draft.write_text(json.dumps(self._lengths))
        draft.replace(self.path)


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


Run = Callable[[WebhookSink], Worker]


@pytest.fixture
def run(store: Store, store_url: str, shop: Shop) -> Iterator[Run]:
    started: list[Worker] = []

    def start(sink: WebhookSink) -> Worker:
        started.append(Worker(store_url, shop.path, sink))
        return started[-1]

    yield start
    for worker in started:
        worker.kill()


class Gate(WebhookSink):
    """Answers only when it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.arrived, self.open = threading.Event(), threading.Event()

    def record(self, request: Any) -> Answer:
        answer = super().record(request)
        self.arrived.set()
        assert self.open.wait(20)
        return answer


def told(sink: WebhookSink, queue: str) -> list[tuple[str, str]]:
    """(status, key) of what arrived about a queue, in order.

    A request cut off by the kill in its middle is no message: its length says so.
    """
    whole = [one for one in sink.requests if len(one.body) == int(one.headers["content-length"])]
    bodies = [json.loads(request.body) for request in whole]
    return [
        (body["status"], body["key"])
        for body in bodies
        if body["alerts"][0]["labels"]["queue"] == queue
    ]


def is_told(sink: WebhookSink, queue: str, status: str) -> bool:
    return status in {seen for seen, _ in told(sink, queue)}


def wait_until(come_about: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not come_about():
        assert time.monotonic() < deadline, "it did not come about within 30 s"
        time.sleep(0.01)


def test_a_worker_killed_between_sending_and_storing_repeats_the_same_key(
    store: Store, shop: Shop, run: Run
):
    with Gate() as sink:
        first = run(sink)
        shop.set("q0", 42)
        assert sink.arrived.wait(20)
        with store.begin() as connection:  # the worker can't store what it hears now
            connection.execute(sa.select(alert_tables.outbox).with_for_update())
            sink.open.set()
            first.wait_for("answered")
            first.kill()
        run(sink)
        wait_until(lambda: len(told(sink, "q0")) == 2)
        shop.set("q0", 3)
        wait_until(lambda: len(told(sink, "q0")) == 3)
    (one, firing), (two, again), (three, resolved) = told(sink, "q0")
    assert (one, two, three) == ("firing", "firing", "resolved")
    assert firing == again != resolved


def test_a_worker_killed_at_random_moments_loses_nothing_and_tells_nothing_false(
    store: Store, shop: Shop, run: Run, webhook_sink: WebhookSink
):
    chance = random.Random(20261111)
    kill_at = set(chance.sample(range(2 * BREACHES), KILLS))
    worker = run(webhook_sink)
    for number in range(BREACHES):
        queue = f"q{number}"
        for step, (length, status) in enumerate(((42, "firing"), (3, "resolved"))):
            assert not is_told(webhook_sink, queue, status)
            shop.set(queue, length)
            if 2 * number + step in kill_at:
                time.sleep(chance.uniform(0, 0.06))
                worker.kill()
                worker = run(webhook_sink)
            wait_until(partial(is_told, webhook_sink, queue, status))
    for number in range(BREACHES):
        seen = told(webhook_sink, f"q{number}")
        assert [status for status, _ in seen] == sorted(status for status, _ in seen)
        assert len(set(seen)) == 2, "a repeat carries the key of the message it repeats"
