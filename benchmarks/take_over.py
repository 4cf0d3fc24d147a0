"""Two workers, the leader killed outright: how soon the other tells of the next breach."""

from __future__ import annotations

import json
import random
import statistics
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

from benchmarks.figures import head, say
from tests.connectors.desk import Desk
from tests.flow.processes import Running, started, write_config
from tests.servers import PostgresServer, WebhookSink

ROUNDS = 10
WITHIN_S = 60.0


def run() -> None:
    head(f"Take-over: the leader killed {ROUNDS} times, a breach at that moment, poll 1 s")
    with tempfile.TemporaryDirectory() as folder, WebhookSink() as sink:
        _measure("SQLite store", Path(folder), "sqlite:///store.db", sink)
    with (
        tempfile.TemporaryDirectory() as folder,
        WebhookSink() as sink,
        PostgresServer() as server,
    ):
        _measure("PostgreSQL store", Path(folder), server.create_database().url, sink)


def _measure(name: str, folder: Path, store: str, sink: WebhookSink) -> None:
    desk, chance = Desk(folder / "desk.db"), random.Random(3)
    config = str(write_config(folder, store=store, source=desk.url, webhook=sink.url))
    delays = []
    with ExitStack() as stack:

        def start(number: int) -> Running:
            log = folder / f"{number}.log"
            return stack.enter_context(started("worker", "-c", config, log=log))

        leader = start(0)
        leader.wait_for("event=backfilled")
        for number in range(1, ROUNDS + 1):
            other = start(number)
            other.wait_for("event=standing_by")
            time.sleep(chance.random())
            killed = time.monotonic()
            leader.kill()
            _breach(desk, number)
            delays.append(_told(sink, f"q{number}") - killed)
            leader = other
        time.sleep(5)  # for what might come twice
    keys = Counter(key for _, key, _ in _heard(sink))
    said = Counter((queue, key) for queue, key, _ in _heard(sink))
    say(f"{name}: killed → told by the other, median", f"{statistics.median(delays):.2f} s")
    say(f"{name}: killed → told by the other, longest", f"{max(delays):.2f} s", "≤ 3 s")
    say(f"{name}: messages", str(sum(keys.values())), f"{ROUNDS}: nothing twice")
    assert len(said) == ROUNDS, said


def _breach(desk: Desk, number: int) -> None:
    for contact in range(3):
        desk.contact(number * 10 + contact, queue=f"q{number}", waiting_since=0)


def _told(sink: WebhookSink, queue: str) -> float:
    deadline = time.monotonic() + WITHIN_S
    while time.monotonic() < deadline:
        for about, _, at in _heard(sink):
            if about == queue:
                return at
        time.sleep(0.01)
    raise AssertionError(f"{queue} was not told of within {WITHIN_S} s")


def _heard(sink: WebhookSink) -> list[tuple[str, str, float]]:
    """(queue, key, when) of every message about a queue."""
    found = []
    for request in sink.requests:
        body = json.loads(request.body)
        found += [
            (alert["labels"]["queue"], body["key"], request.monotonic)
            for alert in body["alerts"]
            if alert["rule"] == "queue-too-long"
        ]
    return found
