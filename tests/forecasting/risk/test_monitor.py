"""Whether a model is still right, and which of two is better."""

from __future__ import annotations

import copy
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from connectors.columns import to_micros
from forecasting.risk.champion import contest
from forecasting.risk.facts import Facts
from forecasting.risk.model import RiskModel
from forecasting.risk.monitor import DRIFTED, drift_of, health, stability
from forecasting.risk.score import Scorer
from forecasting.risk.training import train
from tests.forecasting.risk.conftest import ZONE
from tests.forecasting.risk.shop import START, Shop

END = START + timedelta(days=200)
NOW = to_micros(START + timedelta(days=150))


def test_a_model_whose_world_goes_on_is_healthy(facts: Facts, model: RiskModel) -> None:
    found = health(Scorer(model, facts), "promise", NOW)
    assert found.told > 200
    assert not found.off
    assert not found.drifted


def test_a_model_whose_level_is_wrong_is_off(shop: Shop, model: RiskModel, tmp_path: Path) -> None:
    other = copy.deepcopy(shop)
    for row in other.ratings:
        if row["rated_at"] > START + timedelta(days=120):
            row["score"] = 1
    found = health(Scorer(model, other.facts(tmp_path / "store.db")), "promise", NOW)
    assert found.off
    assert found.seen == 1.0


def test_too_few_orders_leave_health_unknown(facts: Facts, model: RiskModel) -> None:
    found = health(Scorer(model, facts), "second_contact", NOW)
    assert (found.told, found.expected, found.calibration_error) == (0, None, None)
    assert not found.off


def test_the_stability_index_is_near_zero_for_one_population_and_large_for_two() -> None:
    chance = np.random.default_rng(2)
    one, same, other = (pd.Series(chance.beta(2, b, 5000)) for b in (9, 9, 5))
    assert stability(one, same) < 0.02
    assert stability(one, other) > 0.5
    words = pd.Series(chance.choice(["a", "b"], 4000, p=[0.9, 0.1]), dtype="category")
    assert stability(words[:2000], words[2000:]) < 0.02


def test_the_column_that_moved_is_named(shop: Shop, tmp_path: Path) -> None:
    other = copy.deepcopy(shop)
    for row in other.orders:
        if row["placed_at"] > START + timedelta(days=120):
            row["region"] = "新疆"
    made = other.facts(tmp_path / "store.db")
    later = made.instants("placed_at") > to_micros(START + timedelta(days=120))
    found = drift_of(made, ~later, later)
    assert found is not None
    assert found.column == "region"
    assert found.index > DRIFTED


def test_the_better_of_two_models_wins(
    facts: Facts, model: RiskModel, as_of: datetime, shop: Shop, tmp_path: Path
) -> None:
    other = copy.deepcopy(shop)
    for row in other.ratings:
        row["score"] = 6 - row["score"]  # a world turned around
    wrong = train(other.facts(tmp_path / "store.db"), as_of, zone=ZONE, threads=1)
    found = contest(model, wrong, facts, "promise", now=END)
    assert found.orders > 400
    assert found.champion_stays
    assert not contest(wrong, model, facts, "promise", now=END).champion_stays


def test_without_later_orders_there_is_no_contest(facts: Facts, model: RiskModel) -> None:
    found = contest(model, model, facts.until(model.as_of), "promise", now=END)
    assert (found.champion, found.champion_stays) == (None, False)


@pytest.mark.parametrize("day", [20, 100])
def test_the_worklist_has_each_order_once_at_its_last_moment(
    facts: Facts, model: RiskModel, day: int
) -> None:
    now = to_micros(START + timedelta(days=day))
    rows = np.arange(len(facts))
    found = Scorer(model, facts).latest(rows, now, lang="zh").frame
    placed = int((facts.instants("placed_at") <= now).sum())
    assert len(found) == found["order_ref"].nunique() == placed
    assert (found["moment_at"] <= now).all()
    assert {"order", "shipping", "promise"} <= set(found["moment"])
