"""Label sets are read once and stay right: when some are added, undone, or numbered anew."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from connectors.schema import label_sets
from connectors.store import Store
from metrics.intervals import labels_text
from metrics.label_sets import LabelSets, read_label_sets
from metrics.refresh import rebuild


def put(connection: sa.Connection, *queues: str) -> None:
    rows = [{"labels": labels_text(("queue",), (queue,))} for queue in queues]
    connection.execute(label_sets.insert(), rows)


def queues(found: LabelSets) -> list[str]:
    return [one["queue"] for one in found if one]


def read(store: Store) -> LabelSets:
    with store.read() as connection:
        return read_label_sets(connection)


def test_what_was_added_is_read_beside_what_was_kept(store: Store) -> None:
    assert queues(read(store)) == []
    with store.begin() as connection:
        put(connection, "a", "b")
    first = read(store)
    assert queues(first) == ["a", "b"]
    with store.begin() as connection:
        put(connection, "c")
    second = read(store)
    assert queues(second) == ["a", "b", "c"]
    assert queues(first) == ["a", "b"]
    with store.read() as connection:
        numbers = connection.execute(sa.select(label_sets.c.id, label_sets.c.labels)).all()
    assert {at: second[at] for at, _ in numbers} == {
        at: {"queue": queue} for (at, _), queue in zip(numbers, "abc", strict=True)
    }


def test_sets_that_are_put_behind_them_are_ones_own(store: Store) -> None:
    with store.begin() as connection:
        put(connection, "a")
    mine = read(store)
    assert mine.add([{"queue": "z"}]) == len(mine) - 1
    assert queues(mine) == ["a", "z"]
    assert queues(read(store)) == ["a"]


def test_what_a_transaction_wrote_and_undid_is_forgotten(store: Store) -> None:
    assert queues(read(store)) == []
    with pytest.raises(ZeroDivisionError), store.begin() as connection:
        put(connection, "undone")
        assert queues(read_label_sets(connection)) == ["undone"]
        raise ZeroDivisionError
    with store.begin() as connection:
        put(connection, "a")
    assert queues(read(store)) == ["a"]


def test_numbers_given_anew_are_read_anew(store: Store) -> None:
    with store.begin() as connection:
        put(connection, "a", "b")
    before = read(store)
    rebuild(store)
    with store.begin() as connection:
        put(connection, "b", "c", "d")
    assert queues(read(store)) == ["b", "c", "d"]
    assert queues(before) == ["a", "b"]
