"""Fitting: repeatable, blind to what came later, and refused where it proves nothing."""

from __future__ import annotations

import copy
import sys
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from forecasting.risk.facts import Facts
from forecasting.risk.model import RiskModel
from forecasting.risk.score import Scorer
from forecasting.risk.store import packed
from forecasting.risk.training import train
from tests.forecasting.risk.conftest import ZONE
from tests.forecasting.risk.shop import START, Shop, busy_shop
from tests.forecasting.risk.test_future import changed_after


def test_later_facts_and_the_order_of_rows_change_nothing(
    shop: Shop, model: RiskModel, as_of: datetime, tmp_path: Path
) -> None:
    other = changed_after(shop, as_of, drop=True)
    facts = other.facts(tmp_path / "store.db", shuffle=5)
    assert packed(train(facts, as_of, zone=ZONE, threads=1)) == packed(model)


def test_a_planted_law_is_found_and_beats_the_rule(model: RiskModel) -> None:
    promise = model.at("promise")
    assert promise.fit is not None
    assert promise.fit.kind == "lightgbm"
    fitted, rule = promise.proof
    assert fitted.n == rule.n > 300
    for figure in ("roc_auc", "pr_auc"):
        mine, theirs = fitted.figures[figure].value, rule.figures[figure].value
        assert mine is not None and theirs is not None
        assert mine > theirs


def test_moments_that_never_came_are_left_to_the_rule(model: RiskModel) -> None:
    assert model.at("second_contact").fit is None
    assert model.at("second_contact").why == "no_labels"


def test_without_lightgbm_the_scorecard_speaks(
    facts: Facts, as_of: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "lightgbm", None)  # as if it were not installed
    made = train(facts, as_of, zone=ZONE, threads=1)
    promise = made.at("promise")
    assert promise.fit is not None
    assert (promise.fit.kind, promise.fit.trees) == ("logistic", None)
    scores = Scorer(made, facts).score(np.arange(2000, 2100), "promise", lang="en").frame
    assert scores["model"].str.startswith("logistic ").all()
    assert scores["probability"].between(0, 1).all()


def test_a_constant_column_is_left_out_and_named(model: RiskModel) -> None:
    assert {"freight", "promo"} <= set(model.at("order").constant)


def test_without_labels_the_assumed_rule_speaks_and_says_so(tmp_path: Path) -> None:
    shop = busy_shop(60)
    shop.ratings.clear()
    scores = scored(shop, tmp_path)
    assert set(scores["model"]) == {"rule: not late", "rule: late already"}
    assert scores["reasons"].str.contains("assumed, no orders have told yet").all()
    assert scores["reasons"].str.contains("no order has a rating").all()


def test_when_all_orders_end_alike_the_rule_speaks(tmp_path: Path) -> None:
    shop = busy_shop(800)
    for row in shop.ratings:
        row["score"] = 5
    scores = scored(shop, tmp_path)
    assert scores["model"].str.startswith("rule: ").all()
    assert scores["reasons"].str.contains("all known orders ended alike").all()
    assert scores["probability"].between(0.0001, 0.2).all()


def test_too_few_orders_are_left_to_the_rule(tmp_path: Path) -> None:
    scores = scored(busy_shop(200), tmp_path)
    assert scores["model"].str.startswith("rule: ").all()
    assert scores["reasons"].str.contains("too few known orders").all()


def test_noise_is_not_published(tmp_path: Path) -> None:
    shop = busy_shop(1200)
    chance = np.random.default_rng(8)
    for row in shop.ratings:
        row["score"] = 1 if chance.random() < 0.3 else 5
    facts = shop.facts(tmp_path / "store.db")
    made = train(facts, START + timedelta(days=200), zone=ZONE, threads=1).at("promise")
    figures = [one.figures["roc_auc"].value for one in made.proof]
    assert all(value is not None and abs(value - 0.5) < 0.1 for value in figures)
    if made.fit is None:
        assert made.why == "not_better"
    else:  # by luck: then it did beat the rule on both figures
        assert figures[0] > figures[1]  # type: ignore[operator]


def scored(shop: Shop, tmp_path: Path):
    facts = shop.facts(tmp_path / "store.db")
    made = train(facts, START + timedelta(days=200), zone=ZONE, threads=1)
    return Scorer(made, facts).score(np.arange(len(facts)), "promise", lang="en").frame


def test_odd_orders_are_scored_and_said(shop: Shop, tmp_path: Path, model: RiskModel) -> None:
    other = copy.deepcopy(shop)
    day = START + timedelta(days=130)
    other.order(
        "no items",
        day,
        items=None,
        sellers=None,
        category=None,
        seller=None,
        product_ref=None,
        seller_region=None,
    )
    other.order(
        "backwards", day, shipped_at=day - timedelta(days=1), delivered_at=day - timedelta(days=2)
    )
    other.order("free", day, amount=0.0, freight=-3.0, items=0)
    other.order(
        "unseen",
        day,
        category="never seen",
        region="never seen",
        seller="new",
        payment="never seen",
    )
    other.order("no promise", day, promised_at=None, delivered_at=None, shipped_at=None)
    other.order("past promise", day, promised_at=day - timedelta(days=3), delivered_at=None)
    for score in (1, 5):
        other.rate("free", day + timedelta(days=9), score)
    facts = other.facts(tmp_path / "store.db")
    refs = facts.orders["order_ref"].astype(str)
    odd = np.flatnonzero(~refs.str.startswith("o"))
    for moment in ("order", "promise"):
        frame = Scorer(model, facts).score(odd, moment, lang="en").frame.set_index("order_ref")
        assert frame["probability"].between(0, 1).all()
        said = frame["reasons"].to_dict()
        by = frame["model"].to_dict()
        assert all(said.values())
        assert by["no items"] == by["free"] == "rule: no items"
        assert "order without items" in said["no items"]
        assert by["unseen"] == "lightgbm 2026-04-21"
        if moment == "promise":
            assert by["no promise"] == "rule: seller history"  # as at the purchase
            assert "neither promised time nor delivery" in said["no promise"]
    found = {fault.key: fault.n for fault in facts.faults}
    assert found == {
        "early_shipped_at": 1, "early_delivered_at": 1, "early_promised_at": 1, "no_items": 2,
        "not_positive_amount": 1, "not_positive_items": 1, "negative_freight": 1,
        "repeated_ratings": 1,
    }  # fmt: skip


def test_where_silence_counts_orders_too_young_for_it_are_not_fitted_on(
    shop: Shop, tmp_path: Path
) -> None:
    other, as_of = copy.deepcopy(shop), START + timedelta(days=110)
    for row in other.ratings:
        if row["score"] == 1:
            other.case(row["order_ref"], row["rated_at"])
    other.ratings.clear()
    made = train(other.facts(tmp_path / "store.db"), as_of, zone=ZONE, threads=1).at("order")
    quiet = timedelta(days=30)
    silent = {
        one["order_ref"]
        for one in other.orders
        if max(one["promised_at"], one["delivered_at"]) + quiet <= as_of
    }
    assert made.orders == len(silent)
    assert made.bad == len(silent & {one["order_ref"] for one in other.cases})
