"""No score may know what came after its moment."""

from __future__ import annotations

import copy
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from connectors.columns import from_micros, to_micros
from forecasting.risk.complaint import Complaint
from forecasting.risk.facts import Facts
from forecasting.risk.features.table import Features
from forecasting.risk.labels import verdicts
from forecasting.risk.model import RiskModel
from forecasting.risk.moments import MOMENTS, moment_at
from forecasting.risk.score import Scorer
from tests.forecasting.risk.conftest import ZONE
from tests.forecasting.risk.shop import START, Shop

STEPS = ("paid_at", "shipped_at", "delivered_at")


def changed_after(shop: Shop, instant: datetime, *, drop: bool) -> Shop:
    """The shop with everything after an instant gone, or moved by 3 days and turned around."""
    other = copy.deepcopy(shop)
    for row in other.orders:
        for step in STEPS:
            if row[step] is not None and row[step] > instant:
                row[step] = None if drop else row[step] + timedelta(days=3)
    other.ratings = [_turned(one, "rated_at", instant) for one in other.ratings]
    other.contacts = [_turned(one, "opened_at", instant) for one in other.contacts]
    if drop:
        other.orders = [one for one in other.orders if one["placed_at"] <= instant]
        other.ratings = [one for one in other.ratings if one["rated_at"] <= instant]
        other.contacts = [one for one in other.contacts if one["opened_at"] <= instant]
    return other


def _turned(row: dict[str, object], when: str, instant: datetime) -> dict[str, object]:
    at = row[when]
    assert isinstance(at, datetime)
    if at <= instant:
        return row
    flipped = {"score": 6 - row["score"]} if "score" in row else {}  # type: ignore[operator]
    return {**row, when: at + timedelta(days=3), **flipped}


@pytest.mark.parametrize("drop", [True, False])
@pytest.mark.parametrize("moment", ["order", "shipping", "promise"])
def test_no_score_changes_when_the_future_does(
    shop: Shop, facts: Facts, model: RiskModel, tmp_path: Path, moment: str, drop: bool
) -> None:
    assert model.at(moment).fit is not None
    at, there = moment_at(facts, moment)
    instant = START + timedelta(days=125)
    due = np.flatnonzero(there & (at <= (instant - START) // timedelta(microseconds=1)
                                  + int(START.timestamp()) * 1_000_000))[-150:]  # fmt: skip
    last = from_micros(int(at[due].max()))
    other = changed_after(shop, last, drop=drop).facts(tmp_path / "other.db")
    refs = facts.orders["order_ref"].iloc[due].astype(str)
    rows = other.orders["order_ref"].astype(str).reset_index().set_index("order_ref")["index"]
    before = Scorer(model, facts, threads=1).score(due, moment, lang="en").frame
    after = (
        Scorer(model, other, threads=1).score(rows.loc[refs].to_numpy(), moment, lang="en").frame
    )
    early = (before["moment_at"] <= int(at[due].max())).to_numpy()
    assert early.all()
    assert after.equals(before)


def test_ratings_count_from_their_answer_and_not_from_the_survey(
    shop: Shop, model: RiskModel, tmp_path: Path
) -> None:
    """A survey asked before the moment, answered after it, tells nothing."""
    instant = START + timedelta(days=120)
    other = copy.deepcopy(shop)
    for row in other.ratings:
        if row["rated_at"] > instant:
            row["asked_at"] = instant - timedelta(days=2)
            row["score"] = 6 - row["score"]
    orders = [(s.facts(tmp_path / f"{n}.db")) for n, s in enumerate((shop, other))]
    rows = np.flatnonzero(orders[0].instants("placed_at") <= int(instant.timestamp() * 1e6))
    frames = [Scorer(model, one, threads=1).score(rows, "order", lang="en").frame for one in orders]
    assert frames[0].equals(frames[1])


def test_an_answer_dated_before_the_purchase_says_nothing_about_its_own_order(
    facts: Facts, model: RiskModel, shop: Shop, tmp_path: Path
) -> None:
    frames = []
    for score in (1, 5):
        other = copy.deepcopy(shop)
        new = other.order("odd", START + timedelta(days=130), seller="s1")
        other.rate("odd", new["placed_at"] - timedelta(days=2), score)
        made = other.facts(tmp_path / f"{score}.db")
        assert any(fault.key == "early_ratings" for fault in made.faults)
        row = np.flatnonzero(made.orders["order_ref"].astype(str) == "odd")
        frames.append(Scorer(model, made, threads=1).score(row, "order", lang="en").frame)
    assert frames[0].equals(frames[1])


@pytest.mark.parametrize("drop", [True, False])
@pytest.mark.parametrize("moment", list(MOMENTS))
def test_no_feature_of_any_moment_changes_when_the_future_does(
    shop: Shop, tmp_path: Path, moment: str, drop: bool
) -> None:
    """All columns, of orders with second contacts, bad surveys and returns too."""
    rich = copy.deepcopy(shop)
    for number, row in enumerate(rich.orders[::3]):
        placed, ref = row["placed_at"], row["order_ref"]
        for days in (3, 4):
            rich.contact(ref, placed + timedelta(days=days), customer_key=row["customer_key"])
        rich.rate(ref, placed + timedelta(days=5), 1 + number % 5, kind="csat", sentiment=-0.5)
        if number % 2 == 0:
            row["shipped_at"] = placed + timedelta(days=2.5)  # after the limit
        if number % 4 == 0:
            rich.case(ref, placed + timedelta(days=6 + number % 9), kind="return")
    facts = rich.facts(tmp_path / "rich.db")
    at, there = moment_at(facts, moment)
    instant = START + timedelta(days=120)
    due = np.flatnonzero(there & (at <= to_micros(instant)))[-120:]
    assert len(due) > 50
    last = from_micros(int(at[due].max()))
    other = changed_after(rich, last, drop=drop)
    other.cases = [row for row in other.cases if row["opened_at"] <= last]
    changed = other.facts(tmp_path / "other.db")
    rows = changed.rows_of(facts.orders["order_ref"].iloc[due].astype(str).tolist())
    frames = [
        Features(one, verdicts(one, Complaint()), ZONE).at(which, at[due])
        for one, which in ((facts, due), (changed, rows))
    ]
    assert len(frames[0].columns) > 60
    for name in frames[0].columns:
        left, right = (frame[name].astype(object).tolist() for frame in frames)
        assert [repr(one) for one in left] == [repr(one) for one in right], name
