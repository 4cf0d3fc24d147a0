"""What a staying process keeps between its runs: the same scores as reading everything anew."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from connectors import schema
from connectors.risk_tables import changed_orders, risk_scores
from connectors.store import Store
from forecasting.risk.jobs import FILLING
from forecasting.risk.model import RiskModel
from forecasting.risk.rescoring import REREAD, Rescoring, score_changed
from forecasting.risk.store import save_model
from forecasting.risk.tending import tend
from tests.forecasting.risk.shop import DAY, NOW, PLAN, Shop


def test_kept_facts_and_facts_read_anew_give_the_same_scores(store: Store) -> None:
    scoring, later = Rescoring(PLAN), NOW + timedelta(minutes=2)
    scoring.run(store, now=NOW)
    refs = waiting(store)[:20]
    ship(store, refs, at=NOW + timedelta(minutes=1))
    scoring.run(store, now=later)
    kept = scores(store)
    assert {ref for ref in kept if kept[ref].scored_at == later} == set(refs)
    note(store, refs)
    again = score_changed(store, PLAN, now=later + timedelta(seconds=1))
    assert again is not None and again.startswith("20 orders scored, 0 of them anew")


def test_what_nobody_noted_is_seen_when_everything_is_read_again(store: Store) -> None:
    scoring = Rescoring(PLAN)
    scoring.run(store, now=NOW)
    quiet, noted, *_ = waiting(store)
    ship(store, [quiet], at=NOW + timedelta(minutes=1), noted=False)
    note(store, [noted])
    scoring.run(store, now=NOW + timedelta(minutes=2))
    assert scores(store)[quiet].moment == "order"
    note(store, [noted])
    scoring.run(store, now=NOW + REREAD + timedelta(minutes=1))
    note(store, [quiet])
    scoring.run(store, now=NOW + REREAD + timedelta(minutes=2))
    assert scores(store)[quiet].moment == "shipping"


def test_where_somebody_else_scored_meanwhile_everything_is_read_again(store: Store) -> None:
    scoring = Rescoring(PLAN)
    scoring.run(store, now=NOW)
    refs = waiting(store)[:2]
    ship(store, refs[:1], at=NOW + timedelta(minutes=1))
    score_changed(store, PLAN, now=NOW + timedelta(minutes=2))  # by hand: takes the note away
    ship(store, refs[1:], at=NOW + timedelta(minutes=3))
    scoring.run(store, now=NOW + timedelta(minutes=4))
    assert [scores(store)[ref].moment for ref in refs] == ["shipping", "shipping"]
    note(store, refs)
    scoring.run(store, now=NOW + timedelta(minutes=6))
    assert [scores(store)[ref].moment for ref in refs] == ["shipping", "shipping"]


def test_another_model_scores_everything_again(store: Store, model: RiskModel) -> None:
    scoring, later = Rescoring(PLAN), NOW + timedelta(minutes=2)
    scoring.run(store, now=NOW)
    with store.begin() as connection:
        save_model(connection, model, now=NOW)
    scoring.run(store, now=later)
    assert all(row.scored_at == later for row in scores(store).values() if row.open)


def scores(store: Store) -> dict[str, sa.Row[tuple[object, ...]]]:
    with store.read() as connection:
        return {row.order_ref: row for row in connection.execute(sa.select(risk_scores))}


def waiting(store: Store) -> list[str]:
    """Orders whose last moment was their purchase."""
    return sorted(ref for ref, row in scores(store).items() if row.moment == "order")


def ship(store: Store, refs: list[str], *, at: datetime, noted: bool = True) -> None:
    with store.begin() as connection:
        mine = schema.orders.c.order_ref.in_(refs)
        connection.execute(schema.orders.update().where(mine).values(shipped_at=at))
    if noted:
        note(store, refs)


def note(store: Store, refs: list[str]) -> None:
    with store.begin() as connection:
        rows = [{"order_ref": ref, "times": 1} for ref in refs]
        connection.execute(changed_orders.insert(), rows)


def test_the_first_model_waits_for_the_whole_history(shop: Shop, store_url: str) -> None:
    made = shop.write_to(store_url)
    with made.begin() as connection:
        reading = {"source": "shop", "status": "backfill", "poll_s": 2.0}
        connection.execute(schema.sources.insert().values(reading))
    assert score_changed(made, PLAN, now=NOW) == FILLING
    assert tend(made, PLAN, now=NOW) == FILLING
    with made.begin() as connection:
        connection.execute(schema.sources.update().values(status="ok"))
    assert "orders scored" in (score_changed(made, PLAN, now=NOW) or "")
    made.close()


def test_where_no_order_is_open_nothing_is_scored(store: Store) -> None:
    assert score_changed(store, PLAN, now=NOW + 365 * DAY) == (
        "0 orders scored, 0 of them anew, 0 listed"
    )
