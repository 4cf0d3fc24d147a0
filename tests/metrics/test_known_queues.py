"""Queues with contacts lately: what is remembered of them equals what the store says."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from connectors import schema
from connectors.store import Store
from metrics.known_queues import KNOWN_FOR, Key, known_queues
from metrics.refresh import rebuild, refresh
from tests.metrics.handmade import DAY, HOUR, NOON, REGISTRY, contact


def known(store: Store, at: datetime = NOON) -> set[Key]:
    with store.read() as connection:
        return known_queues(connection, {"src": at})


def add(store: Store, name: str, opened: datetime, queue: str) -> None:
    with store.begin() as connection:
        contact(connection, name, opened, queue=queue)


def test_a_new_queue_is_known_at_once_and_an_old_one_for_thirty_days(store: Store) -> None:
    add(store, "1", NOON - HOUR, "A")
    refresh(store, REGISTRY)
    assert known(store) == {("src", "A", "chat")}
    add(store, "2", NOON - HOUR, "B")
    rebuild(store)
    refresh(store, REGISTRY)
    assert known(store) == {("src", "A", "chat"), ("src", "B", "chat")}
    assert known(store, NOON + (KNOWN_FOR + 1) * DAY) == set()
    assert known(store) == {("src", "A", "chat"), ("src", "B", "chat")}


def test_label_sets_with_other_numbers_lead_to_the_right_queues(store: Store) -> None:
    add(store, "1", NOON - HOUR, "A")
    refresh(store, REGISTRY)
    assert known(store) == {("src", "A", "chat")}
    with store.begin() as connection:
        connection.execute(schema.contacts.delete())
    add(store, "2", NOON - HOUR, "B")
    rebuild(store)
    with store.begin() as connection:  # SQLite begins at 1 again by itself, PostgreSQL does not
        if store.is_postgresql:
            connection.execute(sa.text("ALTER SEQUENCE label_sets_id_seq RESTART"))
    refresh(store, REGISTRY)
    assert known(store) == {("src", "B", "chat")}


def test_queues_of_a_source_that_is_not_asked_for_are_left_out(store: Store) -> None:
    add(store, "1", NOON - HOUR, "A")
    refresh(store, REGISTRY)
    with store.read() as connection:
        assert known_queues(connection, {"other": NOON}) == set()
