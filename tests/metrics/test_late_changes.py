"""Changes that reach values of other rows, other days, other contacts: all of them are followed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from connectors.columns import to_micros
from connectors.store import Store
from metrics import refresh as refreshing
from metrics.behind import contacts_behind
from metrics.reading import Reader
from metrics.refresh import refresh, refresh_dirty
from tests.metrics.chance import put
from tests.metrics.handmade import BERLIN, DAY, HOUR, NOON, REGISTRY, contact, read_at, values


def test_a_customer_counts_once_on_the_day_of_25_hours(small: Store) -> None:
    midnight = datetime(2026, 10, 25, tzinfo=BERLIN).astimezone(UTC)
    for moment in (midnight + timedelta(minutes=5), midnight + timedelta(hours=24, minutes=50)):
        with small.begin() as connection:  # the later one is read when the first is long computed
            contact(connection, moment.isoformat(), moment, customer_key="K")
        refresh(small, REGISTRY)
    read_at(small, midnight + 2 * DAY)
    day = datetime(2026, 10, 25, tzinfo=BERLIN)
    assert values(small, "own.customers", day, day + 2 * DAY, step=DAY) == [1.0, 0.0]
    with small.read() as connection:
        reader = Reader(connection, BERLIN, REGISTRY)
        last = midnight + timedelta(hours=24, minutes=45)
        assert contacts_behind(reader, "own.customers", last, midnight + 25 * HOUR).total == 0
        assert contacts_behind(reader, "own.customers", midnight, last).total == 1


def test_time_at_the_desk_is_there_from_its_beginning_to_its_end(small: Store) -> None:
    shift = {"presence_id": "1", "agent_id": "x", "since": to_micros(NOON), "state": "online"}
    with small.begin() as connection:
        put(connection, "presence", **shift, until=to_micros(NOON + 99 * HOUR))
    refresh(small, REGISTRY)
    read_at(small, NOON + 5 * DAY)
    hours = values(small, "presence_time", NOON, NOON + 105 * HOUR, step=HOUR)
    assert hours == [3600.0] * 99 + [0.0] * 6
    with small.begin() as connection:  # it turns out to have been a break
        put(connection, "presence", **{**shift, "state": "away"}, until=to_micros(NOON + 99 * HOUR))
    refresh(small, REGISTRY)
    assert values(small, "presence_time", NOON, NOON + 105 * HOUR, step=HOUR) == [0.0] * 105


def test_agents_take_their_time_along_when_they_change_teams(small: Store) -> None:
    with small.begin() as connection:
        put(connection, "presence", presence_id="1", agent_id="x", since=to_micros(NOON),
            until=to_micros(NOON + 13 * HOUR), state="busy")  # fmt: skip
        contact(connection, "1", NOON - 2 * DAY, agent_id="x", assigned_at=NOON - 2 * DAY,
                closed_at=NOON)  # fmt: skip
    refresh(small, REGISTRY)
    for team in ("red", "blue", None):
        with small.begin() as connection:
            put(connection, "agents", agent_id="x", team=team)
        refresh(small, REGISTRY)
        read_at(small, NOON + 2 * DAY)
        with small.read() as connection:
            reader = Reader(connection, BERLIN, REGISTRY)
            for key, spent in (("presence_time", 13 * 3600.0), ("busy_time", 4 * 3600.0)):
                rows = reader.values(key, NOON - 3 * DAY, NOON + DAY).by("team")
                [row] = rows
                assert row.labels == (("team", team or ""),)
                assert row.value == pytest.approx(spent)


def test_time_in_hand_goes_with_the_contact_far_from_its_close(
    small: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refreshing, "LATE_AT_ONCE", 1)
    for agent in "xy":
        with small.begin() as connection:  # in hand until 21:00, across a border of stored blocks
            contact(connection, "1", NOON, agent_id=agent, assigned_at=NOON + 5 * HOUR,
                    closed_at=NOON + 9 * DAY)  # fmt: skip
        refresh(small, REGISTRY)
    read_at(small, NOON + 9 * DAY)
    with small.read() as connection:
        rows = (
            Reader(connection, BERLIN, REGISTRY).values("busy_time", NOON, NOON + DAY).by("agent")
        )
    assert [(row.labels, row.value) for row in rows] == [((("agent", "y"),), 4 * 3600.0)]


def test_rows_that_look_alike_are_all_counted(small: Store) -> None:
    with small.begin() as connection:
        for number in range(200):  # two at each of a hundred moments far apart
            put(connection, "orders", order_id=str(number), status="paid",
                placed_at=to_micros(NOON + number // 2 * HOUR))  # fmt: skip
    refresh_dirty(small, REGISTRY)
    read_at(small, NOON + 9 * DAY)
    assert values(small, "orders_placed", NOON, NOON + 100 * HOUR, step=100 * HOUR) == [200.0]


def test_an_event_counts_while_its_contact_is_closed_and_nothing_else_changed(
    small: Store,
) -> None:
    found = []
    for status in ("closed", "open", "closed"):
        with small.begin() as connection:
            contact(connection, "1", NOON, status=status)
            put(connection, "events", event_id="1", contact_id="1", kind="closed",
                at=to_micros(NOON + HOUR))  # fmt: skip
        refresh(small, REGISTRY)
        read_at(small, NOON + DAY)
        found += values(small, "own.events_of_closed", NOON, NOON + DAY, step=DAY)
    assert found == [1.0, 0.0, 1.0]


def test_a_campaign_is_no_return_of_the_customer(small: Store) -> None:
    found = []
    for campaign in (True, False, True):
        with small.begin() as connection:
            contact(connection, "1", NOON, closed_at=NOON, customer_key="K")
            contact(connection, "2", NOON + DAY, customer_key="K", outbound_only=campaign)
        refresh(small, REGISTRY)
        read_at(small, NOON + 20 * DAY)
        found += values(small, "fcr", NOON, NOON + DAY, step=DAY)
    assert found == [100.0, 0.0, 100.0]
