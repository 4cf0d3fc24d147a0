"""Every wait for a person of a span, per queue, read once: what a rule is replayed on.

The same waits as replay.py's, which counts them at single moments.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import sqlalchemy as sa

from connectors.schema import contacts
from metrics.known_queues import KNOWN_FOR
from metrics.measurement import Labels, labels_of
from metrics.population import Ints
from metrics.replay import spans_of_contacts, spans_of_rounds

_KNOWN_FOR = KNOWN_FOR * 86_400_000_000


def past_waits(connection: sa.Connection, since: int, until: int) -> dict[Labels, Ints]:
    """Per queue (labels channel, queue, source) an array of [start, end) in µs, ordered by start;
    queues without a wait, but with contacts lately, have an empty one."""
    found: dict[Labels, list[tuple[int, int]]] = {
        labels: [] for labels in _queues(connection, since, until)
    }
    where = [contacts.c.source, contacts.c.queue, contacts.c.channel]
    for spans in (
        spans_of_rounds(connection, since, until, None, where),
        spans_of_contacts(connection, since, until, None, where),
    ):
        for start, end, source, queue, channel in spans:
            if end > start:
                labels = labels_of(source=source, queue=queue, channel=channel)
                found.setdefault(labels, []).append((start, end))
    return {labels: _sorted(spans) for labels, spans in found.items()}


def pooled(waits: Iterable[Ints]) -> Ints:
    """Those of several queues as one."""
    return _sorted([tuple(one) for part in waits for one in part.tolist()])


def _sorted(spans: list[tuple[int, ...]] | list[tuple[int, int]]) -> Ints:
    pairs = np.asarray(spans, dtype=np.int64).reshape(-1, 2)
    found: Ints = pairs[np.argsort(pairs[:, 0], kind="stable")]
    return found


def _queues(connection: sa.Connection, since: int, until: int) -> list[Labels]:
    c = contacts.c
    query = (
        sa.select(c.source, c.queue, c.channel)
        .where(c.opened_at >= since - _KNOWN_FOR, c.opened_at < until)
        .distinct()
    )
    return [labels_of(source=s, queue=q, channel=ch) for s, q, ch in connection.execute(query)]
