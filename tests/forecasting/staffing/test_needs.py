"""Frames of needs: rows, per-queue rules, service of given agents, cases, chats, cost, what if."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

from forecasting.staffing.cases import staff_cases, volume_of_case
from forecasting.staffing.chat import by_concurrency
from forecasting.staffing.cost import Prices, cost
from forecasting.staffing.errors import BadRules, BadVolume
from forecasting.staffing.gap import gap, heat_map
from forecasting.staffing.needs import service, staff
from forecasting.staffing.rules import StaffingRules
from forecasting.staffing.what_if import Change, what_if
from tests.forecasting.staffing import exact

RULES = StaffingRules(0.8, within_s=30, aht_s=240, patience_s=120, shrinkage=Fraction(3, 10))
PATIENT = StaffingRules(0.9, within_s=20, aht_s=300)


def volume(*counts: float, queue: str = "calls") -> pd.DataFrame:
    stamps = pd.date_range("2026-11-11 09:00", periods=len(counts), freq="30min")
    return pd.DataFrame({"unique_id": queue, "ds": stamps, "y": np.array(counts, dtype=float)})


def test_rows_come_back_in_order_with_full_precision() -> None:
    asked = volume(75, 0, 1.5).iloc[::-1]
    needs = staff(asked, RULES, step_s=1800)
    assert needs.index.tolist() == [2, 1, 0]
    assert needs["ds"].tolist() == asked["ds"].tolist()
    row = needs.loc[0]
    true = exact.erlang_a(int(needs["agents"][0]), 10.0, 0.125, 0.5)
    assert row["service_level"] == pytest.approx(float(1 - true.missed), abs=1e-13)
    assert row["abandonment"] == pytest.approx(float(true.abandoned), abs=1e-13)
    assert needs["scheduled"].tolist() == [-(-int(n) * 10 // 7) for n in needs["agents"]]


def test_an_empty_slot_needs_nobody_and_misses_nobody() -> None:
    row = staff(volume(0), PATIENT, step_s=1800).iloc[0]
    assert (row["agents"], row["scheduled"]) == (0, 0)
    assert (row["service_level"], row["occupancy"], row["abandonment"]) == (1, 0, 0)


def test_a_minimum_holds_where_contacts_come_or_always() -> None:
    least = StaffingRules(0.8, 30, 240, minimum=4)
    assert staff(volume(0, 1, 75), least, step_s=1800)["agents"].tolist()[:2] == [0, 4]
    always = StaffingRules(0.8, 30, 240, minimum=4, minimum_always=True)
    assert staff(volume(0, 1), always, step_s=1800)["agents"].tolist() == [4, 4]


def test_every_queue_follows_its_own_rules() -> None:
    both = pd.concat([volume(50, 60, queue="a"), volume(50, 60, queue="b")], ignore_index=True)
    together = staff(both, {"a": RULES, "b": PATIENT}, step_s=1800)
    apart = pd.concat(
        [staff(volume(50, 60, queue="a"), RULES, step_s=1800),
         staff(volume(50, 60, queue="b"), PATIENT, step_s=1800)], ignore_index=True,
    )  # fmt: skip
    pd.testing.assert_frame_equal(together, apart)
    with pytest.raises(BadRules, match="queue 'b' has no staffing rules"):
        staff(both, {"a": RULES}, step_s=1800)


def test_repeated_slots_are_staffed_like_single_ones() -> None:
    rng = np.random.default_rng(2)
    counts = rng.poisson(30, 200).astype(float)
    whole = staff(volume(*counts), RULES, step_s=1800)
    for i in range(0, 200, 17):
        alone = staff(volume(counts[i]), RULES, step_s=1800)
        columns = ["agents", "scheduled", "service_level", "occupancy", "abandonment", "wait_s"]
        assert whole[columns].to_numpy()[i] == pytest.approx(alone[columns].to_numpy()[0])


def test_service_answers_what_given_agents_reach() -> None:
    asked = volume(75, 75, 75)
    needs = staff(asked, RULES, step_s=1800)
    given = service(asked, needs["agents"].to_numpy(), RULES, step_s=1800)
    pd.testing.assert_frame_equal(needs, given)
    fewer = service(asked, 3, PATIENT, step_s=1800)
    assert fewer["service_level"].tolist() == [0, 0, 0]
    assert np.isinf(fewer["wait_s"]).all()
    with pytest.raises(BadVolume, match="whole numbers"):
        service(asked, 2.5, RULES, step_s=1800)


def test_bad_volumes_are_refused() -> None:
    for bad in (-1.0, np.nan, np.inf):
        with pytest.raises(BadVolume, match="negative or missing"):
            staff(volume(1, bad), RULES, step_s=1800)
    with pytest.raises(BadVolume, match="step of 0 s"):
        staff(volume(1), RULES, step_s=0)
    with pytest.raises(BadVolume, match="beyond"):
        staff(volume(1e12), RULES, step_s=1800)


def forecast() -> pd.DataFrame:
    frame = volume(50, 0).drop(columns="y")
    return frame.assign(mean=[52.0, 0], median=[50.0, 0], **{"lo-80": [40.0, 0], "hi-80": [65.0, 0],
                        "lo-95": [35.0, 0], "hi-95": [80.0, 0]})  # fmt: skip


def test_the_volume_of_a_case_runs_through_the_bands() -> None:
    found = {case: volume_of_case(forecast(), case).tolist() for case in (0.1, 0.5, 0.9, 0.975)}
    assert {case: values[0] for case, values in found.items()} == pytest.approx(
        {0.1: 40, 0.5: 50, 0.9: 65, 0.975: 80}
    )
    assert 50 < volume_of_case(forecast(), 0.8)[0] < 65
    assert volume_of_case(forecast(), 0.999)[0] == 80
    with pytest.raises(BadVolume, match="no bands"):
        volume_of_case(volume(1), 0.8)
    with pytest.raises(BadVolume, match="isn't a share"):
        volume_of_case(forecast(), 1.0)


def test_staff_for_more_cases_is_never_less() -> None:
    needs = staff_cases(forecast(), RULES, step_s=1800)
    assert needs["agents-10"][0] < needs["agents-50"][0] < needs["agents-90"][0]
    assert needs.drop(columns=["unique_id", "ds"]).to_numpy()[1].tolist() == [0] * 6


def test_chats_at_once_are_compared_with_their_handle_times() -> None:
    table = by_concurrency(volume(60, 90), PATIENT, {1: 300, 2: 390, 3: 900}, step_s=1800)
    assert table["concurrency"].tolist() == [1, 2, 3]
    assert table.loc[table["best"], "concurrency"].tolist() == [2]
    assert (table["service_level"] >= 0.9).all()


def test_costs_add_up() -> None:
    asked = volume(75, 30)
    needs = staff(asked, RULES, step_s=1800)
    found = cost(asked, needs, Prices(per_hour=40, per_abandoned=5), step_s=1800)
    assert found.paid_hours == needs["scheduled"].sum() / 2
    assert found.staff == found.paid_hours * 40
    assert found.lost == pytest.approx((asked["y"] * needs["abandonment"]).sum() * 5)
    assert found.per_contact == pytest.approx(found.total / 105)
    none = volume(0)
    assert cost(none, staff(none, RULES, step_s=1800), Prices(1), step_s=1800).per_contact is None


def test_what_if_recomputes_staff_and_the_service_of_the_old_staff() -> None:
    asked = volume(75, 30, 0)
    before = staff(asked, RULES, step_s=1800)
    same = what_if(asked, RULES, Change(), step_s=1800, before=before)
    pd.testing.assert_frame_equal(same.needs, before)
    pd.testing.assert_frame_equal(same.kept, before)
    assert (same.more_agents, same.more_scheduled) == (0, 0)
    busier = what_if(asked, RULES, Change(volume=1.3, aht=1.1), step_s=1800, before=before)
    direct = staff(
        asked.assign(y=asked["y"] * 1.3), StaffingRules(0.8, 30, 240 * 1.1, patience_s=120,
        shrinkage=Fraction(3, 10)), step_s=1800,
    )  # fmt: skip
    pd.testing.assert_frame_equal(busier.needs, direct)
    assert busier.more_agents == direct["agents"].sum() - before["agents"].sum() > 0
    assert (busier.kept["service_level"] < before["service_level"])[:2].all()
    stricter = Change(share=0.95, within_s=10, shrinkage=Fraction(1, 2), patience=2)
    per_queue = what_if(asked, {"calls": RULES}, stricter, step_s=1800, before=before)
    assert (per_queue.needs["service_level"] >= 0.95).all()
    assert per_queue.needs["scheduled"].tolist() == (2 * per_queue.needs["agents"]).tolist()


def test_an_impossible_change_is_refused() -> None:
    with pytest.raises(BadRules, match="factor on volume"):
        Change(volume=-1)
    with pytest.raises(BadRules, match="handle time of 0"):
        Change(aht=0).of(RULES)


def test_gaps_compare_plan_and_need_and_fill_a_heat_map() -> None:
    needs = staff(volume(75, 30), PATIENT, step_s=1800)
    plan = needs[["unique_id", "ds"]].assign(planned=[99, 1]).iloc[[0]]
    found = gap(needs, plan)
    assert found["planned"].tolist() == [99, 0]
    assert found["gap"].tolist() == [99 - needs["agents"][0], -needs["agents"][1]]
    table = heat_map(found)
    assert table.shape == (2, 1)
    assert table.iloc[1, 0] == -needs["agents"][1]
    with pytest.raises(BadVolume, match="twice"):
        gap(needs, pd.concat([plan, plan]))
