"""The help desk's tables are kept as its own code keeps them, with the traps of the real ones."""

from __future__ import annotations

from datetime import UTC, timedelta

import sqlalchemy as sa

from tests.connectors.simulator.shops import later, one, rows


def test_another_account_shares_the_tables(help_desk: sa.Engine):
    assert one(help_desk, "SELECT count(*) FROM conversations WHERE account_id = 2")[0] == 30
    assert one(help_desk, "SELECT count(*) FROM messages WHERE account_id = 2")[0] == 30
    shared = "SELECT count(*) - count(DISTINCT (account_id, display_id)) FROM conversations"
    assert one(help_desk, shared)[0] == 0


def test_attributes_are_json_in_a_string_and_sometimes_json(help_desk: sa.Engine):
    kinds = dict(
        rows(
            help_desk,
            """SELECT json_typeof(content_attributes), count(*) FROM messages
               WHERE account_id = 1 AND content_attributes::text LIKE '%automation_rule_id%'
               GROUP BY 1""",
        )
    )

    assert kinds["string"] > kinds["object"] > 0
    read = "content_attributes ->> 'automation_rule_id' = '7'"
    assert one(help_desk, f"SELECT count(*) FROM messages WHERE {read}")[0] == kinds["object"]


def test_messages_are_of_every_kind(help_desk: sa.Engine):
    kinds = {
        tuple(row)
        for row in rows(
            help_desk,
            """SELECT DISTINCT message_type, sender_type, private, content_type FROM messages
               WHERE account_id = 1""",
        )
    }

    assert kinds == {
        (0, "Contact", False, 0), (0, "Contact", False, 8), (1, "User", False, 0),
        (1, "User", True, 0), (1, "AgentBot", False, 0), (1, None, False, 0), (2, None, False, 0),
        (3, None, False, 9),
    }  # fmt: skip


def test_events_follow_the_help_desks_rules(help_desk: sa.Engine):
    wrong = rows(
        help_desk,
        """SELECT e.* FROM reporting_events e JOIN conversations c ON c.id = e.conversation_id
           WHERE e.value <> floor(extract(epoch FROM e.event_end_time))
               - floor(extract(epoch FROM e.event_start_time))
             OR (e.name = 'first_response' AND e.event_end_time <> c.first_reply_created_at)
             OR (e.name = 'conversation_resolved' AND e.event_start_time <> c.created_at)""",
    )
    names = {name for (name,) in rows(help_desk, "SELECT DISTINCT name FROM reporting_events")}
    doubles = rows(
        help_desk,
        """SELECT conversation_id FROM reporting_events
           WHERE name IN ('first_response', 'conversation_bot_handoff')
           GROUP BY conversation_id, name HAVING count(*) > 1""",
    )
    unclosed = rows(
        help_desk,
        """SELECT id FROM conversations c WHERE account_id = 1 AND status = 1 AND NOT EXISTS (
             SELECT 1 FROM reporting_events e
             WHERE e.conversation_id = c.id AND e.name = 'conversation_resolved')""",
    )

    assert wrong == []
    assert doubles == []
    assert unclosed == []
    assert names == {
        "first_response", "reply_time", "conversation_resolved", "conversation_bot_handoff",
        "conversation_bot_resolved",
    }  # fmt: skip


def test_first_response_starts_at_the_hand_over(help_desk: sa.Engine):
    late_start = one(
        help_desk,
        """SELECT count(*) FROM reporting_events e JOIN reporting_events h USING (conversation_id)
           WHERE e.name = 'first_response' AND h.name = 'conversation_bot_handoff'
             AND e.event_start_time = h.event_end_time""",
    )

    assert late_start[0] > 100


def test_business_hours_are_zero_where_an_inbox_has_none(help_desk: sa.Engine):
    with_hours, without = one(
        help_desk,
        """SELECT avg(value_in_business_hours / value) FILTER (WHERE working_hours_enabled),
             max(value_in_business_hours) FILTER (WHERE NOT working_hours_enabled)
           FROM reporting_events e JOIN inboxes i ON i.id = e.inbox_id WHERE value > 0""",
    )

    assert 0.3 < with_hours < 1
    assert without == 0


def test_surveys_are_messages_and_answers_point_at_them(help_desk: sa.Engine):
    sent, answered, changed = one(
        help_desk,
        """SELECT count(*), count(r.id), count(*) FILTER (WHERE r.updated_at > r.created_at)
           FROM messages m LEFT JOIN csat_survey_responses r ON r.message_id = m.id
             AND r.conversation_id = m.conversation_id WHERE m.content_type = 9""",
    )

    assert 0.2 < answered / sent < 0.4
    assert answered == one(help_desk, "SELECT count(*) FROM csat_survey_responses")[0]
    assert changed > 0
    per_conversation = "SELECT conversation_id FROM messages WHERE content_type = 9"
    assert rows(help_desk, f"{per_conversation} GROUP BY 1 HAVING count(*) > 1") == []


def test_times_are_naive_utc(help_desk: sa.Engine):
    newest = one(help_desk, "SELECT max(created_at) FROM messages WHERE account_id = 1")[0]

    assert newest.tzinfo is None
    assert timedelta() <= later(11_000) - newest.replace(tzinfo=UTC) < timedelta(hours=2)


def test_sequences_go_on_after_the_simulator(help_desk: sa.Engine):
    with help_desk.begin() as conn:
        newest = conn.scalar(sa.text("SELECT max(id) FROM messages"))
        added = conn.scalar(
            sa.text(
                """INSERT INTO messages (account_id, inbox_id, conversation_id, message_type,
                     created_at, updated_at) VALUES (2, 7, 1, 2, now(), now()) RETURNING id"""
            )
        )

    assert added == newest + 1
