"""Shift suggestions: cheapest by hand in small cases, covered in large ones, limits said."""

from __future__ import annotations

from datetime import timedelta
from itertools import product

import numpy as np
import pandas as pd
import pytest

from forecasting.staffing.errors import BadShifts
from forecasting.staffing.shifts import Break, ShiftLimits, ShiftPattern, suggest_shifts

HOUR = timedelta(hours=1)


def required(*agents: int, start: str = "2026-11-11 09:00") -> pd.DataFrame:
    stamps = pd.date_range(start, periods=len(agents), freq="1h")
    return pd.DataFrame({"ds": stamps, "agents": agents})


def test_the_cheapest_cover_is_that_of_trying_them_all() -> None:
    need = required(2, 3, 1, 2, 4, 2)
    patterns = [
        ShiftPattern("long", 4 * HOUR, (9 * HOUR, 10 * HOUR, 11 * HOUR)),
        ShiftPattern("short", 2 * HOUR, (9 * HOUR, 11 * HOUR, 13 * HOUR), (), 1.2),
    ]
    plan = suggest_shifts(need, patterns, step=HOUR)
    starts = [(0, 4, 4.0), (1, 4, 4.0), (2, 4, 4.0), (0, 2, 2.4), (2, 2, 2.4), (4, 2, 2.4)]
    least = min(
        sum(n * price for n, (_, _, price) in zip(counts, starts, strict=True))
        for counts in product(range(5), repeat=6)
        if all(
            sum(
                n
                for n, (at, length, _) in zip(counts, starts, strict=True)
                if at <= h < at + length
            )
            >= need["agents"][h]
            for h in range(6)
        )
    )
    assert plan.optimal
    assert plan.cost == pytest.approx(least)
    assert plan.short_slots == 0
    assert plan.shifts["cost"].sum() == pytest.approx(plan.cost)


def test_nobody_covers_his_own_break() -> None:
    lunch = ShiftPattern("day", 8 * HOUR, (9 * HOUR,), (Break(4 * HOUR, HOUR),))
    plan = suggest_shifts(required(*[1] * 8), [lunch], step=HOUR)
    assert plan.coverage["planned"].tolist() == [1, 1, 1, 1, 0, 1, 1, 1]
    assert plan.short_slots == 1
    assert plan.shifts["breaks"].tolist() == ["13:00-14:00"]
    assert plan.shifts["paid_hours"].tolist() == [7.0]


def test_a_night_shift_covers_the_morning_after() -> None:
    night = ShiftPattern("night", 9 * HOUR, (22 * HOUR,))
    plan = suggest_shifts(required(1, 1, 1, start="2026-11-11 04:00"), [night], step=HOUR)
    assert plan.shifts["start"].tolist() == [pd.Timestamp("2026-11-10 22:00")]
    assert plan.shifts["end"].tolist() == [pd.Timestamp("2026-11-11 07:00")]
    assert plan.coverage["gap"].tolist() == [0, 0, 0]


def test_a_cap_per_day_leaves_a_shortage_that_is_told() -> None:
    day = ShiftPattern("day", 4 * HOUR, (9 * HOUR,))
    plan = suggest_shifts(
        required(5, 5, 5, 5), [day], step=HOUR, limits=ShiftLimits(most_per_day=3)
    )
    assert plan.coverage["gap"].tolist() == [-2] * 4
    cheap = suggest_shifts(required(5), [day], step=HOUR, limits=ShiftLimits(shortage_cost=0.1))
    assert cheap.shifts.empty
    assert cheap.short_slots == 1


def test_a_week_is_covered_and_its_gap_is_known() -> None:
    rng = np.random.default_rng(1)
    stamps = pd.date_range("2026-11-09", periods=336, freq="30min")
    need = pd.DataFrame({"ds": stamps, "agents": rng.integers(0, 25, 336)})
    starts = tuple(timedelta(minutes=30 * i) for i in range(48))
    patterns = [
        ShiftPattern("full", 8 * HOUR, starts, (Break(4 * HOUR, HOUR / 2),)),
        ShiftPattern("part", 4 * HOUR, starts, (), 1.1),
    ]
    limits = ShiftLimits(time_limit_s=20, gap=0.02)
    plan = suggest_shifts(need, patterns, step=HOUR / 2, limits=limits)
    assert plan.short_slots == 0
    assert plan.bound_gap is not None
    assert plan.optimal == (plan.bound_gap <= 0.02)
    assert (plan.coverage["planned"] - plan.coverage["required"] == plan.coverage["gap"]).all()


def test_bad_patterns_and_requirements_are_refused() -> None:
    with pytest.raises(BadShifts, match="up to 24 h"):
        ShiftPattern("x", 25 * HOUR, (HOUR,))
    with pytest.raises(BadShifts, match="break outside"):
        ShiftPattern("x", 4 * HOUR, (HOUR,), (Break(4 * HOUR, HOUR),))
    with pytest.raises(BadShifts, match="00:00 and 23:59"):
        ShiftPattern("x", 4 * HOUR, (24 * HOUR,))
    day = ShiftPattern("day", HOUR, (9 * HOUR,))
    with pytest.raises(BadShifts, match="no shift falls"):
        suggest_shifts(required(1, start="2026-11-11 15:00"), [day], step=HOUR)
    with pytest.raises(BadShifts, match="one row per slot"):
        suggest_shifts(pd.concat([required(1), required(1)]), [day], step=HOUR)
