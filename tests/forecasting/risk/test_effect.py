"""The effect of acting: its interval against the truth, and its silence while data are thin."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from benchmarks import risk_effect
from connectors import schema
from connectors.risk_tables import worklist
from connectors.store import open_store
from forecasting.risk.complaint import Complaint
from forecasting.risk.effect import Arms, effect_of, more_needed, wilson
from forecasting.risk.holdout import held_out, holdout_seed
from forecasting.risk.outcomes import arms

NOW = datetime(2026, 5, 1, tzinfo=UTC)
DAY = timedelta(days=1)


@given(st.integers(1, 400), st.integers(1, 400), st.data())
def test_the_interval_holds_the_difference_and_stays_between_minus_one_and_one(
    acted: int, held: int, data: st.DataObject
) -> None:
    a, h = data.draw(st.integers(0, acted)), data.draw(st.integers(0, held))
    found = effect_of([Arms(acted, a, held, h)])
    assert found.low is not None and found.high is not None and found.difference is not None
    assert -1 <= found.low <= found.difference + 1e-12
    assert found.difference - 1e-12 <= found.high <= 1


def test_shares_have_the_interval_of_scipy() -> None:
    for bad, n in ((0, 10), (3, 40), (40, 40)):
        known = binomtest(bad, n).proportion_ci(0.9, method="wilson")
        assert wilson(bad, n) == pytest.approx((known.low, known.high))


def test_a_difference_has_the_interval_that_newcombe_printed() -> None:
    """His example of 1998, 56 of 70 against 48 of 80, by method 10 at 95 %."""
    found = effect_of([Arms(acted=80, acted_bad=48, held=70, held_bad=56)], z=1.959964)
    assert found.low == pytest.approx(0.0524, abs=5e-5)
    assert found.high == pytest.approx(0.3339, abs=5e-5)


def test_ninety_of_a_hundred_intervals_hold_the_truth() -> None:
    chance = np.random.default_rng(5)
    held_rate, acted_rate, hits, n = 0.22, 0.12, 0, 2000
    for _ in range(n):
        first = Arms(90, chance.binomial(90, acted_rate), 10, chance.binomial(10, held_rate))
        second = Arms(160, chance.binomial(160, acted_rate), 40, chance.binomial(40, held_rate))
        found = effect_of([first, second])
        assert found.low is not None and found.high is not None
        hits += found.low <= held_rate - acted_rate <= found.high
    assert 0.88 <= hits / n <= 0.95


def test_a_thin_sample_says_nothing() -> None:
    assert not effect_of([]).enough
    thin = effect_of([Arms(acted=500, acted_bad=40, held=12, held_bad=4)])
    assert not thin.enough
    assert not thin.works
    assert more_needed(thin) == (18, 0)
    calm = effect_of([Arms(acted=500, acted_bad=1, held=60, held_bad=1)])
    assert not calm.enough
    assert more_needed(calm) == (0, 3)


def test_orders_listed_under_another_share_are_compared_among_themselves() -> None:
    """Pooled, the easy month with many held out would look like an effect."""
    easy, hard = Arms(50, 5, 50, 5), Arms(95, 38, 5, 2)
    found = effect_of([easy, hard])
    assert found.difference == pytest.approx(0.0)
    assert found.held_rate != found.acted_rate


def test_chance_decides_always_the_same_way_and_about_as_often_as_asked(store_url: str) -> None:
    store = open_store(store_url, migrate=True)
    with store.begin() as connection:
        seed = holdout_seed(connection)
        assert holdout_seed(connection) == seed
    store.close()
    refs = [f"o{n}" for n in range(20_000)]
    drawn = [held_out(seed, "shop", ref, 0.1) for ref in refs]
    assert drawn == [held_out(seed, "shop", ref, 0.1) for ref in refs]
    assert 0.09 < np.mean(drawn) < 0.11
    assert not any(held_out(seed, "shop", ref, 0.0) for ref in refs[:500])
    assert all(
        held_out(seed, "shop", ref, 0.3) for ref, held in zip(refs, drawn, strict=True) if held
    )


def test_complaints_count_from_the_listing_until_the_outcome_is_due(store_url: str) -> None:
    store = open_store(store_url, migrate=True)
    listed = NOW - 40 * DAY
    told = {"before": -1, "within": 5, "too late": 31, "never": None, "held": 3}
    with store.begin() as connection:
        for ref, day in told.items():
            connection.execute(worklist.insert().values(
                source="shop", order_ref=ref, listed_at=listed, moment="order", probability=0.4,
                held_out=ref == "held", holdout_share=0.1, due_at=listed, updated_at=listed,
                status="contacted" if ref == "within" else "untouched",
            ))  # fmt: skip
            if day is not None:
                connection.execute(schema.ratings.insert().values(
                    source="shop", rating_id=ref, order_ref=ref, kind="review", score=1, scale=5,
                    rated_at=listed + day * DAY,
                ))  # fmt: skip
        young = {"source": "shop", "order_ref": "young", "listed_at": NOW - DAY, "held_out": True,
                 "moment": "order", "probability": 0.4, "holdout_share": 0.1, "due_at": NOW,
                 "status": "untouched", "updated_at": NOW}  # fmt: skip
        connection.execute(worklist.insert().values(young))
        found = arms(connection, Complaint(), after=30 * DAY, now=NOW)
    store.close()
    assert found == [Arms(acted=4, acted_bad=1, held=1, held_bad=1, touched=1)]


def test_the_measured_effect_is_the_simulated_one(tmp_path: Path) -> None:
    """Two shops through the real path; the benchmark runs a hundred."""
    model = risk_effect.model_of(tmp_path / "model.db", seed=1000)
    trials = [risk_effect.trial(tmp_path / f"{seed}.db", seed, model) for seed in range(2)]
    truth = risk_effect.true_effect(trials)
    assert 0.03 < truth < 0.12
    assert risk_effect.covered(trials, truth) >= 1
    assert all(one.effect.enough and one.effect.arms.touched > 50 for one in trials)
