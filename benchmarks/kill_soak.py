"""A worker killed outright again and again, at random moments, while breaches come and go.

Each breach must be told and each end too, none before it happened; a message may come twice only
with the same key. tests/alerts/test_crash.py does the same to the part that decides and sends.
"""

from __future__ import annotations

import json
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.figures import head
from benchmarks.soak_lanes import Lane, Message, Outcome
from benchmarks.warm_worker import WarmWorkers
from tests.connectors.desk import Desk
from tests.flow.processes import write_config
from tests.servers import PostgresServer, WebhookSink

WAITING = 3  # contacts that make a breach: the rule is "> 2"
GIVE_UP_S = 900.0  # far beyond what a worker needs that dies every few seconds
LONGEST_LIFE_S = 2.5  # after it began to lead
COLD = 0.1  # the share that starts from nothing, and may die before it leads
LONGEST_START_S = 8.0


class Soak:
    """The desk, the sink, and the worker that dies."""

    def __init__(self, folder: Path, store_url: str, sink: WebhookSink, seed: int) -> None:
        self._folder, self._sink = folder, sink
        self._chance = random.Random(seed)
        self._desk = Desk(folder / "desk.db")
        self._config = write_config(
            folder, store=store_url, source=self._desk.url, webhook=sink.url, poll="500ms"
        )
        self._db = sqlite3.connect(folder / "desk.db", isolation_level=None, timeout=60)
        self._number, self._read = 0, 0
        self._log = folder / "worker.log"
        self._log.touch()
        self._warm = WarmWorkers(self._config, self._log)
        self._cold: subprocess.Popen[bytes] | None = None
        self._dies_at: float | None = None
        self._lanes: dict[str, Lane] = {}
        self.outcome = Outcome()

    def run(self, *, breaches: int, kills: int, lanes: int) -> Outcome:
        out = self.outcome
        self._lanes = {f"q{number}": Lane(f"q{number}", out) for number in range(lanes)}
        self._start()
        try:
            while out.breaches < breaches or any(
                one.breached_at is not None for one in self._lanes.values()
            ):
                if out.kills < kills and self._doomed():
                    self._end()
                    out.kills += 1
                    self._start()
                self._listen()
                allowed = min(breaches, breaches * (out.kills + 1) / max(1, kills))
                for lane in self._lanes.values():
                    self._step(lane, start=out.breaches < allowed)
                time.sleep(0.02)
            self._listen()
        finally:
            self._end()
            self._warm.close()
            self._db.close()
        return out

    def _start(self) -> None:
        self._said = self._log.stat().st_size
        self._dies_at = None
        if self._chance.random() >= COLD:
            self._warm.start()
            return
        argv = [sys.executable, "-m", "dashboard.cli", "worker", "-c", str(self._config)]
        with self._log.open("ab") as log:
            self._cold = subprocess.Popen(argv, stdout=log, stderr=log, cwd=self._folder)
        self._dies_at = time.monotonic() + self._chance.uniform(0, LONGEST_START_S)

    def _end(self) -> None:
        if self._cold is None:
            self._warm.kill()
            return
        self._cold.kill()
        self._cold.wait()
        self._cold = None

    def _doomed(self) -> bool:
        """Most live a random while after they began to lead, some die before."""
        if self._dies_at is None:
            if self._log.stat().st_size > self._said:
                self._dies_at = time.monotonic() + self._chance.uniform(0, LONGEST_LIFE_S)
            return False
        return time.monotonic() >= self._dies_at

    def _step(self, lane: Lane, *, start: bool) -> None:
        now = time.monotonic()
        if lane.breached_at is None:
            if start and self._chance.random() < 0.05:
                self._breach(lane)
        elif lane.cleared_at is None:
            told = lane.episode is not None and self._chance.random() < 0.04
            if told or now > lane.breached_at + GIVE_UP_S:
                self._clear(lane)
        elif now > lane.cleared_at + GIVE_UP_S:
            lane.give_up()

    def _breach(self, lane: Lane) -> None:
        first = self._number + 1
        self._number += WAITING
        lane.breach(time.monotonic())  # before the commit: it may be told at once
        self._db.execute("BEGIN IMMEDIATE")
        for number in range(first, first + WAITING):
            self._db.execute(
                "INSERT INTO contacts (contact_id, queue, channel, status, opened_at,"
                " waiting_since) VALUES (?, ?, 'chat', 'open', ?, ?)",
                (number, lane.queue, _now(), _now()),
            )
        self._db.execute("COMMIT")

    def _clear(self, lane: Lane) -> None:
        self._listen()
        lane.clear(time.monotonic())  # before the commit: nothing may say so earlier
        self._db.execute(
            "UPDATE contacts SET status = 'closed', closed_at = ?, waiting_since = NULL"
            " WHERE queue = ? AND status = 'open'",
            (_now(), lane.queue),
        )

    def _listen(self) -> None:
        arrived = self._sink.requests
        for request in arrived[self._read :]:
            if len(request.body) != int(request.headers["content-length"]):
                continue  # cut off by the kill in its middle: no message
            body: dict[str, Any] = json.loads(request.body)
            for alert in body["alerts"]:
                if alert["rule"] == "queue-too-long":
                    queue, episode = alert["labels"]["queue"], int(alert["key"].rsplit("-", 1)[1])
                    one = Message(queue, alert["status"], episode, body["key"], request.monotonic)
                    self._lanes[queue].hear(one)
        self._read = len(arrived)


def _now() -> str:
    return datetime.now(UTC).isoformat()


def run() -> None:
    head("Kill soak: 1,000 breaches, the worker killed outright at 200 random moments")
    with tempfile.TemporaryDirectory() as folder, WebhookSink() as sink:
        say("SQLite store", Soak(Path(folder), "sqlite:///store.db", sink, 7))
    with (
        tempfile.TemporaryDirectory() as folder,
        WebhookSink() as sink,
        PostgresServer() as server,
    ):
        say("PostgreSQL store", Soak(Path(folder), server.create_database().url, sink, 8))


def say(name: str, soak: Soak, *, breaches: int = 1000, kills: int = 200) -> None:
    began = time.monotonic()
    out = soak.run(breaches=breaches, kills=kills, lanes=40)
    print(
        f"{name}: {out.breaches} breaches, {out.kills} kills in {time.monotonic() - began:.0f} s: "
        f"{out.told} told, {out.ended} ends told, {len(out.lost)} lost, "
        f"{len(out.false_resolves)} false resolves, {out.copies} copies with the same key "
        f"({out.late_copies} of an earlier episode), {len(out.strangers)} with another; "
        f"slowest first message {out.slowest_s:.1f} s",
        flush=True,
    )
    for trouble in (*out.lost, *out.false_resolves, *out.strangers):
        print(f"  {trouble}", flush=True)
