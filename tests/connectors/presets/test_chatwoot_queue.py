"""Who waits, by the Chatwoot preset: each naive mapping beside the right number."""

from __future__ import annotations

import pytest

from tests.connectors.presets.chatwoot_case import NOW, Case, ago, case
from tests.connectors.presets.chatwoot_desk import OPEN, PENDING, RESOLVED, SNOOZED

__all__ = ["case"]

OPEN_COUNT = "SELECT count(*) FROM conversations WHERE status = 0"
NOTED = "SELECT count(*) FROM conversations WHERE waiting_since IS NOT NULL"
UNATTENDED = """SELECT count(*) FROM conversations WHERE status = 0
  AND (first_reply_created_at IS NULL OR waiting_since IS NOT NULL)"""


def test_an_open_conversation_that_was_answered_last_does_not_wait(case: Case) -> None:
    for minutes in (50, 40, 30):
        talk = case.desk.talk(case.shop, ago(minutes))
        talk.says(ago(minutes), "customer")
        talk.says(ago(minutes - 5), "person", case.ann)
    talk.says(ago(3), "customer")
    with case.shown() as shown:
        assert (shown.live(NOW).waiting, shown.live(NOW).open) == (1, 3)
        assert shown.live(NOW).oldest_wait_s == 180
        assert case.naive(OPEN_COUNT) == 3


def test_a_closed_conversation_does_not_wait_though_waiting_since_is_still_set(case: Case) -> None:
    for status in (RESOLVED, SNOOZED):
        talk = case.desk.talk(case.shop, ago(90))
        talk.says(ago(90), "customer")
        talk.becomes(ago(60), status)
    talk = case.desk.talk(case.shop, ago(10))
    talk.says(ago(10), "customer")
    with case.shown() as shown:
        assert (shown.live(NOW).waiting, shown.live(NOW).snoozed) == (1, 1)
        assert case.naive(NOTED) == 3


def test_a_campaign_nobody_reacted_to_does_not_wait(case: Case) -> None:
    for deleted in (False, True):
        talk = case.desk.talk(case.shop, ago(300), campaign=5, campaign_deleted=deleted)
        talk.says(ago(299), "campaign", case.ann)
    with case.shown() as shown:
        assert (shown.live(NOW).waiting, shown.live(NOW).open) == (0, 2)
        assert {row["outbound_only"] for row in shown.facts("contacts").values()} == {True}
        assert shown.kpi("volume").n == 0
        assert case.naive(UNATTENDED) == 2


def test_a_campaign_is_no_answer_and_its_reader_waits_since_writing(case: Case) -> None:
    talk = case.desk.talk(case.shop, ago(300), campaign=5)
    talk.says(ago(299), "campaign", case.ann)
    talk.says(ago(7), "customer")
    talk.says(ago(2), "campaign", case.ann)
    with case.shown() as shown:
        assert shown.live(NOW).oldest_wait_s == 7 * 60
        assert shown.kpi("volume").n == 1
        assert case.naive("SELECT extract(epoch FROM timestamp '2026-03-10 12:00'"
                          " - waiting_since)::int FROM conversations") == 300 * 60  # fmt: skip


def test_the_wait_for_a_person_starts_at_the_hand_over_not_with_the_bot(case: Case) -> None:
    talk = case.desk.talk(case.bot, ago(60), PENDING)
    talk.says(ago(60), "customer")
    talk.says(ago(59), "bot")
    talk.says(ago(58), "customer")
    talk.hand_over(ago(20))
    with case.shown() as shown:
        assert shown.live(NOW).oldest_wait_s == 20 * 60
        assert case.naive("SELECT extract(epoch FROM timestamp '2026-03-10 12:00'"
                          " - waiting_since)::int FROM conversations") == 60 * 60  # fmt: skip


def test_a_question_after_the_hand_over_waits_since_it_was_asked(case: Case) -> None:
    talk = case.desk.talk(case.bot, ago(60), PENDING)
    talk.says(ago(60), "customer")
    talk.hand_over(ago(50))
    talk.says(ago(40), "person", case.ann)
    talk.says(ago(6), "customer")
    talk.says(ago(4), "customer")
    with case.shown() as shown:
        assert shown.live(NOW).oldest_wait_s == 6 * 60


def test_pending_conversations_are_the_bots_and_shown_apart(case: Case) -> None:
    for _ in range(3):
        case.desk.talk(case.bot, ago(60), PENDING).says(ago(60), "customer")
    with case.shown() as shown:
        state = shown.live(NOW, "Robot")
        assert (state.waiting, state.bot, state.open) == (0, 3, 0)
        assert case.naive("SELECT count(*) FROM conversations WHERE status IN (0, 2)") == 3


def test_snoozed_conversations_are_parked_until_the_customer_writes(case: Case) -> None:
    talk = case.desk.talk(case.shop, ago(600))
    talk.says(ago(600), "customer")
    talk.becomes(ago(590), SNOOZED)
    talk.says(ago(-5), "customer")
    talk.becomes(ago(-5), OPEN)
    with case.shown() as shown:
        assert (shown.live(NOW).waiting, shown.live(NOW).snoozed) == (0, 1)
        case.move(shown, ago(-6))
        assert (shown.live(ago(-6)).waiting, shown.live(ago(-6)).snoozed) == (1, 0)


@pytest.mark.parametrize("stored", ["text", "object"])
@pytest.mark.parametrize("in_the_name_of_an_agent", [False, True])
def test_an_automation_is_no_answer_however_its_rule_is_stored(
    case: Case, stored: str, in_the_name_of_an_agent: bool
) -> None:
    talk = case.desk.talk(case.shop, ago(30))
    talk.says(ago(30), "customer")
    agent = case.ann if in_the_name_of_an_agent else None
    talk.says(ago(29), "automation", agent, stored=stored)
    with case.shown() as shown:
        assert shown.live(NOW).oldest_wait_s == 30 * 60
        [fact] = shown.facts("contacts").values()
        assert fact["first_reply_at"] is None


@pytest.mark.parametrize("voice", ["note", "activity", "greeting", "bot", "captain", "survey"])
def test_only_a_persons_public_message_is_an_answer(case: Case, voice: str) -> None:
    talk = case.desk.talk(case.shop, ago(30))
    talk.says(ago(30), "customer")
    talk.says(ago(20), voice, case.ann if voice == "note" else None)
    with case.shown() as shown:
        assert shown.live(NOW).oldest_wait_s == 30 * 60


@pytest.mark.parametrize("stored", ["text", "object", "null"])
def test_a_person_is_known_whatever_the_attributes_of_the_message_hold(
    case: Case, stored: str
) -> None:
    for minutes in range(30, 42):  # ids differ, and with them what the columns hold
        talk = case.desk.talk(case.shop, ago(minutes))
        talk.says(ago(minutes), "customer", stored=stored)
        talk.says(ago(minutes - 1), "person", case.ann, stored=stored)
    with case.shown() as shown:
        assert (shown.live(NOW).waiting, shown.kpi("first_response").n) == (0, 12)


def test_an_answer_that_failed_or_was_deleted_was_an_answer(case: Case) -> None:
    for changed in ({"failed": True}, {"deleted_at": ago(5)}):
        talk = case.desk.talk(case.shop, ago(30))
        talk.says(ago(30), "customer")
        talk.says(ago(20), "person", case.ann, **changed)
    with case.shown() as shown:
        assert shown.live(NOW).waiting == 0


def test_inboxes_of_one_name_are_one_queue_per_channel(case: Case) -> None:
    same, other = (
        case.desk.inbox("旗舰店", channel="Api"),
        case.desk.inbox("旗舰店", channel="Email"),
    )
    for inbox in (case.shop, same, other):
        case.desk.talk(inbox, ago(30)).says(ago(30), "customer")
    with case.shown() as shown:
        facts = shown.facts("contacts").values()
        assert {(row["queue"], row["channel"]) for row in facts} == {
            ("旗舰店", "Api"),
            ("旗舰店", "Email"),
        }
        assert shown.live(NOW).waiting == 3


def test_unassigned_counts_open_conversations_that_nobody_has(case: Case) -> None:
    for agent in (case.ann, None):
        for status in (OPEN, SNOOZED):
            talk = case.desk.talk(case.shop, ago(30))
            talk.says(ago(30), "customer")
            talk.assign(ago(29), agent)
            talk.becomes(ago(28), status)
    with case.shown() as shown:
        assert (shown.live(NOW).open, shown.live(NOW).unassigned) == (2, 1)


def test_nobody_is_called_available_because_the_database_says_online(case: Case) -> None:
    case.desk.talk(case.shop, ago(30)).says(ago(30), "customer")
    with case.shown() as shown:
        assert case.naive("SELECT count(*) FROM account_users WHERE availability = 0") == 2
        assert shown.live(NOW).agents_available is None


def test_times_are_utc_whatever_zone_the_sessions_of_the_database_use(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "America/New_York")
    monkeypatch.setenv("PGTZ", "Asia/Tokyo")
    case.desk.talk(case.shop, ago(30)).says(ago(30), "customer")
    with case.shown() as shown:
        [fact] = shown.facts("contacts").values()
        assert fact["opened_at"] == ago(30)
        assert shown.live(NOW).oldest_wait_s == 30 * 60
