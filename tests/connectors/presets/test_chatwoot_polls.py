"""What a poll of a Chatwoot database must notice, though no time column tells it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.connectors.presets.chatwoot_case import NOW, Case, ago, case
from tests.connectors.presets.chatwoot_desk import OPEN, PENDING, RESOLVED, SNOOZED, Talk
from tests.connectors.presets.product import Product

__all__ = ["case"]


def _talk(case: Case, minutes: float = 60, status: int = OPEN) -> Talk:
    talk = case.desk.talk(case.shop, ago(minutes), status)
    talk.says(ago(minutes), "customer")
    return talk


def _status(shown: Product, talk: Talk) -> object:
    return shown.facts("contacts")[talk.id]["status"]


def test_a_new_message_alone_changes_who_waits(case: Case) -> None:
    talk = _talk(case)
    talk.says(ago(50), "person", case.ann)
    with case.shown() as shown:
        assert shown.live(NOW).waiting == 0
        talk.says(ago(-1), "customer")
        case.move(shown, ago(-2))
        assert shown.live(ago(-2)).oldest_wait_s == 60
        talk.says(ago(-3), "person", case.ann)
        case.move(shown, ago(-4))
        assert shown.live(ago(-4)).waiting == 0
        case.check(shown, ago(-4))


def test_a_message_in_a_closed_conversation_is_seen(case: Case) -> None:
    talk = _talk(case)
    talk.resolve(ago(50))
    with case.shown() as shown:
        talk.says(ago(-1), "customer")
        talk.becomes(ago(-1), OPEN)
        case.move(shown, ago(-2))
        assert _status(shown, talk) == "open"
        assert shown.live(ago(-2)).waiting == 1


def test_a_persons_word_in_a_conversation_that_stays_closed_is_seen(case: Case) -> None:
    talk = _talk(case)
    talk.resolve(ago(50))
    with case.shown() as shown:
        assert shown.kpi("first_response").n == 0
        talk.says(ago(-1), "person", case.ann)
        case.move(shown, ago(-2))
        assert shown.kpi("first_response").value == 61 * 60
        assert shown.kpi("reply_time").value == 61 * 60


def test_a_bot_that_hands_over_is_seen_when_its_event_arrives_late(case: Case) -> None:
    talk = case.desk.talk(case.bot, ago(60), 2)
    talk.says(ago(60), "customer")
    with case.shown() as shown:
        talk.becomes(ago(-1), OPEN)
        talk.tells("conversation_bot_handoff", ago(-1), delay=timedelta(minutes=2))
        case.move(shown, ago(-2))
        assert shown.live(ago(-2)).oldest_wait_s == 62 * 60  # nothing says more yet
        case.move(shown, ago(-4))
        assert shown.live(ago(-4)).oldest_wait_s == 3 * 60


def test_removing_an_agent_is_seen_though_no_time_moves(case: Case) -> None:
    talk = _talk(case)
    talk.assign(ago(59), case.ann)
    with case.shown() as shown:
        assert shown.live(NOW).unassigned == 0
        case.desk.remove_agent(case.ann, ago(-1))
        case.move(shown, ago(-2))
        assert shown.live(ago(-2)).unassigned == 1
        case.move(shown, ago(-70))
        assert shown.facts("agents") == {
            case.bo: {"agent_id": str(case.bo), "name": "Bo", "team": None, "active": True}
        }


@pytest.mark.parametrize("status", [OPEN, PENDING, SNOOZED])
def test_a_deleted_conversation_leaves_the_figures(case: Case, status: int) -> None:
    talk, other = _talk(case, 60, status), _talk(case, 50)
    with case.shown() as shown:
        talk.deleted_at = ago(-1)
        case.move(shown, ago(-2))
        state = shown.live(ago(-2))
        assert (state.open, state.bot, state.snoozed) == (1, 0, 0)
        assert set(shown.facts("contacts")) == {other.id}


def test_the_time_of_an_assignment_follows_when_its_row_is_written(case: Case) -> None:
    talk = _talk(case)
    with case.shown() as shown:
        talk.assign(ago(-1), case.ann)  # the participant comes a second later
        case.move(shown, ago(-1))
        assert shown.facts("contacts")[talk.id]["agent_id"] == str(case.ann)
        case.move(shown, ago(-1.5))
        case.check(shown, ago(-1.5))
        assert shown.facts("contacts")[talk.id]["assigned_at"] == ago(-1) + timedelta(seconds=1)


def test_a_closing_is_seen_at_once(case: Case) -> None:
    talk = _talk(case)
    with case.shown() as shown:
        talk.becomes(ago(-1), RESOLVED)
        case.move(shown, ago(-2))
        assert (_status(shown, talk), shown.live(ago(-2)).waiting) == ("closed", 0)


def test_answers_to_surveys_and_their_changes_are_seen_within_a_minute(case: Case) -> None:
    talk = _talk(case)
    talk.resolve(ago(50))
    line = talk.survey(ago(49))
    with case.shown() as shown:
        assert shown.kpi("csat_response_rate").value == 0.0
        rating = talk.rate(line, ago(-1), 1)
        case.move(shown, ago(-2))
        assert (shown.kpi("csat").value, shown.kpi("csat_response_rate").value) == (0.0, 100.0)
        rating.scores.append((ago(-3), 5))
        case.move(shown, ago(-4))
        assert (shown.kpi("csat").n, shown.kpi("csat").value) == (1, 100.0)
        case.check(shown, ago(-4))


def test_an_answer_to_a_survey_is_seen_at_once(case: Case) -> None:
    talk = _talk(case)
    talk.resolve(ago(50))
    line = talk.survey(ago(49))
    with case.shown() as shown:
        talk.rate(line, ago(-0.1), 4)
        case.move(shown, ago(-0.2))
        assert (shown.kpi("csat").n, shown.kpi("csat").value) == (1, 100.0)


def test_new_conversations_are_seen_open_and_closed(case: Case) -> None:
    _talk(case)
    with case.shown() as shown:
        opened, blocked = _talk(case, -1), _talk(case, -1.5, RESOLVED)
        case.move(shown, ago(-2))
        assert (_status(shown, opened), _status(shown, blocked)) == ("open", "closed")
        case.check(shown, ago(-2))


def test_what_other_accounts_do_neither_shows_nor_stops_the_marks(case: Case) -> None:
    foreign = case.desk.inbox("foreign", account=2)
    talk = _talk(case)
    talk.says(ago(55), "person", case.ann)
    with case.shown() as shown:
        for minute in range(1, 5):
            case.desk.talk(foreign, ago(-minute)).says(ago(-minute), "customer")
        case.move(shown, ago(-5))
        assert set(shown.facts("contacts")) == {talk.id}
        marks = shown.syncing.ledger.marks
        assert marks["contacts.touched messages"] == 6
        talk.says(ago(-6), "customer")
        case.move(shown, ago(-7))
        assert shown.live(ago(-7)).waiting == 1


def test_edits_of_finished_conversations_are_found_by_the_nightly_comparison(case: Case) -> None:
    talk = _talk(case)
    talk.resolve(ago(50))
    with case.shown() as shown:
        talk.priority = 3
        case.move(shown, ago(-2))
        shown.reconcile(ago(-3))
        assert shown.facts("contacts")[talk.id]["priority"] == "urgent"
