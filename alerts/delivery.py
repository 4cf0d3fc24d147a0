"""Sending what the outbox holds: one thread per receiver, so that none waits for another.

`wake` right after a commit; a slow look every few seconds finds what other processes put there.
The order per alert, the lease and the outcome are outbox.py; how often a receiver may be written to
is allowance.py; how to send is transports/.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from alerts import allowance, outbox
from alerts.alert import Notification
from alerts.backoff import LONGEST_RETRY_AFTER, falls_back, next_try
from alerts.content import Bundle, Content, TestNote, bundled
from alerts.errors import SendError
from alerts.receivers import ReceiverSettings
from alerts.render import Wording
from alerts.situation import Trends, situations_of
from alerts.templates import BadTemplate, written
from alerts.transports.kinds import TRANSPORTS, Transport, bucket_name, transport_for
from alerts.trouble import Trouble
from connectors.errors import StoreError
from connectors.store import Store

log = logging.getLogger(__name__)

LOOK_EVERY = timedelta(seconds=5)
# Time to record the outcome, on top of the time a receiver has to answer (twice: a redirect).
LEASE_SLACK = timedelta(seconds=20)
TROUBLE_PAUSE_S = 1.0
# Messages that queued up behind a rate limit share one, as many as fit the shortest platform's.
MOST_TOGETHER = 20


@dataclass(frozen=True, slots=True)
class Post:
    """What every lane works with. `clock` gives aware UTC, `spread` a number in [0, 1)."""

    store: Store
    worker: str
    wordings: Mapping[str, Wording]  # by receiver
    give_up_after: timedelta
    trends: Trends = field(default_factory=Trends)
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    spread: Callable[[], float] = random.random


class Delivery:
    """All receivers' lanes. `start` once, `wake` often, `stop` ends after what is being sent."""

    def __init__(self, receivers: Sequence[ReceiverSettings], post: Post) -> None:
        self._post = post
        self._receivers = receivers
        self._stop = threading.Event()
        self._lanes = {one.name: _Lane(one, post, self._stop, self._wake_one) for one in receivers}

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
        for lane in self._lanes.values():
            lane.thread.start()

    def wake(self) -> None:
        for lane in self._lanes.values():
            lane.woken.set()

    def _wake_one(self, receiver: str) -> None:
        if receiver in self._lanes:
            self._lanes[receiver].woken.set()

    def stop(self, *, within: timedelta) -> bool:
        """True when every lane ended; one that hangs is left behind, its message stays due."""
        self._stop.set()
        self.wake()
        deadline = time.monotonic() + within.total_seconds()
        started = [lane.thread for lane in self._lanes.values() if lane.thread.ident is not None]
        for thread in started:
            thread.join(max(0.0, deadline - time.monotonic()))
        return not any(thread.is_alive() for thread in started)


@dataclass(frozen=True, slots=True)
class _Ready:
    """Messages that are to go as one, or how long to rest until there are any."""

    messages: Sequence[outbox.Message] = ()
    rest_s: float = 0.0


class _Lane:
    """One receiver: one message at a time, oldest first; several as one behind a rate limit."""

    def __init__(
        self,
        receiver: ReceiverSettings,
        post: Post,
        stop: threading.Event,
        wake: Callable[[str], None],
    ) -> None:
        self.woken = threading.Event()
        self.thread = threading.Thread(target=self._run, name=f"send {receiver.name}", daemon=True)
        self._receiver = receiver
        self._post = post
        self._stop = stop
        self._wake = wake
        self._lease = 2 * receiver.timeout + LEASE_SLACK
        self._left_alone_until = 0.0  # monotonic: the receiver asked for it

    def _run(self) -> None:
        transport = transport_for(self._receiver)
        trouble = Trouble(log, "lane_trouble", f"receiver={self._receiver.name!r}")
        try:
            while not self._stop.is_set():
                try:
                    pause = self._round(transport)
                    trouble.over()
                except Exception as error:  # noqa: BLE001 - the lane must outlive what happens
                    trouble.failed(error, trace=not isinstance(error, StoreError))
                    pause = TROUBLE_PAUSE_S
                self._rest(pause)
        finally:
            transport.close()

    def _rest(self, pause: float) -> None:
        """A new message ends the rest, unless the receiver asked to be left alone."""
        alone = self._alone_s()
        if alone > 0:
            aside = self._receiver.fallback is not None  # what waits too long goes there
            self._stop.wait(min(alone, LOOK_EVERY.total_seconds()) if aside else alone)
        elif pause > 0:
            self.woken.wait(pause)
        self.woken.clear()

    def _alone_s(self) -> float:
        """For how much longer the receiver asked to be left alone."""
        return self._left_alone_until - time.monotonic()

    def _round(self, transport: Transport) -> float:
        """Sends what is due as one message; returns how many seconds to rest."""
        if self._alone_s() > 0:
            return self._step_aside()
        ready = self._claim()
        if not ready.messages:
            return ready.rest_s
        content = bundled([one.note for one in ready.messages])
        wording, remark = self._wording(content, ready.messages[0])
        try:
            status = self._send(transport, content, wording)
        except SendError as error:
            return max(self._failed(one, error) for one in ready.messages)
        sent_as = content.key if isinstance(content, Bundle) else None

        def record(connection: sa.Connection, now: datetime) -> None:
            for one in ready.messages:
                outbox.record_sent(connection, one, now=now, http_status=status, sent_as=sent_as,
                                   remark=remark)  # fmt: skip

        self._record(record)
        log.info("event=sent receiver=%r key=%s messages=%d", self._receiver.name, content.key,
                 len(ready.messages))  # fmt: skip
        return 0.0

    # --- what goes next -----------------------------------------------------------------------

    def _claim(self) -> _Ready:
        """Messages and the token they take are committed together: a crash sends none too many."""
        now, name = self._post.clock(), self._receiver.name
        with self._post.store.read() as connection:  # most looks find nothing: no write lock
            due = outbox.next_due(connection, name, now=now)
        if due != now:
            return _Ready(rest_s=self._until(due, now))
        limits = TRANSPORTS[self._receiver.type].limits
        with self._post.store.begin() as connection:
            if not limits:
                return self._take(connection, now, 1)
            place = bucket_name(self._receiver)
            bucket = allowance.load(connection, place, limits, now=now)
            if (free_at := bucket.free_at(now)) > now:
                return _Ready(rest_s=self._until(free_at, now))
            ready = self._take(connection, now, self._together(connection, bucket, now))
            if ready.messages:
                allowance.save(connection, place, bucket.take(now))
            return ready

    def _together(self, connection: sa.Connection, bucket: allowance.Bucket, now: datetime) -> int:
        """How many messages go as one: 1 as long as all that wait may soon go by themselves."""
        name, soon = self._receiver.name, bucket.soon(now)
        if soon is None or outbox.next_kind(connection, name, now=now) != outbox.ALERT:
            return 1
        return 1 if outbox.count_waiting(connection, name) <= soon else MOST_TOGETHER

    def _take(self, connection: sa.Connection, now: datetime, most: int) -> _Ready:
        messages = outbox.claim(
            connection,
            worker=self._post.worker,
            receiver=self._receiver.name,
            now=now,
            lease=self._lease,
            limit=most,
            kind=outbox.ALERT if most > 1 else None,
        )
        # A moment at least: what is due and can't be claimed is in another worker's hands.
        return _Ready(messages, 0.0 if messages else 0.2)

    def _until(self, moment: datetime | None, now: datetime) -> float:
        longest = LOOK_EVERY.total_seconds()
        if moment is None:
            return longest
        return min(max((moment - now).total_seconds(), 0.2), longest)

    # --- sending ------------------------------------------------------------------------------

    def _wording(self, content: Content, first: outbox.Message) -> tuple[Wording, str | None]:
        """The reader's wording with what is known now, and what was wrong with its template."""
        wording = replace(self._post.wordings[self._receiver.name], instead_of=first.instead_of)
        if not isinstance(content, Notification | Bundle):
            return wording, None
        now = self._post.clock()
        try:
            with self._post.store.read() as connection:
                known = situations_of(connection, content, self._post.trends)
            wording = replace(wording, situations=known)
        except StoreError as error:  # the message itself says enough
            log.warning("event=no_situation receiver=%r error=%s", self._receiver.name, error)
        if self._receiver.template is None:
            return wording, None
        pen = TRANSPORTS[self._receiver.type].pen
        try:
            own = written(self._receiver.template, content, wording, pen, now=now)
        except BadTemplate as error:
            log.error("event=bad_template receiver=%r error=%s", self._receiver.name, error)
            return wording, f"its template failed, the standard text was sent: {error}"
        return replace(wording, own_text=own), None

    def _send(self, transport: Transport, content: Content, wording: Wording) -> int:
        try:
            return transport.send(content, wording, now=self._post.clock())
        except SendError:
            raise
        except Exception as error:  # a message nobody can render must not block those behind it
            log.exception("event=unsendable receiver=%r", self._receiver.name)
            raise SendError(
                f"receiver {self._receiver.name!r}: the message could not be made; see the log",
                permanent=True,
            ) from error

    # --- failing ------------------------------------------------------------------------------

    def _failed(self, message: outbox.Message, error: SendError) -> float:
        now, name = self._post.clock(), self._receiver.name
        if error.retry_after:
            asked = min(error.retry_after, LONGEST_RETRY_AFTER)
            self._left_alone_until = time.monotonic() + asked.total_seconds()
        age = now - message.queued_at
        test = isinstance(message.note, TestNote)
        fallback = None if test else self._receiver.fallback
        if fallback is not None and falls_back(error, age=age):
            self._move(message, error, fallback)
            return 0.0
        with self._post.store.read() as connection:
            refusals = outbox.refusals(connection, message)
        wait = next_try(
            error,
            age=age,
            refusals=refusals,
            give_up_after=timedelta(0) if test else self._post.give_up_after,
            spread=self._post.spread(),
        )
        next_at = None if wait is None else now + wait

        def record(connection: sa.Connection, now: datetime) -> None:
            outbox.record_failure(connection, message, error, worker=self._post.worker, now=now,
                                  next_at=next_at)  # fmt: skip

        self._record(record)
        if wait is None:
            log.error("event=gave_up receiver=%r key=%s error=%r", name, message.note.key,
                      str(error))  # fmt: skip
            return 0.0
        log.warning("event=not_sent receiver=%r retry_s=%.1f error=%r",
                    name, wait.total_seconds(), str(error))  # fmt: skip
        # Refused: the receiver answers, and the next message may be to its liking.
        return 0.0 if error.permanent else wait.total_seconds()

    def _step_aside(self) -> float:
        """While the receiver is left alone, what it can't get in time goes to its fall-back."""
        now, name, fallback = self._post.clock(), self._receiver.name, self._receiver.fallback
        if fallback is None:
            return self._alone_s()
        left = timedelta(seconds=max(0.0, self._alone_s()))
        error = SendError(f"receiver {name!r} asked to be left alone", retry_after=left)
        with self._post.store.begin() as connection:
            oldest = outbox.oldest_due(connection, name, now=now)
            if oldest is None or not falls_back(error, age=now - oldest):
                return LOOK_EVERY.total_seconds()
            messages = self._take(connection, now, 1).messages
        for one in messages:
            self._move(one, error, fallback)
        return 0.0

    def _move(self, message: outbox.Message, error: SendError, fallback: str) -> None:
        def record(connection: sa.Connection, now: datetime) -> None:
            outbox.move(connection, message, error, to=fallback, worker=self._post.worker, now=now)

        self._record(record)
        log.warning("event=moved receiver=%r to=%r key=%s error=%r", self._receiver.name, fallback,
                    message.note.key, str(error))  # fmt: skip
        self._wake(fallback)

    def _record(self, write: Callable[[sa.Connection, datetime], None]) -> None:
        """Tries until the outcome is stored: sending on without it would send this one again."""
        while True:
            try:
                with self._post.store.begin() as connection:
                    return write(connection, self._post.clock())
            except StoreError as error:
                log.warning("event=not_recorded receiver=%r error=%s", self._receiver.name, error)
                if self._stop.wait(TROUBLE_PAUSE_S):
                    return None
