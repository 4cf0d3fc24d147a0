"""Response, resolution and satisfaction by the Chatwoot preset, beside what naive queries say."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from tests.connectors.presets.chatwoot_case import NOW, Case, ago, case
from tests.connectors.presets.chatwoot_desk import OPEN, PENDING, RESOLVED, Talk
from tests.connectors.presets.chatwoot_rows import write
from tests.connectors.presets.product import product

__all__ = ["case"]


def _closed(case: Case, opened: float, answered: float, resolved: float) -> Talk:
    """A conversation of people, in minutes ago."""
    talk = case.desk.talk(case.shop, ago(opened))
    talk.says(ago(opened), "customer")
    talk.assign(ago(opened - 1), case.ann)
    talk.says(ago(answered), "person", case.ann)
    talk.resolve(ago(resolved))
    return talk


def test_a_first_response_after_a_bot_is_measured_from_the_hand_over(case: Case) -> None:
    talk = case.desk.talk(case.bot, ago(60), PENDING)
    talk.says(ago(60), "customer")
    talk.hand_over(ago(20))
    talk.says(ago(15), "person", case.ann)
    talk.hand_over(ago(10))  # leaves no event
    with case.shown() as shown:
        assert shown.kpi("first_response").value == 5 * 60
        assert case.naive("SELECT extract(epoch FROM first_reply_created_at - created_at)::int"
                          " FROM conversations") == 45 * 60  # fmt: skip


@pytest.mark.parametrize("voice", ["automation", "campaign", "greeting", "note", "bot"])
def test_a_first_response_is_a_persons(case: Case, voice: str) -> None:
    talk = case.desk.talk(case.shop, ago(60))
    talk.says(ago(60), "customer")
    talk.says(ago(59), voice, case.ann if voice in ("note", "campaign") else None)
    talk.says(ago(50), "person", case.ann)
    with case.shown() as shown:
        assert shown.kpi("first_response").value == 10 * 60
        assert case.naive("SELECT extract(epoch FROM min(created_at) - timestamp"
                          " '2026-03-10 11:00')::int FROM messages"
                          " WHERE message_type <> 0") == 60  # fmt: skip


def test_an_answer_that_the_help_desk_did_not_note_is_an_answer(case: Case) -> None:
    talk = case.desk.talk(case.shop, ago(60), first_reply_noted=False)
    talk.says(ago(60), "customer")
    talk.says(ago(50), "person", case.ann)
    with case.shown() as shown:
        assert shown.kpi("first_response").value == 10 * 60
        assert case.naive("SELECT count(first_reply_created_at) FROM conversations") == 0


@pytest.mark.parametrize("kept", [0, 1])
def test_the_noted_first_reply_stands_in_for_messages_that_were_cleaned_up(
    case: Case, kept: int
) -> None:
    talk = _closed(case, 300, 290, 100)
    talk.says(ago(200), "person", case.bo)
    for line in talk.lines if not kept else talk.lines[:2]:
        line.gone_at = ago(90)
    with case.shown() as shown:
        assert shown.kpi("first_response").value == 10 * 60
        assert case.naive("SELECT count(*) FROM messages") == kept


def test_a_resolution_counts_once_at_its_last_close(case: Case) -> None:
    _closed(case, 100, 90, 80)
    talk = _closed(case, 1000, 990, 980)
    talk.says(ago(500), "customer")
    talk.becomes(ago(500), OPEN)
    talk.says(ago(490), "person", case.ann)
    talk.resolve(ago(480))
    reopened = _closed(case, 1000, 990, 980)
    reopened.says(ago(4), "customer")
    reopened.becomes(ago(4), OPEN)
    with case.shown() as shown:
        row = shown.kpi("resolution")
        assert (row.n, row.mean) == (2, (20 + 520) / 2 * 60)
        facts = shown.facts("contacts")
        assert [facts[key.id]["reopen_count"] for key in (talk, reopened)] == [1, 1]
        assert case.naive("SELECT count(*) FROM reporting_events"
                          " WHERE name = 'conversation_resolved'") == 4  # fmt: skip


def test_an_inbox_without_business_hours_does_not_drag_times_down(case: Case) -> None:
    _closed(case, 100, 90, 70)
    with case.shown() as shown:
        assert case.naive("SELECT sum(COALESCE(value_in_business_hours, 0)) + 0"
                          " FROM reporting_events") == 0  # fmt: skip
        assert shown.kpi("resolution").value == 30 * 60


def test_a_blocked_senders_conversation_is_closed_when_opened_and_no_resolution(
    case: Case,
) -> None:
    talk = case.desk.talk(case.shop, ago(60), RESOLVED)
    talk.says(ago(60), "customer")
    talk.says(ago(5), "customer")  # moves last_activity_at
    with case.shown() as shown:
        [fact] = shown.facts("contacts").values()
        assert (fact["status"], fact["closed_at"], fact["bot_only"]) == ("closed", ago(60), True)
        assert (shown.kpi("resolution").n, shown.live(NOW).waiting) == (0, 0)


def test_closed_by_the_bot_means_that_people_never_had_it(case: Case) -> None:
    alone = case.desk.talk(case.bot, ago(60), PENDING)
    alone.says(ago(60), "customer")
    alone.says(ago(59), "bot")
    alone.resolve(ago(50))
    noted = case.desk.talk(case.bot, ago(60), PENDING)
    noted.says(ago(60), "customer")
    noted.says(ago(59), "bot")
    noted.says(ago(55), "note", case.ann)  # the help desk then says no bot resolved it
    noted.resolve(ago(50))
    handed = case.desk.talk(case.bot, ago(60), PENDING)
    handed.says(ago(60), "customer")
    handed.hand_over(ago(40))
    handed.resolve(ago(30))  # unanswered: the help desk says a bot resolved it
    silent = case.desk.talk(case.shop, ago(60))
    silent.says(ago(60), "customer")
    silent.resolve(ago(55))  # by an agent, without a word
    with case.shown() as shown:
        facts = shown.facts("contacts")
        assert [facts[one.id]["bot_only"] for one in (alone, noted, handed, silent)] == [
            True, True, False, False,
        ]  # fmt: skip
        assert shown.kpi("resolution").n == 2
        assert case.naive("SELECT count(*) FROM reporting_events"
                          " WHERE name = 'conversation_bot_resolved'") == 2  # fmt: skip


def test_until_its_event_is_written_a_closing_counts_at_the_last_move(case: Case) -> None:
    talk = _closed(case, 100, 90, 0.05)
    talk.events[-1].written_at = NOW + timedelta(seconds=2)
    with case.shown() as shown:
        assert shown.facts("contacts")[talk.id]["closed_at"] == ago(90)
        case.move(shown, NOW + timedelta(seconds=3))
        assert shown.facts("contacts")[talk.id]["closed_at"] == ago(0.05)


def test_a_changed_rating_counts_once_with_its_latest_score_at_its_first_answer(
    case: Case,
) -> None:
    talk = _closed(case, 3000, 2990, 2980)
    rating = talk.rate(talk.survey(ago(2979)), ago(2900), 1)
    rating.scores.append((ago(3), 5))
    other = _closed(case, 100, 90, 80)
    other.rate(other.survey(ago(79)), ago(70), 2)
    with case.shown() as shown:
        assert (shown.kpi("csat").n, shown.kpi("csat").value) == (2, 50.0)
        today = shown.kpi("csat", since=ago(1000))
        assert (today.n, today.value) == (1, 0.0)
        assert case.naive("SELECT count(*) FROM csat_survey_responses"
                          " WHERE updated_at > timestamp '2026-03-10 00:00'") == 2  # fmt: skip


def test_surveys_without_an_answer_were_asked(case: Case) -> None:
    for minutes in (500, 400, 300, 200):
        talk = _closed(case, minutes, minutes - 1, minutes - 2)
        line = talk.survey(ago(minutes - 3))
    talk.rate(line, ago(100), 4)
    with case.shown() as shown:
        rate = shown.kpi("csat_response_rate")
        assert (rate.n, rate.value, shown.kpi("csat").value) == (4, 25.0, 100.0)


@pytest.mark.parametrize("lost", ["deleted_at", "gone_at"])
def test_an_answer_counts_though_its_survey_was_deleted(case: Case, lost: str) -> None:
    talk = _closed(case, 500, 490, 480)
    line = talk.survey(ago(479))
    talk.rate(line, ago(470), 5)
    setattr(line, lost, ago(460))
    with case.shown() as shown:
        assert (shown.kpi("csat").n, shown.kpi("csat").value) == (1, 100.0)
        assert case.naive("SELECT count(*) FROM messages WHERE content_type = 9") == 0
        assert shown.kpi("csat_response_rate").n == (1 if lost == "deleted_at" else 0)


def test_who_left_keeps_the_conversations_they_closed(case: Case) -> None:
    closed, running = _closed(case, 500, 490, 480), case.desk.talk(case.shop, ago(60))
    running.says(ago(60), "customer")
    running.assign(ago(59), case.ann)
    case.desk.remove_agent(case.ann, ago(30))
    with case.shown() as shown:
        facts, agents = shown.facts("contacts"), shown.facts("agents")
        assert facts[closed.id]["agent_id"] == str(case.ann)
        assert (facts[running.id]["agent_id"], shown.live(NOW).unassigned) == (None, 1)
        assert (agents[case.ann]["name"], agents[case.ann]["active"]) == ("Ann", False)
        assert case.naive("SELECT count(assignee_id) FROM conversations") == 0


def test_the_order_number_comes_from_the_attribute_the_shop_uses(
    case: Case, tmp_path: Path
) -> None:
    case.desk.talk(case.shop, ago(9), attributes={"order_no": "A1", "bestellung": "B2"})
    with case.shown() as shown:
        assert [row["order_ref"] for row in shown.facts("contacts").values()] == ["A1"]
    (tmp_path / "other").mkdir()
    write(case.database.url, case.desk, NOW)
    with product(
        "chatwoot", case.database.readonly_url, tmp_path / "other",
        account_id=1, order_key="bestellung",
    ) as shown:  # fmt: skip
        shown.sync(NOW)
        assert [row["order_ref"] for row in shown.facts("contacts").values()] == ["B2"]


def test_a_customer_of_the_shop_has_one_key_and_a_stranger_none_of_the_shops(case: Case) -> None:
    for customer in ("10002", None):  # a member number may equal a stranger's contact id
        case.desk.talk(case.shop, ago(9), customer=customer).says(ago(9), "customer")
    with case.shown() as shown:
        keys = [row["customer_key"] for row in shown.facts("contacts").values()]
        assert None not in keys
        assert len(set(keys)) == 2
