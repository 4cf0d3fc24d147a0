"""Label sets are read once and stay right: when some are added, undone, or numbered anew."""

from __future__ import annotations

import numpy as np
import pytest
import sqlalchemy as sa

from connectors.schema import label_sets
from connectors.store import Store
from metrics.ahead import PART
from metrics.filtered import MOST_WORKS, Only, Where
from metrics.label_sets import LabelSets, add_works, labels_text, read_label_sets, set_ids
from metrics.refresh import rebuild
from metrics.stored_rows import StoredRows


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


def test_sets_alike_but_for_the_agent_are_of_one_kind_of_work(store: Store) -> None:
    with store.begin() as connection:
        ids = [
            int(set_ids(connection, ("agent", "queue"), [(agent, queue)])[0])
            for agent, queue in (("1", "a"), ("2", "a"), ("1", "b"), ("", "b"))
        ]
        [alone] = set_ids(connection, ("queue",), [("a",)])
        labels = read_label_sets(connection)
        assert labels.works()[ids].tolist() == [alone, alone, 0, 0]
        works = add_works(connection, labels, np.asarray(sorted(ids)))
        assert works[alone] == alone
        assert works[ids[2]] == works[ids[3]] > alone
        assert labels[int(works[ids[2]])] == {"queue": "b"}
        assert add_works(connection, labels, np.asarray(sorted(ids))).tolist() == works.tolist()
    assert read(store).works().tolist() == works.tolist()


def test_a_set_put_behind_the_stores_is_no_kind_of_work_of_its_sets(store: Store) -> None:
    with store.begin() as connection:
        [mine] = set_ids(connection, ("agent", "queue"), [("1", "a")])
        [work] = set_ids(connection, ("queue",), [("a",)])
    found = read(store)
    found.add([{"queue": "a"}])
    assert found.works()[mine] == work


def test_a_filter_names_the_kinds_of_work_it_lets_through_unless_they_are_most() -> None:
    labels = LabelSets([None, {"queue": "a"}, {"queue": "b"}, {"queue": "c"},
                        {"agent": "1", "queue": "a"}, {"agent": "2", "queue": "b"}])  # fmt: skip
    names = ("queue",)
    one = Only.of(labels, names, Where(queue=("a",)))
    assert one.allowed.tolist() == [False, True, False, False, True, False]
    assert one.works == (1,)
    assert Only.of(labels, names, Where(queue=("b", "c"))).works is None
    assert Only.of(labels, names, Where(agent=("2",))).works == (2,)
    assert Only.of(labels, names, Where(queue=("z",))).works == ()
    assert Only.of(labels, names, Where(), silent=("x",)).works is None


def test_the_sets_of_other_units_are_no_kinds_of_its_work() -> None:
    orders = [{"category": str(at), "source": "s"} for at in range(20)]
    labels = LabelSets(
        [None, {"queue": "a", "source": "s"}, {"queue": "b", "source": "s"}, *orders]
    )
    names = ("queue", "source")
    assert Only.of(labels, names, Where(queue=("a",), source=("s",))).works == (1,)
    assert Only.of(labels, names, Where(source=("s",))).works is None
    assert Only.of(labels, ("category", "source"), Where(more=(("category", ("3",)),))).works == (
        6,
    )


def test_no_statement_asks_for_more_kinds_of_work_than_it_can() -> None:
    sets = [{"queue": str(at), "source": "ab"[at % 2]} for at in range(2 * MOST_WORKS + 2)]
    labels = LabelSets([None, *sets])
    names = ("queue", "source")
    assert Only.of(labels, names, Where(source=("a",))).works is None
    few = Only.of(LabelSets([None, *sets[:-2]]), names, Where(source=("a",))).works
    assert few is not None
    assert len(few) == MOST_WORKS


def test_as_many_kinds_of_work_as_one_may_ask_for_can_be_asked_for(store: Store) -> None:
    works = tuple(range(1, MOST_WORKS + 1))
    with store.read() as connection:
        assert StoredRows(connection).of_works(PART, "volume", works, 0, 9) == []
