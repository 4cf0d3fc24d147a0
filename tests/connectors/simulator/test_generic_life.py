"""What a history must hold for the pages: the help desk's record, NPS, replies, who comes back."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from tests.connectors.simulator.shops import rows


def test_a_few_are_asked_whether_they_recommend_the_shop(engine: sa.Engine):
    asked, answered, lowest, highest, of_closed = rows(
        engine,
        """SELECT count(*), count(score), min(score), max(score),
             count(*) FILTER (WHERE contact_id IN (SELECT contact_id FROM events e
               WHERE e.kind = 'closed' AND e.at < asked_at))
           FROM ratings WHERE kind = 'nps' AND scale = 10 AND contact_id IS NOT NULL""",
    )[0]

    assert 0 < answered < asked
    assert 0 <= lowest < 7 < highest <= 10
    assert of_closed == asked
    assert rows(engine, "SELECT 1 FROM ratings WHERE scale <> 5 AND kind <> 'nps'") == []


def test_bad_reviews_are_answered_within_minutes_or_hours(engine: sa.Engine):
    waits = [
        datetime.fromisoformat(answered_at) - datetime.fromisoformat(rated_at)
        for rated_at, answered_at in rows(
            engine, "SELECT rated_at, answered_at FROM ratings WHERE score <= 2 AND kind = 'review'"
        )
        if answered_at is not None
    ]

    assert min(waits) < timedelta(hours=2) < max(waits)


def test_customers_come_back_to_write_and_to_buy(engine: sa.Engine):
    for table in ("contacts", "orders"):
        counted = f"SELECT count(*) FROM {table} GROUP BY customer_key"
        assert max(n for (n,) in rows(engine, counted)) > 1
    both = "SELECT 1 FROM contacts JOIN orders USING (customer_key) LIMIT 1"
    assert rows(engine, both) == [(1,)]


def test_events_agree_with_the_columns_of_their_contact(engine: sa.Engine):
    """Once more from the contact alone: what was noted, when, and how long it took."""
    noted: dict[int, list[tuple[str, str, float]]] = {}
    for contact_id, kind, at_, value_s in rows(
        engine, "SELECT contact_id, kind, at, value_s FROM events ORDER BY event_id"
    ):
        noted.setdefault(contact_id, []).append((kind, at_, value_s))
    for contact in rows(engine, "SELECT * FROM contacts"):
        found = noted.get(contact.contact_id, [])
        times = {kind: [at_ for one, at_, _ in found if one == kind] for kind, _, _ in found}
        closes = len(times.get("closed", ()))
        begun = contact.queued_at or contact.opened_at

        assert closes == contact.reopen_count + (contact.status == "closed")
        assert len(times.get("opened", ())) == contact.reopen_count
        assert contact.closed_at in (None, times.get("closed", [""])[-1])
        assert times.get("first_response", [None]) == [contact.first_reply_at]
        assert times.get("handed_over", [None]) == [contact.queued_at]
        assert all(value_s >= 0 for _, _, value_s in found)
        assert ("bot_closed" in times) >= bool(contact.bot_only)
        for kind, at_, value_s in found:
            if kind in ("closed", "first_response"):
                start = contact.opened_at if kind == "closed" else begun
                took = datetime.fromisoformat(at_) - datetime.fromisoformat(start)
                assert value_s == took.total_seconds()


def test_replies_end_the_rounds_after_the_first(engine: sa.Engine):
    """Each later answer that ends a question is a reply, from the first question of its run."""
    said: dict[int, list[tuple[str, str]]] = {}
    for contact_id, sent_at, role in rows(
        engine, "SELECT contact_id, sent_at, sender_role FROM messages ORDER BY sent_at, message_id"
    ):
        said.setdefault(contact_id, []).append((sent_at, role))
    replies = {
        (contact_id, at_): value_s
        for contact_id, at_, value_s in rows(
            engine, "SELECT contact_id, at, value_s FROM events WHERE kind = 'reply'"
        )
    }
    right = {}
    for contact_id, lines in said.items():
        asked, answered = None, False
        for sent_at, role in lines:
            if role == "customer":
                asked = asked or sent_at
            elif role == "agent":
                if answered and asked:
                    took = datetime.fromisoformat(sent_at) - datetime.fromisoformat(asked)
                    right[contact_id, sent_at] = took.total_seconds()
                asked, answered = None, True

    assert len(right) > 500
    assert replies == right
