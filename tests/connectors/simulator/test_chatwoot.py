"""The same shop in a help desk's own tables: who waits, and what only looks like it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from connectors.simulator.feed import Feed, volumes, write_history
from connectors.simulator.settings import SimulatorSettings
from connectors.simulator.truth import QueueTruth
from tests.connectors.simulator.shops import HELP_DESK, NOW, at, later, one, rows

# A person's answer: outgoing, public, by a user, from no rule and no campaign.
ANSWER = """message_type = 1 AND NOT private AND sender_type = 'User'
  AND additional_attributes ->> 'campaign_id' IS NULL"""
# The definition, word by word: open, and the customer wrote after the last answer of a person;
# since the first such message or the hand-over, whichever is later.
WAITING = f"""
  SELECT c.id, i.name AS queue, GREATEST(min(m.created_at), max(e.event_end_time)) AS since
  FROM conversations c JOIN inboxes i ON i.id = c.inbox_id
  JOIN messages m ON m.conversation_id = c.id AND m.message_type = 0 AND m.created_at > COALESCE(
    (SELECT max(created_at) FROM messages WHERE conversation_id = c.id AND {ANSWER}), '-infinity')
  LEFT JOIN reporting_events e ON e.conversation_id = c.id AND e.name = 'conversation_bot_handoff'
  WHERE c.account_id = 1 AND c.status = 0 GROUP BY 1, 2"""


def assert_shows(help_desk: sa.Engine, truth: tuple[QueueTruth, ...], now: datetime) -> None:
    """The tables, read by the definitions, say what the simulation knows."""
    states = {
        name: (o, b, s, u)
        for name, o, b, s, u in rows(
            help_desk,
            """SELECT i.name, count(*) FILTER (WHERE c.status = 0),
                 count(*) FILTER (WHERE c.status = 2), count(*) FILTER (WHERE c.status = 3),
                 count(*) FILTER (WHERE c.status = 0 AND c.assignee_id IS NULL)
               FROM conversations c JOIN inboxes i ON i.id = c.inbox_id
               WHERE c.account_id = 1 GROUP BY 1""",
        )
    }
    waits: dict[str, list[float]] = {queue.queue: [] for queue in truth}
    for row in rows(help_desk, WAITING):
        waits[row.queue].append((now - row.since.replace(tzinfo=UTC)).total_seconds())
    for queue in truth:
        assert (queue.open, queue.bot, queue.snoozed, queue.unassigned) == states[queue.queue]
        assert queue.waits_s == pytest.approx(sorted(waits[queue.queue], reverse=True))


def test_the_waiting_customers_are_those_the_simulation_knows(help_desk: sa.Engine):
    feed = Feed(help_desk, HELP_DESK, now=later(7200))
    assert_shows(help_desk, feed.live(), feed.as_of)

    feed.advance(later(7260))

    assert_shows(help_desk, feed.live(), later(7260))


def test_a_surge_and_a_restart_in_the_midst_of_it(help_desk: sa.Engine):
    feed = Feed(help_desk, HELP_DESK, now=later(7300))
    feed.advance(later(7300))
    feed.surge("抖音", 60, 20)
    feed.advance(later(7330))
    assert_shows(help_desk, feed.live(), later(7330))
    assert next(q for q in feed.live() if q.queue == "抖音").waiting > 30

    again = Feed(help_desk, HELP_DESK, now=later(7330))
    again.advance(later(7340))
    assert_shows(help_desk, again.live(), later(7340))
    again.advance(later(11_000))

    assert_shows(help_desk, again.live(), later(11_000))
    assert next(q for q in again.live() if q.queue == "抖音").waiting < 15


def test_the_same_shop_as_in_plain_tables(help_desk: sa.Engine, tmp_path: Any):
    plain = SimulatorSettings(seed=3, days=2, contacts_per_day=400, orders_per_day=150)
    file = sa.create_engine(f"sqlite:///{tmp_path / 'shop.db'}")
    write_history(file, plain, now=NOW)

    opened = rows(file, "SELECT substr(opened_at, 1, 23), customer_key FROM contacts")
    kept = rows(
        help_desk,
        """SELECT to_char(c.created_at, 'YYYY-MM-DD"T"HH24:MI:SS.MS'), k.identifier
           FROM conversations c JOIN contacts k ON k.id = c.contact_id
           WHERE c.account_id = 1 AND c.created_at <= :now""",
        now=NOW.astimezone(UTC).replace(tzinfo=None),
    )

    assert sorted(map(tuple, opened)) == sorted(map(tuple, kept))


def test_volumes_count_what_customers_began(help_desk: sa.Engine):
    since, until = at("2026-09-23T00:00:00"), at("2026-09-24T00:00:00")
    counted = rows(
        help_desk,
        """SELECT i.name, count(*) FROM conversations c JOIN inboxes i ON i.id = c.inbox_id
           WHERE c.account_id = 1 AND c.created_at >= '2026-09-22 16:00'
             AND c.created_at < '2026-09-23 16:00' AND (c.campaign_id IS NULL OR EXISTS (
               SELECT 1 FROM messages m WHERE m.conversation_id = c.id AND m.message_type = 0))
           GROUP BY 1""",
    )

    assert volumes(HELP_DESK, since=since, until=until, now=later(11_000)) == dict(counted)


def test_what_looks_like_waiting_and_is_not(help_desk: sa.Engine):
    """Each naive reading finds something else than the definition."""
    waiting = len(rows(help_desk, WAITING))
    naive = {
        "open": "status = 0",
        "waiting_since": "waiting_since IS NOT NULL",
        "unattended": """status = 0 AND
            (first_reply_created_at IS NULL OR waiting_since IS NOT NULL)""",
        "resolved with waiting_since": "status = 1 AND waiting_since IS NOT NULL",
        "pending": "status = 2",
    }
    counts = {
        name: one(
            help_desk, f"SELECT count(*) FROM conversations WHERE account_id = 1 AND {where}"
        )[0]
        for name, where in naive.items()
    }

    assert counts["open"] > waiting
    assert counts["waiting_since"] > 5 * waiting
    assert counts["resolved with waiting_since"] > waiting
    assert counts["pending"] > 0


def test_an_unanswered_campaign_is_open_and_nobody_waits(help_desk: sa.Engine):
    sent, answered, waiting = one(
        help_desk,
        f"""SELECT count(*), count(*) FILTER (WHERE EXISTS (SELECT 1 FROM messages m
              WHERE m.conversation_id = c.id AND m.message_type = 0)),
              count(*) FILTER (WHERE c.status = 0 AND c.waiting_since IS NOT NULL)
            FROM conversations c WHERE campaign_id IS NOT NULL AND id NOT IN
              (SELECT id FROM ({WAITING}) w)""",
    )

    assert sent > answered
    assert waiting > 0
