"""Sending what the outbox holds: one thread per receiver, so that none waits for another.

`wake` right after a commit; a slow look every few seconds finds what other processes put there.
The order per alert, the lease and the outcome are outbox.py; how to send is transports/.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

from alerts import outbox
from alerts.backoff import next_try
from alerts.errors import SendError
from alerts.receivers import ReceiverSettings
from alerts.render import Wording
from alerts.transports.kinds import TRANSPORTS, Transport
from connectors.errors import StoreError
from connectors.store import Store

log = logging.getLogger(__name__)

LOOK_EVERY = timedelta(seconds=5)
# Time to record the outcome, on top of the time a receiver has to answer (twice: a redirect).
LEASE_SLACK = timedelta(seconds=20)
TROUBLE_PAUSE_S = 1.0


@dataclass(frozen=True, slots=True)
class Post:
    """What every lane works with. `clock` gives aware UTC, `spread` a number in [0, 1)."""

    store: Store
    worker: str
    wordings: Mapping[str, Wording]  # by receiver
    give_up_after: timedelta
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    spread: Callable[[], float] = random.random


class Delivery:
    """All receivers' lanes. `start` once, `wake` often, `stop` ends after what is being sent."""

    def __init__(self, receivers: Sequence[ReceiverSettings], post: Post) -> None:
        self._post = post
        self._receivers = receivers
        self._stop = threading.Event()
        self._lanes = [_Lane(receiver, post, self._stop) for receiver in receivers]

    def start(self) -> None:
        """For a leader only: what the one before it had in hand is due again."""
        now = self._post.clock()
        with self._post.store.begin() as connection:
            outbox.free_leases(connection)
            names = [one.name for one in self._receivers]
            outbox.bury(connection, names, created_before=now - self._post.give_up_after)
            waiting = outbox.stranded(connection, names)
        for receiver, count in waiting.items():
            log.warning("event=stranded receiver=%r messages=%d", receiver, count)
        for lane in self._lanes:
            lane.thread.start()

    def wake(self) -> None:
        for lane in self._lanes:
            lane.woken.set()

    def stop(self, *, within: timedelta) -> bool:
        """True when every lane ended; one that hangs is left behind, its message stays due."""
        self._stop.set()
        self.wake()
        deadline = time.monotonic() + within.total_seconds()
        started = [lane.thread for lane in self._lanes if lane.thread.ident is not None]
        for thread in started:
            thread.join(max(0.0, deadline - time.monotonic()))
        return not any(thread.is_alive() for thread in started)


class _Lane:
    """One receiver: one message at a time, oldest first."""

    def __init__(self, receiver: ReceiverSettings, post: Post, stop: threading.Event) -> None:
        self.woken = threading.Event()
        self.thread = threading.Thread(target=self._run, name=f"send {receiver.name}", daemon=True)
        self._receiver = receiver
        self._post = post
        self._stop = stop
        self._lease = 2 * receiver.timeout + LEASE_SLACK
        self._left_alone_until = 0.0  # monotonic: the receiver asked for it

    def _run(self) -> None:
        transport = TRANSPORTS[self._receiver.type](self._receiver)
        try:
            while not self._stop.is_set():
                try:
                    pause = self._round(transport)
                except Exception:  # the lane must outlive whatever happens to the store
                    log.exception("event=lane_trouble receiver=%r", self._receiver.name)
                    pause = TROUBLE_PAUSE_S
                self._rest(pause)
        finally:
            transport.close()

    def _rest(self, pause: float) -> None:
        """A new message ends the rest, unless the receiver asked to be left alone."""
        alone = self._left_alone_until - time.monotonic()
        if alone > 0:
            self._stop.wait(alone)
        elif pause > 0:
            self.woken.wait(pause)
        self.woken.clear()

    def _round(self, transport: Transport) -> float:
        """Sends one message if one is due; returns how many seconds to rest."""
        message = self._claim()
        if message is None:
            return self._until_due()
        try:
            status = self._send(transport, message)
        except SendError as error:
            return self._failed(message, error)
        self._record(partial(outbox.record_sent, message=message, http_status=status))
        log.info("event=sent receiver=%r key=%s", self._receiver.name, message.note.key)
        return 0.0

    def _claim(self) -> outbox.Message | None:
        now, name = self._post.clock(), self._receiver.name
        with self._post.store.read() as connection:  # most looks find nothing: no write lock
            if outbox.next_due(connection, name, now=now) != now:
                return None
        with self._post.store.begin() as connection:
            claimed = outbox.claim(
                connection, worker=self._post.worker, receiver=name, now=now, lease=self._lease
            )
        return claimed[0] if claimed else None

    def _until_due(self) -> float:
        now = self._post.clock()
        with self._post.store.read() as connection:
            due = outbox.next_due(connection, self._receiver.name, now=now)
        longest = LOOK_EVERY.total_seconds()
        # A moment at least: what is due and can't be claimed is in another worker's hands.
        return longest if due is None else min(max((due - now).total_seconds(), 0.2), longest)

    def _send(self, transport: Transport, message: outbox.Message) -> int:
        wording = self._post.wordings[self._receiver.name]
        try:
            return transport.send(message.note, wording, now=self._post.clock())
        except SendError:
            raise
        except Exception as error:  # a message nobody can render must not block those behind it
            log.exception("event=unsendable receiver=%r", self._receiver.name)
            raise SendError(
                f"receiver {self._receiver.name!r}: the message could not be made; see the log",
                permanent=True,
            ) from error

    def _failed(self, message: outbox.Message, error: SendError) -> float:
        now, name = self._post.clock(), self._receiver.name
        with self._post.store.read() as connection:
            refusals = outbox.refusals(connection, message)
        wait = next_try(
            error,
            age=now - message.created_at,
            refusals=refusals,
            give_up_after=self._post.give_up_after,
            spread=self._post.spread(),
        )
        self._record(
            partial(
                outbox.record_failure,
                message=message,
                error=error,
                worker=self._post.worker,
                next_at=None if wait is None else now + wait,
            )
        )
        if wait is None:
            log.error("event=gave_up receiver=%r key=%s error=%r", name, message.note.key, error)
            return 0.0
        log.warning("event=not_sent receiver=%r retry_s=%.1f error=%r",
                    name, wait.total_seconds(), str(error))  # fmt: skip
        if error.permanent:
            return 0.0  # the receiver answers: the next message may be to its liking
        if error.retry_after:
            self._left_alone_until = time.monotonic() + wait.total_seconds()
        return wait.total_seconds()

    def _record(self, write: Callable[..., None]) -> None:
        """Tries until the outcome is stored: sending on without it would send this one again."""
        while True:
            try:
                with self._post.store.begin() as connection:
                    return write(connection, now=self._post.clock())
            except StoreError as error:
                log.warning("event=not_recorded receiver=%r error=%s", self._receiver.name, error)
                if self._stop.wait(TROUBLE_PAUSE_S):
                    return None
