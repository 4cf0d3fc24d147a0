"""The queue of any past moment against a count by definition."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors import schema, write
from connectors.columns import to_micros
from connectors.rounds import Message, rounds_of
from connectors.store import Store, open_store
from metrics.live import LiveSettings, live_state
from metrics.replay import queue_length

START = datetime.fromisoformat("2026-11-11T12:00:00+00:00")
SPAN_S = 600

message = st.tuples(st.sampled_from(["customer", "agent", "bot"]), st.integers(0, SPAN_S))
contact = st.fixed_dictionaries(
    {
        "messages": st.lists(message, max_size=8),
        "queued": st.none() | st.integers(0, SPAN_S),
        "closed": st.none() | st.integers(0, SPAN_S),
        "bot_only": st.booleans(),
    }
)


def waits_for_a_person(one: dict[str, Any], at: int) -> bool:
    """By definition, at second `at`: a question after the last answer of a person, and in their
    hands, and not closed."""
    if one["bot_only"] or (one["closed"] is not None and at >= one["closed"]):
        return False
    # Within one second the order is that in which the messages were written.
    last = max(
        (i for i, m in enumerate(ordered(one)) if m[0] == "agent" and m[1] <= at), default=-1
    )
    asked = [
        t for i, (role, t) in enumerate(ordered(one)) if role == "customer" and t <= at and i > last
    ]
    if not asked:
        return False
    return max(asked[0], one["queued"] or 0) <= at


def ordered(one: dict[str, Any]) -> list[tuple[str, int]]:
    return sorted(one["messages"], key=lambda m: m[1])


def put(store: Store, contacts: list[dict[str, Any]]) -> None:
    names = list(schema.contacts.c.keys())
    with store.begin() as connection:
        connection.execute(
            schema.marks.insert().values(source="s", statement="messages", complete=True)
        )
        for number, one in enumerate(contacts):
            values = {
                "source": "s", "contact_id": str(number), "channel": "chat", "queue": "q",
                "status": "open" if one["closed"] is None else "closed",
                "opened_at": to_micros(START), "queued_at": micros(one["queued"]),
                "closed_at": micros(one["closed"]), "bot_only": one["bot_only"],
            }  # fmt: skip
            write.apply(connection, "contacts", [tuple(values.get(name) for name in names)])
            said = [
                Message(str(number), f"{index:03}", micros(at) or 0, role, None)
                for index, (role, at) in enumerate(ordered(one))
            ]
            write.replace_rounds(connection, "s", {str(number): rounds_of(said)})


def micros(second: int | None) -> int | None:
    return None if second is None else to_micros(START + timedelta(seconds=second))


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(contact, min_size=1, max_size=8))
def test_the_replayed_queue_is_the_count_by_definition(
    tmp_path_factory: Any, contacts: list[dict[str, Any]]
) -> None:
    store = open_store(f"sqlite:///{tmp_path_factory.mktemp('s') / 's.db'}", migrate=True)
    put(store, contacts)
    seconds = sorted({0, SPAN_S, *range(0, SPAN_S, 37)})
    seconds += [t for one in contacts for _, t in one["messages"]]
    with store.read() as connection:
        found = queue_length(connection, [START + timedelta(seconds=s) for s in seconds])
    assert found == [sum(waits_for_a_person(one, s) for one in contacts) for s in seconds]
    store.close()


def test_the_present_replayed_is_the_live_queue(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 's.db'}", migrate=True)
    now = START + timedelta(seconds=100)
    rows = [
        ("1", "open", 0, 20, 60), ("2", "open", 10, None, 10), ("3", "open", 5, 30, None),
        ("4", "closed", 0, 9, None), ("5", "bot", 0, None, None),
    ]  # fmt: skip
    names = list(schema.contacts.c.keys())
    with store.begin() as connection:
        for number, status, opened, replied, waiting in rows:
            values = {
                "source": "s", "contact_id": number, "channel": "chat", "queue": "q",
                "status": status, "opened_at": micros(opened), "first_reply_at": micros(replied),
                "waiting_since": micros(waiting),
                "closed_at": micros(50) if status == "closed" else None,
            }  # fmt: skip
            write.apply(connection, "contacts", [tuple(values.get(name) for name in names)])
        connection.execute(
            schema.sources.insert().values(source="s", status="ok", poll_s=2, rows=0, as_of=now)
        )
    with store.read() as connection:
        live = live_state(connection, now=now, settings=LiveSettings())
        assert queue_length(connection, [now]) == [live.total.waiting] == [2]
    store.close()
