"""What the worker does about risks, on a real store: scores, the list, and its trail."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from connectors import schema, write
from connectors.columns import to_micros
from connectors.risk_tables import changed_orders, risk_history, risk_scores, worklist
from connectors.store import Store
from forecasting.risk import listing
from forecasting.risk.errors import RiskError
from forecasting.risk.jobs import RiskPlan, line_now, line_of
from forecasting.risk.listing import Change
from forecasting.risk.model import RiskModel
from forecasting.risk.rescoring import score_changed
from forecasting.risk.settings import RiskSettings
from forecasting.risk.worklist import Status
from tests.forecasting.risk.shop import NOW, PLAN


def test_the_first_time_every_open_order_is_scored_and_the_risky_are_listed(store: Store) -> None:
    assert score_changed(store, PLAN, now=NOW) is not None
    with store.read() as connection:
        scores = connection.execute(sa.select(risk_scores)).all()
        listed = connection.execute(sa.select(worklist)).all()
        shown = listing.items(connection)
        history = connection.execute(
            sa.select(sa.func.count()).select_from(risk_history)
        ).scalar_one()
    assert len(scores) == history > 50
    assert all(one.open and one.moment_at <= NOW and one.placed_at <= NOW for one in scores)
    assert {one.order_ref for one in listed} == {
        one.order_ref for one in scores if one.probability >= 0.25
    }
    held = {one.order_ref for one in listed if one.held_out}
    assert held and len(held) < len(listed)
    assert {one.order_ref for one in shown} == {one.order_ref for one in listed} - held
    first = shown[0]
    assert set(first.reasons) == {"zh", "en"} and all(first.reasons.values())
    assert (first.status, first.due_at) == (Status.UNTOUCHED, NOW + timedelta(hours=24))


def test_nothing_changed_means_nothing_to_do(store: Store) -> None:
    score_changed(store, PLAN, now=NOW)
    assert score_changed(store, PLAN, now=NOW + timedelta(seconds=1)) is None


def test_only_what_changed_is_scored_again(store: Store) -> None:
    score_changed(store, PLAN, now=NOW)
    later = NOW + timedelta(seconds=1)
    with store.begin() as connection:
        before = {row.order_ref: row for row in connection.execute(sa.select(risk_scores))}
        ref = next(r for r, row in before.items() if row.moment == "order")
        table = schema.orders
        row = connection.execute(sa.select(table).where(table.c.order_id == ref)).one()
        raw, names = {**row._mapping, "shipped_at": NOW}, [column.name for column in table.c]
        write.apply(connection, "orders", [tuple(_micros(raw[name]) for name in names)])
        assert connection.execute(sa.select(changed_orders)).all() == [(ref, 1)]
    score_changed(store, PLAN, now=later)
    with store.read() as connection:
        after = {row.order_ref: row for row in connection.execute(sa.select(risk_scores))}
        history = connection.execute(
            sa.select(risk_history.c.moment).where(risk_history.c.order_ref == ref)
        ).scalars().all()  # fmt: skip
        assert connection.execute(sa.select(changed_orders)).all() == []
    assert {r for r in after if after[r].scored_at == later} == {ref}
    assert after[ref].moment == "shipping"
    assert sorted(history) == ["order", "shipping"]


def test_an_order_with_a_verdict_leaves_the_list(store: Store) -> None:
    score_changed(store, PLAN, now=NOW)
    with store.begin() as connection:  # any news makes the job look
        connection.execute(changed_orders.insert().values(order_ref="o00000", times=1))
    score_changed(store, PLAN, now=NOW + timedelta(days=20))
    with store.read() as connection:
        shown = listing.items(connection)
        all_there = listing.items(connection, open_only=False)
    assert len(shown) < len(all_there)
    assert all(one.open for one in shown)


def test_a_change_is_kept_with_who_made_it_and_when(store: Store) -> None:
    score_changed(store, PLAN, now=NOW)
    at = NOW + timedelta(hours=2)
    with store.begin() as connection:
        one = listing.items(connection)[0]
        wanted = Change(Status.CONTACTED, owner=" 小王 ", note="called")
        assert (
            listing.change(connection, one.source, one.order_ref, wanted, author="Li", now=at) == 3
        )
        assert (
            listing.change(connection, one.source, one.order_ref, wanted, author="Li", now=at) == 0
        )
        listing.change(connection, one.source, one.order_ref, Change(owner=""), author="Wu", now=at)
        found = listing.item(connection, one.source, one.order_ref)
        trail = listing.changes_of(connection, one.source, one.order_ref)
    assert found is not None
    assert (found.status, found.owner, found.note) == (Status.CONTACTED, None, "called")
    assert found.touched_at == at
    assert [(c.author, c.field, c.old, c.new) for c in trail] == [
        ("Li", "status", "untouched", "contacted"), ("Li", "owner", None, "小王"),
        ("Li", "note", None, "called"), ("Wu", "owner", "小王", None),
    ]  # fmt: skip


def test_a_change_needs_a_name_and_an_order_that_is_shown(store: Store) -> None:
    score_changed(store, PLAN, now=NOW)
    with store.begin() as connection:
        held = connection.execute(sa.select(worklist).where(worklist.c.held_out)).first()
        assert held is not None
        for ref, author, said in ((held.order_ref, "Li", "is not on the worklist"),
                                  (held.order_ref, "  ", "needs a name")):  # fmt: skip
            with pytest.raises(RiskError, match=said):
                listing.change(connection, "shop", ref, Change(Status.SOLVED), author=author,
                               now=NOW)  # fmt: skip


def test_what_nobody_touched_in_time_is_overdue(store: Store) -> None:
    score_changed(store, PLAN, now=NOW)
    with store.begin() as connection:
        assert listing.overdue_items(connection, NOW + timedelta(hours=23)) == []
        late = listing.overdue_items(connection, NOW + timedelta(hours=25))
        assert len(late) == len(listing.items(connection)) > 2
        one = late[0]
        listing.change(connection, one.source, one.order_ref, Change(Status.CONTACTED),
                       author="Li", now=NOW)  # fmt: skip
        assert one.order_ref not in {
            other.order_ref
            for other in listing.overdue_items(connection, NOW + timedelta(hours=25))
        }


def _micros(value: object) -> object:
    return to_micros(value) if isinstance(value, datetime) else value


def test_no_more_are_listed_within_a_day_than_the_team_can_act_on(store: Store) -> None:
    plan = RiskPlan(RiskSettings(capacity=2), ZoneInfo("Asia/Shanghai"))
    score_changed(store, plan, now=NOW)
    with store.begin() as connection:
        open_ = sorted(connection.execute(
            sa.select(risk_scores.c.probability).where(risk_scores.c.open)
        ).scalars(), reverse=True)  # fmt: skip
        first = connection.execute(sa.select(worklist.c.probability)).scalars().all()
        connection.execute(changed_orders.insert().values(order_ref="o00000", times=1))
    assert sorted(first, reverse=True) == open_[:2]
    score_changed(store, plan, now=NOW + timedelta(hours=1))
    assert len(listed(store)) == 2
    with store.begin() as connection:
        connection.execute(changed_orders.insert().values(order_ref="o00000", times=1))
    score_changed(store, plan, now=NOW + timedelta(hours=25))
    assert 2 < len(listed(store)) <= 4


def test_the_line_comes_down_in_calm_times_but_not_to_the_usual_risk(
    store: Store, model: RiskModel
) -> None:
    assert model.capacity is not None
    score_changed(store, PLAN, now=NOW)
    usual = model.capacity.complaints / model.capacity.orders
    with store.read() as connection:
        week = sorted(connection.execute(sa.select(risk_scores.c.probability).where(
            risk_scores.c.placed_at > NOW - timedelta(days=7)
        )).scalars(), reverse=True)  # fmt: skip
        lines = {n: line_now(connection, model, RiskSettings(capacity=n), NOW) for n in (1, 8)}
        by_hand = line_now(connection, model, RiskSettings(line=0.9), NOW)
    assert len(week) > 7 * 8
    for n, line in lines.items():
        proven = line_of(model, RiskSettings(capacity=n))
        assert line == min(proven, max(week[7 * n - 1], 1.5 * usual))
    assert by_hand == 0.9


def listed(store: Store) -> list[str]:
    with store.read() as connection:
        return list(connection.execute(sa.select(worklist.c.order_ref)).scalars())
