"""Queues staffed as one: whose pool each is, and what adds up how."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from forecasting.settings import StaffingSettings
from forecasting.staffing.handle_times import MEASURED, POOLED, SET, HandleTime
from forecasting.staffing.needs import SCHEDULED, staff
from forecasting.staffing.pools import pool_of, pooled_heads, pooled_times, pooled_volume
from forecasting.staffing.rules import StaffingRules


def frame(column: str, **queues: list[float]) -> pd.DataFrame:
    """Rows of queues, a step of half an hour each."""
    rows = [(queue, at * 1_800_000_000, value) for queue, values in queues.items()
            for at, value in enumerate(values)]  # fmt: skip
    return pd.DataFrame(rows, columns=["unique_id", "ds", column])


def test_a_queue_is_its_pools_or_its_own() -> None:
    queues = ["mail", "phone", "shop", "web"]
    assert pool_of({}, queues) == {one: one for one in queues}
    assert pool_of({"desk": ("shop", "web")}, queues) == {
        "mail": "mail", "phone": "phone", "shop": "desk", "web": "desk"
    }  # fmt: skip
    rest = pool_of({"desk": ("shop",), "others": ("*",)}, queues)
    assert rest == {"mail": "others", "phone": "others", "shop": "desk", "web": "others"}
    assert pool_of({"web": ("shop",)}, queues)["web"] == "web"  # named like the pool: in it


def test_middles_add_up_and_what_lies_beyond_like_independent_errors() -> None:
    pool = {"a": "desk", "b": "desk", "c": "c"}
    middle = frame("y", a=[10.0, 20.0], b=[5.0, 0.0], c=[1.0, 2.0])
    assert pooled_volume(middle, middle, pool)["y"].tolist() == [1.0, 2.0, 15.0, 20.0]
    safe = frame("y", a=[13.0, 24.0], b=[9.0, 3.0], c=[2.0, 4.0])
    found = pooled_volume(safe, middle, pool)
    assert found["unique_id"].tolist() == ["c", "c", "desk", "desk"]
    assert found["y"].tolist() == [2.0, 4.0, 15.0 + 5.0, 20.0 + 5.0]
    low = frame("y", a=[7.0, 16.0], b=[1.0, 0.0], c=[0.0, 0.0])
    assert pooled_volume(low, middle, pool)["y"].tolist() == [0.0, 0.0, 15.0 - 5.0, 20.0 - 4.0]


def test_handle_times_are_weighed_by_what_is_expected() -> None:
    times = {"a": HandleTime(100.0, MEASURED, 40), "b": HandleTime(400.0, SET),
             "c": HandleTime(60.0, SET)}  # fmt: skip
    pool = {"a": "desk", "b": "desk", "c": "c"}
    found = pooled_times(times, {"a": 3.0, "b": 1.0, "c": 9.0}, pool)
    assert found["desk"] == HandleTime(175.0, POOLED, 40)
    assert found["c"] is times["c"]
    assert pooled_times(times, {}, pool)["desk"].seconds == 250.0  # nothing is expected


def test_heads_of_a_pool_are_those_of_its_queues() -> None:
    heads = frame("planned", a=[1.5, 2.0], b=[0.25, 0.0], c=[3.0, 3.0])
    found = pooled_heads(heads, {"a": "desk", "b": "desk", "c": "c"})
    assert found.groupby("unique_id")["planned"].apply(list).to_dict() == {
        "c": [3.0, 3.0], "desk": [1.75, 2.0]
    }  # fmt: skip


@given(st.lists(st.floats(0.1, 60), min_size=2, max_size=5), st.sampled_from([60.0, 240.0, 900.0]))
def test_a_pool_never_needs_more_than_its_queues_alone(loads: list[float], aht: float) -> None:
    volume = frame("y", **{f"q{at}": [y] for at, y in enumerate(loads)})
    rules = StaffingRules(0.8, 30.0, aht)
    alone = staff(volume, rules, step_s=1800)[SCHEDULED].sum()
    pool = dict.fromkeys(volume["unique_id"], "desk")
    together = staff(pooled_volume(volume, volume, pool), rules, step_s=1800)[SCHEDULED].sum()
    assert together <= alone


def test_pools_that_contradict_each_other_are_refused() -> None:
    with pytest.raises(ValidationError, match="queue 'a' is in the pools 'x' and 'y'"):
        StaffingSettings.model_validate({"pools": {"x": ["a"], "y": ["b", "a"]}})
    with pytest.raises(ValidationError, match="pool 'x' has no queues"):
        StaffingSettings.model_validate({"pools": {"x": []}})
