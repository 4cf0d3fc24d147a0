"""What only Zammad's history tells: transfers, every close, every reopening."""

from __future__ import annotations

from tests.connectors.presets.zammad_case import ANN, BO, Case, ago, case
from tests.connectors.presets.zammad_desk import NOBODY

__all__ = ["case"]


def test_a_transfer_is_another_agent_than_the_one_before(case: Case) -> None:
    parked, given, dropped = case.ticket(60, owner=ANN), case.ticket(60), case.ticket(60)
    parked.assign(ago(50), NOBODY)
    parked.assign(ago(40), ANN)  # the same again
    parked.assign(ago(30), NOBODY)
    parked.assign(ago(20), BO)
    given.assign(ago(50), ANN)
    given.assign(ago(40), BO)
    given.assign(ago(30), ANN)
    dropped.assign(ago(50), ANN)
    dropped.assign(ago(40), NOBODY)
    with case.shown() as shown:
        facts = shown.facts("contacts")
        assert [facts[t.id]["transfer_count"] for t in (parked, given, dropped)] == [1, 2, 0]


def test_every_close_and_reopening_is_an_event_and_goes_with_a_merged_ticket(case: Case) -> None:
    target, again = case.ticket(600), case.ticket(600)
    again.becomes(ago(500), "erledigt")
    again.becomes(ago(400), "verkauft")  # from closed to closed: no close
    again.becomes(ago(300), "in Arbeit")
    with case.shown() as shown:
        again.becomes(ago(-1), "erledigt")
        case.move(shown, ago(-2))
        case.check(shown, ago(-2))
        kinds = [(e["kind"], e["value_s"]) for e in shown.facts("events").values()]
        assert kinds == [("closed", 100 * 60), ("opened", None), ("closed", 601 * 60)]
        again.merge(ago(-3), target)
        case.move(shown, ago(-4))
        assert shown.facts("events") == {}
