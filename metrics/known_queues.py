"""Queues that had contacts lately: they are shown and judged with zeros while nobody waits there.

Asked at every tick, so what a block of contacts says is remembered until the block changes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from weakref import WeakKeyDictionary

import numpy as np
import sqlalchemy as sa

from connectors.columns import to_micros
from connectors.schema import kpi_blocks, label_sets
from metrics.intervals import BLOCK
from metrics.label_sets import edition_of
from metrics.packing import unpacked_sets

KNOWN_FOR = 30  # days a queue without contacts is still shown, with zeros
_AT_ONCE = 500  # numbers in one query; more are read all together
Key = tuple[str, str, str]  # source, queue, channel
_BLOCKS = sa.select(kpi_blocks.c.block, kpi_blocks.c.n, kpi_blocks.c.sets).where(
    kpi_blocks.c.kpi == "volume", kpi_blocks.c.block >= sa.bindparam("first")
)


@dataclass(slots=True)
class _Memory:
    """Of one store: the queue behind each number of a label set, the queues of each block.

    A block names queues by their place in `places`: sets of whole numbers are put together faster.
    """

    edition: str | None = None
    keys: dict[int, Key] = field(default_factory=dict)
    places: dict[Key, int] = field(default_factory=dict)
    blocks: dict[int, tuple[bytes, frozenset[int]]] = field(default_factory=dict)


_memories: WeakKeyDictionary[sa.Engine, _Memory] = WeakKeyDictionary()


def known_queues(connection: sa.Connection, read: Mapping[str, datetime]) -> set[Key]:
    """Queues of the sources in `read` (with when each was read) that had contacts lately."""
    first = to_micros(min(read.values()) - timedelta(days=KNOWN_FOR)) // BLOCK
    rows = [tuple(row) for row in connection.execute(_BLOCKS, {"first": first}).all()]
    memory = _memory(connection)
    changed = [row for row in rows if memory.blocks.get(row[0], (None,))[0] != row[2]]
    numbers = {row[0]: np.unique(unpacked_sets([row[1:]])).tolist() for row in changed}
    keys = _keys(connection, {one for some in numbers.values() for one in some}, memory)
    places = dict(memory.places)
    blocks = {row[0]: memory.blocks[row[0]] for row in rows if row[0] not in numbers}
    for number, _, sets in changed:
        queues = {keys[one] for one in numbers[number] if one in keys}
        blocks[number] = (sets, frozenset(places.setdefault(key, len(places)) for key in queues))
    _memories[connection.engine] = _Memory(memory.edition, keys, places, blocks)
    seen = frozenset[int]().union(*(some for _, some in blocks.values()))
    return {key for key, place in places.items() if place in seen and key[0] in read}


def _memory(connection: sa.Connection) -> _Memory:
    edition = edition_of(connection)
    known = _memories.get(connection.engine)
    return known if known and known.edition == edition else _Memory(edition)


def _keys(connection: sa.Connection, numbers: set[int], memory: _Memory) -> dict[int, Key]:
    """By number: those known already, and these."""
    new = {one for one in numbers if one not in memory.keys}
    if not new:
        return memory.keys
    query = sa.select(label_sets.c.id, label_sets.c.labels)
    if len(new) <= _AT_ONCE:
        query = query.where(label_sets.c.id.in_(sorted(new)))
    found = connection.execute(query)
    return memory.keys | {number: _key(text) for number, text in found if number in new}


def _key(text: str) -> Key:
    labels = json.loads(text)
    return labels["source"], labels["queue"], labels["channel"]
