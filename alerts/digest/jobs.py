"""Making what is due and putting it into the outbox, once per digest and span.

`DigestJob.run` is called every few seconds beside the tick; when something is due is schedule.py.
Row and messages commit together: a crash leaves both or neither.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from alerts import outbox
from alerts.digest.content import Digest, DigestNote
from alerts.digest.gather import Shop, gather, is_whole
from alerts.digest.schedule import Due, agenda
from alerts.digest.settings import DigestSettings
from alerts.store import insert_for, require_term
from connectors import alert_tables
from connectors.errors import StoreError
from connectors.store import Store
from metrics.errors import NothingSynced

log = logging.getLogger(__name__)
BEGUN, QUEUED = "begun", "queued"
# A digest that could not be made is tried again, but not at every look.
TRY_AGAIN = timedelta(minutes=5)
# How long a digest waits, from when it is due or the worker began, for sources to be read past its
# span and for KPIs that are just being computed. Then it is sent and says what is missing.
WAIT = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class DigestPlan:
    """The digests of a configuration and all receivers there are."""

    digests: Sequence[DigestSettings]
    receivers: Sequence[str]
    shop: Shop


class DigestJob:
    """The leader's digests. `term`: only the newest leader's are queued."""

    def __init__(
        self, store: Store, plan: DigestPlan, *, term: int, clock: Callable[[], datetime]
    ) -> None:
        self._store = store
        self._plan = plan
        self._term = term
        self._clock = clock
        self._not_before: dict[str, datetime] = {}
        self._began = clock()

    def run(self) -> int:
        """Makes and queues what is due; returns how many messages are new in the outbox.

        Raises LeadershipLost; what a digest's numbers or the store do wrong is logged.
        """
        if not self._plan.digests:
            return 0
        now = self._clock()
        with self._store.read() as connection:
            told = last_told(connection, now=now)
        found = agenda(self._plan.digests, now=now, zone=self._plan.shop.zone, told=told)
        for due in found.begin:
            self._write(due, (), BEGUN, now)
        waiting = [due for due in found.send if self._may_try(due, now)]
        return sum(self._make(due, now) for due in waiting)

    def _may_try(self, due: Due, now: datetime) -> bool:
        later = self._not_before.get(due.digest.name)
        return later is None or not now < later <= now + TRY_AGAIN

    def _make(self, due: Due, now: datetime) -> int:
        name = due.digest.name
        patient = due.at <= now < max(due.at, self._began) + WAIT
        try:
            with self._store.read() as connection:
                if patient and not is_whole(connection, self._plan.shop, due):
                    return 0  # cheap: asked again at the next look
                self._not_before[name] = now + TRY_AGAIN
                digest = gather(connection, self._plan.shop, due, now=now)
        except NothingSynced:
            return 0  # nothing to tell of yet
        except (StoreError, sa.exc.SQLAlchemyError) as error:
            self._not_before[name] = now + TRY_AGAIN
            log.error("event=digest_failed digest=%r error=%s", name, error)
            return 0
        notes = notes_for(digest, due, receivers_of(due.digest, self._plan.receivers))
        queued = self._write(due, notes, QUEUED, now)
        log.info("event=digest_queued digest=%r until=%s messages=%d", name,
                 due.until.isoformat(), queued)  # fmt: skip
        del self._not_before[name]
        return queued

    def _write(self, due: Due, notes: Sequence[DigestNote], state: str, now: datetime) -> int:
        """Row and messages, or nothing where the span was told meanwhile."""
        with self._store.begin() as connection:
            require_term(connection, self._term)
            insert = insert_for(connection, alert_tables.digests).values(
                name=due.digest.name, until=due.until, since=due.since, due_at=due.at,
                made_at=now, state=state, messages=len(notes),
            )  # fmt: skip
            insert = insert.on_conflict_do_nothing().returning(alert_tables.digests.c.name)
            if not connection.execute(insert).all():
                return 0
            return outbox.enqueue(connection, notes, now=now)


def last_told(connection: sa.Connection, *, now: datetime) -> dict[str, datetime]:
    """Up to when each digest has told; what lies ahead was written by a clock that ran wrong."""
    table = alert_tables.digests.c
    latest = sa.func.max(table.until, type_=table.until.type)
    query = sa.select(table.name, latest).where(table.until <= now).group_by(table.name)
    return {row[0]: row[1] for row in connection.execute(query)}


def receivers_of(digest: DigestSettings, all_receivers: Sequence[str]) -> tuple[str, ...]:
    """A digest that names no receivers is for all."""
    return tuple(all_receivers) if digest.receivers is None else digest.receivers


def notes_for(digest: Digest, due: Due, receivers: Sequence[str]) -> list[DigestNote]:
    """One message per receiver. The key is ASCII and says which digest and span it is."""
    return [
        DigestNote(key=_key(due, receiver), receiver=receiver, digest=digest)
        for receiver in receivers
    ]


def _key(due: Due, receiver: str) -> str:
    parts = [hashlib.sha256(one.encode()).hexdigest()[:8] for one in (due.digest.name, receiver)]
    return f"digest-{parts[0]}-{int(due.until.timestamp())}-{parts[1]}"
