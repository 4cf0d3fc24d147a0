"""Figures against scikit-learn and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from forecasting.risk.calibration import fit_calibration, probability
from forecasting.risk.evaluation import ece, evaluate, pr_auc, precision_at, recall_at, roc_auc


@pytest.mark.parametrize("levels", [5, 100_000])
def test_ranking_figures_are_scikit_learns(levels: int) -> None:
    chance = np.random.default_rng(4)
    bad = chance.random(3000) < 0.2
    p = np.round((chance.random(3000) + 0.2 * bad) * levels) / levels
    assert roc_auc(bad, p) == pytest.approx(roc_auc_score(bad, p))
    assert pr_auc(bad, p) == pytest.approx(average_precision_score(bad, p))


def test_precision_and_recall_at_the_top_share_ties() -> None:
    bad = np.array([True, False, False, True, False, False, False, False, False, True])
    p = np.array([0.9, 0.5, 0.5, 0.5, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1])
    assert precision_at(0.2)(bad, p) == pytest.approx((1 + 1 / 3) / 2)
    assert recall_at(0.2)(bad, p) == pytest.approx((1 + 1 / 3) / 3)
    turned = np.argsort(np.random.default_rng(0).random(10))
    assert precision_at(0.2)(bad[turned], p[turned]) == precision_at(0.2)(bad, p)


def test_calibration_error_of_a_shifted_probability_is_the_shift() -> None:
    chance = np.random.default_rng(5)
    p = chance.uniform(0.05, 0.6, 200_000)
    bad = chance.random(200_000) < p
    assert ece(bad, p) < 0.01
    assert ece(bad, p + 0.2) == pytest.approx(0.2, abs=0.01)


def test_intervals_cover_the_figure() -> None:
    chance = np.random.default_rng(6)
    p = chance.random(2000)
    bad = chance.random(2000) < p
    for figure in evaluate("x", bad, p, draws=50).figures.values():
        assert figure.value is not None and figure.low is not None and figure.high is not None
        assert figure.low < figure.high


def test_one_class_and_no_orders_leave_figures_unknown() -> None:
    assert evaluate("x", np.zeros(3, bool), np.full(3, 0.2)).figures["roc_auc"].value is None
    empty = evaluate("x", np.zeros(0, bool), np.empty(0))
    assert (empty.base, empty.figures["ece"].value) == (None, None)


@pytest.mark.parametrize(("asked", "kept"), [(0.8, 0.9), (1.2, 1.1), (3.0, 1.2)])
def test_the_slope_goes_half_way_and_keeps_the_level(asked: float, kept: float) -> None:
    chance = np.random.default_rng(7)
    margin = chance.normal(-2, 1, 40_000)
    bad = chance.random(40_000) < probability(-2 + asked * (margin + 2))
    found = fit_calibration(margin, bad)
    assert found.slope == pytest.approx(kept, abs=0.03)
    assert found.margin(margin).mean() == pytest.approx(margin.mean())
