"""How many contacts waited in a queue during a span: who was hit while something was wrong.

A contact waits from its customer's question, or from reaching people where that was later, until a
person answers or it ends. Where a source gives no messages, its first wait is all that is known.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from connectors.schema import contacts, rounds
from metrics.vocabulary import raw

# A wait that began longer ago than this is a forgotten contact rather than one that was hit.
LONGEST = timedelta(days=1)


def waited_between(
    connection: sa.Connection,
    queue: str,
    since: datetime,
    until: datetime,
    *,
    source: str | None = None,
) -> int | None:
    """Contacts of the queue that waited for a person at any moment between the two instants.

    None where nothing is known: no contact ever came to this queue.
    """
    here = [contacts.c.queue == queue]
    if source is not None:
        # Not the bare column: SQLite would read all of the source rather than a day by its index.
        here.append(contacts.c.source.concat("") == source)
    if connection.execute(sa.select(contacts.c.contact_id).where(*here).limit(1)).first() is None:
        return None
    early = since - LONGEST
    ended = sa.func.coalesce(raw(contacts.c.closed_at), raw(contacts.c.abandoned_at))
    asked = (
        sa.select(contacts.c.source, contacts.c.contact_id)
        .join(
            rounds,
            sa.and_(
                rounds.c.source == contacts.c.source,
                rounds.c.contact_id == contacts.c.contact_id,
            ),
        )
        .where(
            *here,
            sa.or_(contacts.c.bot_only.is_(None), contacts.c.bot_only.is_(False)),
            rounds.c.asked_at >= early,
            rounds.c.asked_at <= until,
            sa.or_(contacts.c.queued_at.is_(None), contacts.c.queued_at <= until),
            _not_before(sa.func.coalesce(raw(rounds.c.person_answered_at), ended), since),
        )
    )
    began = sa.func.coalesce(raw(contacts.c.queued_at), raw(contacts.c.opened_at))
    first = sa.select(contacts.c.source, contacts.c.contact_id).where(
        *here,
        sa.or_(contacts.c.bot_only.is_(None), contacts.c.bot_only.is_(False)),
        sa.or_(contacts.c.outbound_only.is_(None), contacts.c.outbound_only.is_(False)),
        contacts.c.opened_at >= early,
        began <= sa.literal(until, contacts.c.opened_at.type),
        _not_before(sa.func.coalesce(raw(contacts.c.first_reply_at), ended), since),
    )
    both = sa.union(asked, first).subquery()
    return int(connection.execute(sa.select(sa.func.count()).select_from(both)).scalar_one())


def _not_before(moment: sa.ColumnElement[int], since: datetime) -> sa.ColumnElement[bool]:
    """Unknown is still to come."""
    return sa.or_(moment.is_(None), moment >= sa.literal(since, contacts.c.opened_at.type))
