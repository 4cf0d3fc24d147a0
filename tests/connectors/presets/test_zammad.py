"""The Zammad preset: each naive mapping beside the right number, and what polls must notice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.connectors.presets import zammad_truth as truth
from tests.connectors.presets.product import compare, percentile, product
from tests.connectors.presets.zammad_case import ANN, BO, HELPER, NOW, Case, ago, case
from tests.connectors.presets.zammad_chance import desk_by_chance
from tests.connectors.presets.zammad_desk import NOBODY
from tests.connectors.presets.zammad_rows import write
from tests.servers import Database

__all__ = ["case"]

START = datetime(2026, 3, 1, tzinfo=UTC)


def test_states_are_known_by_their_type_whatever_their_names_and_numbers(case: Case) -> None:
    for state in ("neu", "in Arbeit", "wartet auf Lieferant", "Wiedervorlage", "schließt sich",
                  "erledigt", "verkauft", "entfernt"):  # fmt: skip
        case.ticket(60).becomes(ago(30), state)
    with case.shown() as shown:
        live = shown.live(NOW)
        assert (live.open, live.snoozed, live.waiting) == (3, 2, 3)
        assert shown.kpi("volume").n == 7
        assert case.naive("SELECT count(*) FROM tickets t JOIN ticket_states s"
                          " ON s.id = t.state_id WHERE s.name IN ('new', 'open')") == 0  # fmt: skip


def test_a_ticket_waits_since_the_first_question_after_the_last_answer(case: Case) -> None:
    ticket = case.ticket(60)
    ticket.write(ago(50), "Agent", user=ANN)
    ticket.write(ago(40), "Customer")
    ticket.write(ago(10), "Customer")  # the column moves, the wait does not
    answered = case.ticket(60)
    answered.write(ago(50), "Agent", "phone", user=ANN)
    with case.shown() as shown:
        assert (shown.live(NOW).waiting, shown.live(NOW).oldest_wait_s) == (1, 40 * 60)
        assert case.naive("SELECT max(last_contact_customer_at) = timestamp '2026-03-10 11:50'"
                          " FROM tickets") is True  # fmt: skip


@pytest.mark.parametrize(
    ("by", "kind", "internal"),
    [("Agent", "note", False), ("Agent", "email", True), ("System", "email", False)],
)
def test_only_a_persons_public_word_to_the_customer_is_an_answer(
    case: Case, by: str, kind: str, internal: bool
) -> None:
    case.ticket(60).write(ago(50), by, kind, internal=internal, user=ANN)
    with case.shown() as shown:
        assert shown.live(NOW).oldest_wait_s == 60 * 60
        assert shown.kpi("first_response").n == 0


def test_a_customers_note_in_the_portal_is_a_question_and_an_internal_mail_is_none(
    case: Case,
) -> None:
    for kind, internal in (("note", False), ("email", True)):
        ticket = case.ticket(60)
        ticket.write(ago(50), "Agent", user=ANN)
        ticket.write(ago(20), "Customer", kind, internal=internal)
    with case.shown() as shown:
        assert (shown.live(NOW).waiting, shown.live(NOW).oldest_wait_s) == (1, 20 * 60)


def test_a_ticket_that_an_agent_opened_has_no_first_response(case: Case) -> None:
    ticket = case.ticket(60, by="Agent")
    ticket.write(ago(30), "Customer")
    ticket.write(ago(20), "Agent", user=ANN)
    case.ticket(60).write(ago(45), "Agent", user=ANN)
    with case.shown() as shown:
        row = shown.kpi("first_response")
        assert (row.n, row.value) == (1, 15 * 60)
        assert case.naive("SELECT count(first_response_at) FROM tickets") == 2


def test_a_reopened_ticket_is_not_closed_and_a_resolution_ends_at_the_last_close(
    case: Case,
) -> None:
    again, open_again = case.ticket(600), case.ticket(600)
    for ticket in (again, open_again):
        ticket.becomes(ago(580), "erledigt")
        ticket.becomes(ago(300), "in Arbeit")
    again.becomes(ago(200), "verkauft")
    with case.shown() as shown:
        assert (shown.kpi("resolution").n, shown.kpi("resolution").value) == (1, 400 * 60)
        assert [row["reopen_count"] for row in shown.facts("contacts").values()] == [1, 1]
        assert case.naive("SELECT count(close_at) FROM tickets") == 2


def test_owner_one_is_nobody(case: Case) -> None:
    case.ticket(60, owner=NOBODY)
    case.ticket(60, owner=ANN)
    with case.shown() as shown:
        assert shown.live(NOW).unassigned == 1
        assert case.naive("SELECT count(*) FROM tickets WHERE owner_id IS NULL") == 0


def test_assigned_is_the_first_owner_even_when_given_at_creation(case: Case) -> None:
    late, early, changed = case.ticket(60), case.ticket(60, owner=ANN), case.ticket(60, owner=ANN)
    late.assign(ago(50), BO)
    late.assign(ago(40), ANN)
    changed.assign(ago(30), BO)
    with case.shown() as shown:
        assert [shown.facts("contacts")[t.id]["assigned_at"] for t in (late, early, changed)] == [
            ago(50), ago(60), ago(60),
        ]  # fmt: skip


def test_a_merged_ticket_disappears_and_its_questions_wait_in_the_other(case: Case) -> None:
    target, doubled = case.ticket(60), case.ticket(30)
    target.write(ago(50), "Agent", user=ANN)
    with case.shown() as shown:
        assert (shown.live(NOW).open, shown.live(NOW).waiting) == (2, 1)
        doubled.merge(ago(-1), target)
        case.move(shown, ago(-2))
        assert set(shown.facts("contacts")) == {target.id}
        state = shown.live(ago(-2))
        assert (state.open, state.waiting, state.oldest_wait_s) == (1, 1, 32 * 60)
        case.check(shown, ago(-2))


def test_a_closed_ticket_that_is_merged_later_disappears_too(case: Case) -> None:
    target, doubled = case.ticket(60), case.ticket(30)
    doubled.becomes(ago(20), "erledigt")
    with case.shown() as shown:
        assert shown.kpi("resolution").n == 1
        doubled.merge(ago(-1), target)
        case.move(shown, ago(-2))
        assert set(shown.facts("contacts")) == {target.id}
        assert shown.kpi("resolution").n == 0


def test_an_answer_from_before_a_ticket_began_came_with_a_merged_one(case: Case) -> None:
    old, new = case.ticket(600), case.ticket(60)
    old.write(ago(590), "Agent", user=ANN)
    old.merge(ago(50), new)
    new.write(ago(40), "Agent", user=BO)
    with case.shown() as shown:
        assert shown.kpi("first_response").value == 20 * 60
        assert shown.rejected() == []


def test_changes_of_every_kind_are_seen_by_the_next_poll(case: Case) -> None:
    open_, closed, gone = case.ticket(60), case.ticket(60), case.ticket(60)
    closed.becomes(ago(50), "erledigt")
    with case.shown() as shown:
        open_.write(ago(-1), "Agent", user=ANN)
        open_.becomes(ago(-1), "Wiedervorlage")
        closed.write(ago(-1), "Customer")
        closed.becomes(ago(-1), "in Arbeit")
        gone.deleted_at = ago(-1)
        case.ticket(-1, owner=BO)
        case.move(shown, ago(-2))
        case.check(shown, ago(-2))
        assert shown.live(ago(-2)).waiting == 2


def test_a_bulk_change_of_closed_tickets_is_seen_though_it_leaves_no_history(case: Case) -> None:
    case.ticket(60).becomes(ago(50), "erledigt")
    case.ticket(60, group="Sales::EU").becomes(ago(50), "erledigt")
    with case.shown() as shown:
        case.naive("UPDATE tickets SET group_id = 2, updated_at = timestamp '2026-03-10 12:01'"
                   " WHERE group_id = 1 RETURNING 1")  # fmt: skip
        shown.sync(ago(-2))
        assert {row["queue"] for row in shown.facts("contacts").values()} == {"Sales::EU"}


def test_agents_are_people_with_the_role_and_owners_and_nobody_is_called_available(
    case: Case,
) -> None:
    case.ticket(60)
    case.desk.users[HELPER] = ("Di", False)  # has a role of the shop's own making
    case.ticket(60, owner=HELPER)
    with case.shown() as shown:
        assert {row["name"] for row in shown.facts("agents").values()} == {"Ann", "Bo", "Di"}
        assert shown.live(NOW).agents_available is None


def test_the_order_number_is_the_ticket_attribute_that_is_named(case: Case) -> None:
    case.ticket(60, order_no="A1")
    with case.shown() as shown:
        assert [row["order_ref"] for row in shown.facts("contacts").values()] == ["A1"]
    (case.folder / "store.db").unlink()
    with product("zammad", case.database.readonly_url, case.folder, order_key="not_there") as shown:
        shown.sync(NOW)
        assert [row["order_ref"] for row in shown.facts("contacts").values()] == [None]


@pytest.mark.parametrize("seed", range(3))
def test_facts_and_figures_follow_a_random_desk(
    zammad: Database, tmp_path: Path, seed: int
) -> None:
    desk = desk_by_chance(seed, START, 20, 500)
    with product("zammad", zammad.readonly_url, tmp_path) as shown:
        for day in (4, 11, 16, 24):
            moment = START + timedelta(days=day)
            write(zammad.url, desk, moment)
            shown.sync(moment)
            live = {key: row for key, row in truth.contacts(desk, moment).items()
                    if row["status"] != "closed"}  # fmt: skip
            stored = {key: row for key, row in shown.facts("contacts").items()
                      if row["status"] != "closed"}  # fmt: skip
            assert compare(stored, live) == []
        found = truth.contacts(desk, moment)
        shown.reconcile(moment)
        assert compare(shown.facts("contacts"), found) == []
        assert compare(shown.facts("events"), truth.events(desk, moment)) == []
        assert sum(row["transfer_count"] > 1 for row in found.values()) > 5
        assert shown.rejected() == []
        took = sorted((row["closed_at"] - row["opened_at"]).total_seconds()
                      for row in found.values() if row["closed_at"])  # fmt: skip
        row = shown.kpi("resolution")
        assert row.n == len(took)
        assert row.p90 == pytest.approx(percentile(took, 0.9), rel=1e-6)
        waits = sorted((row["first_reply_at"] - row["opened_at"]).total_seconds()
                       for row in found.values() if row["first_reply_at"])  # fmt: skip
        row = shown.kpi("first_response")
        assert row.n == len(waits)
        assert row.p50 == pytest.approx(percentile(waits, 0.5), rel=1e-6)
        assert shown.kpi("volume").n == len(found)
