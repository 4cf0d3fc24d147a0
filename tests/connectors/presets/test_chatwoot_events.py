"""What Chatwoot itself noted, by the preset: when, how long, and until when it is kept."""

from __future__ import annotations

from datetime import timedelta

from tests.connectors.presets.chatwoot_case import NOW, Case, ago, case
from tests.connectors.presets.chatwoot_desk import PENDING, SECOND

__all__ = ["case"]


def test_the_help_desks_own_record_is_kept_by_when_it_was_written(case: Case) -> None:
    talk = case.desk.talk(case.bot, ago(600), PENDING)
    talk.says(ago(600), "customer")
    talk.hand_over(ago(590))
    talk.says(ago(580), "person", case.ann)
    talk.tells("first_response", ago(580), case.ann, since=ago(590))
    talk.tells("reply_time", ago(500), case.bo, timedelta(minutes=2), since=ago(510))
    talk.tells("conversation_snoozed", ago(400))  # no such kind here
    talk.assign(ago(590), case.ann)
    talk.resolve(ago(100))
    with case.shown() as shown:
        found = [(e["kind"], e["at"], e["value_s"], e["agent_id"])
                 for e in shown.facts("events").values()]  # fmt: skip
        assert found == [
            ("handed_over", ago(590) + SECOND, 600, None),
            ("first_response", ago(580) + SECOND, 600, str(case.ann)),
            ("reply", ago(498), 600, str(case.bo)),
            ("closed", ago(100) + SECOND, 30_000, str(case.ann)),
        ]


def test_a_deleted_conversation_takes_its_events_along_before_the_help_desk_does(
    case: Case,
) -> None:
    talk, other = (case.desk.talk(case.shop, ago(100)) for _ in range(2))
    for one in (talk, other):
        one.resolve(ago(80))
    with case.shown() as shown:
        case.naive(f"DELETE FROM conversations WHERE id = {talk.id} RETURNING 1")
        shown.reconcile(NOW)
        assert {e["contact_id"] for e in shown.facts("events").values()} == {str(other.id)}
        assert case.naive("SELECT count(*) FROM reporting_events") == 2
