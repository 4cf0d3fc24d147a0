"""The queue at any past moment, from facts: who waited for a person then.

A contact waits for a person from its first unanswered question, or from the hand-over by the bot
when that is later, until a person answers, or it is closed or abandoned. What the facts do not
keep (earlier states of a contact that was snoozed or re-opened) cannot be replayed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa

from connectors.columns import to_micros
from connectors.schema import contacts, marks, rounds
from metrics.vocabulary import raw

Ints = npt.NDArray[np.int64]
FOREVER = np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True)
class Waits:
    """Spans [start, end) in µs during which a contact waited for a person."""

    starts: Ints  # ascending
    ends: Ints  # ascending, not in the order of starts
    spans: Ints  # rows of (start, end), by start

    def at(self, moments: Ints) -> Ints:
        """How many waited at each moment: those begun less those ended."""
        begun = np.searchsorted(self.starts, moments, side="right")
        ended = np.searchsorted(self.ends, moments, side="right")
        return np.asarray(begun - ended, dtype=np.int64)


def queue_length(
    connection: sa.Connection, moments: Sequence[datetime], *, queue: str | None = None
) -> list[int]:
    """How many contacts waited for a person at each moment, in one queue or in all."""
    at = np.asarray([to_micros(moment) for moment in moments], dtype=np.int64)
    if not len(at):
        return []
    waits = waits_between(connection, int(at.min()), int(at.max()) + 1, queue=queue)
    return [int(count) for count in waits.at(at)]


def waits_between(
    connection: sa.Connection, since: int, until: int, *, queue: str | None = None
) -> Waits:
    """All waits that touch [since, until), µs."""
    spans = [
        *spans_of_rounds(connection, since, until, queue),
        *spans_of_contacts(connection, since, until, queue),
    ]
    pairs = np.asarray(spans, dtype=np.int64).reshape(-1, 2)
    pairs = pairs[pairs[:, 1] > pairs[:, 0]]
    pairs = pairs[np.argsort(pairs[:, 0], kind="stable")]
    return Waits(pairs[:, 0], np.sort(pairs[:, 1]), pairs)


def spans_of_rounds(
    connection: sa.Connection,
    since: int,
    until: int,
    queue: str | None,
    more: Sequence[sa.Column[Any]] = (),
) -> list[tuple[Any, ...]]:
    """Sources with messages: rounds that the same person's answer ended are one wait. Start and
    end in µs, then the columns of contacts in `more`."""
    answer = raw(rounds.c.person_answered_at)
    same = sa.and_(contacts.c.source == rounds.c.source,
                   contacts.c.contact_id == rounds.c.contact_id)  # fmt: skip
    query = (
        sa.select(sa.func.min(raw(rounds.c.asked_at)), answer, *_limits(), *more)
        .select_from(rounds.join(contacts, same))
        .where(
            raw(rounds.c.asked_at) < until,
            sa.or_(answer.is_(None), answer > since),
            *_person(queue),
        )
        .group_by(
            rounds.c.source,
            rounds.c.contact_id,
            answer,
            contacts.c.queued_at,
            contacts.c.status,
            contacts.c.closed_at,
            contacts.c.abandoned_at,
            *more,
        )
    )
    return [
        (max(asked, queued or asked), _end(answered, closed, abandoned), *rest)
        for asked, answered, queued, closed, abandoned, *rest in connection.execute(query)
    ]


def spans_of_contacts(
    connection: sa.Connection,
    since: int,
    until: int,
    queue: str | None,
    more: Sequence[sa.Column[Any]] = (),
) -> list[tuple[Any, ...]]:
    """Sources without messages: the wait for the first answer, and the present one."""
    told = sa.select(marks.c.source).where(marks.c.statement == "messages")
    c = contacts.c
    times = (raw(c.opened_at), raw(c.first_reply_at), raw(c.waiting_since))
    query = sa.select(*times, *_limits(), *more).where(
        c.source.not_in(told),
        raw(c.opened_at) < until,
        sa.or_(c.first_reply_at.is_(None), raw(c.first_reply_at) > since,
               c.waiting_since.is_not(None)),
        *_person(queue),
    )  # fmt: skip
    spans: list[tuple[Any, ...]] = []
    for opened, replied, waiting, queued, closed, abandoned, *rest in connection.execute(query):
        end = _end(replied, closed, abandoned)
        if end != FOREVER:
            handed = queued is not None and queued <= end
            spans.append((queued if handed else opened, end, *rest))
        if waiting is not None:
            spans.append((waiting, FOREVER, *rest))
    return spans


def _limits() -> list[sa.ColumnElement[Any]]:
    """Hand-over, and what ends every wait: closing and abandoning, where they still hold."""
    c = contacts.c
    closed = sa.case((c.status == "closed", raw(c.closed_at)))
    return [raw(c.queued_at), closed, raw(c.abandoned_at)]


def _person(queue: str | None) -> list[sa.ColumnElement[bool]]:
    """Contacts that came to people: neither with the bot nor parked, nor opened by us alone."""
    c = contacts.c
    no = [c.bot_only, c.outbound_only]
    conditions: list[sa.ColumnElement[bool]] = [
        sa.func.coalesce(flag, sa.false()).is_(sa.false()) for flag in no
    ]
    conditions.append(c.status.not_in(["bot", "snoozed"]))
    if queue is not None:
        conditions.append(c.queue == queue)
    return conditions


def _end(answered: int | None, closed: int | None, abandoned: int | None) -> int:
    return min((one for one in (answered, closed, abandoned) if one is not None), default=FOREVER)
