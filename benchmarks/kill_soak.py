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
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.figures import head
from tests.connectors.desk import Desk
from tests.flow.processes import write_config
from tests.servers import PostgresServer, WebhookSink

WAITING = 3  # contacts that make a breach: the rule is "> 2"
GIVE_UP_S = 900.0  # far beyond what a worker needs that dies every few seconds
LONGEST_LIFE_S = 10.0
EARLY_DEATHS = 0.1


@dataclass(slots=True)
class Lane:
    """One queue: a breach, its end, and the next breach."""

    queue: str
    breached_at: float | None = None
    cleared_at: float | None = None
    clear_after: float = 0.0
    told: bool = False


@dataclass(slots=True)
class Outcome:
    """What became of all. `copies`: messages that came again; `strangers`: with another key."""

    breaches: int = 0
    kills: int = 0
    lost: list[str] = field(default_factory=list)
    false_resolves: list[str] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)
    copies: int = 0
    slowest_s: float = 0.0

    @property
    def clean(self) -> bool:
        return not (self.lost or self.false_resolves or self.strangers)


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
        self._dies_at: float | None = None
        self._seen: dict[str, list[tuple[str, str, float]]] = {}
        self.outcome = Outcome()

    def run(self, *, breaches: int, kills: int, lanes: int) -> Outcome:
        out, queues = self.outcome, [Lane(f"q{number}") for number in range(lanes)]
        self._start()
        try:
            while out.breaches < breaches or any(one.breached_at for one in queues):
                if out.kills < kills and self._doomed():
                    self._end()
                    out.kills += 1
                    self._start()
                self._listen()
                allowed = breaches * (out.kills + 1) / max(1, kills)
                for lane in queues:
                    self._step(lane, start=out.breaches < min(breaches, allowed))
                time.sleep(0.02)
        finally:
            self._end()
            self._db.close()
        return out

    def _start(self) -> None:
        argv = [sys.executable, "-m", "dashboard.cli", "worker", "-c", str(self._config)]
        with self._log.open("ab") as log:
            self._worker = subprocess.Popen(argv, stdout=log, stderr=log, cwd=self._folder)
        self._said = self._log.stat().st_size
        early = self._chance.random() < EARLY_DEATHS
        self._dies_at = (
            time.monotonic() + self._chance.uniform(0, LONGEST_LIFE_S) if early else None
        )

    def _end(self) -> None:
        self._worker.kill()
        self._worker.wait()

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
            return
        if lane.cleared_at is None:
            if self._heard(lane, "firing", since=lane.breached_at):
                lane.told, lane.clear_after = True, lane.clear_after or now + self._chance.random()
            if (lane.told and now >= lane.clear_after) or now > lane.breached_at + GIVE_UP_S:
                self._clear(lane)
        elif self._heard(lane, "resolved", since=lane.cleared_at):
            self._close(lane)
        elif now > lane.cleared_at + GIVE_UP_S:
            self.outcome.lost.append(f"end of the breach of {lane.queue}")
            self._close(lane)

    def _breach(self, lane: Lane) -> None:
        first = self._number + 1
        self._number += WAITING
        self._db.execute("BEGIN IMMEDIATE")
        for number in range(first, first + WAITING):
            self._db.execute(
                "INSERT INTO contacts (contact_id, queue, channel, status, opened_at,"
                " waiting_since) VALUES (?, ?, 'chat', 'open', ?, ?)",
                (number, lane.queue, _now(), _now()),
            )
        self._db.execute("COMMIT")
        self._seen[lane.queue] = []
        lane.breached_at, lane.cleared_at = time.monotonic(), None
        lane.told, lane.clear_after = False, 0.0
        self.outcome.breaches += 1

    def _clear(self, lane: Lane) -> None:
        self._listen()
        if not lane.told:
            self.outcome.lost.append(f"breach of {lane.queue}")
        lane.cleared_at = time.monotonic()  # before the commit: nothing may say so earlier
        self._db.execute(
            "UPDATE contacts SET status = 'closed', closed_at = ?, waiting_since = NULL"
            " WHERE queue = ? AND status = 'open'",
            (_now(), lane.queue),
        )

    def _close(self, lane: Lane) -> None:
        """Judge what arrived about this breach, and let the queue rest."""
        assert lane.breached_at
        heard = self._seen[lane.queue]
        for status in ("firing", "resolved"):
            keys = [key for what, key, _ in heard if what == status]
            self.outcome.copies += max(0, len(keys) - 1)
            if len(set(keys)) > 1:
                self.outcome.strangers.append(f"{lane.queue}: {status} with {sorted(set(keys))}")
        early = [at for what, _, at in heard if what == "resolved" and at < (lane.cleared_at or 0)]
        self.outcome.false_resolves += [lane.queue] * len(early)
        told = min((at for what, _, at in heard if what == "firing"), default=0.0)
        self.outcome.slowest_s = max(self.outcome.slowest_s, told - lane.breached_at)
        lane.breached_at = lane.cleared_at = None

    def _heard(self, lane: Lane, status: str, *, since: float) -> bool:
        return any(what == status and at >= since for what, _, at in self._seen[lane.queue])

    def _listen(self) -> None:
        arrived = self._sink.requests
        for request in arrived[self._read :]:
            if len(request.body) != int(request.headers["content-length"]):
                continue  # cut off by the kill in its middle: no message
            body: dict[str, Any] = json.loads(request.body)
            for alert in body["alerts"]:
                if alert["rule"] == "queue-too-long":
                    entry = (alert["status"], body["key"], request.monotonic)
                    self._seen.setdefault(alert["labels"]["queue"], []).append(entry)
        self._read = len(arrived)


def _now() -> str:
    return datetime.now(UTC).isoformat()


def run() -> None:
    head("Kill soak: 1,000 breaches, the worker killed outright at 200 random moments")
    with tempfile.TemporaryDirectory() as folder, WebhookSink() as sink:
        _say("SQLite store", Soak(Path(folder), "sqlite:///store.db", sink, 7))
    with (
        tempfile.TemporaryDirectory() as folder,
        WebhookSink() as sink,
        PostgresServer() as server,
    ):
        _say("PostgreSQL store", Soak(Path(folder), server.create_database().url, sink, 8))


def _say(name: str, soak: Soak) -> None:
    began = time.monotonic()
    out = soak.run(breaches=1000, kills=200, lanes=40)
    print(
        f"{name}: {out.breaches} breaches, {out.kills} kills in {time.monotonic() - began:.0f} s: "
        f"{len(out.lost)} lost, {len(out.false_resolves)} false resolves, {out.copies} copies "
        f"with the same key, {len(out.strangers)} with another; "
        f"slowest first message {out.slowest_s:.1f} s",
        flush=True,
    )
    for trouble in (*out.lost, *out.false_resolves, *out.strangers):
        print(f"  {trouble}", flush=True)
