"""A history in plain tables: repeatable, whole, and with nothing impossible in it."""

from __future__ import annotations

from datetime import UTC

import pytest
import sqlalchemy as sa

from connectors.simulator.feed import volumes
from connectors.simulator.settings import SimulatorSettings
from tests.connectors.simulator.shops import NOW, TABLES, at, rows


def test_every_table_is_filled_and_indexed(engine: sa.Engine):
    inspector = sa.inspect(engine)

    for table in set(TABLES) - {"agents"}:
        assert rows(engine, f"SELECT count(*) FROM {table}")[0][0] > 100
    indexed = {tuple(i["column_names"]) for i in inspector.get_indexes("contacts")}
    assert {("status",), ("updated_at",), ("opened_at",)} <= indexed
    assert ("contact_id",) in {tuple(i["column_names"]) for i in inspector.get_indexes("messages")}


IMPOSSIBLE = {
    "closed before opened": "closed_at < opened_at",
    "answered before opened": "first_reply_at < opened_at",
    "answered before anybody had it": "first_reply_at < assigned_at",
    "handed over before opened": "queued_at < opened_at",
    "abandoned before opened": "abandoned_at < opened_at",
    "abandoned and answered": "abandoned_at IS NOT NULL AND first_reply_at IS NOT NULL",
    "closed without an end": "status = 'closed' AND closed_at IS NULL",
    "an end without being closed": "status <> 'closed' AND closed_at IS NOT NULL",
    "abandoned without an instant": "(status = 'abandoned') <> (abandoned_at IS NOT NULL)",
    "waiting while not open": "status <> 'open' AND waiting_since IS NOT NULL",
    "with the bot and answered": "status = 'bot' AND first_reply_at IS NOT NULL",
    "bot alone but handed over": "bot_only AND queued_at IS NOT NULL",
    "in the future": "updated_at > :now OR opened_at > :now",
    "waiting since the future": "waiting_since > :now",
    "not of any state": "status NOT IN ('open', 'bot', 'snoozed', 'closed', 'abandoned')",
}


@pytest.mark.parametrize("name", IMPOSSIBLE)
def test_no_contact_is_impossible(engine: sa.Engine, name: str):
    now = NOW.astimezone(UTC).isoformat()

    found = rows(engine, f"SELECT * FROM contacts WHERE {IMPOSSIBLE[name]}", now=now)

    assert found == []


def test_messages_agree_with_the_columns_of_their_contact(engine: sa.Engine):
    """The definitions once more, from the messages alone."""
    lines: dict[int, list[tuple[str, str]]] = {}
    for contact_id, sent_at, role in rows(
        engine, "SELECT contact_id, sent_at, sender_role FROM messages ORDER BY sent_at, message_id"
    ):
        lines.setdefault(contact_id, []).append((sent_at, role))
    for contact in rows(engine, "SELECT * FROM contacts"):
        said = lines[contact.contact_id]
        answers = [sent_at for sent_at, role in said if role == "agent"]
        asked = [
            sent_at
            for sent_at, role in said
            if role == "customer" and sent_at > max(answers, default="")
        ]
        wait = max(min(asked), contact.queued_at or "") if asked else None

        assert contact.first_reply_at == min(answers, default=None)
        assert contact.waiting_since == (wait if contact.status == "open" else None)
        assert bool(contact.outbound_only) == all(role != "customer" for _, role in said)
        assert contact.opened_at == said[0][0]


def test_every_kind_of_life_occurs(engine: sa.Engine):
    counted = rows(
        engine,
        """SELECT count(*) FILTER (WHERE bot_only), count(*) FILTER (WHERE status = 'abandoned'),
             sum(reopen_count), sum(transfer_count), count(*) FILTER (WHERE status = 'snoozed'),
             count(*) FILTER (WHERE order_ref IS NOT NULL), count(DISTINCT team),
             count(DISTINCT channel), count(DISTINCT queue) FROM contacts""",
    )[0]

    assert min(counted) >= 1
    assert counted[6:] == (5, 3, 6)


def test_agents_take_contacts_only_while_online(engine: sa.Engine):
    online: dict[int, list[tuple[str, str]]] = {}
    for agent, since, until in rows(
        engine, "SELECT agent_id, since, until FROM presence WHERE state = 'online'"
    ):
        online.setdefault(agent, []).append((since, until or "9"))
    start = rows(engine, "SELECT min(since) FROM presence")[0][0]
    taken = rows(
        engine,
        """SELECT agent_id, assigned_at FROM contacts WHERE assigned_at > :start
           AND transfer_count = 0 AND reopen_count = 0 AND status <> 'open'""",
        start=start[:10] + "T23:00:00",  # who began before the first day has no rows
    )

    assert len(taken) > 500
    assert all(any(s <= at <= u for s, u in online[agent]) for agent, at in taken)


def test_presence_of_an_agent_never_overlaps(engine: sa.Engine):
    last: dict[int, str] = {}
    for agent, since, until in rows(
        engine, "SELECT agent_id, since, until FROM presence ORDER BY since"
    ):
        assert last.get(agent, "") <= since
        assert until is None or since < until
        last[agent] = until or "9"


def test_shifts_are_planned_two_weeks_ahead(engine: sa.Engine):
    ahead = rows(
        engine, "SELECT count(DISTINCT substr(starts_at, 1, 10)), max(starts_at) FROM shifts"
    )

    assert ahead[0][0] >= 4 + 14
    assert "2026-10-08" <= ahead[0][1] < "2026-10-10"


def test_orders_are_in_the_state_their_times_say(engine: sa.Engine):
    wrong = rows(
        engine,
        """SELECT * FROM orders WHERE (status = 'unpaid' AND paid_at IS NOT NULL)
           OR (status = 'paid' AND (paid_at IS NULL OR shipped_at IS NOT NULL))
           OR (status = 'shipped' AND (shipped_at IS NULL OR delivered_at IS NOT NULL))
           OR (status = 'received' AND delivered_at IS NULL)
           OR paid_at < placed_at OR shipped_at < paid_at OR delivered_at < shipped_at""",
    )
    states = dict(rows(engine, "SELECT status, count(*) FROM orders GROUP BY 1"))

    assert wrong == []
    assert set(states) == {"unpaid", "paid", "shipped", "received", "cancelled"}


def test_late_orders_cause_contacts_and_bad_reviews(engine: sa.Engine):
    late, hurried, otherwise = rows(
        engine,
        """SELECT avg(late), avg(contacted) FILTER (WHERE late),
             avg(contacted) FILTER (WHERE NOT late)
           FROM (SELECT coalesce(shipped_at, '9') > promised_ship_at AS late,
             EXISTS (SELECT 1 FROM contacts c WHERE c.order_ref = o.order_ref) AS contacted
             FROM orders o WHERE promised_ship_at BETWEEN '2026-09-21' AND '2026-09-23T16')""",
    )[0]
    after_late, after_timely = rows(
        engine,
        """SELECT avg(score) FILTER (WHERE shipped_at > promised_ship_at),
             avg(score) FILTER (WHERE shipped_at <= promised_ship_at)
           FROM orders JOIN ratings USING (order_ref)""",
    )[0]

    assert 0.01 < late < 0.12
    assert hurried > 3 * otherwise
    assert after_late < after_timely - 0.5


def test_what_refers_to_a_row_finds_it(engine: sa.Engine):
    missing = [
        "SELECT 1 FROM contacts c WHERE order_ref NOT IN (SELECT order_ref FROM orders)",
        "SELECT 1 FROM cases WHERE order_ref NOT IN (SELECT order_ref FROM orders)",
        "SELECT 1 FROM cases WHERE contact_id NOT IN (SELECT contact_id FROM contacts)",
        "SELECT 1 FROM ratings WHERE contact_id NOT IN (SELECT contact_id FROM contacts)",
        "SELECT 1 FROM ratings WHERE order_ref NOT IN (SELECT order_ref FROM orders)",
        "SELECT 1 FROM messages WHERE contact_id NOT IN (SELECT contact_id FROM contacts)",
        "SELECT 1 FROM events WHERE contact_id NOT IN (SELECT contact_id FROM contacts)",
        "SELECT 1 FROM contacts WHERE agent_id NOT IN (SELECT agent_id FROM agents)",
    ]

    assert [rows(engine, statement) for statement in missing] == [[]] * len(missing)


def test_ratings_come_with_words_and_some_surveys_stay_unanswered(engine: sa.Engine):
    surveys, answered, said, reviews, replied = rows(
        engine,
        """SELECT count(*) FILTER (WHERE kind = 'csat'),
             count(*) FILTER (WHERE kind = 'csat' AND score IS NOT NULL),
             count(*) FILTER (WHERE kind = 'csat' AND text IS NOT NULL),
             count(*) FILTER (WHERE kind = 'review'),
             count(*) FILTER (WHERE kind = 'review' AND answered_at IS NOT NULL) FROM ratings""",
    )[0]

    assert 0.2 < answered / surveys < 0.4
    assert 0.2 < said / answered < 0.7
    assert 0 < replied < reviews
    assert rows(engine, "SELECT 1 FROM ratings WHERE (score IS NULL) <> (rated_at IS NULL)") == []
    assert rows(engine, "SELECT 1 FROM ratings WHERE rated_at < asked_at") == []


def test_volumes_are_known_without_asking_the_database(engine: sa.Engine):
    settings = SimulatorSettings(seed=5, days=4, contacts_per_day=500)
    since, until = at("2026-09-22T00:00:00"), at("2026-09-23T00:00:00")

    counted = rows(
        engine,
        """SELECT queue, count(*) FROM contacts WHERE NOT outbound_only
           AND opened_at >= '2026-09-21T16' AND opened_at < '2026-09-22T16' GROUP BY 1""",
    )

    assert volumes(settings, since=since, until=until, now=NOW) == dict(counted)
