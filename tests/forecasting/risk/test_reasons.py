"""Reasons: they come from contributions that add up, and are said in both languages."""

from __future__ import annotations

import numpy as np
import pytest

from forecasting.risk.facts import Facts
from forecasting.risk.features.table import Features, columns_of
from forecasting.risk.labels import verdicts
from forecasting.risk.model import RiskModel
from forecasting.risk.moments import MOMENTS, moment_at
from forecasting.risk.reasons import TOPICS, groups
from forecasting.risk.score import Scorer
from forecasting.text import catalogue


def test_both_languages_have_the_same_words() -> None:
    assert catalogue().gaps() == []


@pytest.mark.parametrize("moment", ["order", "promise"])
def test_contributions_add_up_to_the_score(facts: Facts, model: RiskModel, moment: str) -> None:
    import lightgbm

    fitted = model.at(moment)
    assert fitted.fit is not None
    rows = np.arange(1800, 2000)
    at, _ = moment_at(facts, moment)
    features = Features(facts, verdicts(facts, model.complaint), model.zone).at(rows, at[rows])
    features = features[columns_of(moment, list(features.columns))]
    _, margin = fitted.fit.ready(threads=1).contributions(
        features, groups(fitted.fit.encoding.names)
    )
    booster = lightgbm.Booster(model_str=fitted.fit.trees)
    expected = booster.predict(fitted.fit.encoding.matrix(features), raw_score=True)
    calibrated = fitted.fit.calibration.margin(np.asarray(expected))
    assert margin == pytest.approx(calibrated, abs=1e-9)


def test_every_column_of_every_model_belongs_to_one_topic(model: RiskModel) -> None:
    columns = [name for topic in TOPICS for name in topic.columns]
    assert len(columns) == len(set(columns))
    for moment in model.moments:
        if moment.fit is not None:
            assert set(moment.fit.encoding.names) <= set(columns)


def test_columns_of_one_topic_are_summed() -> None:
    where = {topic.columns[0]: at for at, topic in enumerate(TOPICS)}
    found = np.array([[0.2, 0.3, -0.1]]) @ groups(("items", "sellers", "region"))
    assert found[0, where["items"]] == pytest.approx(0.5)
    assert found[0, where["region"]] == pytest.approx(-0.1)


def test_a_late_order_of_a_bad_seller_is_told_so(facts: Facts, model: RiskModel) -> None:
    scorer = Scorer(model, facts, threads=1)
    at = facts.instants("delivered_at")
    late = np.flatnonzero(at > facts.instants("promised_at"))
    bad = facts.orders["seller"].astype(str).isin(["s9", "s10", "s11"]).to_numpy()
    rows = late[bad[late]][-20:]
    english = scorer.score(rows, "promise", lang="en").frame
    chinese = scorer.score(rows, "promise", lang="zh").frame
    assert english["reasons"].str.contains("promised time over and not delivered").all()
    assert english["reasons"].str.contains("seller's complaint rate").mean() > 0.8
    assert chinese["reasons"].str.contains("已过承诺时间仍未送达").all()
    assert chinese["reasons"].str.contains("卖家投诉率").mean() > 0.8
    assert english["probability"].mean() > 0.6


@pytest.mark.parametrize("moment", list(MOMENTS))
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_order_has_a_sentence_at_every_moment(
    facts: Facts, model: RiskModel, moment: str, lang: str
) -> None:
    frame = Scorer(model, facts, threads=1).score(np.arange(2000, 2300), moment, lang=lang).frame
    assert (frame["reasons"].str.len() > 2).all()
    assert not frame["reasons"].str.contains("nan|None", regex=True).any()
